"""Authenticator apps and recovery codes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hanse.platform.database import Tx


async def get_totp(tx: Tx, person_id: UUID) -> Any | None:
    """(sealed_secret, confirmed_at, last_step) of somebody; held until the transaction ends."""
    return await tx.fetchrow(
        """
        select sealed_secret, confirmed_at, last_step from identity.totp
        where organisation_id = $1 and person_id = $2 for update
        """,
        tx.organisation_id,
        person_id,
    )


async def put_totp(tx: Tx, person_id: UUID, sealed_secret: bytes) -> None:
    """Keep a new secret, not confirmed yet."""
    await tx.execute(
        """
        insert into identity.totp (person_id, organisation_id, sealed_secret) values ($2, $1, $3)
        on conflict (person_id) do update
            set sealed_secret = excluded.sealed_secret, confirmed_at = null, last_step = 0
        """,
        tx.organisation_id,
        person_id,
        sealed_secret,
    )


async def use_totp_step(tx: Tx, person_id: UUID, step: int) -> None:
    """Note the last step whose code was used, which confirms the secret."""
    await tx.execute(
        """
        update identity.totp set last_step = $3, confirmed_at = coalesce(confirmed_at, now())
        where organisation_id = $1 and person_id = $2
        """,
        tx.organisation_id,
        person_id,
        step,
    )


async def delete_totp(tx: Tx, person_id: UUID) -> bool:
    """Throw the secret and the recovery codes away; False if there was no secret."""
    await tx.execute(
        "delete from identity.recovery_codes where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    tag = await tx.execute(
        "delete from identity.totp where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return tag != "DELETE 0"


async def put_recovery_codes(tx: Tx, person_id: UUID, hashes: Sequence[bytes]) -> None:
    """Let these be somebody's recovery codes, and no others."""
    await tx.execute(
        "delete from identity.recovery_codes where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    await tx.execute(
        """
        insert into identity.recovery_codes (organisation_id, person_id, code_hash)
        select $1, $2, unnest($3::bytea[])
        """,
        tx.organisation_id,
        person_id,
        list(hashes),
    )


async def use_recovery_code(tx: Tx, person_id: UUID, code_hash: bytes) -> bool:
    """Use a recovery code up; False if it is none that works."""
    used = await tx.fetchval(
        """
        update identity.recovery_codes set used_at = now()
        where organisation_id = $1 and person_id = $2 and code_hash = $3 and used_at is null
        returning true
        """,
        tx.organisation_id,
        person_id,
        code_hash,
    )
    return bool(used)


async def count_recovery_codes(tx: Tx, person_id: UUID) -> int:
    """How many recovery codes somebody has left."""
    left: int = await tx.fetchval(
        """
        select count(*) from identity.recovery_codes
        where organisation_id = $1 and person_id = $2 and used_at is null
        """,
        tx.organisation_id,
        person_id,
    )
    return left
