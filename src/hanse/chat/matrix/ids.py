"""Matrix's identifiers and what they stand for here. Pure.

A room is `!<uuid>:<server>`, a person or API key `@<uuid>:<server>`. An event's id holds its room,
its number in the log and its part, since one entry of the log may be several events of Matrix;
nobody needs to look it up.
"""

import base64
import binascii
import hashlib
import struct
from typing import Any, Final
from uuid import UUID

import msgspec

from hanse.chat.places import NUMBER_MAX
from hanse.platform.problems import BadRequest

_PLACE: Final = struct.Struct(">16sQH")
_PLACE_CHARACTERS: Final = 35


class UnknownMatrixId(BadRequest):
    """This is no identifier that this server gave out."""

    code = "unknown_matrix_id"
    title = "Unknown identifier"


class Server:
    """Matrix's identifiers as the server of this name writes them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def room(self, id: UUID) -> str:
        """Return the id of a room."""
        return f"!{id}:{self.name}"

    def user(self, id: UUID) -> str:
        """Return the id of a person or API key."""
        return f"@{id}:{self.name}"

    def room_of(self, id: str) -> UUID:
        """Return which room this is. Raises UnknownMatrixId."""
        return self._parsed(id, "!")

    def user_of(self, id: str) -> UUID:
        """Return who this is. Raises UnknownMatrixId."""
        return self._parsed(id, "@")

    def media(self, room_id: UUID | None, file_id: UUID) -> str:
        """Return the address of a file, which holds its room if it is in one."""
        place = f"{file_id}" if room_id is None else f"{room_id}_{file_id}"
        return f"mxc://{self.name}/{place}"

    def media_of(self, url: str) -> UUID:
        """Return which file an address names. Raises UnknownMatrixId."""
        prefix = f"mxc://{self.name}/"
        try:
            if url.startswith(prefix):
                return media_place(url.removeprefix(prefix))[1]
        except ValueError:
            pass
        raise UnknownMatrixId(f"The address of a file here is like '{prefix}<id>'.")

    def _parsed(self, id: str, sigil: str) -> UUID:
        local, _, name = id[1:].partition(":")
        try:
            if id[:1] == sigil and name == self.name:
                return UUID(local)
        except ValueError:
            pass
        raise UnknownMatrixId(f"An id here is like '{sigil}<uuid>:{self.name}'.")


def media_place(media: str) -> tuple[UUID | None, UUID]:
    """Return the room, if it is said, and the id of a file. Raises ValueError."""
    room, _, file = media.rpartition("_")
    return UUID(room) if room else None, UUID(file)


def event_id(room_id: UUID, number: int, part: int = 0) -> str:
    """Return the id of an event: a part of one entry of a room's log."""
    return "$" + _text(_PLACE.pack(room_id.bytes, number, part))


def translation_id(room_id: UUID, number: int, revision: int, language: str) -> str:
    """Return the id of the event that brings a translation which came after its message."""
    return f"{event_id(room_id, number)}.{revision}.{language}"


def state_id(room_id: UUID, type: str, state_key: str, content: dict[str, Any]) -> str:
    """Return the id of a piece of state that is not in the log: other content, another id."""
    said = msgspec.json.encode([str(room_id), type, state_key, content], order="sorted")
    return "$state" + _text(hashlib.sha256(said).digest())


def number_of(id: str, room_id: UUID) -> int:
    """Return the number of an event in its room's log. Raises UnknownMatrixId.

    The event that brought a translation stands for its message.
    """
    place = id.removeprefix("$").partition(".")[0]
    try:
        if len(place) == _PLACE_CHARACTERS and place.isascii():
            raw = base64.b64decode(place + "=", altchars=b"-_", validate=True)
            room, number, _part = _PLACE.unpack(raw)
            if room == room_id.bytes and 0 < number <= NUMBER_MAX:
                return int(number)
    except (binascii.Error, struct.error):
        pass
    raise UnknownMatrixId("There is no such event in this room.")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
