"""An engine for the tests of failures: what is in an item decides how it ends."""

import os
import signal
import time
from collections.abc import Callable, Sequence

from hanse.inference.job import CostPrior, ModelSpec, Result, Traits
from hanse.inference.messages import ItemError


class Panic(BaseException):
    """What a panic in native code looks like in Python."""


class Fragile:
    """The engine `fragile`: capitals, unless the item says otherwise."""

    name = "fragile"
    version = "1"
    traits = Traits(
        batch_items_max=8, pads=False, prior=CostPrior(fixed_s=0.01, item_s=0.001, char_s=0.0)
    )

    def load(self, _model: ModelSpec) -> "Fragile":
        return self

    def run(self, items: Sequence[str]) -> list[Result | ItemError]:
        return [self._one(text) for text in items]

    def run_streamed(
        self,
        item: str,
        tell: Callable[[str], None],
        *,
        wakes: int,
        is_stopped: Callable[[], bool],
    ) -> str:
        for word in item.split():
            tell(word.upper())
            time.sleep(0.01)
        return "end"

    def _one(self, text: str) -> Result:
        match text.partition(" ")[0]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(3600)
            case "sleep":
                time.sleep(float(text.split()[1]))
            case "raise":
                raise ValueError(text)
            case "panic":
                raise Panic(text)
            case "surrogate":
                return "\ud800"
            case "bytes":
                return b"\x00\xff" + text.encode()
            case "count":
                self.calls = getattr(self, "calls", 0) + 1
                return str(self.calls)
        return text.upper()


engine = Fragile()
