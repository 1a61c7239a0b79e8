"""Our scheduler with the plainest way of placing models: what it was before it had a better one.

A free worker loads whatever waits that no free worker holds, in the place of the models that it
used the longest time ago.
"""

from collections.abc import Callable, Iterator, Mapping

from hanse.inference.fleet import Fleet, Worker
from hanse.inference.job import Limits, ModelSpec
from hanse.inference.placement import REVIEW_S, Order, Placement, Wanted
from hanse.inference.queues import Item
from hanse.inference.scheduler import Scheduler

LOAD_FOR_S = 0.05
"""So much more work must wait of a model for each worker that loads it at the same time."""


class OnDemand(Placement):
    """Loads on demand, and unloads what was used the longest time ago."""

    def __init__(self, limits: Limits, fleet: Fleet) -> None:
        super().__init__(limits, fleet)
        self._workers = fleet
        self._used: dict[tuple[int, str], float] = {}

    def used(self, worker: int, model_hash: str, now: float) -> None:
        """A worker runs a batch of a model."""
        self._used[worker, model_hash] = now

    def urgent(self, wanted: Mapping[str, Wanted], now: float) -> Iterator[Order]:
        """Yield a load of each model that no worker has."""
        return self._load(wanted, now)

    def spread(self, wanted: Callable[[], Mapping[str, Wanted]], now: float) -> Iterator[Order]:
        """Yield a load of each model that waits, for the workers that are free nevertheless."""
        return self._load(wanted(), now)

    def review(self, wanted: Mapping[str, Wanted], now: float) -> Iterator[Order]:
        """Yield nothing: what nobody waits for is not loaded."""
        del wanted
        self.demand.fold(now)
        self._review_at = now + REVIEW_S
        return iter(())

    def _load(self, wanted: Mapping[str, Wanted], now: float) -> Iterator[Order]:
        for model_hash, waits in sorted(wanted.items(), key=lambda each: each[1].urgency):
            model = self.memory.models[model_hash]
            loading = self._workers.loading.get(model_hash, 0)
            if waits.seconds < LOAD_FOR_S * loading:
                continue
            able = (each for each in self._workers.free() if model_hash not in each.loaded)
            worker = next(able, None)
            if worker is not None:
                self.used(worker.id, model_hash, now)
                yield Order(worker, model, self._oldest(worker, model), warm=False)

    def _oldest(self, worker: Worker, model: ModelSpec) -> tuple[str, ...]:
        oldest = sorted(worker.loaded, key=lambda each: self._used.get((worker.id, each), 0.0))
        leaving: list[str] = []
        freed = 0
        size = self.facts.bytes_of(model)
        while not self.memory.fits(worker, size - freed, 1 - len(leaving)):
            leaving.append(oldest[len(leaving)])
            freed += self.memory.bytes_of(leaving[-1])
        return tuple(leaving)


class OnDemandScheduler(Scheduler):
    """The scheduler, placing models on demand."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, OnDemand)

    def _start(
        self, worker: Worker, model: ModelSpec, items: list[Item], predicted_s: float, now: float
    ) -> None:
        assert isinstance(self.placement, OnDemand)
        self.placement.used(worker.id, model.info.hash, now)
        super()._start(worker, model, items, predicted_s, now)
