"""The attempts that run in all web processes, as PostgreSQL knows them."""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from hanse.language.repeats import store
from hanse.language.repeats.leases import LEASE, SLOW_S, Leased, Leases
from hanse.language.repeats.sealing import Fingerprint
from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Conflict

KEPT_S: Final = 30.0
POLL_S: Final = 0.2
LISTING_S: Final = 1.0
LISTED_S: Final = 2.0
"""The clients send a request again after ten seconds, and it is announced after five."""
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024


class Superseded(Conflict):
    """Another attempt has taken this one's place; nothing of it may be kept."""

    code = "attempt_superseded"
    title = "Attempt superseded"


class Attempt:
    """One computation of a request, in this process.

    It keeps to itself until it is slow; then it is said in the database that it runs.
    """

    def __init__(self, db: Db, leases: Leases, organisation_id: UUID, request: Fingerprint) -> None:
        self._db = db
        self._leases = leases
        self._request = request
        self._leased = Leased(new_id(), organisation_id, request.hash)

    async def take(self) -> bool:
        """Become the attempt for the request, if no other is. Raises DatabaseUnavailable."""
        leased = self._leased
        async with self._db.tx(leased.organisation_id, durable=False) as tx:
            taken = await store.take_all(tx, {leased.id: leased.request_hash}, LEASE)
        leased.is_taken = leased.id in taken
        return leased.is_taken

    def start(self) -> None:
        """Begin to watch the time."""
        self._leases.begin(self._leased)

    async def concerns_others(self) -> bool:
        """Whether repeats may wait for the answer, so that `settle` must keep it for them."""
        await self.stop()
        return self._leased.is_taken or time.monotonic() - self._leased.began_s > SLOW_S

    async def settle(self, tx: Tx, answer: bytes) -> None:
        """Keep the answer for repeats, in the transaction that bills it.

        So it is there exactly if it was billed. Raises Superseded if another process had to take
        this one for dead and computes the answer, or has: it bills.
        """
        if not await self.concerns_others() or len(answer) > ANSWER_BYTES_MAX:
            return
        sealed = self._request.seal(answer)
        kept = timedelta(seconds=KEPT_S)
        leased = self._leased
        settled = await store.settle(tx, leased.id, leased.request_hash, sealed, kept)
        if not settled and leased.is_taken:
            raise Superseded("The request was computed by another process meanwhile.")

    async def fail(self) -> None:
        """Let others compute the request."""
        await self.stop()
        leased = self._leased
        if leased.is_taken:
            with suppress(DatabaseUnavailable):
                async with self._db.tx(leased.organisation_id, durable=False) as tx:
                    await store.release(tx, leased.id, leased.request_hash)

    async def stop(self) -> None:
        """Watch the time no longer."""
        await self._leases.end(self._leased)


class Attempts:
    """Knows which requests run in other processes, and waits for their answers."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._leases = Leases(db)
        self._running: set[bytes] = set()
        self._listed_s = float("-inf")
        self._listing: asyncio.Task[None] | None = None

    def new(self, organisation_id: UUID, request: Fingerprint) -> Attempt:
        """Return an attempt at a request."""
        return Attempt(self._db, self._leases, organisation_id, request)

    async def may_run(self, request: Fingerprint) -> bool:
        """Say whether the request was running somewhere, up to LISTED_S seconds ago.

        A repeat comes later than that after the slow request has been announced, so that one look
        a second is enough for all requests. Nobody waits for it while the last one is good enough:
        when the database is slow, each request would otherwise wait for it. Without a database
        nothing runs.
        """
        age_s = time.monotonic() - self._listed_s
        if age_s > LISTING_S and self._listing is None:
            self._listing = asyncio.create_task(self._list())
            self._listing.add_done_callback(self._was_listed)
        if age_s > LISTED_S and self._listing is not None:
            await asyncio.shield(self._listing)
        return request.hash in self._running

    def _was_listed(self, _: asyncio.Task[None]) -> None:
        self._listing = None

    async def _list(self) -> None:
        now = time.monotonic()
        try:
            async with self._db.system_tx() as tx:
                self._running = await store.running(tx)
        except DatabaseUnavailable:
            self._running = set()
        self._listed_s = now

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
