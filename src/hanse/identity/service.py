"""The verbs of identity. Each runs in the caller's transaction and asks the policy first."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hanse.identity import store
from hanse.identity.events import ApiKeyCreated, ApiKeyRevoked, PersonCreated
from hanse.identity.model import Access, ApiKey, Person
from hanse.identity.policy import GRANTS, TEXT_SCOPES, Permission, Role, may_appoint
from hanse.identity.secrets import KEY_PREFIX, digest, new_secret
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, Conflict, Forbidden, NotFound

LINK_LIFETIME = timedelta(days=2)
SESSION_LIFETIME = timedelta(days=30)
NAME_CHARACTERS_MAX = 200

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")


class InvalidName(BadRequest):
    """A name is empty, too long, or contains control characters."""

    code = "invalid_name"
    title = "Invalid name"


class InvalidEmail(BadRequest):
    """This is no e-mail address."""

    code = "invalid_email"
    title = "Invalid e-mail address"


class EmailTaken(Conflict):
    """Somebody in the organisation has this e-mail address."""

    code = "email_taken"
    title = "E-mail address taken"


class UnknownScope(BadRequest):
    """There is no such scope."""

    code = "unknown_scope"
    title = "Unknown scope"


class InvalidExpiry(BadRequest):
    """A key cannot expire in the past."""

    code = "invalid_expiry"
    title = "Invalid expiry"


class InvalidSignInLink(Forbidden):
    """The link was used, or is too old, or never existed."""

    code = "invalid_sign_in_link"
    title = "This sign-in link does not work"


def operator(organisation_id: UUID) -> Access:
    """The access of whoever runs the command line on the server: everything in one organisation."""
    return Access(organisation_id, frozenset(Permission), role=Role.OWNER)


async def create_organisation(tx: Tx, name: str) -> None:
    """Make the transaction's organisation."""
    await store.insert_organisation(tx, _clean(name))


async def create_person(tx: Tx, access: Access, *, email: str, name: str, role: Role) -> Person:
    """Add somebody. Raises InvalidEmail, InvalidName, EmailTaken, Forbidden."""
    access.require(Permission.PEOPLE_WRITE)
    if not may_appoint(access.role, role):
        raise Forbidden(f"You may not give the role '{role}'.")
    if not _EMAIL.fullmatch(email):
        raise InvalidEmail("Write an address such as name@example.org.")
    person = await store.insert_person(tx, new_id(), email, _clean(name), role)
    if person is None:
        raise EmailTaken(f"There is a person with the address {email} already.")
    await announce(tx, PersonCreated(person_id=person.id, role=role.value))
    return person


async def create_sign_in_link(tx: Tx, access: Access, person_id: UUID) -> str:
    """Return the token of a new one-time sign-in link. Raises NotFound, Forbidden."""
    access.require(Permission.PEOPLE_WRITE)
    person = await store.get_person(tx, person_id)
    if person is None:
        raise NotFound("There is no such person.")
    if not may_appoint(access.role, person.role):
        raise Forbidden(f"You may not make a sign-in link for somebody who is '{person.role}'.")
    token = new_secret()
    expires_at = datetime.now(UTC) + LINK_LIFETIME
    await store.insert_sign_in_link(tx, new_id(), person_id, digest(token), expires_at)
    return token


async def create_api_key(
    tx: Tx,
    access: Access,
    *,
    name: str,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
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
        tx, new_id(), access.person_id, _clean(name), digest(secret), wanted, expires_at
    )
    await announce(tx, ApiKeyCreated(api_key_id=key.id, name=key.name, scopes=key.scopes))
    return key, secret


async def rename_api_key(tx: Tx, access: Access, id: UUID, name: str) -> ApiKey:
    """Give an API key another name. Raises InvalidName, NotFound."""
    access.require(Permission.API_KEYS_WRITE)
    key = await store.rename_api_key(tx, id, _clean(name))
    if key is None:
        raise NotFound("There is no such API key.")
    return key


async def revoke_api_key(tx: Tx, access: Access, id: UUID) -> ApiKey:
    """Stop an API key from working; doing so again changes nothing. Raises NotFound."""
    access.require(Permission.API_KEYS_WRITE)
    key, revoked_now = await store.revoke_api_key(tx, id)
    if key is None:
        raise NotFound("There is no such API key.")
    if revoked_now:
        await announce(tx, ApiKeyRevoked(api_key_id=key.id))
    return key


async def sign_in(db: Db, link_token: str) -> str:
    """Use up a sign-in link; return the token of the new session. Raises InvalidSignInLink.

    Opens its own transactions, since only the link tells whose organisation it is.
    """
    async with db.system_tx() as tx:
        link = await store.find_sign_in_link(tx, digest(link_token))
    if link is None:
        raise InvalidSignInLink("It was used before, or it is too old. Ask for a new one.")
    async with db.tx(link["organisation_id"], link["person_id"]) as tx:
        if not await store.use_sign_in_link(tx, link["id"]):
            raise InvalidSignInLink("It was used a moment ago. Ask for a new one.")
        token = new_secret()
        expires_at = datetime.now(UTC) + SESSION_LIFETIME
        await store.insert_session(tx, new_id(), link["person_id"], digest(token), expires_at)
    return token


async def sign_out(db: Db, access: Access) -> None:
    """End the session that `access` came from."""
    if access.session_id is not None:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            await store.revoke_session(tx, access.session_id)


def permissions_of(role: Role) -> frozenset[Permission]:
    """What a person in this role may do."""
    return GRANTS[role]


def _clean(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or any(ord(each) < 32 for each in name):
        raise InvalidName(f"Write 1 to {NAME_CHARACTERS_MAX} characters, on one line.")
    return name
