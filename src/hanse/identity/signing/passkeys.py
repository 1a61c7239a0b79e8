"""Passkeys (WebAuthn level 3): registering them, and signing in by one without naming oneself."""

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hanse.identity.audit import record
from hanse.identity.model import Access, Origin
from hanse.identity.people.service import clean_name
from hanse.identity.secrets import digest, new_secret
from hanse.identity.signing import sessions, store
from hanse.identity.signing.model import Passkey, SignedIn, SignInRefused
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, Conflict, NotFound

CEREMONY_S = 300.0
PASSKEYS_MAX = 50
_REGISTER, _AUTHENTICATE = "passkey_registration", "passkey_sign_in"
# What the library raises for input that is none, besides its own errors.
_MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


class InvalidPasskey(BadRequest):
    """The answer of the authenticator does not fit what was asked."""

    code = "invalid_passkey"
    title = "Invalid passkey"


class TooManyPasskeys(Conflict):
    """Somebody has PASSKEYS_MAX passkeys."""

    code = "too_many_passkeys"
    title = "Too many passkeys"


class RelyingParty(NamedTuple):
    """Who the authenticator vouches to: this server, by the address that people use."""

    id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> "RelyingParty":
        """The relying party of a public address."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}")


class Ceremony(NamedTuple):
    """The first half: an id to send back, and what the browser hands to the authenticator."""

    challenge_id: str
    options: dict[str, Any]


async def begin_registration(
    tx: Tx, access: Access, party: RelyingParty, *, email: str, name: str
) -> Ceremony:
    """Ask an authenticator to make a passkey. Raises RecentSignInRequired, TooManyPasskeys."""
    person_id = access.require_person()
    sessions.require_recent(access)
    known = await store.list_credential_ids(tx, person_id)
    if len(known) >= PASSKEYS_MAX:
        raise TooManyPasskeys(f"Up to {PASSKEYS_MAX} passkeys; delete one first.")
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Hanse",
        user_id=person_id.bytes,
        user_name=email,
        user_display_name=name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return await _keep(tx, access.organisation_id, _REGISTER, options, person_id)


async def register(
    tx: Tx,
    access: Access,
    party: RelyingParty,
    *,
    challenge_id: str,
    credential: dict[str, Any],
    name: str,
) -> Passkey:
    """Keep the passkey that an authenticator made. Raises InvalidPasskey, InvalidName."""
    person_id = access.require_person()
    name = clean_name(name)
    kept = await store.take_ceremony(tx, digest(challenge_id), _REGISTER)
    if kept is None or kept["person_id"] != str(person_id):
        raise InvalidPasskey("Begin anew: it took too long, or was done before.")
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(kept["challenge"]),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise InvalidPasskey("The answer of the authenticator cannot be verified.") from error
    response = credential.get("response")
    transports = response.get("transports") if isinstance(response, dict) else None
    passkey = await store.insert_passkey(
        tx,
        new_id(),
        person_id,
        name,
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        [each for each in transports or [] if isinstance(each, str)][:10],
    )
    if passkey is None:
        raise InvalidPasskey("This passkey is known already.")
    await record(tx, access, "passkey.added", "passkey", passkey.id, passkey.name)
    return passkey


async def remove(tx: Tx, access: Access, id: UUID) -> None:
    """Throw one of one's own passkeys away. Raises NotFound, RecentSignInRequired."""
    person_id = access.require_person()
    sessions.require_recent(access)
    name = await store.delete_passkey(tx, id, person_id)
    if name is None:
        raise NotFound("You have no such passkey.")
    await record(tx, access, "passkey.removed", "passkey", id, name)


async def begin_sign_in(db: Db, party: RelyingParty) -> Ceremony:
    """Ask whatever passkeys the browser has for this server; no address is needed."""
    options = generate_authentication_options(
        rp_id=party.id, user_verification=UserVerificationRequirement.REQUIRED
    )
    async with db.system_tx() as tx:
        return await _keep(tx, None, _AUTHENTICATE, options, None)


async def sign_in(
    db: Db,
    party: RelyingParty,
    *,
    challenge_id: str,
    credential: dict[str, Any],
    origin: Origin,
) -> SignedIn:
    """Start a session by a passkey. Raises SignInRefused; a challenge works once."""
    refused = SignInRefused("This passkey does not let anybody in here.")
    async with db.system_tx() as tx:
        kept = await store.take_ceremony(tx, digest(challenge_id), _AUTHENTICATE)
        try:
            credential_id = base64url_to_bytes(credential["rawId"])
        except _MALFORMED:
            credential_id = b""
        found = await store.find_passkey(tx, credential_id)
    if kept is None or found is None:
        raise refused
    async with db.tx(found["organisation_id"], found["person_id"]) as tx:
        passkey = await store.get_passkey(tx, found["id"])
        if passkey is None:
            raise refused
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(kept["challenge"]),
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=passkey["public_key"],
                credential_current_sign_count=passkey["sign_count"],
                require_user_verification=True,
            )
        except _MALFORMED as error:
            raise refused from error
        await store.use_passkey(tx, found["id"], verified.new_sign_count)
        return await sessions.begin(tx, found["person_id"], method="passkey", origin=origin)


async def _keep(
    tx: Tx, organisation_id: UUID | None, kind: str, options: Any, person_id: UUID | None
) -> Ceremony:
    challenge_id = new_secret()
    data = {
        "challenge": bytes_to_base64url(options.challenge),
        "person_id": None if person_id is None else str(person_id),
    }
    await store.put_ceremony(tx, digest(challenge_id), organisation_id, kind, data, CEREMONY_S)
    return Ceremony(challenge_id, json.loads(options_to_json(options)))
