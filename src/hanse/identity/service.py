"""The verbs about organisations and API keys. Each runs in the caller's transaction and asks the
policy first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from hanse.identity import store
from hanse.identity.audit import record
from hanse.identity.events import ApiKeyCreated, ApiKeyRevoked
from hanse.identity.expiry import warn_before
from hanse.identity.model import Access, ApiKey, Organisation
from hanse.identity.people import clean_name
from hanse.identity.policy import TEXT_SCOPES, Permission, Role
from hanse.identity.secrets import KEY_PREFIX, digest, new_secret
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, NotFound


class UnknownScope(BadRequest):
    """There is no such scope."""

    code = "unknown_scope"
    title = "Unknown scope"


class InvalidExpiry(BadRequest):
    """A key cannot expire in the past."""

    code = "invalid_expiry"
    title = "Invalid expiry"


def operator(organisation_id: UUID) -> Access:
    """The access of whoever runs the command line on the server: everything in one organisation."""
    return Access(organisation_id, frozenset(Permission), role=Role.OWNER)


async def create_organisation(tx: Tx, name: str) -> None:
    """Make the transaction's organisation."""
    await store.insert_organisation(tx, clean_name(name))


async def update_organisation(
    tx: Tx,
    access: Access,
    *,
    name: str | None = None,
    password_sign_in: bool | None = None,
    audit_retention_days: int | None = None,
) -> Organisation:
    """Change the organisation; None leaves a field. Raises InvalidName, MissingScope."""
    access.require(Permission.ORGANISATION_WRITE)
    before = await store.get_organisation(tx)
    after = Organisation(
        before.id,
        before.name if name is None else clean_name(name),
        before.password_sign_in if password_sign_in is None else password_sign_in,
        before.audit_retention_days if audit_retention_days is None else audit_retention_days,
    )
    await store.update_organisation(tx, after)
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    changed: dict[str, Any] = {
        each: [old[each], new[each]] for each in old if old[each] != new[each]
    }
    await record(
        tx, access, "organisation.changed", "organisation", after.id, after.name, **changed
    )
    return after


async def create_api_key(
    tx: Tx,
    access: Access,
    *,
    name: str,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """Make an API key; return it and its secret, which is shown this once.

    Without `scopes` it may call the text API. A caller cannot hand on what it may not do itself.
    Raises InvalidName, UnknownScope, InvalidExpiry, MissingScope.
    """
    access.require(Permission.API_KEYS_WRITE)
    known = {each.value for each in Permission}
    wanted = sorted(set(scopes)) if scopes is not None else sorted(TEXT_SCOPES)
    unknown = [each for each in wanted if each not in known]
    if unknown or not wanted:
        raise UnknownScope(
            f"Unknown scope(s): {', '.join(unknown) or 'none given'}. "
            f"There are: {', '.join(sorted(known))}."
        )
    access.require(*wanted)
    if expires_at is not None:
        try:
            expires_at = expires_at.astimezone(UTC)
        except OverflowError as error:
            raise InvalidExpiry("No calendar goes that far. Leave it out for no end.") from error
        if expires_at <= datetime.now(UTC):
            raise InvalidExpiry("The key would have expired already. Choose a time to come.")
    secret = new_secret(KEY_PREFIX)
    key = await store.insert_api_key(
        tx,
        new_id(),
        access.person_id,
        clean_name(name),
        digest(secret),
        wanted,
        expires_at,
        requests_per_minute,
    )
    await warn_before(tx, key)
    await announce(tx, ApiKeyCreated(api_key_id=key.id, name=key.name, scopes=key.scopes))
    await record(tx, access, "api_key.created", "api_key", key.id, key.name, scopes=key.scopes)
    return key, secret


async def rename_api_key(tx: Tx, access: Access, id: UUID, name: str) -> ApiKey:
    """Give an API key another name. Raises InvalidName, NotFound."""
    access.require(Permission.API_KEYS_WRITE)
    key = await store.rename_api_key(tx, id, clean_name(name))
    if key is None:
        raise NotFound("There is no such API key.")
    await record(tx, access, "api_key.renamed", "api_key", key.id, key.name)
    return key


async def revoke_api_key(tx: Tx, access: Access, id: UUID) -> ApiKey:
    """Stop an API key from working; doing so again changes nothing. Raises NotFound."""
    access.require(Permission.API_KEYS_WRITE)
    key, revoked_now = await store.revoke_api_key(tx, id)
    if key is None:
        raise NotFound("There is no such API key.")
    if revoked_now:
        await announce(tx, ApiKeyRevoked(api_key_id=key.id))
        await record(tx, access, "api_key.revoked", "api_key", key.id, key.name)
    return key
