"""Routes of one's own second factor."""

from litestar import delete, post, put
from msgspec import Struct

from hanse.identity.api.common import errors
from hanse.identity.api.sign_in import Code
from hanse.identity.model import Access
from hanse.identity.people import get_person
from hanse.identity.sealing import Seal
from hanse.identity.signing import totp
from hanse.platform.database import Db


class TotpSecret(Struct):
    """For the authenticator app: the secret to type, or the address to show as a QR code."""

    secret: str
    uri: str


class TotpCode(Struct, forbid_unknown_fields=True):
    """The code that the app shows now."""

    code: Code


class RecoveryCodes(Struct):
    """Codes for the day the app is lost. Each works once; they are shown this once."""

    recovery_codes: list[str]


@post(
    "/me/totp",
    operation_id="beginTotp",
    summary="Begin to add a second factor",
    tags=["Me"],
    status_code=200,
    responses=errors(409),
)
async def begin(access: Access, db: Db, seal: Seal) -> TotpSecret:
    """Make a secret for an authenticator app. It is asked for only once it was confirmed."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        person = await get_person(tx, person_id)
        assert person is not None
        return TotpSecret(*await totp.enrol(tx, access, seal, person.email))


@put(
    "/me/totp",
    operation_id="confirmTotp",
    summary="Turn the second factor on",
    tags=["Me"],
    responses=errors(400, 404, 409),
)
async def confirm(access: Access, db: Db, seal: Seal, data: TotpCode) -> RecoveryCodes:
    """Turn the second factor on by a first code, and get recovery codes."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return RecoveryCodes(await totp.confirm(tx, access, seal, data.code))


@delete(
    "/me/totp",
    operation_id="removeTotp",
    summary="Remove the second factor",
    tags=["Me"],
    status_code=204,
    responses=errors(404),
)
async def remove(access: Access, db: Db) -> None:
    """Remove the second factor and its recovery codes."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await totp.remove(tx, access)


handlers = [begin, confirm, remove]
