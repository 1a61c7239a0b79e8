"""What deciding costs: the scheduler alone, with a hundred thousand items waiting.

No process, no socket and no engine: what is measured is the whole way of an item through the
scheduler - taken, queued, put into a batch, ended, answered - while the queue is kept full, in CPU
time of this one process, the virtual workers' clock included.
"""

import heapq
import random
import statistics
import time
from itertools import count
from uuid import UUID

from msgspec import Struct

from hanse.inference.commands import Finish, Reject, RunBatch
from hanse.inference.cost import CostModel, Size
from hanse.inference.engines.firefox.engine import Firefox
from hanse.inference.job import Job, Limits, ModelInfo, ModelSpec, ServiceClass
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate.studies import scale

QUEUED = 100_000
RUN_ITEMS = 10_000
ROUNDS = 3
ORGANISATIONS = 40
MODELS = ("en-pt", "pt-en")
FLEETS = ((2, QUEUED), (64, 10_000), (64, QUEUED), (1_000, QUEUED))
"""Workers, and items that wait."""
SIMULATED_WORKERS = (1_000, 10_000)
DEADLINE_S = 20 * 3600.0
SEED = 5

INTERACTIVE, LIVE, BULK = ServiceClass


class Cost(Struct, frozen=True):
    """Microseconds an item: to be taken while the queue fills, and all in all while it is full."""

    fill_us: float
    whole_us: float
    items_per_batch: float


class World:
    """A scheduler, virtual workers that take about as long as foretold, and people who ask."""

    def __init__(self, workers: int, queued: int) -> None:
        # Bulk work alone may fill no more than a part of the queue.
        self._scheduler = Scheduler(Limits(queue_items_max=2 * queued, queue_chars_max=10**9))
        self._scheduler.set_models([_model(name) for name in MODELS])
        self._cost = CostModel(Firefox.traits.prior)
        self._chance = random.Random(SEED)
        self._numbers = count(1)
        self._owners = [UUID(int=number + 1) for number in range(ORGANISATIONS)]
        self._running: list[tuple[float, int, RunBatch]] = []
        self._loaded = tuple(_model(name).info.hash for name in MODELS)
        self.now = 0.0
        self.items_run = self.batches = 0
        for worker in range(1, workers + 1):
            self._scheduler.worker_ready(worker, "cpu")
            self._scheduler.worker_has(worker, self._loaded, self._loaded)

    def jobs(self, items: int) -> list[Job]:
        """Requests of so many items: 70 % of them one sentence, the others five or fifty."""
        made: list[Job] = []
        while items > 0:
            service_class, size = self._chance.choices(
                ((INTERACTIVE, 1), (LIVE, 5), (BULK, 50)), (70, 10, 20)
            )[0]
            made.append(self._job(service_class, min(size, items)))
            items -= size
        return made

    def _job(self, service_class: ServiceClass, items: int) -> Job:
        number = next(self._numbers)
        texts = tuple(
            f"{number} {place}".ljust(self._chance.randint(20, 220), ".") for place in range(items)
        )
        owner, model = self._chance.choice(self._owners), self._chance.choice(MODELS)
        return Job(number, owner, model, texts, service_class, DEADLINE_S)

    def submit(self, job: Job) -> None:
        """Let somebody ask, and the scheduler decide."""
        self._scheduler.submit(job, self.now)
        self._tick()

    def end_batch(self) -> int:
        """Let the batch that is due end, and the scheduler decide; return how many items it had."""
        self.now, _, run = heapq.heappop(self._running)
        outcomes = [f"{text}?" for text in run.items]
        self._scheduler.batch_done(run.worker, run.batch, outcomes, self.now, loaded=self._loaded)
        self._tick()
        self.batches += 1
        self.items_run += len(run.items)
        return len(run.items)

    def _tick(self) -> None:
        for command in self._scheduler.tick(self.now):
            match command:
                case RunBatch():
                    size = Size.of(map(len, command.items))
                    took_s = self._cost.predict(size) * self._chance.lognormvariate(0.0, 0.1)
                    heapq.heappush(self._running, (self.now + took_s, command.batch, command))
                case Finish():
                    assert all(isinstance(outcome, str) for outcome in command.outcomes)
                case Reject():
                    raise AssertionError(command.problem)

    @property
    def waiting(self) -> int:
        """Items that wait."""
        return sum(queue.items for queue in self._scheduler.queues.values())


