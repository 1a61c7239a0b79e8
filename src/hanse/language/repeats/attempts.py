"""The attempts that run in all web processes, as PostgreSQL knows them."""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from hanse.language.repeats import store
from hanse.language.repeats.sealing import Fingerprint
from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Conflict
from hanse.platform.telemetry import log

SLOW_S: Final = 5.0
"""A request that runs for longer may have been given up by its client."""
KEPT_S: Final = 30.0
LEASE_S: Final = 4.0
"""A process that has not said for so long that it runs an attempt is taken for dead."""
RENEWAL_S: Final = 1.0
POLL_S: Final = 0.2
LISTING_S: Final = 1.0
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024

_LEASE: Final = timedelta(seconds=LEASE_S)


class Superseded(Conflict):
    """Another attempt has taken this one's place; nothing of it may be kept."""

    code = "attempt_superseded"
    title = "Attempt superseded"


class Attempt:
    """One computation of a request, in this process.

    It keeps to itself until it is slow; then it says in the database that it runs.
    """

    def __init__(self, db: Db, organisation_id: UUID, request: Fingerprint) -> None:
        self.id = new_id()
        self._db = db
        self._organisation_id = organisation_id
        self._request = request
        self._began_s = time.monotonic()
        self._is_taken = False
        self._keeper: asyncio.Task[None] | None = None

    async def take(self) -> bool:
        """Become the attempt for the request, if no other is. Raises DatabaseUnavailable."""
        async with self._db.tx(self._organisation_id, durable=False) as tx:
            self._is_taken = await store.take(tx, self.id, self._request.hash, _LEASE)
        return self._is_taken

    def start(self) -> None:
        """Begin to watch the time."""
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        if not self._is_taken:
            await asyncio.sleep(SLOW_S)
        while True:
            try:
                if not self._is_taken and not await self.take():
                    return  # an equal request came as soon as this one; that one is joined
                await asyncio.sleep(RENEWAL_S)
                async with self._db.tx(self._organisation_id, durable=False) as tx:
                    if not await store.renew(tx, self.id, self._request.hash, _LEASE):
                        return
            except DatabaseUnavailable as error:
                log.warning("attempt_not_announced", reason=error.detail)
                await asyncio.sleep(RENEWAL_S)

    async def concerns_others(self) -> bool:
        """Whether repeats may wait for the answer, so that `settle` must keep it for them."""
        await self.stop()
        return self._is_taken or time.monotonic() - self._began_s > SLOW_S

    async def settle(self, tx: Tx, answer: bytes) -> None:
        """Keep the answer for repeats, in the transaction that bills it.

        So it is there exactly if it was billed. Raises Superseded if another process had to take
        this one for dead and computes the answer, or has: it bills.
        """
        if not await self.concerns_others() or len(answer) > ANSWER_BYTES_MAX:
            return
        sealed = self._request.seal(answer)
        kept = timedelta(seconds=KEPT_S)
        if not await store.settle(tx, self.id, self._request.hash, sealed, kept) and self._is_taken:
            raise Superseded("The request was computed by another process meanwhile.")

    async def fail(self) -> None:
        """Let others compute the request."""
        await self.stop()
        if self._is_taken:
            with suppress(DatabaseUnavailable):
                async with self._db.tx(self._organisation_id, durable=False) as tx:
                    await store.release(tx, self.id, self._request.hash)

    async def stop(self) -> None:
        """Watch the time no longer."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)


class Attempts:
    """Knows which requests run in other processes, and waits for their answers."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._running: set[bytes] = set()
        self._listed_s = float("-inf")
        self._listing = asyncio.Lock()

    def new(self, organisation_id: UUID, request: Fingerprint) -> Attempt:
        """Return an attempt at a request."""
        return Attempt(self._db, organisation_id, request)

    async def may_run(self, request: Fingerprint) -> bool:
        """Say whether the request was running somewhere, up to LISTING_S seconds ago.

        A repeat comes later than that after the slow request has been announced, so that one look
        a second is enough for all requests. Without a database nothing runs.
        """
        if time.monotonic() - self._listed_s > LISTING_S:
            async with self._listing:
                if time.monotonic() - self._listed_s > LISTING_S:
                    await self._list()
        return request.hash in self._running

    async def _list(self) -> None:
        try:
            async with self._db.system_tx() as tx:
                self._running = await store.running(tx)
        except DatabaseUnavailable:
            self._running = set()
        self._listed_s = time.monotonic()

    async def answer(self, organisation_id: UUID, request: Fingerprint) -> bytes | Attempt:
        """Wait for the answer of another process, or become the attempt if that one has died.

        Raises DatabaseUnavailable.
        """
        while True:
            async with self._db.tx(organisation_id) as tx:
                standing = await store.look(tx, request.hash)
            if standing is not None and standing.answer is not None and not standing.is_over:
                answer = request.unseal(standing.answer)
                assert answer is not None, "sealed for the same request"
                return answer
            if standing is None or standing.is_over:
                attempt = self.new(organisation_id, request)
                if await attempt.take():
                    return attempt
            await asyncio.sleep(POLL_S)
