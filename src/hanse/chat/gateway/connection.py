"""One socket: who it belongs to, what it follows, and what it may still be sent."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Set
from typing import Any, Final
from uuid import UUID

from hanse.chat.gateway import frames
from hanse.chat.gateway.bucket import Bucket
from hanse.chat.gateway.frames import Frame, FromClient
from hanse.chat.gateway.live import LiveRoom
from hanse.chat.gateway.wire import Wire
from hanse.chat.rooms.service import actor_of
from hanse.chat.tickets import Credentials
from hanse.identity import Access
from hanse.platform.problems import TooManyRequests

ROOMS_MAX: Final = 2_000
OPERATIONS_PER_S: Final = 50.0
OPERATIONS_BURST: Final = 200.0
PENDING_MAX: Final = 64
"""Operations of one socket that may wait; they are done one after the other."""

UNAUTHENTICATED: Final = 4001
NO_HELLO: Final = 4002
REVOKED: Final = 4003
UNREADABLE: Final = 4004
TOO_SLOW: Final = 4008
RESTART: Final = 1012


class TooBusy(TooManyRequests):
    """This socket asks for more than it may."""

    code = "too_busy"
    title = "Too many operations"


class Connection:
    """The state of one socket. It is given to rooms as their follower.

    There are many, which say nothing for most of the time: what is not needed is not there.
    """

    __slots__ = (
        "_bucket",
        "_entering",
        "_pending",
        "_worker",
        "access",
        "behind",
        "checked_at",
        "credentials",
        "has_own_languages",
        "heard_at",
        "is_closed",
        "is_entering",
        "languages",
        "opened_at",
        "paused_at",
        "pinged_at",
        "rooms",
        "watched",
        "wire",
    )

    def __init__(self, wire: Wire, credentials: Credentials | None) -> None:
        now = time.monotonic()
        self.credentials = credentials
        self.access: Access | None = None
        self.rooms: dict[UUID, LiveRoom[Connection]] = {}
        self.behind: dict[UUID, int] = {}
        """Rooms that go on, from behind these numbers, when the client reads again."""
        self.watched: Set[UUID] = frozenset()
        self.languages: list[str] = []
        """What the reader reads, best first."""
        self.has_own_languages = True
        """Whether these are the member's, and not named by the client."""
        self.opened_at = now
        self.heard_at = now
        self.pinged_at = 0.0
        self.checked_at = now
        self.paused_at: float | None = None
        self.is_closed = False
        self.is_entering = False
        """Whether its owner is being looked up."""
        self.wire = wire
        self._bucket = Bucket(OPERATIONS_PER_S, OPERATIONS_BURST, now)
        self._pending: list[FromClient] = []
        self._entering: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody has said whose socket this is, so that it could be looked up."""
        return self.access is None and not self.is_entering

    @property
    def organisation_id(self) -> UUID:
        """Whose rooms it may see."""
        assert self.access is not None
        return self.access.organisation_id

    @property
    def member_id(self) -> UUID:
        """Who it belongs to."""
        assert self.access is not None
        return actor_of(self.access)

    def send(self, frame: Frame) -> None:
        """Send a frame, unless the socket is closed."""
        if not self.is_closed:
            self.wire.write(frame)

    def say(self, content: Any) -> None:
        """Send something to this socket alone."""
        self.send(Frame(content))

    def enter_first(self, entering: Coroutine[Any, Any, None]) -> None:
        """Find out whose socket this is before anything is done that a client asks for."""
        self._entering = asyncio.create_task(self._enter(entering))

    async def _enter(self, entering: Coroutine[Any, Any, None]) -> None:
        await entering
        # A task that is done is still a kilobyte, as is the worker's.
        self._entering = None

    def take(self, asked: FromClient, run: Callable[["Connection", FromClient], Any]) -> None:
        """Let what a client asks be done after what it asked before."""
        wait_s = self._bucket.take(time.monotonic())
        if wait_s or len(self._pending) >= PENDING_MAX:
            problem = TooBusy("Send less at once.", retry_after_s=wait_s or 1.0)
            self.say(frames.failed(problem, asked.id))
            return
        self._pending.append(asked)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(run))

    async def _work(self, run: Callable[["Connection", FromClient], Any]) -> None:
        try:
            if self._entering is not None:
                await self._entering
            while self._pending and not self.is_closed:
                await run(self, self._pending.pop(0))
        finally:
            self._worker = None

    def close(self, code: int, reason: str) -> None:
        """Say why, and close; nothing is sent any more."""
        if not self.is_closed:
            self.is_closed = True
            self.wire.close(code, reason)

    def ping(self) -> None:
        """Ask whether the client is there."""
        self.wire.ping()

    def abort(self) -> None:
        """Close without a word."""
        self.wire.abort()
