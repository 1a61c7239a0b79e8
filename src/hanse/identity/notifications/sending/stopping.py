"""The secret in a digest's link that stops digests: whose it is, sealed."""

import base64
import binascii
from uuid import UUID

import msgspec

from hanse.identity.sealing import Seal, SealBroken
from hanse.platform.problems import BadRequest

STOP_PATH = "/v1/notifications/unsubscribe"
_PURPOSE = "stop digests"


class InvalidStopLink(BadRequest):
    """This is no link out of one of our letters."""

    code = "invalid_unsubscribe_link"
    title = "This link does not work"


class Reader(msgspec.Struct, frozen=True):
    """Who gets digests."""

    organisation_id: UUID
    person_id: UUID


def stop_url(seal: Seal, reader: Reader, public_url: str) -> str:
    """The address at which somebody's digests are stopped, without signing in."""
    sealed = seal.seal(msgspec.json.encode(reader).decode(), purpose=_PURPOSE, owner="")
    return f"{public_url}{STOP_PATH}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def reader_of(seal: Seal, token: str) -> Reader:
    """Whose digests a link stops. Raises InvalidStopLink."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(seal.open(sealed, purpose=_PURPOSE, owner=""), type=Reader)
    except (ValueError, binascii.Error, SealBroken, msgspec.DecodeError) as error:
        raise InvalidStopLink(
            "Take the link of a newer letter, or change your settings."
        ) from error
