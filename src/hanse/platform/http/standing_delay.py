"""How long requests wait before they reach a queue that somebody sees. No I/O, no framework."""

import math
import time
from contextvars import ContextVar
from typing import Final, NamedTuple

INTERVAL_S: Final = 0.2
EVIDENCE_MIN: Final = 8
"""Requests of which all have waited before any is refused: the first ones load what they need."""


class StandingDelay:
    """How long requests of late took at least, from coming in to being handed on. No clock."""

    def __init__(self) -> None:
        self._interval_end = 0.0
        self._previous = self._present = _Interval()

    def note(self, seconds: float, now: float) -> None:
        """A request took so long."""
        self._turn(now)
        least_s, requests = self._present
        self._present = _Interval(min(least_s, seconds), requests + 1)

    def at(self, now: float) -> float:
        """Return the least of the interval before this one and of this one so far, in seconds.

        A few requests are no evidence: then it is 0.
        """
        self._turn(now)
        if self._previous.requests + self._present.requests < EVIDENCE_MIN:
            return 0.0
        return min(self._previous.least_s, self._present.least_s)

    def _turn(self, now: float) -> None:
        if now >= self._interval_end:
            is_next = now < self._interval_end + INTERVAL_S
            self._previous = self._present if is_next else _Interval()
            self._present = _Interval()
            self._interval_end = now + INTERVAL_S


class _Interval(NamedTuple):
    least_s: float = math.inf
    requests: int = 0


class Arrival(NamedTuple):
    """When a request came in, and where to note how long it took to be handed on."""

    delay: StandingDelay
    at: float


ARRIVAL: ContextVar[Arrival | None] = ContextVar("arrival", default=None)


def handed_on() -> None:
    """The request of this context goes on to where its own queue is: the first time counts."""
    arrival = ARRIVAL.get()
    if arrival is not None:
        ARRIVAL.set(None)
        now = time.monotonic()
        arrival.delay.note(now - arrival.at, now)
