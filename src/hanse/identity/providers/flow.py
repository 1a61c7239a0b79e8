"""Signing in by an identity provider: there, back, and who that is here."""

from typing import Any, NamedTuple
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.events import GroupChanged
from hanse.identity.groups import store as groups_store
from hanse.identity.model import Origin, Person, Status
from hanse.identity.people import store as people_store
from hanse.identity.people.service import NAME_CHARACTERS_MAX, InvalidEmail, add_person
from hanse.identity.policy import Role
from hanse.identity.providers import store
from hanse.identity.providers.model import IdentityProvider
from hanse.identity.providers.oidc import OidcClient, TokenRefused
from hanse.identity.providers.service import SEAL_PURPOSE
from hanse.identity.sealing import Seal
from hanse.identity.secrets import digest, new_secret
from hanse.identity.signing import sessions
from hanse.identity.signing.model import SignedIn
from hanse.identity.signing.store import put_ceremony, take_ceremony
from hanse.platform.database import Db, Tx
from hanse.platform.outbox import announce
from hanse.platform.problems import Forbidden, NotFound

CEREMONY_S = 600.0
SUBJECT_CHARACTERS_MAX = 255
_KIND = "oidc"


class NotInvited(Forbidden):
    """The provider says who this is, but nobody let this person in."""

    code = "not_invited"
    title = "No account here"


class SignInExpired(Forbidden):
    """The sign-in took too long, was finished before, or began in another browser."""

    code = "sign_in_expired"
    title = "Begin the sign-in anew"


class Departure(NamedTuple):
    """Where the browser goes, and what its cookie must hold when it comes back."""

    url: str
    browser_token: str


class Arrival(NamedTuple):
    """A new session, and the path that the person wanted to see."""

    signed_in: SignedIn
    next_path: str


def safe_path(path: str | None) -> str:
    """Return `path` if it is one on this server, else `/`: nobody is sent elsewhere."""
    if path is None or not path.startswith("/") or len(path) > 2000:
        return "/"
    # Browsers read a backslash as a slash, and skip tabs and line breaks.
    if path[1:2] in ("/", "\\") or "\\" in path or any(ord(each) < 33 for each in path):
        return "/"
    return path


async def depart(
    db: Db, oidc: OidcClient, provider_id: UUID, *, next_path: str | None, redirect_uri: str
) -> Departure:
    """Begin a sign-in at a provider. Raises NotFound, ProviderUnavailable."""
    async with db.system_tx() as tx:
        organisation_id = await store.find_organisation(tx, provider_id)
    if organisation_id is None:
        raise NotFound("There is no such identity provider.")
    async with db.tx(organisation_id) as tx:
        provider = await store.get_provider(tx, provider_id)
    if provider is None:
        raise NotFound("There is no such identity provider.")
    state, nonce, verifier, browser_token = (new_secret() for _ in range(4))
    url = await oidc.authorization_url(
        provider, redirect_uri=redirect_uri, state=state, nonce=nonce, code_verifier=verifier
    )
    data = {
        "organisation_id": str(organisation_id),
        "provider_id": str(provider_id),
        "nonce": nonce,
        "code_verifier": verifier,
        "next": safe_path(next_path),
        "browser": digest(browser_token).hex(),
    }
    async with db.system_tx() as tx:
        await put_ceremony(tx, digest(state), None, _KIND, data, CEREMONY_S)
    return Departure(url, browser_token)


async def arrive(
    db: Db,
    oidc: OidcClient,
    seal: Seal,
    *,
    state: str,
    code: str,
    issuer: str | None,
    browser_token: str | None,
    redirect_uri: str,
    origin: Origin,
) -> Arrival:
    """Finish a sign-in with what the browser brought back.

    Raises SignInExpired, NotInvited, TokenRefused, ProviderUnavailable.
    """
    async with db.system_tx() as tx:
        kept = await take_ceremony(tx, digest(state), _KIND)
    if kept is None or kept["browser"] != digest(browser_token or "").hex():
        raise SignInExpired("It took too long, or was begun in another browser.")
    organisation_id, provider_id = UUID(kept["organisation_id"]), UUID(kept["provider_id"])
    async with db.tx(organisation_id) as tx:
        provider = await store.get_provider(tx, provider_id)
        sealed = await store.get_sealed_client_secret(tx, provider_id)
    if provider is None or not provider.enabled:
        raise SignInExpired("The identity provider is not in use any more.")
    secret = seal.open(sealed, purpose=SEAL_PURPOSE, owner=provider_id) if sealed else None
    claims = await oidc.claims(
        provider,
        secret,
        redirect_uri=redirect_uri,
        code=code,
        code_verifier=kept["code_verifier"],
        nonce=kept["nonce"],
        issuer=issuer,
    )
    async with db.tx(organisation_id) as tx:
        person = await _person_of(tx, provider, claims, origin)
        await _follow_groups(tx, provider, person, claims)
        signed_in = await sessions.begin(tx, person.id, method="oidc", origin=origin)
    return Arrival(signed_in, kept["next"])


async def _person_of(
    tx: Tx, provider: IdentityProvider, claims: dict[str, Any], origin: Origin
) -> Person:
    """Who the claims are about: known by subject, else by address, else added if that is wanted."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARACTERS_MAX:
        raise TokenRefused("The provider's name for this person cannot be read.")
    known = await store.get_identity(tx, provider.id, subject)
    person = await people_store.get_person(tx, known) if known else None
    if person is None:
        email = _email(provider, claims)
        person = await people_store.get_person_by_email(tx, email)
        if person is None:
            person = await _add(tx, provider, claims, email)
        elif person.role in (Role.OWNER, Role.SERVICE):
            # Else whoever runs the provider, or may set one up, could become an owner.
            raise NotInvited("Owners sign in by password, passkey or link.")
        await store.insert_identity(tx, provider.id, subject, person.id)
        await record(
            tx,
            None,
            "identity.linked",
            "person",
            person.id,
            person.name,
            origin=origin,
            provider=provider.name,
        )
    if person.status is not Status.ACTIVE or person.role is Role.SERVICE:
        raise NotInvited("This account is deactivated.")
    return person


def _email(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise NotInvited("The identity provider does not vouch for an e-mail address.")
    domain = email.rpartition("@")[2].lower()
    if provider.allowed_domains and domain not in provider.allowed_domains:
        raise NotInvited(f"People with addresses at {domain} are not let in by this provider.")
    return email


async def _add(tx: Tx, provider: IdentityProvider, claims: dict[str, Any], email: str) -> Person:
    if not provider.provisioning:
        raise NotInvited("Ask an administrator to add you first.")
    name = claims.get("name")
    if not isinstance(name, str) or not name.strip():
        name = email.partition("@")[0]
    printable = "".join(each for each in name if ord(each) >= 32)[:NAME_CHARACTERS_MAX]
    try:
        return await add_person(
            tx, None, email=email, name=printable or email, role=provider.default_role
        )
    except InvalidEmail as error:
        raise TokenRefused("The e-mail address of this person cannot be read.") from error


async def _follow_groups(
    tx: Tx, provider: IdentityProvider, person: Person, claims: dict[str, Any]
) -> None:
    if not provider.group_mapping:
        return
    told = claims.get(provider.groups_claim, [])
    told = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    wanted = [id for name, id in provider.group_mapping.items() if name in told]
    for group_id in await groups_store.put_provided(tx, provider.id, person.id, wanted):
        await announce(tx, GroupChanged(group_id=group_id, change="members"))
        await record(
            tx,
            None,
            "group.members_followed",
            "group",
            group_id,
            person_id=person.id,
            person=person.name,
            provider=provider.name,
        )
