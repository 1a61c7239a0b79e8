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
"""Free workers that are asked for a loaded model before any of them gets the batch."""


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

    `able` are the hashes of those whose files it has; None means all.
    """

    id: int
    kind: str
    batch: Batch | None = None
    loaded: frozenset[str] = frozenset()
    batches: int = 0
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
        self._hangs: Agenda[Batch] = Agenda()
        self.costs: dict[tuple[str, str], CostModel] = {}
        """By hash of the model and kind of worker."""
        self._kind = ""

    def add(self, worker: int, kind: str) -> None:
        """A worker is there, and free."""
        self.workers[worker] = Worker(worker, kind)
        self._idle[worker] = None
        self._kind = kind

    def remove(self, worker: int) -> Batch | None:
        """A worker is gone; returns the batch that it ran."""
        gone = self.workers.pop(worker, None)
        self._idle.pop(worker, None)
        if gone is None or gone.batch is None:
            return None
        gone.batch.token = 0
        return gone.batch

    @property
    def any_free(self) -> bool:
        """Whether a worker is free."""
        return bool(self._idle)

    def free_for(self, model_hash: str) -> Worker | None:
        """Return a free worker that can run this model, one that holds it if there is one."""
        for worker_id in islice(self._idle, IDLE_TRIED):
            if model_hash in self.workers[worker_id].loaded:
                return self.workers[worker_id]
        able = (self.workers[each] for each in self._idle)
        return next((worker for worker in able if worker.can_run(model_hash)), None)

    def can_run(self, model_hash: str) -> bool:
        """Whether any worker, free or not, has the files of this model."""
        return any(worker.can_run(model_hash) for worker in self.workers.values())

    def start(self, worker: Worker, batch: Batch) -> None:
        """`worker` runs `batch` from now on."""
        assert worker.batch is None
        worker.batch = batch
        del self._idle[worker.id]
        allowed_s = max(self._limits.hang_factor * batch.predicted_s, self._limits.hang_floor_s)
        if batch.model.info.hash not in worker.loaded:
            allowed_s += self._limits.load_timeout_s
        batch.token = batch.id
        self._hangs.push(batch.started + allowed_s, batch)

    def finish(self, worker: int, batch: int) -> Batch | None:
        """A worker ended its batch and is free; returns None if it did not run this one."""
        known = self.workers.get(worker)
        if known is None or known.batch is None or known.batch.id != batch:
            return None
        ended = known.batch
        ended.token = 0
        known.batch = None
        known.batches += 1
        self._idle[worker] = None
        return ended

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
            return CostModel(model.traits.prior)
        key = (model.info.hash, kind or self._kind)
        cost = self.costs.get(key)
        if cost is None:
            cost = self.costs[key] = CostModel(model.traits.prior)
        return cost

    def learn(self, batch: Batch, seconds: float) -> None:
        """Learn from a batch that ran, of which `seconds` were computing and transport."""
        cost = self.cost(batch.model, self.workers[batch.worker].kind)
        cost.observe(Size.of(len(item.text) for item in batch.items), seconds)

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
