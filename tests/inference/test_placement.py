"""Which worker holds which model, in virtual time: by demand, within memory, without flapping."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from hanse.inference.commands import LoadModel, UnloadModels
from hanse.inference.errors import DeadlineExceeded, ModelFailed, ModelTooLarge
from hanse.inference.job import Job, Limits, ModelSpec
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate import Crash, Engine, Hang, Simulation
from hanse.inference.simulate.fleet import Loader
from tests.inference.virtual import (
    INTERACTIVE,
    ITEM_S,
    answer,
    job,
    model,
    refusal,
    texts,
    took,
    upper,
)

SIZE = 100
UNCACHED = Limits(cache_bytes_max=0)


def named(number: int) -> str:
    return f"model {number}"


def models_of(number: int, size: int = SIZE) -> list[ModelSpec]:
    """So many models, all of one size."""
    return [model(named(each), size=size) for each in range(number)]


def world_of(
    models: list[ModelSpec],
    *,
    workers: int = 1,
    fit: int = 0,
    load_s: float = 0.05,
    load: Loader | None = None,
    limits: Limits = UNCACHED,
    engine: Engine = upper,
    restart_s: float = 0.1,
) -> Simulation:
    """Workers that hold nothing yet, each with memory for `fit` models; 0 is no bound."""
    scheduler = Scheduler(limits)
    scheduler.set_models(models)
    return Simulation(
        scheduler,
        engine,
        workers=workers,
        load=load or (lambda command: load_s if isinstance(command, LoadModel) else 0.0),
        memory_bytes=fit * SIZE,
        restart_s=restart_s,
    )


def holders(world: Simulation, name: str) -> set[int]:
    """The workers that hold a model."""
    return {
        worker.id
        for worker in world.scheduler.fleet.workers.values()
        if f"hash of {name}" in worker.loaded
    }


def unloads(world: Simulation, since: float = 0.0) -> list[str]:
    """What was unloaded from a time on."""
    return [each for at, command in world.loads if at >= since for each in command.unload]


def every(world: Simulation, seconds: float, name: str, items: int, until: float) -> None:
    """Let work of a model come in again and again."""
    at = 0.0
    while at < until:
        world.submit(job(*texts(items, f"{name} at {at}"), model=name), at=at)
        at += seconds


# What a worker takes


def test_a_model_is_loaded_by_the_worker_that_then_runs_it() -> None:
    world = world_of(models_of(2), load_s=0.2)
    request = job("text", model=named(1), kind=INTERACTIVE, deadline_s=5.0)
    world.submit(request)
    world.run_until(1.0)
    assert answer(world, request) == ["TEXT"]
    assert took(world, request) == pytest.approx(0.2 + ITEM_S, abs=0.01)
    assert [command.model.info.name for _, command in world.loads] == [named(1)]  # type: ignore[union-attr]


def test_only_who_has_nobody_else_is_served_by_a_worker_that_is_not_warm() -> None:
    world = world_of(models_of(1), workers=3)
    every(world, 0.02, named(0), 3, until=5.0)
    world.run_until(10.0)
    warm = [command.warm for _, command in world.loads if isinstance(command, LoadModel)]
    assert warm == [False, True, True]
    assert len(holders(world, named(0))) == 3


def test_work_behind_a_batch_that_takes_longer_than_foretold_gets_an_idle_worker() -> None:
    def engine(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
        return (4.0 if "slow" in items else 0.01), list(items)

    world = world_of(models_of(1), workers=2, engine=engine)
    world.submit(job("slow", model=named(0)))
    request = job("quick", model=named(0))
    world.submit(request, at=0.2)
    world.run_until(5.0)
    assert took(world, request, since=0.2) < 0.3


class Small(Struct, frozen=True):
    """A small world that Hypothesis makes up."""

    sizes: list[int]
    memories: list[int]
    jobs: list[tuple[float, int, int]]


small = st.builds(
    Small,
    sizes=st.lists(st.integers(10, 120), min_size=1, max_size=7),
    memories=st.lists(st.integers(60, 300), min_size=1, max_size=3),
    jobs=st.lists(
        st.tuples(st.floats(0.0, 4.0), st.integers(0, 6), st.integers(1, 30)),
        min_size=1,
        max_size=25,
    ),
)


def run(small: Small, pinned: int = 0, lost_at: float = 0.0) -> tuple[Simulation, list[Job]]:
    """Let a small world go on until all is done; memory and warmth are checked at every command."""
    models = [model(named(number), size=size) for number, size in enumerate(small.sizes)]
    sizes = {each.info.hash: each.bytes for each in models}
    held: dict[int, set[str]] = {}
    memory: dict[int, int] = {}

    def load(command: LoadModel | UnloadModels) -> float:
        mine = held.setdefault(command.worker, set())
        assert {*command.unload} <= mine
        mine -= {*command.unload}
        if isinstance(command, UnloadModels):
            return 0.0
        assert command.model.info.hash not in mine
        mine.add(command.model.info.hash)
        bound = memory.get(command.worker, math.inf)
        assert sum(map(sizes.__getitem__, mine)) <= bound
        return 0.1

    limits = Limits(cache_bytes_max=0, pinned_models=tuple(map(named, range(pinned))))
    scheduler = Scheduler(limits)
    scheduler.set_models(models)
    world = Simulation(scheduler, upper, workers=0, load=load)
    for number, bound in enumerate(small.memories, 1000):
        memory[number] = bound
        world.kinds[number] = "virtual"
        scheduler.worker_ready(number, "virtual", bound)
    requests = []
    for at, which, items in small.jobs:
        request = job(*texts(items, f"{at} {which}"), model=named(which % len(models)))
        requests.append(request)
        world.submit(request, at=at)
    if lost_at:
        world.at(lost_at, lambda: world.kill(min(world.kinds)))
    world.run_until(60.0)
    return world, requests


@settings(max_examples=40, deadline=None)
@given(small, st.floats(0.0, 4.0))
def test_memory_is_never_exceeded_and_whoever_fits_is_served(small: Small, lost_at: float) -> None:
    # A lost worker comes back without a bound, so that everything fits somewhere then.
    world, requests = run(small, lost_at=lost_at)
    largest = max(small.memories)
    for request in requests:
        number = int(request.model.split()[1])
        if small.sizes[number] <= largest and not lost_at:
            assert answer(world, request) == [text.upper() for text in request.items]
        else:
            assert request.request in world.answers


@settings(max_examples=20, deadline=None)
@given(small, st.integers(1, 4))
def test_pinned_models_are_there_from_the_start_and_stay_where_they_fit(
    small: Small, pinned: int
) -> None:
    world, _ = run(small, pinned=pinned)
    for worker in world.scheduler.fleet.workers.values():
        left = worker.memory_bytes
        for number, size in enumerate(small.sizes[:pinned]):
            if size <= left:
                left -= size
                model_hash = f"hash of {named(number)}"
                assert model_hash in worker.loaded
                assert worker.loaded[model_hash] <= pinned * 0.1 + 1e-6
    gone = {(command.worker, each) for _, command in world.loads for each in command.unload}
    reloaded = [
        (command.worker, command.model.info.hash)
        for _, command in world.loads
        if isinstance(command, LoadModel)
    ]
    fixed = {f"hash of {named(number)}" for number in range(pinned)}
    pinned_to = world.scheduler.placement.memory.pinned_to
    for worker in world.scheduler.fleet.workers.values():
        for each in set(pinned_to(worker)) & fixed:
            assert (worker.id, each) not in gone
            assert reloaded.count((worker.id, each)) == 1


# By demand, without flapping


@settings(max_examples=15, deadline=None)
@given(
    fits=st.lists(st.integers(2, 5), min_size=1, max_size=3),
    periods=st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0]), min_size=2, max_size=10),
)
def test_models_do_not_flap_under_constant_demand(fits: list[int], periods: list[float]) -> None:
    models = models_of(min(len(periods), sum(fits)))
    scheduler = Scheduler(UNCACHED)
    scheduler.set_models(models)
    world = Simulation(
        scheduler, upper, workers=0, load=lambda each: 0.1 * isinstance(each, LoadModel)
    )
    for number, fit in enumerate(fits, 1000):
        world.kinds[number] = "virtual"
        scheduler.worker_ready(number, "virtual", fit * SIZE)
    for number, period in enumerate(periods[: len(models)]):
        every(world, period, named(number), 1, until=60.0)
    world.run_until(60.0)
    assert unloads(world, since=20.0) == []
    assert {each.info.name for each in models} == {
        each.info.name for each in models if holders(world, each.info.name)
    }


def test_a_model_in_demand_gets_more_workers_than_one_that_is_hardly_asked_for() -> None:
    world = world_of(models_of(4), workers=4, fit=2, load_s=0.1)
    every(world, 0.05, named(0), 10, until=30.0)  # two workers' time
    for number in (1, 2, 3):
        every(world, 2.0, named(number), 1, until=30.0)
    world.run_until(30.0)
    assert len(holders(world, named(0))) >= 3
    assert all(holders(world, named(number)) for number in (1, 2, 3))


def test_what_nobody_asks_for_any_more_stays_until_its_room_is_needed() -> None:
    world = world_of(models_of(3), fit=2)
    every(world, 0.5, named(0), 1, until=5.0)
    every(world, 0.5, named(1), 1, until=600.0)
    world.run_until(600.0)
    assert unloads(world) == []
    wanted = job("text", model=named(2), kind=INTERACTIVE, deadline_s=1.0)
    world.submit(wanted)
    world.run_until(601.0)
    assert answer(world, wanted) == ["TEXT"]
    assert unloads(world) == [f"hash of {named(0)}"]


def test_more_models_than_fit_take_turns_and_loading_takes_a_bounded_part_of_the_time() -> None:
    world = world_of(models_of(8), workers=1, fit=2, load_s=0.2)
    requests = []
    for number in range(8):
        requests.append(job(*texts(300, named(number)), model=named(number), deadline_s=600.0))
        world.submit(requests[-1])
    world.run_until(120.0)
    assert all(len(answer(world, request)) == 300 for request in requests)
    loading_s = 0.2 * len(world.loads)
    working_s = 8 * 300 * ITEM_S
    assert loading_s < 0.15 * working_s


# Where it cannot be done


def test_a_model_too_large_for_any_worker_is_a_clear_error_at_once() -> None:
    world = world_of([model("small", size=50), model("large", size=500)], workers=2, fit=1)
    large, small = job("text", model="large"), job("text", model="small")
    world.submit(large)
    world.submit(small)
    world.run_until(1.0)
    problem = refusal(world, large)
    assert isinstance(problem, ModelTooLarge)
    assert problem.status == 503
    assert "large" in problem.detail
    assert answer(world, small) == ["TEXT"]


def test_work_that_came_before_any_worker_is_told_too_when_none_is_large_enough() -> None:
    world = world_of([model("large", size=500)], workers=0)
    request = job("text", model="large")
    world.submit(request)
    world.at(1.0, lambda: world.scheduler.worker_ready(1, "virtual", 100))
    world.run_until(2.0)
    assert isinstance(answer(world, request)[0], ModelTooLarge)


def test_a_model_that_does_not_load_again_and_again_is_given_up_for_a_while() -> None:
    attempts: list[float] = []

    def fail(command: LoadModel | UnloadModels) -> float:
        assert isinstance(command, LoadModel)
        attempts.append(world.now)
        world.at(
            world.now + 0.01,
            lambda: world.scheduler.batch_failed(command.worker, command.batch, "damaged"),
        )
        raise Hang  # nothing else comes of it

    world = world_of(models_of(1), workers=2, load=fail)
    waiting = job(*texts(10), model=named(0))
    world.submit(waiting)
    world.run_until(3.0)
    assert {type(outcome) for outcome in answer(world, waiting)} == {ModelFailed}
    assert "damaged" in str(answer(world, waiting)[0])
    assert len(attempts) == 3
    later = job("more", model=named(0))
    world.submit(later)
    world.run_until(3.5)
    problem = refusal(world, later)
    assert isinstance(problem, ModelFailed)
    assert (problem.retry_after_s or 0.0) > 0.0
    again = job("again", model=named(0))
    world.submit(again, at=20.0)
    world.run_until(21.0)
    assert len(attempts) == 4, "one attempt after a while, and no loop"
    assert isinstance(answer(world, again)[0], ModelFailed)


@pytest.mark.parametrize("end", [Crash, Hang])
def test_a_worker_that_dies_while_it_loads_loses_no_item(end: type[Exception]) -> None:
    tries = []

    def load(command: LoadModel | UnloadModels) -> float:
        tries.append(command.worker)
        if len(tries) == 1:
            raise end
        return 0.05

    limits = Limits(cache_bytes_max=0, hang_floor_s=1.0, load_timeout_s=1.0)
    world = world_of(models_of(1), workers=1, load=load, limits=limits)
    request = job(*texts(20), model=named(0))
    world.submit(request)
    world.run_until(10.0)
    assert answer(world, request) == [text.upper() for text in request.items]
    assert len(tries) == 2
    assert world.scheduler.stats.failed_loads == 1


def test_a_model_that_kills_every_worker_that_loads_it_is_given_up() -> None:
    def load(_command: LoadModel | UnloadModels) -> float:
        raise Crash

    world = world_of(models_of(1), workers=2, load=load)
    request = job("text", model=named(0))
    world.submit(request)
    world.run_until(3.0)
    assert isinstance(answer(world, request)[0], ModelFailed)
    assert world.scheduler.stats.failed_loads == 3


def test_a_late_load_lets_work_expire_as_any_other_delay_does() -> None:
    world = world_of(models_of(1), load_s=2.0)
    request = job("text", model=named(0), kind=INTERACTIVE, deadline_s=0.5)
    world.submit(request)
    world.run_until(5.0)
    assert isinstance(answer(world, request)[0], DeadlineExceeded)
    assert took(world, request) == pytest.approx(0.5, abs=0.01)


def test_a_model_that_was_replaced_leaves_the_memory_of_the_workers() -> None:
    world = world_of(models_of(1), workers=2)
    every(world, 0.05, named(0), 1, until=3.0)
    world.at(
        2.0, lambda: world.scheduler.set_models([model(named(0), model_hash="new", size=SIZE)])
    )
    world.run_until(10.0)
    assert not holders(world, named(0))
    assert set(unloads(world)) == {f"hash of {named(0)}"}


def test_a_model_that_turns_out_too_large_makes_room() -> None:
    world = world_of(models_of(2), fit=2)
    every(world, 0.5, named(0), 1, until=4.0)
    every(world, 0.25, named(1), 1, until=4.0)
    world.run_until(4.0)
    learned = world.scheduler.placement.facts.loaded
    learned(models_of(2)[1], 0.05, SIZE + 50)
    world.run_until(6.0)
    [worker] = world.scheduler.fleet.workers.values()
    assert world.scheduler.placement.memory.held_bytes(worker) <= worker.memory_bytes
    assert holders(world, named(1))


def test_the_state_tells_what_is_where_what_loads_and_what_is_wrong() -> None:
    models = [*models_of(2), model("large", size=5 * SIZE)]
    limits = Limits(pinned_models=(named(0), "missing"), cache_bytes_max=0)
    world = world_of(models, workers=2, fit=2, load_s=0.5, limits=limits)
    world.run_until(0.1)
    status = world.scheduler.status(world.now)
    assert [worker["loading"] for worker in status["workers"]] == [named(0)] * 2
    world.submit(job(*texts(5), model=named(1)))
    world.run_until(3.0)
    status = world.scheduler.status(world.now)
    rows = {row["model"]: row for row in status["placement"]}
    assert (rows[named(0)]["workers"], rows[named(0)]["pinned"]) == (2, True)
    assert rows[named(1)]["workers"] == 1
    assert rows[named(1)]["demand"] > 0.0
    assert "large" in rows["large"]["problem"]
    assert status["pinned"] == {named(0): True, "missing": False}
    assert sorted(worker["models_bytes"] for worker in status["workers"]) == [SIZE, 2 * SIZE]
