"""How well a batch's time is foretold: the scheduler's cost model on batches it never saw.

The engine runs random batches in this process. The model learns from half of them and predicts the
other half without learning on; so does the line `a * items + b`, which other servers fit.
"""

import random
import statistics
import time
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from benchmarks.raw_engine import MODEL, WARM_UP_SENTENCES
from benchmarks.sentences import SENTENCES
from hanse.inference.choice import engine_chooser
from hanse.inference.cost import CostModel, Size
from hanse.inference.engines import find_engine
from hanse.inference.job import CostPrior
from hanse.inference.models import Catalogue, model_directories

ENGINES = ("firefox", "fxtranslate")
LEARNED = TESTED = 130
ROUNDS = 3
ITEMS_MAX = 32
SEED = 7


class Measured(Struct, frozen=True):
    """One batch, and what it took."""

    size: Size
    seconds: float


def run() -> str:
    """Measure and return the section."""
    rows = "\n".join(_measure(engine) for engine in ENGINES)
    return f"""## Foretelling the time of a batch

Random batches of 1 to {ITEMS_MAX} of the {len(SENTENCES)} sentences, English to Portuguese, one \
process: {LEARNED} learned from, {TESTED} others predicted without learning on; {ROUNDS} rounds. \
Relative error, mean / p95. The goal is a mean of 10 %. `a * items + b` is fitted by least squares \
to the same batches. *Cold* starts from a prior that knows nothing of the engine. The last column \
is what one prediction costs.

| engine | Hanse (rounds) | cold (rounds) | `a * items + b` (rounds) | a prediction |
|---|---|---|---|---|
{rows}

Command: `python -m benchmarks cost`
"""


def _measure(engine_name: str) -> str:
    batches = _batches(engine_name, LEARNED + ROUNDS * TESTED)
    prior = find_engine(engine_name).traits.prior
    hanse, cold, line = [], [], []
    for first, last in pairwise(range(0, LEARNED + ROUNDS * TESTED, TESTED)):
        learned, tested = batches[first:last], batches[last : last + TESTED]
        hanse.append(_errors(_learned(prior, learned), tested))
        cold.append(_errors(_learned(CostPrior(), learned), tested))
        line.append(_line_errors(learned, tested))
    model = _learned(prior, batches)
    started = time.perf_counter()
    for batch in batches:
        model.predict(batch.size)
    microseconds = (time.perf_counter() - started) / len(batches) * 1e6
    return (
        f"| `{engine_name}` | **{_shown(hanse)}** | {_shown(cold)} | {_shown(line)} "
        f"| {microseconds:.1f} µs |"
    )


def _batches(engine_name: str, number: int) -> list[Measured]:
    choose = engine_chooser(engine_name)
    catalogue = Catalogue(model_directories(Path("no-models-of-our-own")), choose)
    spec = next(spec for spec in catalogue.read() if spec.info.name == MODEL)
    model = find_engine(engine_name).load(spec)
    model.run(SENTENCES[:WARM_UP_SENTENCES])
    chance = random.Random(SEED)
    measured = []
    for _ in range(number):
        texts = chance.sample(SENTENCES, chance.randint(1, ITEMS_MAX))
        started = time.perf_counter()
        model.run(texts)
        measured.append(Measured(Size.of(map(len, texts)), time.perf_counter() - started))
    return measured


def _learned(prior: CostPrior, batches: list[Measured]) -> CostModel:
    model = CostModel(prior)
    for batch in batches:
        model.observe(batch.size, batch.seconds)
    return model


def _errors(model: CostModel, batches: list[Measured]) -> list[float]:
    return [abs(model.predict(batch.size) / batch.seconds - 1.0) for batch in batches]


def _line_errors(learned: list[Measured], tested: list[Measured]) -> list[float]:
    slope, fixed = statistics.linear_regression(
        [batch.size.items for batch in learned], [batch.seconds for batch in learned]
    )
    return [abs((slope * batch.size.items + fixed) / batch.seconds - 1.0) for batch in tested]


def _shown(rounds: list[list[float]]) -> str:
    return ", ".join(
        f"{statistics.fmean(errors):.1%} / {statistics.quantiles(errors, n=20)[-1]:.0%}"
        for errors in rounds
    )
