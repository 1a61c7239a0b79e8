"""Filters of syncs. A filter's id is the filter itself, so nothing is kept. Pure."""

import base64
import binascii
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.chat.matrix.events import Json
from hanse.platform.problems import BadRequest

TIMELINE_DEFAULT: Final = 20
TIMELINE_MAX: Final = 100
ID_CHARACTERS_MAX: Final = 8_000


class InvalidFilter(BadRequest):
    """This is no filter, or one that is too large."""

    code = "invalid_filter"
    title = "Invalid filter"


class _Timeline(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1)] = TIMELINE_DEFAULT


class _Rooms(Struct, frozen=True):
    timeline: _Timeline = _Timeline()


class _Filter(Struct, frozen=True):
    room: _Rooms = _Rooms()


def filter_id(filter: Json) -> str:
    """Return the id of a filter. Raises InvalidFilter."""
    id = base64.urlsafe_b64encode(msgspec.json.encode(filter)).decode().rstrip("=")
    if len(id) > ID_CHARACTERS_MAX:
        raise InvalidFilter(f"The id of a filter has up to {ID_CHARACTERS_MAX} characters.")
    timeline_limit(id)
    return id


def filter_of(id: str) -> Json:
    """Return the filter with this id. Raises InvalidFilter."""
    try:
        padded = id + "=" * (-len(id) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=Json
        )
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise InvalidFilter("There is no such filter.") from error


def timeline_limit(given: str) -> int:
    """Return how many entries of a room a client wants, by a filter's id or the filter itself.

    Raises InvalidFilter.
    """
    try:
        said = msgspec.json.decode(given, type=Json) if given[:1] == "{" else filter_of(given)
        return min(msgspec.convert(said, _Filter).room.timeline.limit, TIMELINE_MAX)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidFilter(str(error)) from error
