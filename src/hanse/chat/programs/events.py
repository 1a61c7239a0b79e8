"""What a program is told. Pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct, field

from hanse.chat.log.model import Body, Kind


class EventKind(StrEnum):
    """What an event is: the log's kinds, and what comes of a program's own effects."""

    MESSAGE = Kind.MESSAGE.value
    EDIT = Kind.EDIT.value
    DELETE = Kind.DELETE.value
    REACTION = Kind.REACTION.value
    PIN = Kind.PIN.value
    TOPIC = Kind.TOPIC.value
    MEMBERS = Kind.MEMBERS.value
    ROOM = Kind.ROOM.value
    PRESS = "press"
    """Somebody pressed a button of a card."""
    TIMER = "timer"
    """The time of a timer has come."""
    HTTP = "http"
    """A request was answered, or failed."""
    TRANSLATION = "translation"
    """A text was translated."""


class EventBody(Body, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says; each kind has its own fields, the others are left out.

    message, edit: `text`, `mentions`, `to_all`. reaction: `emoji`, `on`. pin: `on`. members:
    `members`, `role` (left out: they left). room: `name`, `description`, `is_archived`. press:
    `key` of the card, `button`, `values` of its fields. timer: `key`. http: `key`, `status` (0:
    no answer), `text`. translation: `key`, `text`, `language`.
    """

    key: str | None = None
    button: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    language: str | None = None


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the room's log. Numbers are dense from 1.

    `target` is the message that it concerns, `thread` the one that a message answers. Fields that
    are left out have their default. The clock of the program stands at `created_at`.
    """

    room_id: UUID
    number: int
    sender_id: UUID
    kind: EventKind
    created_at: datetime
    body: EventBody
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
