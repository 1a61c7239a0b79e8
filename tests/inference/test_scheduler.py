"""Whose turn it is, in which batches, and what is computed once, in virtual time."""

import random

import pytest

from hanse.inference.errors import (
    UnknownModel,
)
from hanse.inference.job import Limits
from hanse.inference.messages import ItemError
from tests.inference.virtual import (
    BULK,
    FIXED_S,
    INTERACTIVE,
    ITEM_S,
    LIVE,
    A,
    B,
    C,
    answer,
    job,
    model,
    share_of,
    simulation,
    texts,
    took,
)


def test_results_come_back_in_the_order_of_the_items() -> None:
    world = simulation(workers=3)
    request = job(*texts(50))
    world.submit(request)
    world.run_until(5)
    assert answer(world, request) == [text.upper() for text in request.items]


def test_the_unit_is_the_item_so_a_request_uses_all_workers() -> None:
    world = simulation(workers=4)
    request = job(*texts(40))
    world.submit(request)
    world.run_until(5)
    assert took(world, request) < 1.3 * 40 * ITEM_S / 4


def test_a_person_does_not_wait_behind_a_document() -> None:
    world = simulation(workers=2)
    world.submit(job(*texts(500)))
    hurried = job("hello", kind=INTERACTIVE)
    world.submit(hurried, at=0.5)
    world.run_until(0.6)
    assert took(world, hurried, 0.5) < 4 * ITEM_S


def test_more_urgent_classes_go_first() -> None:
    world = simulation(workers=1)
    bulk, live, interactive = (
        job(*texts(20, kind.value), kind=kind) for kind in (BULK, LIVE, INTERACTIVE)
    )
    for request in (bulk, live, interactive):
        world.submit(request)
    world.run_until(5)
    assert took(world, interactive) < took(world, live) < took(world, bulk)


def test_within_a_class_the_nearer_deadline_goes_first_and_equal_ones_in_order() -> None:
    world = simulation(workers=1)
    first, second, urgent = job(*texts(9, "a")), job(*texts(9, "b")), job("c", deadline_s=1.0)
    for request in (first, second, urgent):
        world.submit(request)
    world.run_until(5)
    assert took(world, urgent) < took(world, first) < took(world, second)


@pytest.mark.parametrize(("kind", "least"), [(BULK, 0.08), (LIVE, 0.16)])
def test_waiting_work_keeps_its_floor_share_under_a_flood_of_urgent_work(
    kind: object, least: float
) -> None:
    world = simulation(workers=2)
    patient = job(*texts(2_000, "patient"), kind=BULK if kind == BULK else LIVE)
    world.submit(patient)
    for number in range(1_500):  # three times what two workers can do
        world.submit(
            job(f"urgent {number}", of=B, kind=INTERACTIVE, deadline_s=60), at=number * 0.002
        )
    world.run_until(3)
    assert least < share_of(world, lambda text: text.startswith("patient")) < 2.5 * least


def test_the_floor_share_costs_urgent_work_one_item_at_a_time() -> None:
    world = simulation(workers=1)
    world.submit(job(*texts(500, "patient")))
    for number in range(300):
        world.submit(job(f"urgent {number}", kind=INTERACTIVE), at=number * 0.011)
    world.run_until(4)
    patient = [all(text.startswith("patient") for text in run.items) for run in world.runs[5:]]
    batches = [len(run.items) for run, is_patient in zip(world.runs[5:], patient, strict=True)]
    waiting_urgent = sum(not is_patient for is_patient in patient)
    assert waiting_urgent > 100
    assert max(batches) <= 4


def test_organisations_share_a_class_however_much_each_of_them_asks() -> None:
    world = simulation(workers=2)
    world.submit(job(*texts(3_000, "flood"), of=A))
    modest = job(*texts(100, "modest"), of=B)
    world.submit(modest)
    world.run_until(1.2)
    assert took(world, modest) < 1.3 * 2 * 100 * ITEM_S / 2


