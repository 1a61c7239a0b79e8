"""Virtual workers and a clock around anything that decides as the scheduler does."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Protocol

from msgspec import Struct

from hanse.inference.commands import (
    Command,
    Finish,
    KillWorker,
    LoadModel,
    Reject,
    RunBatch,
    UnloadModels,
)
from hanse.inference.job import Job
from hanse.inference.messages import ItemError


class Crash(Exception):
    """Raised by a virtual engine: the worker process dies."""


class Hang(Exception):
    """Raised by a virtual engine: the worker never ends this batch."""


class Policy(Protocol):
    """What decides which worker runs what: `Scheduler`, or one of its rivals (`policies`)."""

    def submit(self, job: Job, now: float) -> None:
        """Take a job, or refuse it."""

    def worker_ready(self, worker: int, kind: str, memory_bytes: int = 0) -> None:
        """A worker is there, and free; its models may take so much memory, or any if 0."""

    def model_loaded(self, worker: int, batch: int, now: float) -> None:
        """A worker loaded a model that it was told to."""

    def batch_done(
        self,
        worker: int,
        batch: int,
        outcomes: Sequence[str | ItemError],
        now: float,
        *,
        load_s: float = 0.0,
        loaded: Iterable[str] | None = None,
    ) -> None:
        """A worker ended a batch and is free."""

    def worker_lost(self, worker: int) -> None:
        """A worker is gone."""

    def tick(self, now: float) -> list[Command]:
        """Let time pass and return what is to be done."""

    def next_wake(self) -> float | None:
        """Return when `tick` must be called even if nothing else happens."""


class Ran(Struct):
    """What a batch took, of which `load_s` went into loading, and what came out of it.

    `loaded` is None if the worker holds what it was told to hold.
    """

    seconds: float
    outcomes: Sequence[str | ItemError]
    load_s: float = 0.0
    loaded: Sequence[str] | None = None


CRASH_S = 0.001

Runner = Callable[[RunBatch], Ran]
"""Runs a batch; may raise Crash or Hang."""
Loader = Callable[[LoadModel | UnloadModels], float]
"""Loads or unloads models and returns the seconds that it takes; may raise Crash or Hang."""


class VirtualFleet:
    """A policy, its virtual workers and a clock.

    `kinds` names the kind of each worker. One that is killed or crashes is replaced by one of its
    kind after `restart_s`. `answered` is told every answer when it is given. By default models load
    in no time, and into any memory.
    """

    def __init__(
        self,
        policy: Policy,
        run: Runner,
        answered: Callable[[Finish | Reject], None],
        *,
        kinds: Sequence[str],
        restart_s: float = 0.1,
        load: Loader | None = None,
        memory_bytes: int = 0,
    ) -> None:
        self.now = 0.0
        self.kinds: dict[int, str] = {}
        """Of the workers that are alive."""
        self._policy = policy
        self._run_batch = run
        self._answered = answered
        self._restart_s = restart_s
        self._load_model: Loader = load or (lambda _command: 0.0)
        self._memory_bytes = memory_bytes
        self._worker_ids = count(1)
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        for kind in kinds:
            self._start_worker(kind)

    def at(self, time: float, event: Callable[[], None]) -> None:
        """Let something happen at a later time."""
        heapq.heappush(self._events, (max(time, self.now), next(self._order), event))

    def submit(self, job: Job, at: float | None = None) -> None:
        """Submit a job now, or at a later time."""
        self.at(self.now if at is None else at, lambda: self._policy.submit(job, self.now))

    def feed(self, jobs: Iterator[tuple[float, Job]]) -> None:
        """Submit jobs that come in the order of their times, reading each when it is due."""
        due = next(jobs, None)
        if due is None:
            return
        at, job = due

        def arrive() -> None:
            self._policy.submit(job, self.now)
            self.feed(jobs)

        self.at(at, arrive)

    def kill(self, worker: int) -> None:
        """End a worker at once, whatever it does."""
        kind = self.kinds.pop(worker, None)
        if kind is not None:
            self._policy.worker_lost(worker)
            self.at(self.now + self._restart_s, lambda: self._start_worker(kind))

    def run_until(self, end: float) -> None:
        """Let virtual time pass until `end`."""
        while True:
            self._tick()
            wake = self._policy.next_wake()
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
        for command in self._policy.tick(self.now):
            match command:
                case RunBatch():
                    self._run(command)
                case LoadModel():
                    self._load(command)
                case UnloadModels():
                    self._load_model(command)
                case Finish() | Reject():
                    self._answered(command)
                case KillWorker():
                    self.kill(command.worker)

    def _run(self, command: RunBatch) -> None:
        try:
            ran = self._run_batch(command)
        except Crash:
            self.at(self.now + CRASH_S, lambda: self.kill(command.worker))
            return
        except Hang:
            return

        def done() -> None:
            if command.worker in self.kinds:
                self._policy.batch_done(
                    command.worker,
                    command.batch,
                    ran.outcomes,
                    self.now,
                    load_s=ran.load_s,
                    loaded=ran.loaded,
                )

        self.at(self.now + ran.seconds, done)

    def _load(self, command: LoadModel) -> None:
        try:
            seconds = self._load_model(command)
        except Crash:
            self.at(self.now + CRASH_S, lambda: self.kill(command.worker))
            return
        except Hang:
            return

        def done() -> None:
            if command.worker in self.kinds:
                self._policy.model_loaded(command.worker, command.batch, self.now)

        self.at(self.now + seconds, done)

    def _start_worker(self, kind: str) -> None:
        worker = next(self._worker_ids)
        self.kinds[worker] = kind
        self._policy.worker_ready(worker, kind, self._memory_bytes)
