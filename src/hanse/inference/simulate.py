"""Drives the scheduler in virtual time: the very same code, with workers that only take time.

An hour of traffic runs in seconds, and twice in the same way.
"""

import heapq
from collections.abc import Callable
from itertools import count

from msgspec import Struct

from hanse.inference.commands import Finish, KillWorker, Reject, RunBatch
from hanse.inference.job import Job
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler


class Crash(Exception):
    """Raised by a virtual engine: the worker process dies."""


class Hang(Exception):
    """Raised by a virtual engine: the worker never ends this batch."""


class Run(Struct, frozen=True):
    """One batch that was handed to a worker."""

    at: float
    worker: int
    items: tuple[str, ...]


Engine = Callable[[tuple[str, ...]], tuple[float, list[str | ItemError]]]
"""Returns how many seconds a batch takes and what comes out; may raise Crash or Hang."""

CRASH_S = 0.001


class Simulation:
    """A scheduler, virtual workers and a clock.

    `answers` has the time and the command that answered each request, `runs` each batch in order.
    Killed and crashed workers are replaced after `restart_s`.
    """

    def __init__(
        self, scheduler: Scheduler, engine: Engine, *, workers: int, restart_s: float = 0.1
    ) -> None:
        self.scheduler = scheduler
        self.now = 0.0
        self.answers: dict[int, tuple[float, Finish | Reject]] = {}
        self.runs: list[Run] = []
        self._engine = engine
        self._restart_s = restart_s
        self._alive: set[int] = set()
        self._worker_ids = count(1)
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        for _ in range(workers):
            self._start_worker()

    @property
    def workers(self) -> list[int]:
        """The workers that are alive."""
        return sorted(self._alive)

    def at(self, time: float, event: Callable[[], None]) -> None:
        """Let something happen at a later time."""
        heapq.heappush(self._events, (max(time, self.now), next(self._order), event))

    def submit(self, job: Job, at: float | None = None) -> None:
        """Submit a job now, or at a later time."""
        self.at(self.now if at is None else at, lambda: self.scheduler.submit(job, self.now))

    def kill(self, worker: int) -> None:
        """End a worker at once, whatever it does."""
        if worker in self._alive:
            self._alive.remove(worker)
            self.scheduler.worker_lost(worker)
            self.at(self.now + self._restart_s, self._start_worker)

    def run_until(self, end: float) -> None:
        """Let virtual time pass until `end`."""
        while True:
            self._tick()
            wake = self.scheduler.next_wake()
            due = self._events[0][0] if self._events else end
            if wake is not None and wake < due:
                if wake > end:
                    break
                self.now = max(self.now, wake)
                continue
            if not self._events or due > end:
                break
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = max(self.now, end)
        self._tick()

    def _tick(self) -> None:
        for command in self.scheduler.tick(self.now):
            match command:
                case RunBatch():
                    self._run(command)
                case Finish() | Reject():
                    assert command.request not in self.answers, "a request is answered once"
                    self.answers[command.request] = (self.now, command)
                case KillWorker():
                    self.kill(command.worker)

    def _run(self, command: RunBatch) -> None:
        self.runs.append(Run(self.now, command.worker, command.items))
        try:
            seconds, outcomes = self._engine(command.items)
        except Crash:
            self.at(self.now + CRASH_S, lambda: self.kill(command.worker))
            return
        except Hang:
            return

        def done() -> None:
            if command.worker in self._alive:
                self.scheduler.batch_done(command.worker, command.batch, outcomes, self.now)

        self.at(self.now + seconds, done)

    def _start_worker(self) -> None:
        worker = next(self._worker_ids)
        self._alive.add(worker)
        self.scheduler.worker_ready(worker, "virtual")
