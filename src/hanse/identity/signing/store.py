"""All SQL of signing in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.model import Origin
from hanse.identity.signing.model import Account, Passkey
from hanse.platform.database import Tx


async def find_accounts(tx: Tx, email: str) -> list[Account]:
    """Who may sign in with this address, in all organisations, oldest first. Any transaction."""
    rows = await tx.fetch("select * from identity.find_accounts($1)", email)
    return [Account(*row.values()) for row in rows]


async def allows_passwords(tx: Tx) -> bool:
    """Tell whether any organisation lets people sign in by password. Any transaction."""
    return bool(await tx.fetchval("select identity.password_sign_in()"))


async def get_name(tx: Tx, person_id: UUID) -> str | None:
    """Somebody's name."""
    name: str | None = await tx.fetchval(
        "select name from identity.people where organisation_id = $1 and id = $2",
        tx.organisation_id,
        person_id,
    )
    return name


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


async def get_password_hash(tx: Tx, person_id: UUID) -> str | None:
    """The hash of somebody's password, if they have one."""
    hash: str | None = await tx.fetchval(
        "select hash from identity.passwords where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return hash


async def put_password_hash(tx: Tx, person_id: UUID, hash: str) -> None:
    """Keep the hash of somebody's password."""
    await tx.execute(
        """
        insert into identity.passwords (person_id, organisation_id, hash) values ($2, $1, $3)
        on conflict (person_id) do update set hash = excluded.hash, changed_at = now()
        """,
        tx.organisation_id,
        person_id,
        hash,
    )


async def add_failure(tx: Tx, bucket: bytes, forget_s: float) -> tuple[int, float]:
    """Count a failure; return how many there were before, and seconds since the last of them.

    One that comes after `forget_s` without any is the first again. A system transaction; the
    bucket is held until it ends.
    """
    seen = await tx.fetchrow(
        """
        select failures, extract(epoch from clock_timestamp() - last_at)::float8 as age_s
        from identity.sign_in_failures where bucket = $1 for update
        """,
        bucket,
    )
    await tx.execute(
        """
        insert into identity.sign_in_failures as kept (bucket, failures, last_at)
        values ($1, 1, clock_timestamp())
        on conflict (bucket) do update set
            failures = case when kept.last_at < now() - $2 * interval '1 second' then 1
                else kept.failures + 1 end,
            last_at = clock_timestamp()
        """,
        bucket,
        forget_s,
    )
    return (0, 0.0) if seen is None else (seen["failures"], seen["age_s"])


async def forgive_failure(tx: Tx, bucket: bytes) -> None:
    """Take one failure back."""
    await tx.execute(
        """
        update identity.sign_in_failures set failures = failures - 1
        where bucket = $1 and failures > 0
        """,
        bucket,
    )


async def forget_failures(tx: Tx, bucket: bytes) -> None:
    """Forget a bucket's failures."""
    await tx.execute("delete from identity.sign_in_failures where bucket = $1", bucket)


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


async def purge_sessions(tx: Tx, limit: int) -> int:
    """Delete up to `limit` sessions that ended long ago. `hanse_jobs` sees no others."""
    return await _purge(tx, "identity.sessions", "id", "expires_at", limit)


async def purge_links(tx: Tx, limit: int) -> int:
    """Delete up to `limit` sign-in links that ended long ago. `hanse_jobs` sees no others."""
    return await _purge(tx, "identity.sign_in_links", "id", "expires_at", limit)


async def purge_ceremonies(tx: Tx, limit: int) -> int:
    """Delete up to `limit` ceremonies that nobody finished."""
    return await _purge(
        tx, "identity.ceremonies", "token_hash", "expires_at", limit, "expires_at < now()"
    )


async def purge_failures(tx: Tx, limit: int) -> int:
    """Delete up to `limit` counts of failures that are forgotten by now."""
    return await _purge(
        tx,
        "identity.sign_in_failures",
        "bucket",
        "last_at",
        limit,
        "last_at < now() - interval '2 days'",
    )


async def _purge(
    tx: Tx, table: str, key: str, order: str, limit: int, condition: str = "true"
) -> int:
    tag = await tx.execute(
        f"""
        delete from {table} where {key} in (
            select {key} from {table} where {condition} order by {order} limit $1
        )
        """,
        limit,
    )
    return int(tag.split()[-1])
