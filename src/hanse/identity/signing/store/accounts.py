"""Accounts and their passwords."""

from uuid import UUID

from hanse.identity.signing.model import Account
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


async def delete_credentials(tx: Tx, person_id: UUID) -> None:
    """Throw everything away by which somebody could sign in, sessions and links aside."""
    for table in ("passwords", "passkeys", "totp", "recovery_codes", "identities"):
        await tx.execute(
            f"delete from identity.{table} where organisation_id = $1 and person_id = $2",
            tx.organisation_id,
            person_id,
        )
