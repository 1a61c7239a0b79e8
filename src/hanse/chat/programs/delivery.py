"""Which events of a room's log a program is given, and where it begins. Pure.

The log alone decides, so a replay of it comes to the same.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.log import model
from hanse.chat.log.model import Kind
from hanse.chat.programs.events import Event

OWN: Final = frozenset({Kind.PRESS, Kind.TIMER, Kind.HTTP, Kind.TRANSLATION})
"""What comes of a program's own effects; it is given to that program alone."""


class Begins(Struct, frozen=True):
    """From here on the program runs in this version (None: not at all), and with which state."""

    room_id: UUID
    number: int
    version: int | None
    is_reset: bool


class Given(Struct, frozen=True):
    """An event that the program is given."""

    event: Event


def given(event: Event | model.Event, program_id: UUID | None) -> bool:
    """Tell whether a program is given an event; None: one that is in no room, but tried.

    What programs say themselves is given to none, or they would answer each other without end.
    """
    if event.kind is Kind.PROGRAM:
        return False
    if event.sender_id == program_id and event.kind not in OWN:
        return False  # also of what was deleted, whose body is gone
    if event.kind in OWN:
        return program_id is None or event.body.program_id == program_id
    return event.body.program_id is None


def steps_of(events: Sequence[Event | model.Event], program_id: UUID) -> Iterator[Begins | Given]:
    """Yield what concerns a program of these events of its room, in their order.

    What was not handled any more when the program was stopped is left out, if the event that says
    so is among them.
    """
    stood_still = [
        range(each.body.since + 1, each.number)
        for each in events
        if each.kind is Kind.PROGRAM
        and each.body.program_id == program_id
        and each.body.since is not None
    ]
    for event in events:
        if any(event.number in numbers for numbers in stood_still):
            continue
        if event.kind is Kind.PROGRAM and event.body.program_id == program_id:
            yield Begins(event.room_id, event.number, event.body.version, event.body.is_reset)
        elif given(event, program_id):
            yield Given(told(event))


def told(event: Event | model.Event) -> Event:
    """Return an event of the log as programs are given it."""
    if isinstance(event, Event):
        return event
    return Event(**{name: getattr(event, name) for name in _FIELDS})


_FIELDS: Final = tuple(each.name for each in msgspec.structs.fields(Event))
