"""Waiting for news of rooms without a socket: what long polling stands on."""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from hanse.chat import bell
from hanse.platform.bus import Bus

POLL_S = 2.0
"""Time after which the log is looked at again although the bell was not heard."""


class News:
    """Wakes whoever waits for a room. The first who waits makes this process listen."""

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus
        self._is_listening = False
        self._waiting: dict[UUID, set[asyncio.Event]] = {}

    async def wait(
        self, room_ids: Iterable[UUID], timeout_s: float, news: asyncio.Event | None = None
    ) -> None:
        """Return when one of these rooms has news, or after `timeout_s`, or POLL_S if less.

        Somebody else may have other news, and set `news`.
        """
        rooms = list(room_ids)
        await self._listen()
        news = news or asyncio.Event()
        for each in rooms:
            self._waiting.setdefault(each, set()).add(news)
        try:
            async with asyncio.timeout(min(timeout_s, POLL_S)):
                await news.wait()
        except TimeoutError:
            pass
        finally:
            for each in rooms:
                self._waiting[each].discard(news)
                if not self._waiting[each]:
                    del self._waiting[each]

    async def _listen(self) -> None:
        if self._bus is not None and not self._is_listening:
            self._is_listening = True
            await self._bus.subscribe(bell.ALL, self._hear)

    async def _hear(self, message: Any) -> None:
        if not self._waiting:
            return
        try:
            frame = bell.decoded(message.data)
        except msgspec.DecodeError:
            return
        for news in self._waiting.get(frame.room_id, ()):
            news.set()
