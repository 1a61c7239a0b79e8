"""What the scheduler does about failures, cancellation, deadlines and limits, in virtual time."""

import pytest

from hanse.inference.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    InvalidItem,
    ItemFailed,
    ItemTooLong,
    OrganisationOverloaded,
    Overloaded,
    RequestTooLarge,
    UnknownModel,
)
from hanse.inference.job import Limits
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate import Simulation
from tests.inference.virtual import (
    BULK,
    INTERACTIVE,
    LIVE,
    A,
    B,
    answer,
    job,
    model,
    refusal,
    share_of,
    simulation,
    texts,
    took,
    upper,
)


def test_a_failed_item_leaves_the_others_alone_and_is_not_cached() -> None:
    world = simulation()
    request = job("good", "fail", "fine")
    world.submit(request)
    world.run_until(1)
    good, failed, fine = answer(world, request)
    assert (good, fine) == ("GOOD", "FINE")
    assert isinstance(failed, ItemFailed)
    world.submit(job("fail"))
    world.run_until(2)
    assert world.scheduler.stats.run_items == 4


def test_a_killed_worker_costs_nobody_an_error() -> None:
    world = simulation(workers=2)
    request = job(*texts(200))
    world.submit(request)
    for number in range(10):
        world.at(0.05 + 0.07 * number, lambda: world.kill(world.workers[0]))
    world.run_until(10)
    assert answer(world, request) == [text.upper() for text in request.items]
    assert world.scheduler.stats.workers_lost == 10


@pytest.mark.parametrize("poison", ["kill", "hang"])
def test_a_poison_item_fails_alone(poison: str) -> None:
    limits = Limits(hang_floor_s=1.0, load_timeout_s=1.0)
    world = simulation(workers=2, limits=limits)
    request = job(*texts(30), poison, *texts(30, "more"))
    world.submit(request)
    world.run_until(30)
    outcomes = answer(world, request)
    assert isinstance(outcomes[30], ItemFailed)
    assert [each for each in outcomes if isinstance(each, ItemFailed)] == [outcomes[30]]
    assert world.scheduler.stats.poison_items == 1
    assert world.scheduler.stats.workers_lost + world.scheduler.stats.workers_hung <= 3


def test_a_suspect_item_runs_alone_until_it_is_cleared() -> None:
    world = simulation(workers=1, models=(model(batch_items_max=64, fixed_s=0.01),))
    request = job(*texts(100))
    world.submit(request)
    world.run_until(0.02)
    suspects = set(world.runs[-1].items)
    assert len(suspects) > 3
    world.kill(world.workers[0])
    world.run_until(10)
    later = [run.items for run in world.runs if run.at > 0.02]
    assert {len(items) for items in later if suspects & set(items)} == {1}
    assert max(map(len, later)) > 3
    assert answer(world, request) == [text.upper() for text in request.items]


def test_loading_a_model_neither_counts_as_a_hang_nor_teaches_the_cost() -> None:
    limits = Limits(hang_floor_s=1.0, load_timeout_s=20.0)
    scheduler = Scheduler(limits)
    scheduler.set_models([model()])
    world = Simulation(scheduler, upper, workers=1, load=lambda _command: 10.0)
    before = scheduler.fleet.cost(model(), "virtual").predict_item(100)
    request = job(*texts(30))
    world.submit(request)
    world.run_until(15.0)
    assert scheduler.stats.workers_hung == 0
    assert answer(world, request) == [text.upper() for text in request.items]
    assert scheduler.fleet.cost(model(), "virtual").predict_item(100) == pytest.approx(
        before, rel=0.2
    )


def test_cancelled_work_leaves_the_queue() -> None:
    world = simulation(workers=1)
    unwanted, wanted = job(*texts(1_000, "unwanted")), job(*texts(10, "wanted"))
    world.submit(unwanted)
    world.submit(wanted)
    world.at(0.1, lambda: world.scheduler.cancel(unwanted.request))
    world.run_until(1)
    assert unwanted.request not in world.answers
    assert took(world, wanted) < 0.35
    assert share_of(world, lambda text: text.startswith("unwanted")) < 0.6
    assert world.scheduler.status(1)["queues"]["bulk"]["items"] == 0


def test_cancelling_one_of_two_that_wait_for_the_same_item_does_not_harm_the_other() -> None:
    world = simulation(workers=1)
    world.submit(job(*texts(20)))
    first, second = job("same"), job("same")
    world.submit(first)
    world.submit(second)
    world.at(0.01, lambda: world.scheduler.cancel(first.request))
    world.run_until(2)
    assert answer(world, second) == ["SAME"]
    assert first.request not in world.answers


def test_what_is_still_queued_at_its_deadline_is_given_up_and_the_rest_is_kept() -> None:
    world = simulation(workers=1)
    world.scheduler.fleet.cost(model(), "virtual")
    request = job(*texts(40), deadline_s=0.56)
    slow = job(*texts(30, "urgent"), kind=INTERACTIVE)
    world.submit(request)
    world.submit(slow, at=0.01)
    world.run_until(5)
    outcomes = answer(world, request)
    expired = [each for each in outcomes if isinstance(each, DeadlineExceeded)]
    assert 5 < len(expired) < 30
    assert took(world, request) < 0.66
    assert all(each.retry_after_s is not None for each in expired)


