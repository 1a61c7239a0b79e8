"""What a web process does when it gets more than it can read: it says so at once, instead of later.

The scheduler of inference refuses what engines cannot do in time, but a request gets there only
after it was read, authenticated, checked and cut into sentences. When the processor or the database
has no breath left, requests wait before that, in no queue that anybody sees. So it is measured how
long they take to get there, and as in CoDel (RFC 8289) the least of an interval counts: a burst is
worked off, a standing delay is not. While it stands, requests with a large body are refused before
anything of them is read, and small ones, for which people wait, if the delay grows nonetheless.
"""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from litestar import Request, Response

from hanse.platform.http.context import WATCHED
from hanse.platform.problems import Unavailable

LARGE_BYTES: Final = 4096
"""A body beyond it is work in bulk: a sentence has some hundred bytes."""
LARGE_DELAY_S: Final = 0.05
SMALL_DELAY_S: Final = 0.15
"""Standing delays from which on large and small requests are refused."""
RETRY_AFTER_S: Final = 1
INTERVAL_S: Final = 0.2
EVIDENCE_MIN: Final = 8
"""Requests of which all have waited before any is refused: the first ones load what they need."""


class ServerBusy(Unavailable):
    """This web process has more to do than it can."""

    code = "server_busy"
    title = "Busy"


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


class _Arrival(NamedTuple):
    delay: StandingDelay
    at: float


_ARRIVAL: ContextVar[_Arrival | None] = ContextVar("arrival", default=None)


def handed_on() -> None:
    """The request of this context goes on to where its own queue is: the first time counts."""
    arrival = _ARRIVAL.get()
    if arrival is not None:
        _ARRIVAL.set(None)
        now = time.monotonic()
        arrival.delay.note(now - arrival.at, now)


class Shedding:
    """ASGI middleware that refuses requests, 503, while there is a standing delay.

    `render` makes the answer of an error in the form of the API that was called.
    """

    def __init__(
        self, app: Any, render: Callable[[Request[Any, Any, Any], Exception], Response[Any]]
    ) -> None:
        self._app = app
        self._render = render
        self._delay = StandingDelay()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["path"] in WATCHED:
            await self._app(scope, receive, send)
            return
        limit_s = LARGE_DELAY_S if _is_large(scope) else SMALL_DELAY_S
        now = time.monotonic()
        if self._delay.at(now) > limit_s:
            request = Request[Any, Any, Any](scope, receive=receive, send=send)
            busy = ServerBusy(
                "The server has more to do than it can. Try again later.",
                retry_after_s=RETRY_AFTER_S,
            )
            answer = self._render(request, busy).to_asgi_response(app=None, request=request)
            await answer(scope, receive, send)
            return
        _ARRIVAL.set(_Arrival(self._delay, now))
        await self._app(scope, receive, send)


def _is_large(scope: Any) -> bool:
    """Whether the body is large, or of a length that is not known beforehand."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return not value.isdigit() or int(value) > LARGE_BYTES
        if name == b"transfer-encoding":
            return True
    return False
