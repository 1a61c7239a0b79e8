"""All SQL of organisations and API keys: one function a query."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.model import ApiKey, Organisation
from hanse.platform.database import Tx

_ORGANISATION = "id, name, password_sign_in, audit_retention_days"
_API_KEY = "id, name, scopes, created_at, expires_at, revoked_at, last_used_at, requests_per_minute"


def _api_key(row: Any) -> ApiKey:
    return ApiKey(*row.values())


async def list_organisations(tx: Tx) -> list[Organisation]:
    """All organisations, oldest first. For the owner of the schema only."""
    rows = await tx.fetch("select id, name from identity.list_organisations()")
    return [Organisation(row["id"], row["name"]) for row in rows]


async def insert_organisation(tx: Tx, name: str) -> None:
    """Insert the transaction's own organisation."""
    await tx.execute(
        "insert into identity.organisations (id, name) values ($1, $2)", tx.organisation_id, name
    )


async def get_organisation(tx: Tx) -> Organisation:
    """The transaction's own organisation."""
    row = await tx.fetchrow(
        f"select {_ORGANISATION} from identity.organisations where id = $1", tx.organisation_id
    )
    assert row is not None
    return Organisation(*row.values())


async def update_organisation(tx: Tx, organisation: Organisation) -> None:
    """Write all that can be changed of the transaction's own organisation."""
    await tx.execute(
        """
        update identity.organisations
        set name = $2, password_sign_in = $3, audit_retention_days = $4 where id = $1
        """,
        tx.organisation_id,
        organisation.name,
        organisation.password_sign_in,
        organisation.audit_retention_days,
    )


async def insert_api_key(
    tx: Tx,
    id: UUID,
    created_by: UUID | None,
    name: str,
    secret_hash: bytes,
    scopes: Sequence[str],
    expires_at: datetime | None,
    requests_per_minute: int | None = None,
) -> ApiKey:
    """Insert an API key by the hash of its secret."""
    row = await tx.fetchrow(
        f"""
        insert into identity.api_keys
            (id, organisation_id, created_by, name, secret_hash, scopes, expires_at,
                requests_per_minute)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        returning {_API_KEY}
        """,
        id,
        tx.organisation_id,
        created_by,
        name,
        secret_hash,
        list(scopes),
        expires_at,
        requests_per_minute,
    )
    return _api_key(row)


async def list_api_keys(tx: Tx, after: UUID | None, limit: int) -> list[ApiKey]:
    """API keys in the order of their making, from `after` on, revoked ones included."""
    rows = await tx.fetch(
        f"""
        select {_API_KEY} from identity.api_keys
        where organisation_id = $1 and ($2::uuid is null or id > $2)
        order by id limit $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [_api_key(row) for row in rows]


async def get_live_api_key(tx: Tx, id: UUID) -> Any | None:
    """Name, maker and end of a key that still works."""
    return await tx.fetchrow(
        """
        select name, created_by, expires_at from identity.api_keys
        where organisation_id = $1 and id = $2 and revoked_at is null
            and (expires_at is null or expires_at > now())
        """,
        tx.organisation_id,
        id,
    )


async def rename_api_key(tx: Tx, id: UUID, name: str) -> ApiKey | None:
    """Give an API key another name; None if there is none."""
    row = await tx.fetchrow(
        f"""
        update identity.api_keys set name = $3 where organisation_id = $1 and id = $2
        returning {_API_KEY}
        """,
        tx.organisation_id,
        id,
        name,
    )
    return None if row is None else _api_key(row)


async def revoke_api_key(tx: Tx, id: UUID) -> tuple[ApiKey | None, bool]:
    """Mark an API key as revoked, once, and tell whether this did it; None if there is none."""
    row = await tx.fetchrow(
        f"""
        update identity.api_keys set revoked_at = now()
        where organisation_id = $1 and id = $2 and revoked_at is null
        returning {_API_KEY}
        """,
        tx.organisation_id,
        id,
    )
    if row is not None:
        return _api_key(row), True
    row = await tx.fetchrow(
        f"select {_API_KEY} from identity.api_keys where organisation_id = $1 and id = $2",
        tx.organisation_id,
        id,
    )
    return (None if row is None else _api_key(row)), False


async def revoke_api_keys_of(tx: Tx, person_id: UUID, keep: UUID | None) -> list[ApiKey]:
    """Mark the API keys that somebody made as revoked, but `keep`; return those this did it to."""
    rows = await tx.fetch(
        f"""
        update identity.api_keys set revoked_at = now()
        where organisation_id = $1 and created_by = $2 and revoked_at is null
            and ($3::uuid is null or id <> $3)
        returning {_API_KEY}
        """,
        tx.organisation_id,
        person_id,
        keep,
    )
    return [_api_key(row) for row in rows]


async def newest_api_keys(tx: Tx, limit: int) -> list[ApiKey]:
    """The API keys that work, newest first."""
    rows = await tx.fetch(
        f"""
        select {_API_KEY} from identity.api_keys
        where organisation_id = $1 and revoked_at is null
            and (expires_at is null or expires_at > now())
        order by id desc limit $2
        """,
        tx.organisation_id,
        limit,
    )
    return [_api_key(row) for row in rows]


async def touch_api_key(tx: Tx, id: UUID) -> None:
    """Note that an API key was used, to the minute."""
    await tx.execute(
        """
        update identity.api_keys set last_used_at = now()
        where organisation_id = $1 and id = $2
            and (last_used_at is null or last_used_at < now() - interval '1 minute')
        """,
        tx.organisation_id,
        id,
    )


async def find_api_key(tx: Tx, secret_hash: bytes) -> Any | None:
    """The live key with this secret, in any organisation.

    (id, organisation_id, scopes, requests_per_minute, name).
    """
    return await tx.fetchrow("select * from identity.find_api_key($1)", secret_hash)
