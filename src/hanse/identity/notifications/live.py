"""Telling browsers at once what changes in an inbox.

The bus is only the bell: what changed is read from the database, beyond the number that the
browser has. So a bell that was lost costs time, at most POLL_S, and never a notification.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity.events import InboxChanged
from hanse.identity.model import Access
from hanse.identity.notifications import service, store
from hanse.identity.notifications.model import Counts, Kinds, Notification
from hanse.identity.notifications.wording import notification_of
from hanse.platform.bus import Bus, Envelope, subject
from hanse.platform.database import Db
from hanse.platform.problems import TooManyRequests

POLL_S: Final = 25.0
"""Also how often a stream gives a sign of life, so that proxies keep it."""
STREAM_S: Final = 600.0
CHANGES_TOLD_MAX: Final = 100
STREAMS_PER_PERSON_MAX: Final = 10
STREAMS_MAX: Final = 5_000


class TooManyStreams(TooManyRequests):
    """Somebody, or everybody together, follows inboxes by too many connections."""

    code = "too_many_streams"
    title = "Too many streams"


class Reset(msgspec.Struct, frozen=True):
    """More has changed than is told: load the inbox anew."""


class Counted(msgspec.Struct, frozen=True):
    """How much is unread after all that came before; `number` is where to go on from."""

    number: int
    counts: Counts


class Ping(msgspec.Struct, frozen=True):
    """Nothing new, but here."""


Told = Notification | Reset | Counted | Ping


class InboxBells:
    """Wakes those who follow an inbox, in this process. Without a bus, nobody is woken."""

    def __init__(self, bus: Bus | None) -> None:
        self._listening: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        if bus is not None:
            bus.follow(subject("*", InboxChanged.type), self._ring)

    def _ring(self, data: bytes) -> None:
        changed = msgspec.json.decode(data, type=Envelope).decode(InboxChanged)
        for person_id in changed.person_ids:
            for bell in self._listening.get(person_id, ()):
                bell.set()

    def require_room(self, person_id: UUID) -> None:
        """Raise TooManyStreams unless one more stream is allowed."""
        own = len(self._listening.get(person_id, ()))
        everybody = sum(len(bells) for bells in self._listening.values())
        if own >= STREAMS_PER_PERSON_MAX or everybody >= STREAMS_MAX:
            raise TooManyStreams("Close a stream first.", retry_after_s=5.0)

    @contextmanager
    def listen(self, person_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set when something in this inbox changes."""
        bell = asyncio.Event()
        self._listening[person_id].add(bell)
        try:
            yield bell
        finally:
            self._listening[person_id].discard(bell)
            if not self._listening[person_id]:
                del self._listening[person_id]


async def follow(
    db: Db,
    bells: InboxBells,
    kinds: Kinds,
    access: Access,
    last: int | None,
    *,
    is_signed_in: Callable[[], Awaitable[bool]],
    stopping: asyncio.Event,
) -> AsyncIterator[Told]:
    """Tell what changes in the caller's inbox beyond number `last`, None for what is to come.

    Each group of changes ends with a Counted. It ends after STREAM_S, when the process stops, or
    when the caller is not signed in any more.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + STREAM_S
    with bells.listen(access.require_person()) as bell:
        while await is_signed_in():
            bell.clear()
            for told in await _changes(db, kinds, access, last):
                if isinstance(told, Counted):
                    last = told.number
                yield told
            left_s = end - loop.time()
            if left_s <= 0 or await _rung(bell, stopping, min(POLL_S, left_s)):
                return
            if not bell.is_set():
                yield Ping()


async def _rung(bell: asyncio.Event, stopping: asyncio.Event, seconds: float) -> bool:
    """Wait for the bell; return whether the process stops."""
    waits = {asyncio.ensure_future(each.wait()) for each in (bell, stopping)}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    return stopping.is_set()


async def _changes(db: Db, kinds: Kinds, access: Access, last: int | None) -> list[Told]:
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        # First the number: whatever has a lower one is committed by then, and seen below.
        number = await store.last_number(tx, person_id)
        if last == number:
            return []
        found: list[Told] = []
        if last is not None and last < number:
            rows = await store.list_changes(tx, person_id, last, CHANGES_TOLD_MAX + 1)
            if len(rows) > CHANGES_TOLD_MAX:
                found = [Reset()]
            else:
                locale = (await service.recipient_of(tx, person_id)).locale
                found = [notification_of(each, kinds.get(each.kind), locale) for each in rows]
                number = max([number, *(each.number for each in rows)])
        elif last is not None:  # of another database, or one that was put back
            found = [Reset()]
        found.append(Counted(number, Counts(await store.count_unread(tx, person_id))))
    return found
