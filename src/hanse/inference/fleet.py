"""The workers as the scheduler sees them: who is free, who runs what, and what it should cost.

No I/O and no clock.
"""

from itertools import islice
from typing import Any

from msgspec import Struct

from hanse.inference.cost import CostModel, Size
from hanse.inference.job import Limits, ModelSpec
from hanse.inference.queues import Agenda, Item

IDLE_TRIED = 16
"""Free workers whose paces are compared before one of them gets a batch."""
FIRST_BATCH_ITEMS = 16
"""Items that a batch is believed to have before one was seen: no bulk work is refused unseen."""
PACE_RATE = 0.05
PACE_MAX = 10.0
"""No worker is taken to be more times slower or quicker than this."""


class Batch(Struct, eq=False):
    """Items that one worker runs together. `token` is 0 once it ended."""

    id: int
    worker: int
    model: ModelSpec
    items: list[Item]
    started: float
    predicted_s: float
    token: int = 0


class Worker(Struct, eq=False):
    """A worker process. `loaded` are the hashes of the models it holds in memory.

    `able` are the hashes of those whose files it has; None means all. Its batches take `pace` times
    what is usual for workers of its kind.
    """

    id: int
    kind: str
    batch: Batch | None = None
    loaded: frozenset[str] = frozenset()
    batches: int = 0
    pace: float = 1.0
    rss_bytes: int = 0
    able: frozenset[str] | None = None

    def can_run(self, model_hash: str) -> bool:
        """Whether it has the files of this model."""
        return self.able is None or model_hash in self.able


