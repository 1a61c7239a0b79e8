"""What a batch costs on a virtual worker, and what goes wrong there.

The curves were measured (`docs/simulation.md` says how); lengths are in characters, a token has
4.5 of them.
"""

import math
import random
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hanse.inference.commands import LoadModel, RunBatch, UnloadModels
from hanse.inference.job import CostPrior, ModelInfo, ModelSpec, Traits
from hanse.inference.simulate.fleet import Crash, Hang, Ran

CHARS_PER_TOKEN = 4.5
MODEL_BYTES = 50_000_000
"""All virtual models are of one size."""


class Curve(Struct, frozen=True, kw_only=True):
    """Seconds of a batch; `padded_char_s` is paid for each item at the longest one's length."""

    name: str
    fixed_s: float
    item_s: float = 0.0
    char_s: float = 0.0
    char_squared_s: float = 0.0
    padded_char_s: float = 0.0
    longest_char_s: float = 0.0
    batch_items_max: int
    load_s: float = 0.05

    def seconds(self, lengths: Sequence[int]) -> float:
        """Return the undisturbed time of items run together, in as many batches as it takes."""
        return sum(map(self._one, _chunks(lengths, self.batch_items_max)))

    def _one(self, lengths: Sequence[int]) -> float:
        items, longest = len(lengths), max(lengths)
        seconds = (
            self.fixed_s
            + self.item_s * items
            + self.char_s * sum(lengths)
            + self.char_squared_s * sum(length * length for length in lengths)
            + self.padded_char_s * items * longest
            + self.longest_char_s * longest
        )
        return max(seconds, 1e-4 * items)

    def items_per_s(self, lengths: Sequence[int]) -> float:
        """Return the most that one worker does of such items: its ceiling, in a closed loop.

        Items of like length run together, as any caller that has them all would do.
        """
        ordered = sorted(lengths)
        best_s = math.inf
        size = 1
        while size <= self.batch_items_max:
            best_s = min(best_s, sum(map(self._one, _chunks(ordered, size))))
            size *= 2
        return len(lengths) / best_s

    def spec(self, name: str) -> ModelSpec:
        """Return a model of this engine, whose cost the scheduler must learn from a rough guess."""
        info = ModelInfo(name, "translate", "en", "pt", self.name, f"hash of {name}")
        return ModelSpec(
            info=info,
            traits=Traits(
                self.batch_items_max,
                self.padded_char_s > 0.0,
                CostPrior(self.fixed_s * 2, max(self.item_s, 1e-4), self.seconds([100]) / 100),
            ),
            bytes=MODEL_BYTES,
        )


def _chunks(lengths: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (lengths[start : start + size] for start in range(0, len(lengths), size))


CURVES = {
    curve.name: curve
    for curve in (
        Curve(
            name="fxtranslate",
            fixed_s=0.0002,
            char_s=0.395e-3 / 6,
            char_squared_s=0.015e-3 / 36,
            batch_items_max=1,
        ),
        Curve(
            name="c-engine",
            fixed_s=0.66e-3,
            item_s=-0.3e-3,
            char_s=0.088e-3 / CHARS_PER_TOKEN,
            batch_items_max=32,
        ),
        Curve(
            name="onnx",
            fixed_s=1.5e-3,
            char_s=0.044e-3 / CHARS_PER_TOKEN,
            padded_char_s=0.065e-3 / CHARS_PER_TOKEN,
            longest_char_s=0.076e-3 / CHARS_PER_TOKEN,
            batch_items_max=32,
        ),
        Curve(
            name="gpu",
            fixed_s=10e-3,
            item_s=0.05e-3,
            char_s=0.01e-3 / CHARS_PER_TOKEN,
            longest_char_s=0.1e-3 / CHARS_PER_TOKEN,
            batch_items_max=64,
            load_s=1.0,
        ),
        Curve(
            name="generation", fixed_s=0.2, item_s=0.2, char_s=5e-3, batch_items_max=1, load_s=5.0
        ),
    )
}
"""fxtranslate: mean 13 ms a sentence, p50 9, p90 28; cannot batch. The others batch."""


class Trouble(Struct, frozen=True, kw_only=True):
    """What goes wrong. Rates are per hour of a worker's computing; `noise` is the sigma of a batch.

    A pause of the machine stretches one batch in a thousand by `pause_s`. A part `slow_share` of
    the workers takes `slow_factor` times as long.
    """

    noise: float = 0.1
    pause_s: float = 0.03
    crashes_per_h: float = 0.0
    hangs_per_h: float = 0.0
    slow_share: float = 0.0
    slow_factor: float = 3.0


class VirtualEngine:
    """Runs batches on all workers of a fleet, each of which has memory for `models_max` models.

    A worker that is told to run a model that it does not hold loads it first, in the place of the
    one that it used the longest time ago.
    """

    def __init__(self, curve: Curve, trouble: Trouble, seed: int, models_max: int) -> None:
        self._curve = curve
        self._trouble = trouble
        self._chance = random.Random(f"{seed} engine")
        self._models_max = models_max
        self._loaded: dict[int, OrderedDict[str, None]] = {}

    def run(self, batch: RunBatch, pace: float) -> Ran:
        """Return what a batch takes and gives. Raises Crash and Hang."""
        chance, trouble = self._chance, self._trouble
        seconds = self._curve.seconds([len(text) for text in batch.items]) * pace
        seconds *= chance.lognormvariate(0.0, trouble.noise)
        if chance.random() < 0.001:
            seconds += trouble.pause_s
        if chance.random() < trouble.crashes_per_h * seconds / 3600:
            self._loaded.pop(batch.worker, None)
            raise Crash
        if chance.random() < trouble.hangs_per_h * seconds / 3600:
            self._loaded.pop(batch.worker, None)
            raise Hang
        load_s = self._hold(batch.worker, batch.model.info.hash)
        loaded = tuple(self._loaded[batch.worker])
        return Ran(seconds + load_s, [""] * len(batch.items), load_s, loaded)

    def load(self, command: LoadModel | UnloadModels) -> float:
        """Load or unload as a scheduler orders; return the seconds that it takes."""
        loaded = self._loaded.setdefault(command.worker, OrderedDict())
        for model_hash in command.unload:
            del loaded[model_hash]
        if isinstance(command, UnloadModels):
            return 0.0
        assert len(loaded) < self._models_max, "no worker is told to hold more than it can"
        return self._hold(command.worker, command.model.info.hash)

    def _hold(self, worker: int, model_hash: str) -> float:
        loaded = self._loaded.setdefault(worker, OrderedDict())
        if model_hash in loaded:
            loaded.move_to_end(model_hash)
            return 0.0
        loaded[model_hash] = None
        if len(loaded) > self._models_max:
            loaded.popitem(last=False)
        return self._curve.load_s
