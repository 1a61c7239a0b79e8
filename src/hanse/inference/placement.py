"""Which worker holds which models: by demand, within each worker's memory. No I/O and no clock.

A worker runs a model only once it holds it, and loading is work like a batch: it occupies the
worker. Three things make a worker load a model, each only while it is free:
- it is pinned: every worker holds it, as far as it fits;
- items wait for it and no worker has it (`urgent`, at every turn);
- the workers that hold it are not enough: at every turn where there is room and waiting would take
  longer than loading (`spread`), and by demand about once a second (`review`), then also in the
  place of others. That is the greedy answer to a packing problem in the spirit of AlpaServe (Li et
  al., OSDI 2023), one step at a time, since each step costs time in which its worker serves nobody.

A model is never unloaded for want of demand: memory that nobody else wants costs nothing, and a
model that comes back costs its load. It goes when it no longer exists, or when another needs its
room, and then so that models do not flap:
- whatever was loaded stays for a multiple of the time that loading it took, and after any load a
  worker keeps for so long what is needed, so that loading takes a small part of its time;
- a further copy takes the place of others only if it serves `CLEARLY` times their demand, and never
  that of the last copy of a model that is asked for. The way back would have to fulfil the same;
- a model that is nowhere takes the place of spare copies, then of models that are hardly asked for,
  then of what has clearly less demand. Only after it has waited for the time of a batch and of its
  own loading, which lets workers with room become free, does it take that of whatever is left.
When all models that are asked for do not fit into all workers together, they take turns.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from hanse.inference.demand import DEMAND_S, Demand
from hanse.inference.errors import ModelTooLarge
from hanse.inference.fleet import Fleet, Worker
from hanse.inference.job import Limits, ModelSpec
from hanse.inference.loading import LoadingFacts
from hanse.inference.memory import Memory, Need, Room
from hanse.inference.worth import Worth
from hanse.platform.problems import Problem

REVIEW_S = 1.0
REVIEW_MIN_S = 0.05
"""Time between two reviews: usually, and at least when something changed."""
SPREAD_S = 0.01
"""Least time between two looks for room where waiting takes longer than loading."""
PATIENCE_S = 0.1
TRY_AGAIN_S = 0.05
WORKERS_TRIED = 64
"""Free workers that are compared for one load."""
MODELS_TRIED = 8
"""Models on no worker that are tried at each turn; a review tries all of them."""
MODELS_PRESSED = 32
"""Models that a review tries to give another copy."""
PRESSING_MIN = 0.02
"""Demand for each copy from which another one is thought of."""
PAID_BACK = 10.0
"""A copy is worth free memory if it serves so many times its load time in `DEMAND_S`."""
CLEARLY = 2.0
KEEP_FACTOR = 9.0
KEEP_MIN_S = 0.5
"""What was loaded stays for at least this time, and for so many times that of loading it."""
LOADING_SHARE_MAX = 0.1
"""Part of the workers, and at least one, that a review lets load further copies at once."""
WAITED_LONG_S = 5.0


class Wanted(Struct):
    """What waits of a model: predicted seconds, and the rank of its most urgent class from 0 on."""

    seconds: float
    urgency: int


class Order(NamedTuple):
    """What a free worker shall do: unload some models, and load one, unless it is None."""

    worker: Worker
    model: ModelSpec | None
    unload: tuple[str, ...]
    warm: bool = True


class Placement:
    """Decides for one fleet. Models are known by their hash throughout."""

    def __init__(self, limits: Limits, fleet: Fleet) -> None:
        self.demand = Demand()
        self.facts = LoadingFacts(limits)
        self.memory = Memory(limits, fleet, self.facts)
        self._fleet = fleet
        self._worth = Worth(self.demand, fleet, self.memory)
        self._nowhere_since: dict[str, float] = {}
        self._review_at = self._spread_at = 0.0
        self._reviewed_at = -REVIEW_MIN_S
        self._try_at: float | None = None
        self._spread_due: float | None = None
        self._stuck_since: dict[str, float] = {}
        self._unpinned: set[int] = set()

    # News

    def set_models(self, models: Iterable[ModelSpec]) -> None:
        """These are the models from now on."""
        self.memory.set_models(models)
        hashes = frozenset(self.memory.models)
        self.demand.keep(hashes)
        self.facts.keep(hashes)
        self._look_again()

    def worker_changed(self, worker: int) -> None:
        """A worker came, or has the files of other models than before."""
        self._unpinned.add(worker)
        self._look_again()

    def loaded(self, worker: int, model: ModelSpec, took_s: float, grown_bytes: int) -> None:
        """A worker loaded a model, and grew by so many bytes; 0 where that tells nothing."""
        self._unpinned.add(worker)
        self.facts.loaded(model, took_s, grown_bytes)

    def failed(self, model: ModelSpec, worker: int, detail: str, now: float) -> None:
        """A worker could not load a model, or did not outlive it."""
        self.facts.failed(model, worker, detail, now)

    def _look_again(self) -> None:
        self._review_at = min(self._review_at, self._reviewed_at + REVIEW_MIN_S)

    @property
    def next_review(self) -> float | None:
        """Return when `review` wants to be called."""
        return self._review_at if self._fleet.workers and self.memory.models else None

    @property
    def next_try(self) -> float | None:
        """Return when `urgent` or `spread` want to be called again, though nothing else happens."""
        if not self._fleet.any_free:
            return None
        return min((at for at in (self._try_at, self._spread_due) if at is not None), default=None)

    def problem(self, model: ModelSpec, now: float) -> Problem | None:
        """Return why this model cannot be had at present, or None."""
        model_hash = model.info.hash
        if model_hash in self._fleet.holders or model_hash in self._fleet.loading:
            return None
        if (given_up := self.facts.given_up(model, now)) is not None:
            return given_up
        able = [each for each in self._fleet.workers.values() if each.can_run(model_hash)]
        if not able or any(self.memory.could_hold(worker, model_hash) for worker in able):
            return None
        most = max(worker.memory_bytes for worker in able)
        return ModelTooLarge(
            f"Model '{model.info.name}' takes {_mebibytes(self.facts.bytes_of(model))}; the largest"
            f" worker has {_mebibytes(most)} for models, pinned ones included. Its operator must "
            "give the workers more memory.",
            retry_after_s=60.0,
        )

    # Decisions

    def pins(self, now: float) -> Iterator[Order]:
        """Yield loads of pinned models that free workers lack."""
        if not self.memory.pinned:
            self._unpinned.clear()
        for number in [*self._unpinned]:
            worker = self._fleet.workers.get(number)
            if worker is not None and worker.batch is not None:
                continue
            self._unpinned.discard(number)
            order = self._pin(worker, now) if worker is not None else None
            if order is not None:
                yield order

    def urgent(self, wanted: Mapping[str, Wanted], now: float) -> Iterator[Order]:
        """Yield loads of models that are wanted and that no worker has, each to be carried out."""
        return self._urgent(wanted, now, MODELS_TRIED)

    def spread(self, wanted: Callable[[], Mapping[str, Wanted]], now: float) -> Iterator[Order]:
        """Yield loads into free memory of models of which the waiting takes longer than a load.

        Looks at `wanted` only every now and then.
        """
        if now < self._spread_at:
            return
        self._spread_at = now + SPREAD_S
        self._spread_due = None
        stuck: dict[str, float] = {}
        for model_hash, waits in wanted().items():
            model = self.memory.models.get(model_hash)
            holders = self._fleet.holders.get(model_hash)
            if model is None or not holders or not self._may_load(model, now):
                continue
            since = stuck[model_hash] = self._stuck_since.get(model_hash, now)
            load_s = self.facts.load_s(model)
            free_in_s = min(self._free_in_s(worker, now) for worker in islice(holders, 8))
            # A batch may take longer than was predicted: then what has waited tells.
            if max(free_in_s + waits.seconds / len(holders), now - since) > load_s:
                found = self._best(model, now, lambda room: not room.unload)
                if found is not None:
                    yield Order(found[0], model, ())
            else:
                due = max(since + load_s, now) + SPREAD_S
                self._spread_due = min(self._spread_due or math.inf, due)
        self._stuck_since = stuck

    def review(self, wanted: Mapping[str, Wanted], now: float) -> Iterator[Order]:
        """Yield what demand asks for. To be called at `next_review`; sets the next one."""
        self._reviewed_at, self._review_at = now, now + REVIEW_S
        self.demand.fold(now)
        self._worth.queued_s = {model_hash: waits.seconds for model_hash, waits in wanted.items()}
        for worker in list(self._fleet.free()):
            leave = self._overdue(worker)
            if leave:
                yield Order(worker, None, leave)
        self._unpinned.update(self._fleet.workers)
        yield from self.pins(now)
        yield from self._urgent(wanted, now, len(wanted))
        yield from self._further(now)

    def _urgent(self, wanted: Mapping[str, Wanted], now: float, most: int) -> Iterator[Order]:
        self._try_at = None
        holders, loading = self._fleet.holders, self._fleet.loading
        nowhere = {each: self._nowhere_since.get(each, now) for each in wanted}
        self._nowhere_since = {
            each: since
            for each, since in nowhere.items()
            if each not in holders and each not in loading and each in self.memory.models
        }

        def rank(model_hash: str) -> tuple[int, float]:
            since = self._nowhere_since[model_hash]
            waited_long = now - since >= WAITED_LONG_S
            return 0 if waited_long else wanted[model_hash].urgency, since

        for model_hash in sorted(self._nowhere_since, key=rank)[:most]:
            if not self._fleet.any_free:
                return
            model = self.memory.models[model_hash]
            if self.facts.given_up(model, now) is not None:
                continue
            self._worth.queued_s[model_hash] = wanted[model_hash].seconds
            push_at = self._nowhere_since[model_hash] + PATIENCE_S + self.facts.load_s(model)
            may_push = now >= push_at
            bearable = self._worth.weight(model_hash) / CLEARLY

            def worth(room: Room, may_push: bool = may_push, bearable: float = bearable) -> bool:
                return room.need < Need.NEEDED or may_push or room.loss <= bearable

            found = self._best(model, now, worth)
            if found is not None:
                # Nobody else can serve those who wait: their items warm it up.
                yield Order(found[0], model, found[1].unload, warm=False)
            else:
                self._try_at = min(self._try_at or math.inf, max(push_at, now + TRY_AGAIN_S))

    def _pin(self, worker: Worker, now: float) -> Order | None:
        for model_hash in self.memory.pinned_to(worker):
            model = self.memory.models[model_hash]
            if model_hash in worker.loaded or self.facts.given_up(model, now) is not None:
                continue
            room = self._room(worker, model, now, at_once=True)
            if room is not None:
                return Order(worker, model, room.unload)
        return None

    def _further(self, now: float) -> Iterator[Order]:
        """Yield loads of further copies, the most pressing first."""
        most = max(1, int(LOADING_SHARE_MAX * len(self._fleet.workers)))
        pressing = sorted(
            (
                (-self._worth.weight(model_hash) / len(holders), model_hash)
                for model_hash, holders in self._fleet.holders.items()
                if model_hash in self.memory.models
                if len(holders) < len(self._fleet.workers)
                if self._worth.weight(model_hash) / len(holders) >= PRESSING_MIN
            ),
        )
        for _, model_hash in pressing[:MODELS_PRESSED]:
            if not self._fleet.any_free or self._fleet.loading.total() >= most:
                return
            model = self.memory.models[model_hash]
            if not self._may_load(model, now):
                continue
            copies = len(self._fleet.holders[model_hash])
            gain = self._worth.weight(model_hash) / (copies + 1)
            pays = gain * DEMAND_S >= PAID_BACK * self.facts.load_s(model)
            may_push = self._worth.is_squeezed(model_hash)

            def worth(
                room: Room, gain: float = gain, pays: bool = pays, may_push: bool = may_push
            ) -> bool:
                if may_push:
                    return gain >= CLEARLY * room.loss
                return pays and not room.unload

            found = self._best(model, now, worth, last_copies=False)
            if found is not None:
                yield Order(found[0], model, found[1].unload)

    # Where a model goes

    def _best(
        self,
        model: ModelSpec,
        now: float,
        accept: Callable[[Room], bool],
        *,
        last_copies: bool = True,
    ) -> tuple[Worker, Room] | None:
        """Return the free worker that is the best place for a model, and how to make room there."""
        best: tuple[tuple[bool, Need, float, float], Worker, Room] | None = None
        for worker in islice(self._fleet.free(), WORKERS_TRIED):
            if model.info.hash in worker.loaded or not worker.can_run(model.info.hash):
                continue
            room = self._room(worker, model, now, last_copies=last_copies)
            if room is None or not accept(room):
                continue
            failed = self.facts.failed_on(model.info.hash, worker.id)
            rank = (failed, room.need, room.loss, self._worth.load_of(worker))
            if best is None or rank < best[0]:
                best = (rank, worker, room)
        return None if best is None else best[1:]

    def _room(
        self,
        worker: Worker,
        model: ModelSpec,
        now: float,
        *,
        at_once: bool = False,
        last_copies: bool = True,
    ) -> Room | None:
        """Return what must go from a worker so that a model fits, or None if it cannot be made to.

        With `at_once`, what was loaded only just now may go too.
        """
        memory, model_hash = self.memory, model.info.hash
        if not memory.could_hold(worker, model_hash):
            return None
        pinned = memory.pinned_to(worker)
        last_load = max(worker.loaded.values(), default=0.0)
        settled = now - last_load >= self._keep_s(model)
        leaving = [
            (self._worth.need(each), self._worth.loss(each), each)
            for each, since in worker.loaded.items()
            if each not in pinned
            if at_once or not self._stays(each, since, now, settled=settled)
            if last_copies or not self._worth.is_last(each)
        ]
        return memory.room(worker, model_hash, sorted(leaving))

    def _stays(self, model_hash: str, since: float, now: float, *, settled: bool) -> bool:
        """Whether a model was loaded too short a time ago to go, or its worker loaded another."""
        model = self.memory.models.get(model_hash)
        if model is None:
            return False
        if not settled and self._worth.need(model_hash) is Need.NEEDED:
            return True
        return now - since < self._keep_s(model)

    def _keep_s(self, model: ModelSpec) -> float:
        return max(KEEP_MIN_S, KEEP_FACTOR * self.facts.load_s(model))

    def _overdue(self, worker: Worker) -> tuple[str, ...]:
        """Return the models that must leave a worker: gone ones, and what turned out too large."""
        memory = self.memory
        gone = [each for each in worker.loaded if each not in memory.models]
        freed = 0
        if memory.fits(worker, 0, -len(gone)):
            return tuple(gone)
        pinned = memory.pinned_to(worker)
        others = (each for each in worker.loaded if each in memory.models)
        for model_hash in sorted(others, key=lambda each: (each in pinned, self._worth.loss(each))):
            gone.append(model_hash)
            freed += memory.bytes_of(model_hash)
            if memory.fits(worker, -freed, -len(gone)):
                break
        return tuple(gone)

    def _may_load(self, model: ModelSpec, now: float) -> bool:
        is_loaded = model.info.hash in self._fleet.loading
        return not is_loaded and self.facts.given_up(model, now) is None

    def _free_in_s(self, worker: int, now: float) -> float:
        batch = self._fleet.workers[worker].batch
        return 0.0 if batch is None else max(0.0, batch.started + batch.predicted_s - now)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
