"""All SQL of identity: one function a query."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.model import ApiKey, Organisation, Person
from hanse.identity.policy import Role
from hanse.platform.database import Tx

_PERSON = "id, email, name, role, created_at"
_API_KEY = "id, name, scopes, created_at, expires_at, revoked_at, last_used_at"


def _person(row: Any) -> Person:
    return Person(row["id"], row["email"], row["name"], Role(row["role"]), row["created_at"])


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
        "select id, name from identity.organisations where id = $1", tx.organisation_id
    )
    assert row is not None
    return Organisation(row["id"], row["name"])


async def insert_person(tx: Tx, id: UUID, email: str, name: str, role: Role) -> Person | None:
    """Insert a person; None if the e-mail address is taken."""
    row = await tx.fetchrow(
        f"""
        insert into identity.people (id, organisation_id, email, name, role)
        values ($1, $2, $3, $4, $5)
        on conflict (organisation_id, lower(email)) do nothing
        returning {_PERSON}
        """,
        id,
        tx.organisation_id,
        email,
        name,
        role.value,
    )
    return None if row is None else _person(row)


async def get_person(tx: Tx, id: UUID) -> Person | None:
    """One person by id."""
    row = await tx.fetchrow(
        f"select {_PERSON} from identity.people where organisation_id = $1 and id = $2",
        tx.organisation_id,
        id,
    )
    return None if row is None else _person(row)


async def get_person_by_email(tx: Tx, email: str) -> Person | None:
    """One person by e-mail address, whatever its case."""
    row = await tx.fetchrow(
        f"""
        select {_PERSON} from identity.people
        where organisation_id = $1 and lower(email) = lower($2)
        """,
        tx.organisation_id,
        email,
    )
    return None if row is None else _person(row)


async def list_people(tx: Tx, after: UUID | None, limit: int) -> list[Person]:
    """People in the order of their making, from `after` on."""
    rows = await tx.fetch(
        f"""
        select {_PERSON} from identity.people
        where organisation_id = $1 and ($2::uuid is null or id > $2)
        order by id limit $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [_person(row) for row in rows]


async def insert_api_key(
    tx: Tx,
    id: UUID,
    created_by: UUID | None,
    name: str,
    secret_hash: bytes,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> ApiKey:
    """Insert an API key by the hash of its secret."""
    row = await tx.fetchrow(
        f"""
        insert into identity.api_keys
            (id, organisation_id, created_by, name, secret_hash, scopes, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        returning {_API_KEY}
        """,
        id,
        tx.organisation_id,
        created_by,
        name,
        secret_hash,
        list(scopes),
        expires_at,
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
    """(id, organisation_id, scopes) of the live key with this secret, in any organisation."""
    return await tx.fetchrow("select * from identity.find_api_key($1)", secret_hash)


async def find_session(tx: Tx, token_hash: bytes) -> Any | None:
    """(id, organisation_id, person_id, role) of the live session with this token."""
    return await tx.fetchrow("select * from identity.find_session($1)", token_hash)


async def find_sign_in_link(tx: Tx, token_hash: bytes) -> Any | None:
    """(id, organisation_id, person_id) of the unused sign-in link with this token."""
    return await tx.fetchrow("select * from identity.find_sign_in_link($1)", token_hash)


async def insert_sign_in_link(
    tx: Tx, id: UUID, person_id: UUID, token_hash: bytes, expires_at: datetime
) -> None:
    """Insert a one-time sign-in link by the hash of its token."""
    await tx.execute(
        """
        insert into identity.sign_in_links
            (id, organisation_id, person_id, token_hash, expires_at)
        values ($1, $2, $3, $4, $5)
        """,
        id,
        tx.organisation_id,
        person_id,
        token_hash,
        expires_at,
    )


async def use_sign_in_link(tx: Tx, id: UUID) -> bool:
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


async def insert_session(
    tx: Tx, id: UUID, person_id: UUID, token_hash: bytes, expires_at: datetime
) -> None:
    """Insert a session by the hash of its token."""
    await tx.execute(
        """
        insert into identity.sessions (id, organisation_id, person_id, token_hash, expires_at)
        values ($1, $2, $3, $4, $5)
        """,
        id,
        tx.organisation_id,
        person_id,
        token_hash,
        expires_at,
    )


async def revoke_session(tx: Tx, id: UUID) -> None:
    """End a session."""
    await tx.execute(
        """
        update identity.sessions set revoked_at = now()
        where organisation_id = $1 and id = $2 and revoked_at is null
        """,
        tx.organisation_id,
        id,
    )
