"""What a web process does when it gets more than it can read: it says so at once, instead of later.

The scheduler of inference refuses what engines cannot do in time, but a request gets there only
after it was read, authenticated, checked and cut into sentences. When the processor or the database
has no breath left, requests wait before that, in no queue that anybody sees. Two things tell of it:
an event loop that comes late to what is due, for which everybody waits before anything of a request
is read; and how long requests take from there to the scheduler, of which, as in CoDel (RFC 8289),
the least of an interval counts, since a burst is worked off and a standing delay is not. While one
of them stands, requests with a large body are refused, and small ones, for which people wait, if it
grows nonetheless.

A large request that the queue behind refuses has cost as much by then as one that is served. So its
sender's next ones to the same address are told the same, unread, for a moment (`told_lately`).

To refuse must cost next to nothing: it is done in front of everything else, by an answer that was
made once.
"""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response

from hanse.platform.http.context import REQUESTS, WATCHED, known_method
from hanse.platform.http.loop_lag import BEAT_S, LoopLag
from hanse.platform.http.standing_delay import ARRIVAL, Arrival, StandingDelay
from hanse.platform.http.told_lately import ToldLately
from hanse.platform.problems import Unavailable

LARGE_BYTES: Final = 4096
"""A body beyond it is work in bulk: a sentence has some hundred bytes."""
LARGE_DELAY_S: Final = 0.05
SMALL_DELAY_S: Final = 0.15
"""Standing delays from which on large and small requests are refused."""
LARGE_LAG_S: Final = 0.02
SMALL_LAG_S: Final = 0.06
"""By how much the event loop is late, when large and small requests are refused."""
RETRY_AFTER_S: Final = 1.0

_OF_ONE_REQUEST: Final = (b"x-request-id", b"x-trace-id", b"retry-after")


class ServerBusy(Unavailable):
    """This web process has more to do than it can."""

    code = "server_busy"
    title = "Busy"


class Busy:
    """ASGI application that answers everything with ServerBusy.

    `render` makes the answer of an error in the form of the API that was called.
    """

    def __init__(
        self, render: Callable[[Request[Any, Any, Any], Exception], Response[Any]]
    ) -> None:
        self._render = render

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI connection."""
        request = Request[Any, Any, Any](scope, receive=receive, send=send)
        busy = ServerBusy(
            "The server has more to do than it can. Try again later.", retry_after_s=RETRY_AFTER_S
        )
        answer = self._render(request, busy).to_asgi_response(app=None, request=request)
        await answer(scope, receive, send)


class Shedding:
    """ASGI middleware, the outermost one: refuses what could not be served in time anyway, 503.

    `busy` is asked what it answers then, once for each form that `form_of` knows by the path.
    """

    def __init__(self, app: Any, busy: Any, form_of: Callable[[str], Any]) -> None:
        self._app = app
        self._busy = busy
        self._form_of = form_of
        self._answers: dict[Any, list[Any]] = {}
        self._delay = StandingDelay()
        self._told = ToldLately()
        self._lag: LoopLag | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["path"] in WATCHED:
            await self._app(scope, receive, send)
            return
        is_large = _is_large(scope)
        sender = _sender(scope) if is_large else None
        now = time.monotonic()
        retry_after_s = None if sender is None else self._told.at(sender, now)
        if retry_after_s is None and (
            self._is_late(now, is_large=is_large)
            or self._delay.at(now) > (LARGE_DELAY_S if is_large else SMALL_DELAY_S)
        ):
            retry_after_s = RETRY_AFTER_S
        if retry_after_s is not None:
            await self._refuse(scope, receive, send, retry_after_s)
            return
        ARRIVAL.set(Arrival(self._delay, now))
        await self._app(scope, receive, send if sender is None else self._noting(send, sender))

    async def _refuse(self, scope: Any, receive: Any, send: Any, retry_after_s: float) -> None:
        start, *rest = await self._answer(scope, receive)
        retry_after = (b"retry-after", str(math.ceil(retry_after_s)).encode())
        await send({**start, "headers": [*start["headers"], retry_after]})
        for message in rest:
            await send(message)
        REQUESTS.labels(known_method(scope["method"]), "503").inc()

    def _noting(self, send: Any, sender: int) -> Any:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == ServerBusy.status:
                for name, value in message["headers"]:
                    if name.lower() == b"retry-after" and value.isdigit():
                        self._told.note(sender, float(value), time.monotonic())
            await send(message)

        return note

    def _is_late(self, now: float, *, is_large: bool) -> bool:
        if self._lag is None:
            self._lag = LoopLag(now)
            self._beat(asyncio.get_running_loop(), self._lag)
        return self._lag.is_behind(now, LARGE_LAG_S if is_large else SMALL_LAG_S)

    def _beat(self, loop: asyncio.AbstractEventLoop, lag: LoopLag) -> None:
        lag.beat(time.monotonic())
        loop.call_later(BEAT_S, self._beat, loop, lag)

    async def _answer(self, scope: Any, receive: Any) -> list[Any]:
        form = self._form_of(scope["path"])
        answer = self._answers.get(form)
        if answer is None:
            answer = []

            async def keep(message: Any) -> None:
                if message["type"] == "http.response.start":
                    told = message["headers"]
                    kept = [each for each in told if each[0].lower() not in _OF_ONE_REQUEST]
                    message = {**message, "headers": kept}
                answer.append(message)

            await self._busy(scope, receive, keep)
            self._answers[form] = answer
        return answer


def _sender(scope: Any) -> int | None:
    """Return a number for who sends this and where to, from which no secret can be had."""
    said = tuple(value for name, value in scope["headers"] if name in (b"authorization", b"cookie"))
    return hash((scope["method"], scope["path"], said)) if said else None


def _is_large(scope: Any) -> bool:
    """Whether the body is large, or of a length that is not known beforehand."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return not value.isdigit() or int(value) > LARGE_BYTES
        if name == b"transfer-encoding":
            return True
    return False
