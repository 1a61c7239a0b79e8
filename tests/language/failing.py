"""An engine for tests that fails on one word, answers nothing on another, and nonsense on more."""

from collections.abc import Sequence

from hanse.inference.engines import LoadedModel
from hanse.inference.job import ModelSpec, Traits
from hanse.inference.messages import ItemError


class Failing:
    name = "pseudo"
    version = "1"
    traits = Traits(batch_items_max=8, pads=False)

    def load(self, model: ModelSpec) -> LoadedModel:
        return _Model()


class _Model:
    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        return [self._one(item) for item in items]

    def _one(self, item: str) -> str | ItemError:
        if "poison" in item:
            return ItemError("no")
        if "silence" in item:
            return ""
        if "echo" in item and item.endswith("."):
            return item
        if "stutter" in item and "25" in item:
            return "WELL, " * 4 + "WELL."
        return "x" * 2_000 if "flood" in item else item.upper()


engine = Failing()
