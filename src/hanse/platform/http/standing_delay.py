"""How long requests wait before they reach a queue that somebody sees. No I/O, no framework."""

import time
from contextvars import ContextVar
from typing import Final, NamedTuple

from hanse.platform.recent import RecentLeast

INTERVAL_S: Final = 0.2
EVIDENCE_MIN: Final = 8
"""Requests of which all have waited before any is refused: the first ones load what they need."""


class StandingDelay:
    """How long requests of late took at least, from coming in to being handed on. No clock."""

    def __init__(self) -> None:
        self._recent = RecentLeast(INTERVAL_S)

    def note(self, seconds: float, now: float) -> None:
        """A request took so long."""
        self._recent.note(seconds, now)

    def at(self, now: float) -> float:
        """Return the least of the interval before this one and of this one so far, in seconds.

        A few requests are no evidence: then it is 0.
        """
        least_s, requests = self._recent.at(now)
        return 0.0 if requests < EVIDENCE_MIN else least_s


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
