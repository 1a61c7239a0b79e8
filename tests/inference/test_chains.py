"""Jobs that go through several models."""

from uuid import UUID

from hanse.inference.commands import Finish
from hanse.inference.errors import DeadlineExceeded, ItemFailed, UnknownModel
from hanse.inference.job import Job
from hanse.inference.messages import ItemError
from hanse.inference.simulate import Simulation
from tests.inference.virtual import BULK, A, B, answer, model, refusal, simulation
from tests.inference.virtual import job as any_job

MODELS = (model("pt-en"), model("en-fr"))


def pivot(*items: str, deadline_s: float = 60.0, request_of: UUID = A) -> Job:
    plain = any_job(*items, model="pt-en", deadline_s=deadline_s)
    return Job(plain.request, request_of, "pt-en", items, BULK, deadline_s, then=("en-fr",))


def ran(sim: Simulation) -> list[tuple[str, tuple[str, ...]]]:
    return [(run.model, run.items) for run in sim.runs]


def test_results_of_the_first_model_go_through_the_second() -> None:
    sim = simulation(models=MODELS, workers=1)
    asked = pivot("um", "dois")
    sim.submit(asked)
    sim.run_until(1.0)
    assert answer(sim, asked) == ["UM", "DOIS"]
    assert ran(sim) == [("pt-en", ("um", "dois")), ("en-fr", ("UM", "DOIS"))]


def test_each_step_is_cached_by_itself() -> None:
    sim = simulation(models=MODELS, workers=1)
    sim.submit(first := any_job("um", model="pt-en"))
    sim.run_until(1.0)
    sim.submit(second := pivot("um"))
    sim.run_until(2.0)
    sim.submit(third := pivot("um"))
    sim.run_until(3.0)
    assert [answer(sim, each) for each in (first, second, third)] == [["UM"]] * 3
    assert ran(sim) == [("pt-en", ("um",)), ("en-fr", ("UM",))]


def test_ways_that_meet_in_the_middle_are_one_but_never_of_two_organisations() -> None:
    sim = simulation(models=MODELS, workers=1)
    asked = [pivot("um", "UM"), pivot("um", request_of=B)]
    for each in asked:
        sim.submit(each)
    sim.run_until(1.0)
    assert answer(sim, asked[0]) == ["UM", "UM"]
    second = [items for name, items in ran(sim) if name == "en-fr"]
    assert sorted(text for items in second for text in items) == ["UM", "UM"]


def test_an_item_that_fails_in_either_step_is_its_own_error_alone() -> None:
    def second_fails(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return 0.01, [
            ItemError("ValueError") if text in ("fail", "BAD") else text.upper() for text in items
        ]

    sim = simulation(models=MODELS, workers=1, engine=second_fails)
    sim.submit(asked := pivot("fail", "bad", "good"))
    sim.run_until(1.0)
    first, second, third = answer(sim, asked)
    assert isinstance(first, ItemFailed)
    assert isinstance(second, ItemFailed)
    assert third == "GOOD"


def test_a_deadline_that_passes_between_the_steps_is_answered_once() -> None:
    def slow(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return 1.0, [text.upper() for text in items]

    sim = simulation(models=MODELS, workers=1, engine=slow)
    sim.submit(asked := pivot("um", deadline_s=0.5))
    sim.run_until(5.0)
    [outcome] = answer(sim, asked)
    assert isinstance(outcome, DeadlineExceeded)
    assert len(sim.runs) == 1


def test_a_second_model_that_nobody_has_is_refused_before_anything_runs() -> None:
    sim = simulation(models=MODELS[:1], workers=1)
    sim.submit(asked := pivot("um"))
    sim.run_until(1.0)
    assert isinstance(refusal(sim, asked), UnknownModel)
    assert not sim.runs


def test_an_intermediate_result_too_long_for_the_next_model_fails_its_item_alone() -> None:
    def grows(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return 0.01, ["x" * 1_001 if text == "loop" else text.upper() for text in items]

    sim = simulation(models=MODELS, workers=1, engine=grows)
    sim.submit(asked := pivot("loop", "fine"))
    sim.run_until(1.0)
    long, fine = answer(sim, asked)
    assert isinstance(long, ItemFailed)
    assert fine == "FINE"


def test_a_cancelled_job_takes_no_second_step() -> None:
    sim = simulation(models=MODELS, workers=1)
    sim.submit(asked := pivot("um"))
    sim.run_until(0.005)
    sim.scheduler.cancel(asked.request)
    sim.run_until(1.0)
    assert [name for name, _ in ran(sim)] == ["pt-en"]
    assert not any(isinstance(given, Finish) for _, given in sim.answers.values())
