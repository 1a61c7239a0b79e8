"""What a copy of a model on a worker is worth to those who ask for it. No I/O and no clock."""

from itertools import islice

from hanse.inference.demand import Demand
from hanse.inference.fleet import Fleet, Worker
from hanse.inference.memory import Memory, Need

SHARE_ENOUGH = 0.6
"""One copy of a model is enough for so much demand, in parts of a worker's time."""
DEMAND_MIN = 0.001
"""Less demand than this is hardly any."""
CATCH_UP_S = 10.0
"""What waits counts as the demand that works it off in this time."""
HOLDERS_TRIED = 64


class Worth:
    """Weighs models, by their hash. `queued_s` is what waits of each, as of the last look."""

    def __init__(self, demand: Demand, fleet: Fleet, memory: Memory) -> None:
        self.queued_s: dict[str, float] = {}
        self._demand = demand
        self._fleet = fleet
        self._memory = memory

    def weight(self, model_hash: str) -> float:
        """Return the demand for a model, with what waits of it."""
        return self._demand.of(model_hash) + self.queued_s.get(model_hash, 0.0) / CATCH_UP_S

    def loss(self, model_hash: str) -> float:
        """Return the demand that one copy of a model serves."""
        if model_hash not in self._memory.models:
            return 0.0
        return self.weight(model_hash) / max(1, self._copies(model_hash))

    def need(self, model_hash: str) -> Need:
        """Return how much one of its copies would be missed."""
        weight, others = self.weight(model_hash), self._copies(model_hash) - 1
        is_gone = model_hash not in self._memory.models
        if is_gone or (others > 0 and weight <= SHARE_ENOUGH * others):
            return Need.SPARE
        return Need.RARE if weight < DEMAND_MIN else Need.NEEDED

    def is_last(self, model_hash: str) -> bool:
        """Whether there is one copy only of a model that is asked for."""
        return self._copies(model_hash) <= 1 and self.weight(model_hash) >= DEMAND_MIN

    def is_squeezed(self, model_hash: str) -> bool:
        """Whether a model needs another copy: its own are too few, or others leave them no time."""
        if self.weight(model_hash) > SHARE_ENOUGH * self._copies(model_hash):
            return True
        holders = islice(self._fleet.holders[model_hash], HOLDERS_TRIED)
        return min(self.load_of(self._fleet.workers[each]) for each in holders) > 1.0

    def load_of(self, worker: Worker) -> float:
        """Return the part of a worker's time that its models should take."""
        return sum(map(self.loss, worker.loaded))

    def _copies(self, model_hash: str) -> int:
        return len(self._fleet.holders.get(model_hash, ()))
