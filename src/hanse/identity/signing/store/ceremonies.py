"""Half-done sign-ins and registrations: what the second step must find."""

from typing import Any
from uuid import UUID

from hanse.identity.signing.store.purging import purge_oldest
from hanse.platform.database import Tx


async def put_ceremony(
    tx: Tx, token_hash: bytes, organisation_id: UUID | None, kind: str, data: Any, lasts_s: float
) -> None:
    """Keep what the second step of a ceremony must find."""
    await tx.execute(
        """
        insert into identity.ceremonies (token_hash, organisation_id, kind, data, expires_at)
        values ($1, $2, $3, $4, now() + $5 * interval '1 second')
        """,
        token_hash,
        organisation_id,
        kind,
        data,
        lasts_s,
    )


async def take_ceremony(tx: Tx, token_hash: bytes, kind: str) -> Any | None:
    """The data of a ceremony, once: it is gone afterwards."""
    return await tx.fetchval(
        """
        delete from identity.ceremonies
        where token_hash = $1 and kind = $2 and expires_at > now() returning data
        """,
        token_hash,
        kind,
    )


async def purge_ceremonies(tx: Tx, limit: int) -> int:
    """Delete up to `limit` ceremonies that nobody finished."""
    return await purge_oldest(
        tx, "identity.ceremonies", "token_hash", "expires_at", limit, "expires_at < now()"
    )
