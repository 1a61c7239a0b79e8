"""Who writes just now and who has read lately, for whoever has no socket: heard, kept by no one."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat import whispers
from hanse.platform.bus import Bus

TYPING_S: Final = 5.0
"""Time for which somebody writes after it was told; clients tell it every few seconds."""
READING_S: Final = 60.0
"""Time for which it is remembered that somebody has read."""

_Key = tuple[UUID, UUID]
"""A room and a member."""


class Marker(Struct, frozen=True):
    """Up to which number somebody has read, and when that was heard (epoch seconds)."""

    number: int
    at: float


class Heard:
    """Knows who writes in which room, and how far whom has read lately.

    One for each process, which listens from the first use on.
    """

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus
        self._is_listening = False
        # In the order of their ends.
        self._writing: dict[_Key, float] = {}
        # In the order in which it was heard.
        self._read: dict[_Key, Marker] = {}
        self._watching: dict[UUID, set[asyncio.Event]] = {}

    async def listen(self) -> None:
        """Hear from now on what is whispered."""
        if self._bus is not None and not self._is_listening:
            self._is_listening = True
            await self._bus.subscribe(whispers.SUBJECT, self._hear)

    def writing(self, room_ids: Iterable[UUID], but: UUID) -> dict[UUID, list[UUID]]:
        """Return who writes in these rooms, without `but`; only rooms in which somebody does."""
        self._forget()
        rooms, found = set(room_ids), dict[UUID, list[UUID]]()
        for room_id, member_id in self._writing:
            if room_id in rooms and member_id != but:
                found.setdefault(room_id, []).append(member_id)
        return {room_id: sorted(members) for room_id, members in found.items()}

    def stopped(self, room_id: UUID, member_id: UUID) -> None:
        """Note that somebody writes no longer: what they wrote is there."""
        self._writing.pop((room_id, member_id), None)

    def read(self, room_ids: Iterable[UUID], after: float) -> dict[UUID, dict[UUID, Marker]]:
        """Return who has read in these rooms since a time (epoch seconds), and up to where.

        Of more than READING_S ago nothing is known.
        """
        self._forget()
        rooms, found = set(room_ids), dict[UUID, dict[UUID, Marker]]()
        for (room_id, member_id), marker in reversed(self._read.items()):
            if marker.at <= after:
                break
            if room_id in rooms:
                found.setdefault(room_id, {})[member_id] = marker
        return found

    @contextmanager
    def waking(self, room_ids: Iterable[UUID], event: asyncio.Event) -> Iterator[None]:
        """Set `event` when somebody writes or reads in one of these rooms meanwhile."""
        rooms = list(room_ids)
        for each in rooms:
            self._watching.setdefault(each, set()).add(event)
        try:
            yield
        finally:
            for each in rooms:
                self._watching[each].discard(event)
                if not self._watching[each]:
                    del self._watching[each]

    def _forget(self) -> None:
        now = time.monotonic()
        while self._writing and next(iter(self._writing.values())) <= now:
            del self._writing[next(iter(self._writing))]
        known_from = time.time() - READING_S
        while self._read and next(iter(self._read.values())).at <= known_from:
            del self._read[next(iter(self._read))]

    async def _hear(self, message: Any) -> None:
        try:
            what = whispers.decoded(message.data)
        except msgspec.DecodeError:
            return
        self._forget()
        match what:
            case whispers.TypingNow():
                key = what.room_id, what.member_id
                is_news = self._writing.pop(key, None) is None
                self._writing[key] = time.monotonic() + TYPING_S
            case whispers.MarkerMoved():
                key, is_news = (what.room_id, what.member_id), True
                self._read.pop(key, None)
                self._read[key] = Marker(what.read_number, time.time())
            case _:
                return
        if is_news:
            for event in self._watching.get(what.room_id, ()):
                event.set()
