"""Reads gaps from the log, once for all sockets that miss the same."""

import asyncio
from typing import Final
from uuid import UUID

from hanse.chat.log import store
from hanse.chat.log.model import Event
from hanse.platform.database import Db

EVENTS_AT_ONCE_MAX: Final = 200


class LogReader:
    """Single flight: who asks for what is being read already waits for that."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._running: dict[tuple[UUID, int], asyncio.Task[list[Event]]] = {}
        self.reads = 0

    async def read(self, organisation_id: UUID, room_id: UUID, after: int) -> list[Event]:
        """Return up to EVENTS_AT_ONCE_MAX events behind a number. Raises DatabaseUnavailable."""
        key = (room_id, after)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._read(organisation_id, room_id, after))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _read(self, organisation_id: UUID, room_id: UUID, after: int) -> list[Event]:
        self.reads += 1
        async with self._db.tx(organisation_id) as tx:
            return await store.read_events(tx, room_id, after, EVENTS_AT_ONCE_MAX)
