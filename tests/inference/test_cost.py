"""The cost model against machines whose true cost is known."""

import random
import statistics

from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.cost import CostModel, Size
from hanse.inference.job import CostPrior

FX = (0.0005, 0.0005, 0.00006, 3e-7, 0.00002)
"""A true cost like that of a small translation model: fixed, item, character, character squared,
and character of the longest item."""
PRIOR = CostPrior(*FX)


class Machine:
    """Runs batches of log-normal lengths at a true cost, with noise and now and then a pause."""

    def __init__(self, true: tuple[float, ...], *, noise: float, pauses: float, seed: int) -> None:
        self.true = true
        self.noise = noise
        self.pauses = pauses
        self.random = random.Random(seed)

    def batch(self) -> tuple[Size, float]:
        lengths = [
            int(min(1000, max(3, self.random.lognormvariate(4.5, 0.7))))
            for _ in range(self.random.randint(1, 6))
        ]
        size = Size.of(lengths)
        seconds = sum(a * b for a, b in zip(self.true, (1, *size), strict=True))
        return size, seconds

    def measured(self, seconds: float) -> float:
        pause = 20.0 if self.random.random() < self.pauses else 1.0
        return seconds * self.random.lognormvariate(0, self.noise) * pause


def errors(model: CostModel, machine: Machine, batches: int) -> list[float]:
    """Let the model learn, and return its relative error on each batch before it saw it."""
    found = []
    for _ in range(batches):
        size, true_s = machine.batch()
        found.append(abs(model.predict(size) - true_s) / true_s)
        model.observe(size, machine.measured(true_s))
    return found


def slower(times: float) -> tuple[float, ...]:
    return tuple(weight * times for weight in FX)


def test_a_known_machine_is_predicted_within_ten_percent() -> None:
    machine = Machine(FX, noise=0.1, pauses=0.02, seed=1)
    found = errors(CostModel(PRIOR), machine, 300)
    assert statistics.mean(found[100:]) < 0.1


def test_a_cold_start_with_a_wrong_prior_is_over_after_thirty_batches() -> None:
    for true in (slower(5), slower(0.2), (0.01, 0.0001, 0.00001, 0.0, 0.0001)):
        model = CostModel(CostPrior())
        errors(model, machine := Machine(true, noise=0.1, pauses=0.02, seed=2), 60)
        assert statistics.mean(errors(model, machine, 100)) < 0.15


def test_noise_and_long_pauses_do_not_carry_the_prediction_away() -> None:
    for seed in range(5):
        model = CostModel(PRIOR)
        machine = Machine(FX, noise=0.4, pauses=0.05, seed=seed)
        assert statistics.mean(errors(model, machine, 600)[100:]) < 0.25


def test_a_single_pause_of_the_machine_teaches_nothing() -> None:
    model = CostModel(PRIOR)
    errors(model, Machine(FX, noise=0.1, pauses=0.0, seed=3), 200)
    before = model.predict(Size.of([100, 100]))
    model.observe(Size.of([100, 100]), before * 100)
    assert model.predict(Size.of([100, 100])) < before * 1.1


def test_a_machine_that_becomes_three_times_slower_or_faster_is_followed() -> None:
    for times in (3.0, 1 / 3):
        model = CostModel(PRIOR)
        machine = Machine(FX, noise=0.1, pauses=0.02, seed=4)
        errors(model, machine, 200)
        machine.true = slower(times)
        errors(model, machine, 60)
        assert statistics.mean(errors(model, machine, 100)) < 0.2


def test_an_engine_whose_steps_follow_the_longest_item_is_learned_from_any_prior() -> None:
    true = (0.0005, 0.00003, 0.000007, 0.0, 0.0001)
    model = CostModel(CostPrior())
    errors(model, machine := Machine(true, noise=0.05, pauses=0.02, seed=7), 130)
    assert statistics.mean(errors(model, machine, 130)) < 0.06


def test_always_the_same_batch_leaves_the_model_sane() -> None:
    model = CostModel(PRIOR)
    for _ in range(20_000):
        model.observe(Size.of([50]), 0.01)
    assert abs(model.predict(Size.of([50])) - 0.01) < 0.001
    errors(model, machine := Machine(FX, noise=0.1, pauses=0.0, seed=5), 100)
    assert statistics.mean(errors(model, machine, 100)) < 0.15


def test_the_error_it_reports_is_the_error_it_makes() -> None:
    model = CostModel(PRIOR)
    errors(model, Machine(FX, noise=0.0, pauses=0.0, seed=6), 300)
    assert model.error < 0.02
    model.observe(Size.of([100]), 10 * model.predict(Size.of([100])))
    assert model.error > 0.02


@given(
    observed=st.lists(
        st.tuples(st.lists(st.integers(0, 1000), min_size=1, max_size=8), st.floats(0.0, 100.0)),
        max_size=60,
    ),
    lengths=st.lists(st.integers(0, 1000), min_size=1, max_size=8),
    more=st.integers(0, 1000),
)
def test_whatever_it_saw_a_larger_batch_never_costs_less_and_nothing_is_free(
    observed: list[tuple[list[int], float]], lengths: list[int], more: int
) -> None:
    model = CostModel(PRIOR)
    for batch, seconds in observed:
        model.observe(Size.of(batch), seconds)
    small = model.predict(Size.of(lengths))
    large = model.predict(Size.of([*lengths, more]))
    assert 0 < small <= large < float("inf")
    assert model.predict_item(more) > 0
