"""Places in what comes newest first from several rooms, and times that clients name. Pure."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from hanse.platform.http import InvalidCursor
from hanse.platform.problems import BadRequest

NUMBER_MAX: Final = 2**62
"""No event has a larger number."""

Place = tuple[datetime, UUID, int]
"""A time, and a message by its room and number: the next page has what comes before."""

NEWEST: Final[Place] = (
    datetime.max.replace(tzinfo=UTC),
    UUID(int=2**128 - 1),
    NUMBER_MAX,
)


def encoded(place: Place) -> str:
    """Return the cursor of a place."""
    at, room_id, number = place
    return base64.urlsafe_b64encode(f"{at.isoformat()} {room_id} {number}".encode()).decode()


def parse_place(cursor: str) -> Place:
    """Return the place of a cursor. Raises InvalidCursor."""
    invalid = InvalidCursor("The cursor is not one that this server gave out.")
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        at, room_id, number = text.split(" ")
        place = datetime.fromisoformat(at), UUID(room_id), int(number)
    except (ValueError, binascii.Error) as error:
        raise invalid from error
    if place[0].tzinfo is None or not 0 < place[2] <= NUMBER_MAX:
        raise invalid
    return place


def instant(name: str, at: datetime, invalid: type[BadRequest]) -> datetime:
    """Return a time that a client named as one of UTC. Raises `invalid`, which names it."""
    if at.tzinfo is None:
        raise invalid(f"`{name}` needs an offset from UTC, such as `Z`.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise invalid(f"`{name}` lies outside of the calendar.") from None
