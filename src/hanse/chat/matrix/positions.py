"""How far a client has synchronised: the `since` of Matrix. Sealed for whom it was given to."""

import base64
import binascii
import re
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.places import NUMBER_MAX
from hanse.identity import Seal
from hanse.platform.problems import BadRequest, Problem

_PURPOSE: Final = "matrix sync"
_KEY_BYTES: Final = 6
_IN_ROOM: Final = re.compile(r"p([0-9]{1,18})")


class InvalidPosition(BadRequest):
    """This server gave no such position to this caller."""

    code = "invalid_position"
    title = "Invalid position"


class Positions(Struct, frozen=True):
    """The last number seen of each room, up to when translations and account data were seen (epoch
    seconds), who was told to be writing, by room, and up to when it was told what was heard.
    """

    rooms: dict[bytes, int]
    at: float
    typing: dict[bytes, list[UUID]] = {}
    heard_at: float = 0.0

    def of(self, room_id: UUID) -> int | None:
        """Return the last number seen of a room, None if it is new."""
        return self.rooms.get(room_key(room_id))


def room_key(room_id: UUID) -> bytes:
    """Return a room's name in a position: its last bytes, which are random."""
    return room_id.bytes[-_KEY_BYTES:]


def written(seal: Seal, actor: UUID, positions: Positions) -> str:
    """Return the text of a position."""
    said = base64.b85encode(msgspec.msgpack.encode(positions)).decode()
    sealed = seal.seal(said, purpose=_PURPOSE, owner=actor)
    return "s" + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(seal: Seal, actor: UUID, text: str) -> Positions:
    """Return the position that this text was written of. Raises InvalidPosition."""
    try:
        padded = text[1:] + "=" * (-len(text[1:]) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        if text[:1] == "s":
            said = seal.open(sealed, purpose=_PURPOSE, owner=actor)
            return msgspec.msgpack.decode(base64.b85decode(said), type=Positions)
    except (ValueError, binascii.Error, msgspec.DecodeError, Problem):
        pass
    raise InvalidPosition(
        "Take `since` from the `next_batch` of your last answer, or leave it out."
    )


def in_room(number: int) -> str:
    """Return the text of the place behind a number in one room."""
    return f"p{number}"


def read_in_room(seal: Seal, actor: UUID, text: str, room_id: UUID) -> int:
    """Return behind which number of a room this place is. Raises InvalidPosition."""
    if found := _IN_ROOM.fullmatch(text):
        return min(int(found[1]), NUMBER_MAX)
    return read(seal, actor, text).of(room_id) or 0
