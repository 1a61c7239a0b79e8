"""The outbox: an event is a row, written by the very transaction that makes it true.

The relay (`hanse.platform.relay`) publishes the rows in the order of `(xid, seq)`, at least once.
That order is the order in which transactions made their first write; two that touched the same
row may be told the other way round. A consumer to which that matters compares a version in the
event's data.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import Problem
from hanse.platform.telemetry import current_traceparent

EVENT_BYTES_MAX = 64 * 1024
"""An event states a fact and names things by id; NATS refuses a message of over 1 MiB for ever."""

_TYPE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")

# No NOTIFY here: its lock undoes group commit. See docs/decisions/0011-the-outbox-is-polled.md.
_INSERT_SQL = """
insert into platform.outbox (id, organisation_id, type, payload, traceparent)
values ($1, $2, $3, $4, $5)
"""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: a subclass names its `type`, `system.what_happened.vN`.

    Fields are only ever added, with a default; anything else is a new version beside the old one.
    """

    type: ClassVar[str]

    def __init_subclass__(cls) -> None:
        assert _TYPE.fullmatch(getattr(cls, "type", "")), f"{cls.__name__} needs a versioned type"


class EventTooLarge(Problem):
    """An event's data exceeds EVENT_BYTES_MAX once encoded as JSON."""

    status = 413
    code = "event_too_large"
    title = "Event too large"


async def announce(tx: Tx, event: Event) -> UUID:
    """Put an event of the transaction's organisation into the outbox; return its id.

    It will be published if and only if the transaction commits. Do not announce from a
    transaction opened with `durable=False`: a crash could take back what has been told.
    Raises EventTooLarge.
    """
    row = _row(tx, event, current_traceparent())
    await tx.execute(_INSERT_SQL, *row)
    return row[0]


def encoded(events: Sequence[tuple[Event, str | None]]) -> list[dict[str, Any]]:
    """Return the rows of events, for a function in the database that inserts them.

    Each comes with the traceparent of what caused it. Raises EventTooLarge.
    """
    return [
        {
            "id": new_id(),
            "type": event.type,
            "payload": _data(event),
            "traceparent": cause,
        }
        for event, cause in events
    ]


def _row(tx: Tx, event: Event, traceparent: str | None) -> tuple[UUID, UUID, str, Any, str | None]:
    return new_id(), tx.organisation_id, event.type, _data(event), traceparent


def _data(event: Event) -> msgspec.Raw:
    data = msgspec.json.encode(event)
    if len(data) > EVENT_BYTES_MAX:
        raise EventTooLarge(f"{event.type} has {len(data)} bytes; {EVENT_BYTES_MAX} are allowed.")
    return msgspec.Raw(data)
