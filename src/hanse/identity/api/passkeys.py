"""Routes of one's own passkeys."""

from typing import Any
from uuid import UUID

from litestar import delete, get, post
from msgspec import Struct

from hanse.identity.api.common import Name, errors
from hanse.identity.api.sign_in import PasskeyChallenge, Token
from hanse.identity.model import Access
from hanse.identity.people import get_person
from hanse.identity.signing import passkeys, store
from hanse.identity.signing.model import Passkey
from hanse.identity.signing.passkeys import RelyingParty
from hanse.platform.database import Db


class NewPasskey(Struct, forbid_unknown_fields=True):
    """The authenticator's answer (`PublicKeyCredential.toJSON`), and what to call the passkey."""

    challenge_id: Token
    credential: dict[str, Any]
    name: Name = "Passkey"


@get(
    "/me/passkeys",
    operation_id="listMyPasskeys",
    summary="List my passkeys",
    tags=["Me"],
    responses=errors(),
)
async def list_passkeys(access: Access, db: Db) -> list[Passkey]:
    """List one's passkeys, oldest first."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return await store.list_passkeys(tx, person_id)


@post(
    "/me/passkeys/options",
    operation_id="beginPasskeyRegistration",
    summary="Begin to add a passkey",
    tags=["Me"],
    status_code=200,
    responses=errors(409),
)
async def registration_options(access: Access, db: Db, public_url: str) -> PasskeyChallenge:
    """Make a challenge for a new passkey, good for five minutes."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        person = await get_person(tx, person_id)
        assert person is not None
        ceremony = await passkeys.begin_registration(
            tx, access, RelyingParty.at(public_url), email=person.email, name=person.name
        )
    return PasskeyChallenge(*ceremony)


@post(
    "/me/passkeys",
    operation_id="addPasskey",
    summary="Add a passkey",
    tags=["Me"],
    responses=errors(400),
)
async def add_passkey(access: Access, db: Db, public_url: str, data: NewPasskey) -> Passkey:
    """Keep the passkey that an authenticator made."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await passkeys.register(
            tx,
            access,
            RelyingParty.at(public_url),
            challenge_id=data.challenge_id,
            credential=data.credential,
            name=data.name,
        )


@delete(
    "/me/passkeys/{passkey_id:uuid}",
    operation_id="deletePasskey",
    summary="Remove a passkey",
    tags=["Me"],
    status_code=204,
    responses=errors(404),
)
async def delete_passkey(access: Access, db: Db, passkey_id: UUID) -> None:
    """Remove one of one's passkeys."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await passkeys.remove(tx, access, passkey_id)


handlers = [list_passkeys, registration_options, add_passkey, delete_passkey]
