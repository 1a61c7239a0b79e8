"""Says in the database which slow attempts run in this process, for all of them together.

Under an overload many requests are slow. Were each to renew its own lease, they would keep the
database from what they wait for.
"""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta
from typing import Final
from uuid import UUID

from hanse.language.repeats import store
from hanse.platform.database import Db
from hanse.platform.telemetry import log

SLOW_S: Final = 5.0
"""A request that runs for longer may have been given up by its client."""
LEASE_S: Final = 4.0
"""A process that has not said for so long that it runs an attempt is taken for dead."""
TURN_S: Final = 0.5
RENEWAL_S: Final = 1.0

LEASE: Final = timedelta(seconds=LEASE_S)


class Leased:
    """Something that runs here: by `id`, for a request of an organisation."""

    def __init__(self, id: UUID, organisation_id: UUID, request_hash: bytes) -> None:
        self.id = id
        self.organisation_id = organisation_id
        self.request_hash = request_hash
        self.began_s = time.monotonic()
        self.renewed_s = self.began_s
        self.is_taken = False

    def is_due(self, now: float) -> bool:
        """Whether it is to be announced for the first time, or again."""
        return now - self.renewed_s >= (RENEWAL_S if self.is_taken else SLOW_S)


class Leases:
    """The leases of one process."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._running: set[Leased] = set()
        self._turn: asyncio.Future[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    def begin(self, leased: Leased) -> None:
        """Announce it as soon as it is slow."""
        self._running.add(leased)
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def end(self, leased: Leased) -> None:
        """Announce it no longer; nothing about it is on its way on return."""
        self._running.discard(leased)
        if self._turn is not None and leased.is_due(time.monotonic()):
            await asyncio.shield(self._turn)

    async def _keep(self) -> None:
        try:
            while self._running:
                await asyncio.sleep(TURN_S)
                self._turn = asyncio.get_running_loop().create_future()
                try:
                    await self._announce(time.monotonic())
                finally:
                    self._turn.set_result(None)
                    self._turn = None
        finally:
            self._keeper = None

    async def _announce(self, now: float) -> None:
        due: dict[UUID, list[Leased]] = defaultdict(list)
        for each in self._running:
            if each.is_due(now):
                due[each.organisation_id].append(each)
        for organisation_id, leased in due.items():
            try:
                await self._announce_of(organisation_id, leased)
            except Exception as error:  # the other organisations' must be announced all the same
                log.warning("attempts_not_announced", reason=repr(error))

    async def _announce_of(self, organisation_id: UUID, leased: list[Leased]) -> None:
        old = [each for each in leased if each.is_taken]
        # Of equal requests one is announced, and the others are joined to it.
        # In one order everywhere, so that processes wait for each other and never in a circle.
        fresh = sorted((e for e in leased if not e.is_taken), key=lambda e: e.request_hash)
        new = {each.request_hash: each for each in fresh}
        async with self._db.tx(organisation_id, durable=False) as tx:
            taken = await store.take_all(
                tx, {each.id: each.request_hash for each in new.values()}, LEASE
            )
            renewed = await store.renew_all(tx, [each.id for each in old], LEASE)
        for each in leased:
            if each.id in taken or each.id in renewed:
                each.is_taken = True
                each.renewed_s = time.monotonic()
            else:
                self._running.discard(each)
