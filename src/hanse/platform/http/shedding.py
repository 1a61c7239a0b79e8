"""What a web process does when it gets more than it can read: it says so at once, instead of later.

The scheduler of inference refuses what engines cannot do in time, but a request gets there only
after it was read, authenticated, checked and cut into sentences. When the processor or the database
has no breath left, requests wait before that, in no queue that anybody sees. So it is measured how
long they take to get there, and as in CoDel (RFC 8289) the least of an interval counts: a burst is
worked off, a standing delay is not. While it stands, requests with a large body are refused before
anything of them is read, and small ones, for which people wait, if the delay grows nonetheless.

A large request that the queue behind refuses has cost as much by then as one that is served. So its
sender's next ones to the same address are told the same, unread, for a moment (`told_lately`).
"""

import time
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response

from hanse.platform.http.context import WATCHED
from hanse.platform.http.standing_delay import ARRIVAL, Arrival, StandingDelay
from hanse.platform.http.told_lately import ToldLately
from hanse.platform.problems import Unavailable

LARGE_BYTES: Final = 4096
"""A body beyond it is work in bulk: a sentence has some hundred bytes."""
LARGE_DELAY_S: Final = 0.05
SMALL_DELAY_S: Final = 0.15
"""Standing delays from which on large and small requests are refused."""
RETRY_AFTER_S: Final = 1


class ServerBusy(Unavailable):
    """This web process has more to do than it can."""

    code = "server_busy"
    title = "Busy"


class Shedding:
    """ASGI middleware that refuses requests, 503, while they could not be served in time anyway.

    `render` makes the answer of an error in the form of the API that was called.
    """

    def __init__(
        self, app: Any, render: Callable[[Request[Any, Any, Any], Exception], Response[Any]]
    ) -> None:
        self._app = app
        self._render = render
        self._delay = StandingDelay()
        self._told = ToldLately()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["path"] in WATCHED:
            await self._app(scope, receive, send)
            return
        is_large = _is_large(scope)
        sender = _sender(scope) if is_large else None
        now = time.monotonic()
        retry_after_s = None if sender is None else self._told.at(sender, now)
        if retry_after_s is None and self._delay.at(now) > (
            LARGE_DELAY_S if is_large else SMALL_DELAY_S
        ):
            retry_after_s = RETRY_AFTER_S
        if retry_after_s is not None:
            await self._refuse(scope, receive, send, retry_after_s)
            return
        ARRIVAL.set(Arrival(self._delay, now))
        await self._app(scope, receive, send if sender is None else self._noting(send, sender))

    async def _refuse(self, scope: Any, receive: Any, send: Any, retry_after_s: float) -> None:
        request = Request[Any, Any, Any](scope, receive=receive, send=send)
        busy = ServerBusy(
            "The server has more to do than it can. Try again later.", retry_after_s=retry_after_s
        )
        answer = self._render(request, busy).to_asgi_response(app=None, request=request)
        await answer(scope, receive, send)

    def _noting(self, send: Any, sender: int) -> Any:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == ServerBusy.status:
                for name, value in message["headers"]:
                    if name.lower() == b"retry-after" and value.isdigit():
                        self._told.note(sender, float(value), time.monotonic())
            await send(message)

        return note


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
