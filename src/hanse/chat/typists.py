"""Who writes just now, for whoever has no socket: heard from the whispers, kept by no one."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import msgspec

from hanse.chat import whispers
from hanse.platform.bus import Bus

TYPING_S: Final = 5.0
"""Time for which somebody writes after it was told; clients tell it every few seconds."""


class Typists:
    """Knows who writes in which room; one for each process, which listens from the first use on."""

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus
        self._is_listening = False
        # In the order of their ends, by room and member.
        self._until: dict[tuple[UUID, UUID], float] = {}
        self._watching: dict[UUID, set[asyncio.Event]] = {}

    async def listen(self) -> None:
        """Hear from now on who writes."""
        if self._bus is not None and not self._is_listening:
            self._is_listening = True
            await self._bus.subscribe(whispers.SUBJECT, self._hear)

    def now(self, room_ids: Iterable[UUID], but: UUID) -> dict[UUID, list[UUID]]:
        """Return who writes in these rooms, without `but`; only rooms in which somebody does."""
        self._forget()
        rooms, found = set(room_ids), dict[UUID, list[UUID]]()
        for room_id, member_id in self._until:
            if room_id in rooms and member_id != but:
                found.setdefault(room_id, []).append(member_id)
        return {room_id: sorted(members) for room_id, members in found.items()}

    def stopped(self, room_id: UUID, member_id: UUID) -> None:
        """Note that somebody writes no longer: what they wrote is there."""
        self._until.pop((room_id, member_id), None)

    @contextmanager
    def waking(self, room_ids: Iterable[UUID], event: asyncio.Event) -> Iterator[None]:
        """Set `event` when somebody writes in one of these rooms meanwhile."""
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
        for key, until in list(self._until.items()):
            if until > now:
                return
            del self._until[key]

    async def _hear(self, message: Any) -> None:
        try:
            what = whispers.decoded(message.data)
        except msgspec.DecodeError:
            return
        if not isinstance(what, whispers.TypingNow):
            return
        self._forget()
        key = what.room_id, what.member_id
        is_new = self._until.pop(key, None) is None
        self._until[key] = time.monotonic() + TYPING_S
        if is_new:
            for event in self._watching.get(what.room_id, ()):
                event.set()
