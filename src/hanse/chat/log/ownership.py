"""The lease of shards in the database, whose clock is the only one that counts."""

from typing import Final
from uuid import UUID

from hanse.chat.log.shares import shards_of
from hanse.platform.database import Db

LEASE_S: Final = 3.0
MARGIN_S: Final = 0.5
"""A holder stops this much before its lease ends, counted from before it asked."""

_SEEN_SQL: Final = """
insert into chat.owners (id, seen_at) values ($1, clock_timestamp())
on conflict (id) do update set seen_at = excluded.seen_at
"""
_ALIVE_SQL: Final = """
select id from chat.owners where seen_at > clock_timestamp() - $1 * interval '1 second'
"""
_FORGET_SQL: Final = """
delete from chat.owners where seen_at < clock_timestamp() - interval '1 minute'
"""
_GIVE_BACK_SQL: Final = """
update chat.shards set owner_id = null, expires_at = '-infinity'
where owner_id = $1 and shard <> all($2::smallint[])
"""
_CLAIM_SQL: Final = """
update chat.shards
set epoch = epoch + (owner_id is distinct from $1 or expires_at <= clock_timestamp())::integer,
    owner_id = $1, expires_at = clock_timestamp() + $3 * interval '1 second'
where shard = any($2::smallint[])
    and (owner_id = $1 or owner_id is null or expires_at <= clock_timestamp())
returning shard, epoch
"""
_LEAVE_SQL: Final = "delete from chat.owners where id = $1"


async def renew(db: Db, owner_id: UUID) -> dict[int, int]:
    """Claim or renew an owner's fair share of the shards; return the epoch of each it has.

    The lease lasts LEASE_S from now on. Raises DatabaseUnavailable.
    """
    async with db.system_tx() as tx:
        await tx.execute(_SEEN_SQL, owner_id)
        await tx.execute(_FORGET_SQL)
        rows = await tx.fetch(_ALIVE_SQL, LEASE_S)
        share = list(shards_of(owner_id, [row["id"] for row in rows]))
        await tx.execute(_GIVE_BACK_SQL, owner_id, share)
        claimed = await tx.fetch(_CLAIM_SQL, owner_id, share, LEASE_S)
    return {row["shard"]: row["epoch"] for row in claimed}


async def leave(db: Db, owner_id: UUID) -> None:
    """Give everything back. Raises DatabaseUnavailable."""
    async with db.system_tx() as tx:
        await tx.execute(_GIVE_BACK_SQL, owner_id, [])
        await tx.execute(_LEAVE_SQL, owner_id)