class Fleet:
    """All workers that are alive, and the learned cost of each model on each kind of them."""

    def __init__(self, limits: Limits) -> None:
        self.workers: dict[int, Worker] = {}
        self._limits = limits
        # Free the longest comes first: all get work in turn.
        self._idle: dict[int, None] = {}
        self._idle_with: dict[str, dict[int, None]] = {}
        self._hangs: Agenda[Batch] = Agenda()
        self.costs: dict[tuple[str, str], CostModel] = {}
        """By hash of the model and kind of worker."""
        self._kind = ""

    def add(self, worker: int, kind: str) -> None:
        """A worker is there, and free."""
        self.workers[worker] = Worker(worker, kind)
        self._rest(self.workers[worker])
        self._kind = kind

    def has(self, worker: int, able: frozenset[str], loaded: frozenset[str]) -> None:
        """A worker has the files of the models `able`, and `loaded` besides what it held."""
        known = self.workers.get(worker)
        if known is None:
            return
        is_idle = known.id in self._idle
        if is_idle:
            self._leave_rest(known)
        known.able = able
        known.loaded |= loaded
        if is_idle:
            self._rest(known)

    def remove(self, worker: int) -> Batch | None:
        """A worker is gone; returns the batch that it ran."""
        gone = self.workers.pop(worker, None)
        if gone is None:
            return None
        if gone.batch is None:
            self._leave_rest(gone)
            return None
        gone.batch.token = 0
        return gone.batch

    @property
    def any_free(self) -> bool:
        """Whether a worker is free."""
        return bool(self._idle)

    def free_for(self, model_hash: str) -> Worker | None:
        """Return a free worker that can run this model: the quickest of some that hold it."""
        holding = self._idle_with.get(model_hash)
        if holding:
            some = (self.workers[each] for each in islice(holding, IDLE_TRIED))
            return min(some, key=lambda worker: worker.pace)
        able = (self.workers[each] for each in self._idle)
        return next((worker for worker in able if worker.can_run(model_hash)), None)

    def can_run(self, model_hash: str) -> bool:
        """Whether any worker, free or not, has the files of this model."""
        return any(worker.can_run(model_hash) for worker in self.workers.values())

    def start(self, worker: Worker, batch: Batch) -> None:
        """`worker` runs `batch` from now on."""
        assert worker.batch is None
        worker.batch = batch
        self._leave_rest(worker)
        allowed_s = max(self._limits.hang_factor * batch.predicted_s, self._limits.hang_floor_s)
        if batch.model.info.hash not in worker.loaded:
            allowed_s += self._limits.load_timeout_s
        batch.token = batch.id
        self._hangs.push(batch.started + allowed_s, batch)

    def finish(
        self,
        worker: int,
        batch: int,
        loaded: frozenset[str] | None = None,
        rss_bytes: int | None = None,
    ) -> Batch | None:
        """A worker ended its batch and is free; returns None if it did not run this one.

        It holds the models `loaded` now and takes `rss_bytes` of memory, where these are known.
        """
        known = self.workers.get(worker)
        if known is None or known.batch is None or known.batch.id != batch:
            return None
        ended = known.batch
        ended.token = 0
        known.batch = None
        known.batches += 1
        known.loaded = known.loaded if loaded is None else loaded
        known.rss_bytes = known.rss_bytes if rss_bytes is None else rss_bytes
        self._rest(known)
        return ended

    def _rest(self, worker: Worker) -> None:
        self._idle[worker.id] = None
        for model_hash in worker.loaded:
            self._idle_with.setdefault(model_hash, {})[worker.id] = None

    def _leave_rest(self, worker: Worker) -> None:
        del self._idle[worker.id]
        for model_hash in worker.loaded:
            idle = self._idle_with[model_hash]
            del idle[worker.id]
            if not idle:
                del self._idle_with[model_hash]

    def next_hang(self) -> float | None:
        """Return when the first running batch will count as hung."""
        return self._hangs.next_rank()

    def hung(self, now: float) -> Batch | None:
        """Return a batch that has run for too long."""
        due = self._hangs.next_rank()
        return self._hangs.peek() if due is not None and due <= now else None

    def cost(self, model: ModelSpec, kind: str | None = None) -> CostModel:
        """Return the cost of a model on a kind of worker; by default the kind last seen."""
        if kind is None and not self._kind:
            return _unlearned(model)
        key = (model.info.hash, kind or self._kind)
        cost = self.costs.get(key)
        if cost is None:
            cost = self.costs[key] = _unlearned(model)
        return cost

    def learn(self, batch: Batch, seconds: float) -> None:
        """Learn from a batch that ran, of which `seconds` were computing and transport."""
        worker = self.workers[batch.worker]
        cost = self.cost(batch.model, worker.kind)
        size = Size.of(len(item.text) for item in batch.items)
        ratio = min(max(seconds / cost.predict(size), 1.0 / PACE_MAX), PACE_MAX)
        worker.pace += PACE_RATE * (ratio - worker.pace)
        cost.observe(size, seconds)

    def forget_models(self, hashes: frozenset[str]) -> None:
        """Keep the costs of these models alone."""
        self.costs = {key: cost for key, cost in self.costs.items() if key[0] in hashes}

    def status(self, now: float) -> dict[str, Any]:
        """Return what each worker does and what was learned about each model, in plain values."""
        workers = [
            {
                "worker": worker.id,
                "kind": worker.kind,
                "batches": worker.batches,
                "pace": round(worker.pace, 2),
                "loaded": sorted(worker.loaded),
                "running_model": worker.batch.model.info.name if worker.batch else None,
                "rss_bytes": worker.rss_bytes,
                "running_items": len(worker.batch.items) if worker.batch else 0,
                "running_s": round(now - worker.batch.started, 3) if worker.batch else 0.0,
            }
            for worker in self.workers.values()
        ]
        costs = [
            {
                "model_hash": model_hash,
                "worker_kind": kind,
                "batches": cost.observations,
                "fixed_s": round(cost.fixed_s, 6),
                "item_of_100_chars_s": round(cost.predict_item(100), 6),
                "error": round(cost.error, 3),
            }
            for (model_hash, kind), cost in self.costs.items()
        ]
        return {"workers": workers, "costs": costs}


def _unlearned(model: ModelSpec) -> CostModel:
    return CostModel(model.traits.prior, min(FIRST_BATCH_ITEMS, model.traits.batch_items_max))
