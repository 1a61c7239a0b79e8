"""Records of requests, written together: several requests share one durable transaction.

While one transaction is on its way to the disk, the records that come meanwhile wait, and all go
into the next: nobody waits for company, and under load a write to the disk serves many. Each caller
goes on when the transaction with its own record is committed (docs/decisions/0028).
"""

import asyncio
from collections import deque
from typing import Final
from uuid import UUID

from hanse.language import service
from hanse.language.store import TranslationRow
from hanse.platform.database import DatabaseUnavailable, Db
from hanse.platform.telemetry import current_traceparent

TOGETHER_MAX: Final = 64
"""Records in one transaction."""

_Entry = tuple[TranslationRow, str | None, "asyncio.Future[None]"]


class Recorder:
    """Keeps the records of translations of one process."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._waiting: dict[UUID, deque[_Entry]] = {}
        self._writers: set[asyncio.Task[None]] = set()

    async def keep(self, row: TranslationRow) -> None:
        """Return when the record and its event are on disk.

        A caller that is cancelled meanwhile may find its record kept. Raises DatabaseUnavailable,
        and what `service.keep` raises for this record.
        """
        future = asyncio.get_running_loop().create_future()
        entry = (row, current_traceparent(), future)
        waiting = self._waiting.get(row.organisation_id)
        if waiting is None:
            self._waiting[row.organisation_id] = deque([entry])
            writer = asyncio.create_task(self._write(row.organisation_id))
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        else:
            waiting.append(entry)
        await future

    async def _write(self, organisation_id: UUID) -> None:
        """Write what waits of an organisation until nothing does."""
        waiting = self._waiting[organisation_id]
        try:
            while waiting:
                count = min(len(waiting), TOGETHER_MAX)
                await self._together([waiting.popleft() for _ in range(count)])
        finally:
            del self._waiting[organisation_id]
            for _, _, future in waiting:
                future.cancel()

    async def _together(self, entries: list[_Entry]) -> None:
        try:
            await service.keep_all(self._db, [(row, cause) for row, cause, _ in entries])
        except DatabaseUnavailable as error:
            _fail(entries, error)
        except Exception as error:  # whatever is wrong with one record is for its caller alone
            if len(entries) == 1:
                _fail(entries, error)
                return
            for entry in entries:
                await self._together([entry])
        else:
            for _, _, future in entries:
                if not future.done():
                    future.set_result(None)


def _fail(entries: list[_Entry], error: Exception) -> None:
    for _, _, future in entries:
        if not future.done():
            future.set_exception(error)