def test_organisations_with_expensive_items_get_the_same_time_not_the_same_count() -> None:
    def engine(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        seconds = sum(0.04 if text.startswith("long") else 0.01 for text in items)
        return FIXED_S + seconds, list(items)

    world = simulation(workers=1, engine=engine)
    world.submit(job(*(f"long {'x' * 400} {place}" for place in range(2_000)), of=A))
    world.submit(job(*texts(2_000, "short"), of=B))
    world.run_until(15)
    assert 0.7 < share_of(world, lambda text: text.startswith("short")) < 0.9


@pytest.mark.parametrize("deadline_s", [None, 0.1])
def test_a_batch_ends_soon_enough_for_an_urgent_arrival(deadline_s: float | None) -> None:
    world = simulation(workers=1, models=(model(batch_items_max=64, fixed_s=0.02),))
    world.submit(job(*texts(2_000)))
    if deadline_s is not None:
        for number in range(100):
            urgent = job(f"urgent {number}", kind=INTERACTIVE, deadline_s=deadline_s)
            world.submit(urgent, at=number * 0.1)
    world.run_until(10)
    longest_s = max(len(run.items) for run in world.runs[10:]) * ITEM_S
    share = Limits().urgent_wait_share
    assert longest_s <= (deadline_s or Limits().urgent_deadline_s) * share + ITEM_S


def test_batches_grow_where_the_fixed_cost_is_large() -> None:
    def engine(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return 0.004 + 0.0002 * len(items), list(items)

    world = simulation(workers=1, engine=engine, models=(model(batch_items_max=64),))
    world.submit(job(*texts(4_000)))
    world.run_until(20)
    sizes = [len(run.items) for run in world.runs]
    assert max(sizes) == 64
    assert sum(sizes) / len(sizes) > 30


def test_no_batch_is_larger_than_its_engine_takes() -> None:
    world = simulation(workers=1, models=(model(batch_items_max=1),))
    world.submit(job(*texts(50)))
    world.run_until(5)
    assert {len(run.items) for run in world.runs} == {1}


def test_the_last_items_are_shared_out_among_the_workers() -> None:
    world = simulation(workers=4, models=(model(batch_items_max=64),))
    request = job(*texts(4))
    world.submit(request)
    world.run_until(1)
    assert [len(run.items) for run in world.runs] == [1, 1, 1, 1]


def test_identical_items_under_way_are_computed_once_and_the_urgent_asker_speeds_them_up() -> None:
    world = simulation(workers=1)
    filler, bulk = job(*texts(100, "filler")), job("same")
    world.submit(filler)
    world.submit(bulk)
    hurried = [job("same", kind=INTERACTIVE) for _ in range(99)]
    for request in hurried:
        world.submit(request, at=0.1)
    world.run_until(5)
    assert [text for run in world.runs for text in run.items].count("same") == 1
    assert {took(world, request) for request in hurried} == {took(world, bulk)}
    assert took(world, bulk) < 0.2
    assert world.scheduler.stats.merged_items == 99


def test_an_item_twice_in_one_request_is_computed_once() -> None:
    world = simulation()
    request = job("a", "b", "a", "a")
    world.submit(request)
    world.run_until(1)
    assert answer(world, request) == ["A", "B", "A", "A"]
    assert world.scheduler.stats.run_items == 2


def test_what_was_computed_is_answered_at_once_the_next_time() -> None:
    world = simulation()
    world.submit(job("a", "b"))
    again = job("b", "a")
    world.submit(again, at=1.0)
    world.run_until(1.0)
    assert answer(world, again) == ["B", "A"]
    assert took(world, again, 1.0) == 0.0
    assert world.scheduler.stats.run_items == 2


def test_organisations_share_neither_cache_nor_work_under_way() -> None:
    world = simulation()
    for organisation in (A, B, C):
        world.submit(job("same", of=organisation))
    world.submit(job("same", of=A), at=1.0)
    world.run_until(2)
    assert [text for run in world.runs for text in run.items].count("same") == 3


def test_a_replaced_model_computes_everything_anew() -> None:
    world = simulation()
    world.submit(job("a"))
    world.run_until(1)
    world.scheduler.set_models([model(model_hash="new")])
    world.submit(job("a"))
    world.run_until(2)
    assert world.scheduler.stats.run_items == 2


def test_a_result_is_never_kept_for_another_version_of_its_model() -> None:
    world = simulation(workers=1)
    request = job(*texts(10))
    world.submit(request)
    world.run_until(0.001)
    world.scheduler.set_models([model(model_hash="new")])
    world.run_until(1)
    world.scheduler.set_models([model()])
    again = job(*request.items)
    world.submit(again)
    world.run_until(2)
    assert len(answer(world, again)) == 10
    assert world.scheduler.stats.run_items > 15


def test_a_model_that_is_removed_fails_what_waits_for_it_and_nothing_else() -> None:
    world = simulation(workers=1, models=(model("en-pt"), model("pt-en")))
    gone, stays = job(*texts(10), model="pt-en"), job(*texts(10))
    world.submit(stays)
    world.submit(gone)
    world.run_until(0.001)
    world.scheduler.set_models([model("en-pt")])
    world.run_until(2)
    assert answer(world, stays) == [text.upper() for text in stays.items]
    assert any(isinstance(outcome, UnknownModel) for outcome in answer(world, gone))


def test_interactive_requests_keep_their_objective_at_ninety_percent_load() -> None:
    traffic = random.Random(7)
    world = simulation(workers=2, limits=Limits(cache_bytes_max=0))
    at, arrivals = 0.0, []
    while at < 60:
        at += traffic.expovariate(0.9 * (2 / ITEM_S) / (0.7 + 0.3 * 50))
        is_person = traffic.random() < 0.7
        request = job(
            *texts(1 if is_person else 50, f"at {at}"), kind=INTERACTIVE if is_person else BULK
        )
        arrivals.append((at, request))
        world.submit(request, at=at)
    world.run_until(120)
    waits = sorted(
        took(world, request, at) for at, request in arrivals if request.service_class is INTERACTIVE
    )
    assert waits[int(0.99 * len(waits))] < 0.1
    assert all(len(answer(world, request)) == len(request.items) for _, request in arrivals)


def test_a_worker_that_tells_late_what_it_holds_goes_on_working() -> None:
    world = simulation(workers=1)
    [worker] = world.workers
    held = model().info.hash
    world.scheduler.worker_has(worker, [held], [held])
    request = job(*texts(3))
    world.submit(request)
    world.run_until(1)
    assert len(answer(world, request)) == 3
