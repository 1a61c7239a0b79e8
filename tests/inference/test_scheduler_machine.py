"""The scheduler under any history of events: what must hold, holds after every one of them."""

from itertools import count
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from hanse.inference.commands import (
    Finish,
    KillWorker,
    LoadModel,
    Reject,
    RunBatch,
    UnloadModels,
)
from hanse.inference.job import Job, Limits, ServiceClass
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.platform.problems import Problem
from tests.inference.virtual import A, B, C, model

LIMITS = Limits(
    queue_items_max=40,
    requests_max=20,
    hang_floor_s=5.0,
    load_timeout_s=1.0,
    cache_bytes_max=200_000,
)
MODELS = {
    "one": model("one", batch_items_max=4, size=100),
    "padded": model("padded", batch_items_max=8, pads=True, size=150),
}
SIZES = {spec.info.hash: spec.bytes for spec in MODELS.values()}
BATCH_MAX = {name: spec.traits.batch_items_max for name, spec in MODELS.items()}

jobs = st.builds(
    Job,
    request=st.just(0),
    organisation_id=st.sampled_from([A, B, C]),
    model=st.sampled_from([*MODELS, "unknown"]),
    items=st.lists(
        st.sampled_from(["a", "b", "c" * 30, "d" * 40, "e" * 200, "f" * 1_001]),
        min_size=1,
        max_size=8,
    ).map(tuple),
    service_class=st.sampled_from(ServiceClass),
    deadline_s=st.sampled_from([-1.0, 0.02, 0.5, 5.0, 60.0]),
    then=st.lists(st.sampled_from([*MODELS]), max_size=2).map(tuple),
)


