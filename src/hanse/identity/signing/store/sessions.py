"""Sessions, by the hashes of their tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.model import Origin
from hanse.identity.signing.store.purging import purge_oldest
from hanse.platform.database import Tx


async def find_session(tx: Tx, token_hash: bytes) -> Any | None:
    """The live session with this token, with its person's role and groups' permissions."""
    return await tx.fetchrow("select * from identity.find_session($1)", token_hash)


async def insert_session(
    tx: Tx,
    id: UUID,
    person_id: UUID,
    token_hash: bytes,
    expires_at: datetime,
    method: str,
    origin: Origin,
    device_hash: bytes,
) -> None:
    """Insert a session by the hashes of its token and of its device's."""
    await tx.execute(
        """
        insert into identity.sessions (id, organisation_id, person_id, token_hash, expires_at,
            method, address, user_agent, last_seen_at, device_hash)
        values ($1, $2, $3, $4, $5, $6, $7, left($8, 400), now(), $9)
        """,
        id,
        tx.organisation_id,
        person_id,
        token_hash,
        expires_at,
        method,
        origin.address,
        origin.user_agent,
        device_hash,
    )


async def is_new_device(tx: Tx, person_id: UUID, device_hash: bytes) -> bool:
    """Whether somebody who has signed in before has never done so from this device."""
    return bool(
        await tx.fetchval(
            """
            select count(*) > 0 and coalesce(bool_and(device_hash is distinct from $3), true)
            from identity.sessions where organisation_id = $1 and person_id = $2
            """,
            tx.organisation_id,
            person_id,
            device_hash,
        )
    )


async def change_token(tx: Tx, id: UUID, token_hash: bytes) -> None:
    """Let a session be found by another token only."""
    await tx.execute(
        "update identity.sessions set token_hash = $3 where organisation_id = $1 and id = $2",
        tx.organisation_id,
        id,
        token_hash,
    )


async def touch_session(tx: Tx, id: UUID) -> None:
    """Note that a session was used, to the minute."""
    await tx.execute(
        """
        update identity.sessions set last_seen_at = now()
        where organisation_id = $1 and id = $2
            and (last_seen_at is null or last_seen_at < now() - interval '1 minute')
        """,
        tx.organisation_id,
        id,
    )


async def list_sessions(tx: Tx, person_id: UUID, limit: int) -> list[Any]:
    """Somebody's sessions that work, newest first."""
    return await tx.fetch(
        """
        select id, method, created_at, last_seen_at, expires_at, address, user_agent
        from identity.sessions
        where organisation_id = $1 and person_id = $2 and revoked_at is null
            and expires_at > now()
        order by id desc limit $3
        """,
        tx.organisation_id,
        person_id,
        limit,
    )


async def revoke_session(tx: Tx, id: UUID, person_id: UUID) -> bool:
    """End a session of somebody; False if it is none of theirs that works."""
    tag = await tx.execute(
        """
        update identity.sessions set revoked_at = now()
        where organisation_id = $1 and id = $2 and person_id = $3 and revoked_at is null
        """,
        tx.organisation_id,
        id,
        person_id,
    )
    return tag != "UPDATE 0"


async def revoke_sessions(tx: Tx, person_id: UUID, but: UUID | None = None) -> int:
    """End all of somebody's sessions but one; return how many."""
    tag = await tx.execute(
        """
        update identity.sessions set revoked_at = now()
        where organisation_id = $1 and person_id = $2 and revoked_at is null
            and ($3::uuid is null or id <> $3)
        """,
        tx.organisation_id,
        person_id,
        but,
    )
    return int(tag.split()[-1])


async def purge_sessions(tx: Tx, limit: int) -> int:
    """Delete up to `limit` sessions that ended long ago. `hanse_jobs` sees no others."""
    return await purge_oldest(tx, "identity.sessions", "id", "expires_at", limit)
