"""The workers as the scheduler sees them: who is free, who runs what, and what it should cost.

No I/O and no clock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Set
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
    """Items that one worker runs together; without any, it loads the model.

    `token` is 0 once it ended.
    """

    id: int
    worker: int
    model: ModelSpec
    items: list[Item]
    started: float
    predicted_s: float
    token: int = 0


class Worker(Struct, eq=False):
    """A worker process. `loaded` are the hashes of the models it holds, each since when.

    `memory_bytes` is what they may take together; 0 means that there is no bound. `able` are the
    hashes of those whose files it has; None means all. Its batches take `pace` times what is usual
    for workers of its kind.
    """

    id: int
    kind: str
    memory_bytes: int = 0
    batch: Batch | None = None
    loaded: dict[str, float] = {}
    batches: int = 0
    pace: float = 1.0
    rss_bytes: int = 0
    able: frozenset[str] | None = None

    def can_run(self, model_hash: str) -> bool:
        """Whether it has the files of this model."""
        return self.able is None or model_hash in self.able

    @property
    def loads(self) -> ModelSpec | None:
        """The model that it loads at the moment."""
        return self.batch.model if self.batch is not None and not self.batch.items else None


class Fleet:
    """All workers that are alive, and the learned cost of each model on each kind of them."""

    def __init__(self, limits: Limits) -> None:
        self.workers: dict[int, Worker] = {}
        self.holders: dict[str, dict[int, None]] = {}
        """The workers that hold each model, by its hash."""
        self.loading: Counter[str] = Counter()
        """How many workers load each model."""
        self.changes = 0
        """Grows whenever a model is held by one worker more or less, or a worker comes."""
        self._limits = limits
        # Free the longest comes first: all get work in turn.
        self._idle: dict[int, None] = {}
        self._idle_with: dict[str, dict[int, None]] = {}
        self._hangs: Agenda[Batch] = Agenda()
        self.costs: dict[tuple[str, str], CostModel] = {}
        """By hash of the model and kind of worker."""
        self._kind = ""

    def add(self, worker: int, kind: str, memory_bytes: int = 0) -> None:
        """A worker is there, and free."""
        self.workers[worker] = Worker(worker, kind, memory_bytes)
        self._rest(self.workers[worker])
        self._kind = kind
        self.changes += 1

    def has(self, worker: int, able: frozenset[str] | None, loaded: frozenset[str]) -> None:
        """A worker has the files of the models `able`, and `loaded` besides what it held."""
        known = self.workers.get(worker)
        if known is None:
            return
        known.able = able
        self._hold(known, loaded | known.loaded.keys(), 0.0)
        self.changes += 1

    def remove(self, worker: int) -> Batch | None:
        """A worker is gone; returns the batch that it ran."""
        gone = self.workers.get(worker)
        if gone is None:
            return None
        self._hold(gone, frozenset(), 0.0)
        del self.workers[worker]
        if gone.batch is None:
            del self._idle[worker]
            return None
        self._end(gone.batch)
        return gone.batch

    @property
    def any_free(self) -> bool:
        """Whether a worker is free."""
        return bool(self._idle)

    def free(self) -> Iterator[Worker]:
        """Return the workers that are free, for the longest time first."""
        return map(self.workers.__getitem__, self._idle)

    def free_for(self, model_hash: str) -> Worker | None:
        """Return a free worker that holds this model: the quickest of some."""
        holding = self._idle_with.get(model_hash)
        if not holding:
            return None
        some = (self.workers[each] for each in islice(holding, IDLE_TRIED))
        return min(some, key=lambda worker: worker.pace)

    def can_run(self, model_hash: str) -> bool:
        """Whether any worker, free or not, has the files of this model."""
        return any(worker.can_run(model_hash) for worker in self.workers.values())

    def start(self, worker: Worker, batch: Batch) -> None:
        """`worker` runs `batch` from now on."""
        assert worker.batch is None
        self._leave_rest(worker)
        worker.batch = batch
        allowed_s = max(self._limits.hang_factor * batch.predicted_s, self._limits.hang_floor_s)
        if batch.model.info.hash not in worker.loaded:
            allowed_s += self._limits.load_timeout_s
        if not batch.items:
            self.loading[batch.model.info.hash] += 1
        batch.token = batch.id
        self._hangs.push(batch.started + allowed_s, batch)

    def unload(self, worker: Worker, hashes: Iterable[str]) -> None:
        """A free worker holds these models no longer."""
        self._hold(worker, worker.loaded.keys() - set(hashes), 0.0)

    def finish(
        self,
        worker: int,
        batch: int,
        now: float = 0.0,
        loaded: Iterable[str] | None = None,
        rss_bytes: int | None = None,
    ) -> Batch | None:
        """A worker ended its batch and is free; returns None if it did not run this one.

        It holds the models `loaded` now and takes `rss_bytes` of memory, where these are known.
        """
        known = self.workers.get(worker)
        if known is None or known.batch is None or known.batch.id != batch:
            return None
        ended = known.batch
        self._end(ended)
        known.batch = None
        known.batches += bool(ended.items)
        if loaded is not None:
            self._hold(known, frozenset(loaded), now)
        known.rss_bytes = known.rss_bytes if rss_bytes is None else rss_bytes
        self._rest(known)
        return ended

    def _end(self, batch: Batch) -> None:
        batch.token = 0
        if not batch.items:
            self.loading[batch.model.info.hash] -= 1
            if not self.loading[batch.model.info.hash]:
                del self.loading[batch.model.info.hash]

    def _hold(self, worker: Worker, hashes: Set[str], now: float) -> None:
        """Let a worker hold these models and no others."""
        if worker.loaded.keys() == hashes:
            return
        is_idle = worker.id in self._idle
        for model_hash in worker.loaded.keys() - hashes:
            del worker.loaded[model_hash]
            _take_out(self.holders, model_hash, worker.id)
            if is_idle:
                _take_out(self._idle_with, model_hash, worker.id)
        for model_hash in hashes - worker.loaded.keys():
            worker.loaded[model_hash] = now
            self.holders.setdefault(model_hash, {})[worker.id] = None
            if is_idle:
                self._idle_with.setdefault(model_hash, {})[worker.id] = None
        self.changes += 1

    def _rest(self, worker: Worker) -> None:
        self._idle[worker.id] = None
        for model_hash in worker.loaded:
            self._idle_with.setdefault(model_hash, {})[worker.id] = None

    def _leave_rest(self, worker: Worker) -> None:
        del self._idle[worker.id]
        for model_hash in worker.loaded:
            _take_out(self._idle_with, model_hash, worker.id)

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
                "loading": worker.loads.info.name if worker.loads else None,
                "running_model": worker.batch.model.info.name if worker.batch else None,
                "rss_bytes": worker.rss_bytes,
                "memory_bytes": worker.memory_bytes,
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


def _take_out(index: dict[str, dict[int, None]], model_hash: str, worker: int) -> None:
    workers = index[model_hash]
    del workers[worker]
    if not workers:
        del index[model_hash]


def _unlearned(model: ModelSpec) -> CostModel:
    return CostModel(model.traits.prior, min(FIRST_BATCH_ITEMS, model.traits.batch_items_max))
