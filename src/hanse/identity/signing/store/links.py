"""One-time sign-in links, by the hashes of their tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.signing.store.purging import purge_oldest
from hanse.platform.database import Tx


async def insert_link(
    tx: Tx,
    id: UUID,
    person_id: UUID,
    token_hash: bytes,
    expires_at: datetime,
    *,
    second_factor: bool,
) -> None:
    """Insert a one-time sign-in link by the hash of its token."""
    await tx.execute(
        """
        insert into identity.sign_in_links
            (id, organisation_id, person_id, token_hash, expires_at, second_factor)
        values ($1, $2, $3, $4, $5, $6)
        """,
        id,
        tx.organisation_id,
        person_id,
        token_hash,
        expires_at,
        second_factor,
    )


async def find_link(tx: Tx, token_hash: bytes) -> Any | None:
    """(id, organisation_id, person_id, second_factor) of the unused link with this token."""
    return await tx.fetchrow("select * from identity.find_sign_in_link($1)", token_hash)


async def use_link(tx: Tx, id: UUID) -> bool:
    """Use a link up; False if somebody else just did."""
    used = await tx.fetchval(
        """
        update identity.sign_in_links set used_at = now()
        where organisation_id = $1 and id = $2 and used_at is null
        returning true
        """,
        tx.organisation_id,
        id,
    )
    return bool(used)


async def revoke_links(tx: Tx, person_id: UUID) -> None:
    """Let none of somebody's unused links work any more."""
    await tx.execute(
        """
        update identity.sign_in_links set used_at = now()
        where organisation_id = $1 and person_id = $2 and used_at is null
        """,
        tx.organisation_id,
        person_id,
    )


async def purge_links(tx: Tx, limit: int) -> int:
    """Delete up to `limit` sign-in links that ended long ago. `hanse_jobs` sees no others."""
    return await purge_oldest(tx, "identity.sign_in_links", "id", "expires_at", limit)