class AnyHistory(RuleBasedStateMachine):
    """Feeds a scheduler, carries out its commands, and remembers who is owed what.

    A result names the batch that made it, so it is known for whom it was made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(LIMITS)
        self.scheduler.set_models(MODELS.values())
        self.now = 0.0
        self.numbers = count(1)
        self.owed: dict[int, Job] = {}
        self.cancelled: set[int] = set()
        self.running: dict[int, RunBatch | LoadModel] = {}
        self.workers: dict[int, int] = {}  # and their memory
        self.holds: dict[int, set[str]] = {}
        self.made_for: dict[int, tuple[str, list[tuple[UUID, str]]]] = {}

    # What the world does

    @rule(job=jobs)
    def submit(self, job: Job) -> None:
        number = next(self.numbers)
        self.owed[number] = structs.replace(job, request=number)
        self.scheduler.submit(self.owed[number], self.now)
        self.tick()

    @rule(jobs=st.lists(jobs, min_size=2, max_size=6))
    def submit_many_in_one_turn(self, jobs: list[Job]) -> None:
        for job in jobs:
            number = next(self.numbers)
            self.owed[number] = structs.replace(job, request=number)
            self.scheduler.submit(self.owed[number], self.now)
        self.tick()

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.owed)))
        del self.owed[number]
        self.cancelled.add(number)
        self.scheduler.cancel(number)
        self.tick()

    @precondition(lambda self: len(self.workers) < 4)
    @rule(memory=st.sampled_from([0, 100, 160, 250]))
    def worker_appears(self, memory: int) -> None:
        worker = next(self.numbers)
        self.workers[worker] = memory
        self.holds[worker] = set()
        self.scheduler.worker_ready(worker, "kind", memory)
        self.tick()

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.floats(0.0, 2.0), failing=st.sampled_from(["", "a", "d"]))
    def batch_ends(self, data: st.DataObject, seconds: float, failing: str) -> None:
        worker = data.draw(st.sampled_from(sorted(self.running)))
        self.now += seconds
        self.finish(worker, failing)
        self.tick()

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def model_does_not_load(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(self.running)))
        self.scheduler.batch_failed(worker, self.running.pop(worker).batch, "damaged")
        self.tick()

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(self.workers)))
        self.lose(worker)
        self.scheduler.worker_lost(worker)
        self.tick()

    @rule(seconds=st.sampled_from([0.001, 0.1, 1.0, 7.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.tick()

    @rule(names=st.sets(st.sampled_from(sorted(MODELS)), min_size=1))
    def models_change(self, names: set[str]) -> None:
        self.scheduler.set_models([MODELS[name] for name in names])
        self.tick()

    # Carrying out commands

    def finish(self, worker: int, failing: str = "") -> None:
        run = self.running.pop(worker)
        if isinstance(run, LoadModel):
            self.holds[worker].add(run.model.info.hash)
            self.scheduler.model_loaded(worker, run.batch, self.now)
            return
        outcomes = [
            ItemError("ValueError") if failing and text.startswith(failing) else f"{run.batch}"
            for text in run.items
        ]
        self.scheduler.batch_done(
            worker, run.batch, outcomes, self.now, loaded=[*self.holds[worker]]
        )

    def lose(self, worker: int) -> None:
        self.workers.pop(worker, None)
        self.holds.pop(worker, None)
        self.running.pop(worker, None)

    def tick(self) -> None:
        for command in self.scheduler.tick(self.now):
            match command:
                case RunBatch():
                    self.check_batch(command)
                    self.running[command.worker] = command
                case LoadModel():
                    assert command.worker not in self.running
                    self.holds[command.worker] -= {*command.unload}
                    self.running[command.worker] = command
                case UnloadModels():
                    assert command.worker not in self.running
                    self.holds[command.worker] -= {*command.unload}
                case Finish():
                    self.check_answer(self.owed.pop(command.request), command)
                case Reject():
                    del self.owed[command.request]
                case KillWorker():
                    self.lose(command.worker)

    def check_batch(self, run: RunBatch) -> None:
        assert run.worker in self.workers, "only living workers get work"
        assert run.worker not in self.running, "a worker runs one batch at a time"
        assert run.model.info.hash in self.holds[run.worker], "only of models that it holds"
        assert 1 <= len(run.items) <= BATCH_MAX[run.model.info.name]
        batch = self.scheduler.fleet.workers[run.worker].batch
        assert batch is not None
        items = [(UUID(bytes=item.organisation), item.text) for item in batch.items]
        self.made_for[run.batch] = (run.model.info.name, items)

    def check_answer(self, request: Job, finish: Finish) -> None:
        assert len(finish.outcomes) == len(request.items)
        for text, outcome in zip(request.items, finish.outcomes, strict=True):
            if isinstance(outcome, str):
                self.check_way(request, text, outcome)
            else:
                assert isinstance(outcome, Problem)

    def check_way(self, request: Job, text: str, outcome: str) -> None:
        """A result names its batch: follow it back through the models to the text."""
        texts = {outcome}
        for name in reversed((request.model, *request.then)):
            ways = [self.made_for[int(result)] for result in texts if result.isdecimal()]
            texts = {
                item
                for model_name, made in ways
                if model_name == name
                for organisation, item in made
                if organisation == request.organisation_id
            }
        assert text in texts, "a result made for another"

    # What always holds

    @invariant()
    def nothing_under_way_is_computed_twice(self) -> None:
        under_way = [
            item.key
            for worker in self.scheduler.fleet.workers.values()
            if worker.batch is not None
            for item in worker.batch.items
        ]
        assert len(under_way) == len(set(under_way))

    @invariant()
    def no_worker_is_free_while_work_waits(self) -> None:
        names = {name for queue in self.scheduler.queues.values() for name in queue.backlog.models}
        waiting = {MODELS[name].info.hash for name in names}
        free = self.workers.keys() - self.running.keys()
        assert not any(waiting & self.holds[worker] for worker in free)

    @invariant()
    def no_worker_holds_more_than_it_has_memory_for(self) -> None:
        for worker, memory in self.workers.items():
            held = {*self.holds[worker]}
            run = self.running.get(worker)
            if isinstance(run, LoadModel):
                held.add(run.model.info.hash)
            assert not memory or sum(SIZES[each] for each in held) <= memory
            assert self.scheduler.fleet.workers[worker].loaded.keys() == self.holds[worker]

    @invariant()
    def limits_hold(self) -> None:
        waiting = sum(queue.items for queue in self.scheduler.queues.values())
        # Items of a dead worker come back on top.
        steps = sum(len(job.items) for job in self.owed.values() if job.then)
        assert waiting <= LIMITS.queue_items_max + sum(BATCH_MAX.values()) * 4 + steps
        assert len(self.owed) <= LIMITS.requests_max

    @invariant()
    def somebody_waits_for_all_that_is_queued(self) -> None:
        queued = [item for item in self.scheduler.intake.ledger.items.values() if item.token]
        assert all(item.waiters for item in queued)
        assert all(number in self.owed for item in queued for number in item.waiters)
        assert len(queued) == sum(queue.items for queue in self.scheduler.queues.values())

    @invariant()
    def it_wakes_up_for_whatever_is_late(self) -> None:
        wake = self.scheduler.next_wake()
        assert wake is None or wake > self.now
        assert wake is not None or not (self.owed or self.running)

    def teardown(self) -> None:
        """In the end everybody who was not cancelled was answered, once, and nothing is left."""
        # A model that took seconds to load is not given up for another one at once.
        for _ in range(5_000):
            if not (self.owed or self.running):
                break
            if not self.workers:
                self.worker_appears(0)
            for worker in sorted(self.running):
                self.finish(worker)
            self.now += 0.01
            self.tick()
        assert not self.owed
        assert not self.scheduler.intake.ledger.items
        assert not self.scheduler.intake.ledger.requests
        assert all(queue.items == 0 for queue in self.scheduler.queues.values())


AnyHistory.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestAnyHistory = AnyHistory.TestCase


def test_a_model_that_was_removed_takes_memory_until_it_is_unloaded() -> None:
    world = AnyHistory()
    world.models_change({"padded"})
    world.submit(Job(0, A, "padded", ("a",), ServiceClass.BULK, 5.0))
    world.worker_appears(160)
    [worker] = world.running
    world.models_change({"one"})
    world.submit(Job(0, A, "one", ("a",), ServiceClass.BULK, 5.0))
    world.finish(worker, "")
    world.tick()
    world.no_worker_holds_more_than_it_has_memory_for()
