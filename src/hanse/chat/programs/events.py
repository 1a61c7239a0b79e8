"""What a program is told. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.log.model import Body, Kind


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the room's log. Numbers are dense from 1.

    `target` is the message that it concerns, `thread` the one that a message answers. Fields that
    are left out have their default. The clock of the program stands at `created_at`.
    """

    room_id: UUID
    number: int
    sender_id: UUID
    kind: Kind
    created_at: datetime
    body: Body
    target: int | None = None
    thread: int | None = None
    topic: str | None = None


class BadRecording(ValueError):
    """A line of a recorded room is no event."""


_decoder: Final = msgspec.json.Decoder(Event)


def recorded(lines: list[str]) -> list[Event]:
    """Read a recorded room: events as `GET /v1/rooms/{id}/events` has them, one a line.

    Raises BadRecording, with the line.
    """
    events = []
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRecording(f"Line {at} is no event: {error}.") from None
        if event.created_at.tzinfo is None:
            raise BadRecording(f"Line {at}: created_at has no time zone.")
        events.append(event)
    return events


def nanoseconds(at: datetime) -> int:
    """Return a time as nanoseconds since 1970, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1_000


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
