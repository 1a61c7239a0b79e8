"""The rivals of our scheduler, small and with parameters that are good for them.

They all are a priority queue for each model with a rule for what makes a batch. They differ in
- the unit that waits: the request as it came, or the item;
- the order in which units wait;
- how many units make a batch, and how long the first of them waits for company;
- whether what cannot be in time any more is dropped.
What is lost with a worker runs again; a worker whose batch takes longer than `HANG_S` is replaced.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from msgspec import Struct

from hanse.inference.commands import Command, Finish, KillWorker, Reject, RunBatch
from hanse.inference.cost import CostModel, Size
from hanse.inference.errors import DeadlineExceeded
from hanse.inference.job import Job, Limits, ModelSpec, ServiceClass
from hanse.inference.messages import ItemError
from hanse.inference.queues import Agenda
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate.fleet import Policy
from hanse.inference.simulate.on_demand import OnDemandScheduler

HANG_S = 10.0
_URGENCY = {service_class: rank for rank, service_class in enumerate(ServiceClass)}


class Rule(Struct, frozen=True, kw_only=True):
    """What makes a rival. `order` is by arrival, by class and then arrival, or by deadline."""

    by_item: bool
    order: str = "arrival"
    units_max: int = 1
    delay_s: float = 0.0
    drops: bool = False
    """Drop what cannot meet its deadline, and cut batches so that their first item meets it."""


RULES = {
    "fifo": Rule(by_item=False),
    "litserve": Rule(by_item=False, units_max=8, delay_s=0.005),
    "triton": Rule(by_item=True, units_max=16, delay_s=0.001),
    "triton-priority": Rule(by_item=True, order="class", units_max=16, delay_s=0.001),
    "edf": Rule(by_item=True, order="deadline", units_max=16),
    "clockwork": Rule(by_item=True, order="deadline", units_max=64, drops=True),
}
OURS = "ours"
ON_DEMAND = "ours-on-demand"
RIVALS = (*RULES, OURS)
NAMES = (*RIVALS, ON_DEMAND)


def make_policy(name: str, models: Iterable[ModelSpec], limits: Limits) -> Policy:
    """Return a policy by its name."""
    if name in RULES:
        return Rival(RULES[name], models)
    scheduler = Scheduler(limits) if name == OURS else OnDemandScheduler(limits)
    scheduler.set_models(models)
    return scheduler


class _Request(Struct, eq=False):
    job: Job
    deadline: float
    missing: int
    dropped: bool = False


class _Unit(Struct, eq=False):
    request: _Request
    texts: tuple[str, ...]
    arrived: float
    rank: tuple[float, int]
    token: int = 0


class _Batch(Struct, eq=False):
    id: int
    worker: int
    model: str
    units: list[_Unit]
    started: float
    token: int


class Rival:
    """A policy made of a `Rule`."""

    def __init__(self, rule: Rule, models: Iterable[ModelSpec]) -> None:
        self._rule = rule
        self._models = {model.info.name: model for model in models}
        self._queues: dict[str, list[tuple[tuple[float, int], _Unit]]] = {}
        self._costs: dict[tuple[str, str], CostModel] = {}
        self._kinds: dict[int, str] = {}
        self._loaded: dict[int, frozenset[str]] = {}
        self._idle: dict[int, None] = {}
        self._running: dict[int, _Batch] = {}
        self._hangs: Agenda[_Batch] = Agenda()
        self._numbers = count(1)
        self._commands: list[Command] = []
        self._wake: float | None = None

    def submit(self, job: Job, now: float) -> None:
        """Let all units of a job wait."""
        request = _Request(job, now + job.deadline_s, len(job.items))
        units = [(text,) for text in job.items] if self._rule.by_item else [job.items]
        for texts in units:
            self._push(_Unit(request, texts, now, (self._order(request, now), next(self._numbers))))

    def worker_ready(self, worker: int, kind: str, memory_bytes: int = 0) -> None:
        """A worker is there, and free."""
        del memory_bytes  # its workers see to that themselves
        self._kinds[worker] = kind
        self._idle[worker] = None

    def model_loaded(self, worker: int, batch: int, now: float) -> None:
        """Nothing: a rival's workers load a model with the first batch of it."""

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
        ended = self._running.get(worker)
        if ended is None or ended.id != batch:
            return
        del self._running[worker]
        ended.token = 0
        self._idle[worker] = None
        self._loaded[worker] = frozenset(loaded or ())
        sizes = Size.of(len(text) for unit in ended.units for text in unit.texts)
        self._cost(ended.model, worker).observe(sizes, now - ended.started - load_s)
        for unit in ended.units:
            request = unit.request
            request.missing -= len(unit.texts)
            if request.missing == 0 and not request.dropped:
                self._commands.append(Finish(request.job.request, [""] * len(request.job.items)))
        assert outcomes

    def worker_lost(self, worker: int) -> None:
        """A worker is gone; what it ran waits again, in its old place."""
        self._kinds.pop(worker, None)
        self._idle.pop(worker, None)
        self._loaded.pop(worker, None)
        lost = self._running.pop(worker, None)
        if lost is not None:
            lost.token = 0
            for unit in lost.units:
                self._push(unit)

    def tick(self, now: float) -> list[Command]:
        """Replace hung workers, and hand out work."""
        while (due := self._hangs.next_rank()) is not None and due <= now:
            hung = self._hangs.peek()
            assert hung is not None
            self._commands.append(KillWorker(hung.worker, "It hangs."))
            self.worker_lost(hung.worker)
        self._wake = None
        while self._idle and self._start_one(now):
            pass
        commands, self._commands = self._commands, []
        return commands

    def next_wake(self) -> float | None:
        """Return when a batch has waited long enough for company, or hangs."""
        times = [time for time in (self._wake, self._hangs.next_rank()) if time is not None]
        return min(times, default=None)

    def _order(self, request: _Request, now: float) -> float:
        if self._rule.order == "deadline":
            return request.deadline
        if self._rule.order == "class":
            return _URGENCY[request.job.service_class] * 1e9 + now
        return now

    def _push(self, unit: _Unit) -> None:
        queue = self._queues.setdefault(unit.request.job.model, [])
        heapq.heappush(queue, (unit.rank, unit))

    def _start_one(self, now: float) -> bool:
        for name in sorted(self._queues, key=lambda name: self._queues[name][0][0]):
            worker = self._worker_for(name)
            self._drop(name, self._cost(name, worker), now)
            queue = self._queues.get(name)
            if queue is None:
                return True
            go_at = queue[0][1].arrived + self._rule.delay_s
            if len(queue) < self._rule.units_max and go_at > now:
                self._wake = min(go_at, self._wake or go_at)
                continue
            units = self._take(name, self._cost(name, worker), now)
            number = next(self._numbers)
            batch = _Batch(number, worker, name, units, now, number)
            self._running[worker] = batch
            del self._idle[worker]
            self._hangs.push(now + HANG_S, batch)
            texts = tuple(text for unit in units for text in unit.texts)
            self._commands.append(RunBatch(worker, batch.id, self._models[name], texts, 0.0))
            return True
        return False

    def _take(self, name: str, cost: CostModel, now: float) -> list[_Unit]:
        queue, traits = self._queues[name], self._models[name].traits
        most = self._rule.units_max
        if self._rule.by_item:
            most = min(most, traits.batch_items_max)
        first = queue[0][1]
        size = Size()
        units: list[_Unit] = []
        while queue and len(units) < most:
            unit = queue[0][1]
            if unit.request.dropped:
                heapq.heappop(queue)
                continue
            for text in unit.texts:
                size = size.plus(len(text))
            late = now + cost.predict(size) > first.request.deadline
            if units and self._rule.drops and late:
                break
            units.append(unit)
            heapq.heappop(queue)
        if not queue:
            del self._queues[name]
        return units

    def _drop(self, name: str, cost: CostModel, now: float) -> None:
        queue = self._queues[name]
        while queue and self._rule.drops:
            unit = queue[0][1]
            own = Size.of(len(text) for text in unit.texts)
            if not unit.request.dropped:
                if now + cost.predict(own) <= unit.request.deadline:
                    return
                unit.request.dropped = True
                late = DeadlineExceeded("The deadline cannot be met.")
                self._commands.append(Reject(unit.request.job.request, late))
            heapq.heappop(queue)
        if not queue:
            del self._queues[name]

    def _worker_for(self, name: str) -> int:
        model_hash = self._models[name].info.hash
        holds: Callable[[int], bool] = lambda worker: model_hash in self._loaded.get(worker, ())  # noqa: E731
        return next(filter(holds, self._idle), next(iter(self._idle)))

    def _cost(self, name: str, worker: int) -> CostModel:
        key = (name, self._kinds[worker])
        if key not in self._costs:
            self._costs[key] = CostModel(self._models[name].traits.prior)
        return self._costs[key]
