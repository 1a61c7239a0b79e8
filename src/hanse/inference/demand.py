"""How much each model is asked for: what waits of it, and what came in of late. No I/O, no clock.

Demand is predicted seconds of an engine a second: 0.5 keeps half a worker busy. It is averaged with
weights that fall by 1/e in `DEMAND_S`, so that a burst is not taken for a habit, nor a pause.
"""

import math

from msgspec import Struct

DEMAND_S = 60.0


class Waits(Struct):
    """What waits of one model: how many items, and their predicted seconds."""

    items: int = 0
    seconds: float = 0.0


class Backlog:
    """What waits of each model in one queue; models of which nothing waits are not in it.

    `appeared` grows whenever a model comes in.
    """

    __slots__ = ("appeared", "models")

    def __init__(self) -> None:
        self.models: dict[str, Waits] = {}
        self.appeared = 0

    def add(self, model: str, seconds: float) -> None:
        """An item waits."""
        waits = self.models.get(model)
        if waits is None:
            waits = self.models[model] = Waits()
            self.appeared += 1
        waits.items += 1
        waits.seconds += seconds

    def remove(self, model: str, seconds: float) -> None:
        """An item waits no more."""
        waits = self.models[model]
        waits.items -= 1
        waits.seconds -= seconds
        if waits.items == 0:
            del self.models[model]


class Demand:
    """The demand for each model, by its hash."""

    def __init__(self) -> None:
        self._rates: dict[str, float] = {}
        self._fresh: dict[str, float] = {}
        self._folded = 0.0

    def note(self, model_hash: str, seconds: float) -> None:
        """Work of so many predicted seconds came in."""
        self._fresh[model_hash] = self._fresh.get(model_hash, 0.0) + seconds

    def of(self, model_hash: str) -> float:
        """Return the demand for a model, as of the last `fold` and all that came since."""
        fresh_s = self._fresh.get(model_hash, 0.0)
        return self._rates.get(model_hash, 0.0) + fresh_s / DEMAND_S

    def fold(self, now: float) -> None:
        """Let the time that passed weigh in."""
        decay = math.exp((self._folded - now) / DEMAND_S)
        self._folded = now
        self._rates = {each: self.of(each) * decay for each in self._rates.keys() | self._fresh}
        self._fresh = {}

    def keep(self, hashes: frozenset[str]) -> None:
        """Forget all models but these."""
        self._rates = {each: rate for each, rate in self._rates.items() if each in hashes}
        self._fresh = {each: fresh for each, fresh in self._fresh.items() if each in hashes}
