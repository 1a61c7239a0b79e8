"""An engine for tests that takes half a second for each sentence."""

import time
from collections.abc import Sequence

from hanse.inference.engines import LoadedModel
from hanse.inference.job import ModelSpec, Traits
from hanse.inference.messages import ItemError

SENTENCE_S = 0.5


class Slow:
    name = "pseudo"
    version = "1"
    traits = Traits(batch_items_max=1, pads=False)

    def load(self, model: ModelSpec) -> LoadedModel:
        return _Model()


class _Model:
    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        time.sleep(SENTENCE_S * len(items))
        return [item.upper() for item in items]


engine = Slow()
