"""Passkeys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hanse.identity.signing.model import Passkey
from hanse.platform.database import Tx


async def find_passkey(tx: Tx, credential_id: bytes) -> Any | None:
    """(id, organisation_id, person_id) of a passkey, in any organisation. Any transaction."""
    return await tx.fetchrow("select * from identity.find_passkey($1)", credential_id)


async def get_passkey(tx: Tx, id: UUID) -> Any | None:
    """(public_key, sign_count) of a passkey; held until the transaction ends."""
    return await tx.fetchrow(
        """
        select public_key, sign_count from identity.passkeys
        where organisation_id = $1 and id = $2 for update
        """,
        tx.organisation_id,
        id,
    )


async def insert_passkey(
    tx: Tx,
    id: UUID,
    person_id: UUID,
    name: str,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    transports: Sequence[str],
) -> Passkey | None:
    """Insert a passkey; None if it is known already."""
    row = await tx.fetchrow(
        """
        insert into identity.passkeys (id, organisation_id, person_id, name, credential_id,
            public_key, sign_count, transports)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (credential_id) do nothing
        returning id, name, created_at, last_used_at
        """,
        id,
        tx.organisation_id,
        person_id,
        name,
        credential_id,
        public_key,
        sign_count,
        list(transports),
    )
    return None if row is None else Passkey(*row.values())


async def use_passkey(tx: Tx, id: UUID, sign_count: int) -> None:
    """Note that a passkey was used, and how often it says it was."""
    await tx.execute(
        """
        update identity.passkeys set sign_count = $3, last_used_at = now()
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        sign_count,
    )


async def list_passkeys(tx: Tx, person_id: UUID) -> list[Passkey]:
    """Somebody's passkeys, oldest first."""
    rows = await tx.fetch(
        """
        select id, name, created_at, last_used_at from identity.passkeys
        where organisation_id = $1 and person_id = $2 order by id
        """,
        tx.organisation_id,
        person_id,
    )
    return [Passkey(*row.values()) for row in rows]


async def list_credential_ids(tx: Tx, person_id: UUID) -> list[bytes]:
    """The credential ids of somebody's passkeys."""
    rows = await tx.fetch(
        """
        select credential_id from identity.passkeys
        where organisation_id = $1 and person_id = $2
        """,
        tx.organisation_id,
        person_id,
    )
    return [row["credential_id"] for row in rows]


async def delete_passkey(tx: Tx, id: UUID, person_id: UUID) -> str | None:
    """Throw a passkey away; return its name, or None if it is none of this person's."""
    name: str | None = await tx.fetchval(
        """
        delete from identity.passkeys
        where organisation_id = $1 and id = $2 and person_id = $3 returning name
        """,
        tx.organisation_id,
        id,
        person_id,
    )
    return name