def measure(workers: int, queued: int) -> Cost:
    """Fill the queue, then keep it full while RUN_ITEMS items are run."""
    world = World(workers, queued)
    jobs = world.jobs(queued)
    fill_s = _cpu_s(lambda: [world.submit(job) for job in jobs])
    while world.waiting < queued:
        world.submit(world.jobs(1)[0])
    more = iter(world.jobs(2 * RUN_ITEMS))
    before, batches = world.items_run, world.batches

    def turn_over() -> None:
        missing = 0
        while world.items_run - before < RUN_ITEMS:
            missing += world.end_batch()
            while missing > 0:
                job = next(more)
                missing -= len(job.items)
                world.submit(job)

    whole_s = _cpu_s(turn_over)
    ran = world.items_run - before
    assert world.waiting > 0.9 * queued
    return Cost(
        fill_us=fill_s / queued * 1e6,
        whole_us=whole_s / ran * 1e6,
        items_per_batch=ran / (world.batches - batches),
    )


def _cpu_s(work) -> float:  # type: ignore[no-untyped-def]
    started = time.process_time()
    work()
    return time.process_time() - started


def _model(name: str) -> ModelSpec:
    info = ModelInfo(name, "translate", None, None, "firefox", f"hash of {name}")
    return ModelSpec(info, Firefox.traits)


def run() -> str:
    """Measure and return the section."""
    rows = "\n".join(_row(*fleet) for fleet in FLEETS)
    fleets = "\n".join(
        f"| {number:,} | {figures.items_per_second:,.0f} | {figures.real_time:.2f} "
        f"| {figures.wall_us:.0f} µs |"
        for number, figures in _simulated()
    )
    return f"""## Scheduling

The scheduler alone, in CPU time of one process: {ORGANISATIONS} organisations, {len(MODELS)} \
models, requests of 1, 5 and 50 sentences in three service classes, batches of the C engine; \
medians of {ROUNDS} rounds. The goal is 30 µs an item with {QUEUED:,} items waiting, from being \
taken to being answered.

| workers | waiting | to be taken, as the queue fills | all in all | items a batch |
|---|---|---|---|---|
{rows}

The simulator around the same scheduler: items of most of a second each, 100 models, 50 \
organisations, 80 % load, traffic and measuring included. The goal is 10,000 workers in real time \
or faster.

| workers | items/s | times real time | an item |
|---|---|---|---|
{fleets}

Command: `python -m benchmarks scheduling`
"""


def _row(workers: int, queued: int) -> str:
    rounds = [measure(workers, queued) for _ in range(ROUNDS)]
    fill, whole, items = (
        statistics.median(getattr(each, name) for each in rounds)
        for name in ("fill_us", "whole_us", "items_per_batch")
    )
    return f"| {workers:,} | {queued:,} | {fill:.1f} µs | **{whole:.1f} µs** | {items:.1f} |"


class Simulated(Struct, frozen=True):
    """How fast the simulator went."""

    items_per_second: float
    real_time: float
    wall_us: float


def _simulated() -> list[tuple[int, Simulated]]:
    found = []
    for number, figures in zip(SIMULATED_WORKERS, scale(SIMULATED_WORKERS, seed=1), strict=True):
        items = figures.offered_items_per_s * figures.simulated_s
        found.append(
            (
                number,
                Simulated(
                    figures.offered_items_per_s,
                    figures.simulated_s / figures.wall_s,
                    figures.wall_s / items * 1e6,
                ),
            )
        )
    return found


if __name__ == "__main__":
    for fleet in FLEETS:
        print(fleet, measure(*fleet))
