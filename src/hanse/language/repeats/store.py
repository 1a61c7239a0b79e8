"""All SQL of repeated requests. Times are the database's own, so that no clocks are compared."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.platform.database import Tx

RUNNING_MAX: Final = 10_000

TAKE: Final = """
insert into language.attempts as attempt (id, organisation_id, request_hash, lease_until)
select id, $2, request_hash, now() + $4::interval
from unnest($1::uuid[], $3::bytea[]) as new (id, request_hash)
on conflict (organisation_id, request_hash) do update
set id = excluded.id, answer = null, lease_until = excluded.lease_until
where attempt.lease_until < now()
returning id
"""

RENEW: Final = """
update language.attempts set lease_until = now() + $3::interval
where organisation_id = $2 and id = any($1) and answer is null
returning id
"""

SETTLE: Final = """
insert into language.attempts as attempt (id, organisation_id, request_hash, answer, lease_until)
values ($1, $2, $3, $4, now() + $5::interval)
on conflict (organisation_id, request_hash) do update
set id = excluded.id, answer = excluded.answer, lease_until = excluded.lease_until
where attempt.id = excluded.id or attempt.lease_until < now()
returning id
"""

LOOK: Final = """
select answer, lease_until < now() as is_over from language.attempts
where organisation_id = $1 and request_hash = $2
"""

RELEASE: Final = """
delete from language.attempts where organisation_id = $2 and request_hash = $3 and id = $1
"""

RUNNING: Final = "select request_hash from language.running_requests($1) as request_hash"

PURGE: Final = """
delete from language.attempts where (organisation_id, request_hash) in (
    select organisation_id, request_hash from language.attempts where lease_until < now() limit $1
)
"""


class Standing(msgspec.Struct, frozen=True):
    """How an attempt stands. One that is over has no process any more."""

    answer: bytes | None
    is_over: bool


async def take_all(tx: Tx, hashes: dict[UUID, bytes], lease: timedelta) -> set[UUID]:
    """Make these attempts, by id, those for their requests; return which now are.

    The others' requests have another one that is not over. No two are for one request.
    """
    if not hashes:
        return set()
    rows = await tx.fetch(TAKE, list(hashes), tx.organisation_id, list(hashes.values()), lease)
    return {row["id"] for row in rows}


async def renew_all(tx: Tx, ids: Sequence[UUID], lease: timedelta) -> set[UUID]:
    """Say that these attempts still run; return which are still those for their requests."""
    if not ids:
        return set()
    rows = await tx.fetch(RENEW, list(ids), tx.organisation_id, lease)
    return {row["id"] for row in rows}


async def settle(tx: Tx, id: UUID, request_hash: bytes, answer: bytes, kept: timedelta) -> bool:
    """Keep the answer of this attempt; false if another is the one for the request."""
    row = await tx.fetchval(SETTLE, id, tx.organisation_id, request_hash, answer, kept)
    return row is not None


async def look(tx: Tx, request_hash: bytes) -> Standing | None:
    """Return how the attempt for a request stands, None if there is none."""
    row = await tx.fetchrow(LOOK, tx.organisation_id, request_hash)
    return None if row is None else Standing(row["answer"], row["is_over"])


async def release(tx: Tx, id: UUID, request_hash: bytes) -> None:
    """Forget this attempt: it failed."""
    await tx.execute(RELEASE, id, tx.organisation_id, request_hash)


async def running(tx: Tx) -> set[bytes]:
    """Return the hashes of all requests that run or ran of late, of all organisations."""
    return {row["request_hash"] for row in await tx.fetch(RUNNING, RUNNING_MAX)}


async def purge(tx: Tx, rows_max: int) -> None:
    """Delete what is over, in a transaction of no organisation."""
    await tx.execute(PURGE, rows_max)