def test_what_cannot_be_done_in_time_is_refused_at_once_with_a_time_to_come_back() -> None:
    world = simulation(workers=2)
    world.submit(job(*texts(2_000)))
    request = job(*texts(100, "late"), deadline_s=1.0)
    world.submit(request, at=0.1)
    world.run_until(0.1)
    problem = refusal(world, request)
    assert isinstance(problem, Overloaded)
    assert problem.retry_after_s is not None
    assert problem.retry_after_s > 0


def test_a_full_queue_refuses_bulk_first_and_interactive_last() -> None:
    limits = Limits(queue_items_max=100, organisation_queue_share=1.0)
    world = simulation(workers=0, limits=limits)
    world.submit(job(*texts(80), of=A))
    bulk, live, interactive = (
        job(*texts(10, kind.value), of=B, kind=kind) for kind in (BULK, LIVE, INTERACTIVE)
    )
    for request in (bulk, live, interactive):
        world.submit(request)
    world.run_until(0.1)
    assert isinstance(refusal(world, bulk), Overloaded)
    assert live.request not in world.answers
    assert interactive.request not in world.answers
    over = job(*texts(11, "over"), of=B, kind=INTERACTIVE)
    world.submit(over)
    world.run_until(0.1)
    problem = refusal(world, over)
    assert isinstance(problem, Overloaded)
    assert problem.status == 503
    assert (problem.retry_after_s or 0) > 0


def test_one_organisation_cannot_fill_the_queue_for_the_others() -> None:
    world = simulation(workers=0, limits=Limits(queue_items_max=100))
    for number in range(10):
        world.submit(job(*texts(10, f"flood {number}"), of=A))
    other = job(*texts(10, "other"), of=B)
    world.submit(other)
    world.run_until(0.1)
    refused = [command for _, command in world.answers.values()]
    assert len(refused) == 6
    assert other.request not in world.answers
    problem = refused[0].problem  # type: ignore[union-attr]
    assert isinstance(problem, OrganisationOverloaded)
    assert problem.status == 429


def test_requests_that_only_wait_for_others_are_bounded_too() -> None:
    world = simulation(workers=0, limits=Limits(requests_max=5))
    requests = [job("same") for _ in range(7)]
    for request in requests:
        world.submit(request)
    world.run_until(0.1)
    assert isinstance(refusal(world, requests[5]), Overloaded)
    assert requests[4].request not in world.answers


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (job("a", model="xx-yy"), UnknownModel),
        (job("a" * 1_001), ItemTooLong),
        (job(*("a" for _ in range(5_001))), RequestTooLarge),
        (job(*("a" * 1_000 for _ in range(2_001))), RequestTooLarge),
        (job("a", deadline_s=float("nan")), InvalidItem),
        (job("a", deadline_s=float("inf")), InvalidItem),
        (job("a", deadline_s=0.0), DeadlineExceeded),
        (job("a", deadline_s=-1.0), DeadlineExceeded),
    ],
)
def test_what_can_never_be_done_is_refused_at_once(broken: object, problem: type) -> None:
    world = simulation()
    world.submit(broken)  # type: ignore[arg-type]
    world.run_until(0.0)
    assert isinstance(refusal(world, broken), problem)  # type: ignore[arg-type]


def test_the_longest_item_and_the_largest_request_are_taken() -> None:
    world = simulation()
    longest, largest = job("a" * 1_000), job(*texts(5_000), deadline_s=600)
    world.submit(longest)
    world.submit(largest)
    world.run_until(60)
    assert answer(world, longest) == ["A" * 1_000]
    assert len(answer(world, largest)) == 5_000


def test_draining_ends_what_runs_and_returns_what_waits() -> None:
    world = simulation(workers=1)
    request = job(*texts(50))
    world.submit(request)
    world.run_until(0.2)
    world.scheduler.drain()
    late = job("late")
    world.submit(late)
    world.run_until(1)
    outcomes = answer(world, request)
    unavailable = [each for each in outcomes if isinstance(each, InferenceUnavailable)]
    assert 0 < len(unavailable) < 50
    assert took(world, request) < 0.3
    assert isinstance(refusal(world, late), InferenceUnavailable)


def test_a_worker_that_dies_while_draining_returns_what_it_ran() -> None:
    world = simulation(workers=1)
    request = job("a")
    world.submit(request)
    world.run_until(0.001)
    world.scheduler.drain()
    world.kill(world.workers[0])
    world.run_until(0.001)
    assert isinstance(answer(world, request)[0], InferenceUnavailable)


def test_late_and_foreign_reports_of_workers_are_ignored() -> None:
    world = simulation(workers=1)
    request = job("a")
    world.submit(request)
    world.run_until(0.001)
    world.scheduler.batch_done(1, 99, ["WRONG"], 0.001)
    world.scheduler.batch_done(7, 1, ["WRONG"], 0.001)
    world.scheduler.batch_failed(7, 1, "wrong")
    world.scheduler.worker_lost(7)
    world.scheduler.cancel(999)
    world.run_until(1)
    assert answer(world, request) == ["A"]


def test_an_engine_that_returns_too_little_fails_its_batch_only() -> None:
    def engine(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return 0.01, [] if "odd" in items else list(items)

    world = simulation(workers=1, engine=engine)
    odd = job("odd")
    world.submit(odd)
    world.run_until(1)
    fine = job("fine")
    world.submit(fine)
    world.run_until(2)
    assert isinstance(answer(world, odd)[0], ItemFailed)
    assert answer(world, fine) == ["fine"]
