"""Makes events of what is new in an export. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hanse.chat.files.model import File
from hanse.chat.log.model import Body, Event, Kind
from hanse.chat.log.store import Head
from hanse.chat.porting.model import Entry

DEVICE: Final = "import"


def client_key(entry: Entry) -> str:
    """Return the key under which an entry stands in the log, whenever it is brought in."""
    known = f"{entry.kind}:{entry.key}".encode("utf-8", "replace")
    return hashlib.sha256(known).hexdigest()[:48]


def events_of(
    room_id: UUID,
    head: Head,
    last_at: datetime | None,
    entries: Sequence[Entry],
    ids: Mapping[str, UUID],
    numbers: Mapping[str, int],
    files: Mapping[str, tuple[File, ...]],
    now: datetime,
) -> list[Event]:
    """Return the events that follow the head of a room.

    A log is in the order of time: an entry that is older than the last event gets its time, and
    one from the future the present.
    `numbers` are those of messages that stand in the log, `files` those of messages, by key. What
    concerns a message that is not there is left out; a reply to one is a message by itself.
    """
    events: list[Event] = []
    known = dict(numbers)
    number, messages, at = head.head, head.messages, last_at
    for entry in entries:
        target = known.get(entry.target) if entry.target else None
        if entry.kind is not Kind.MESSAGE and target is None:
            continue
        at = min(entry.at, now) if at is None else max(at, min(entry.at, now))
        number += 1
        messages += entry.kind is Kind.MESSAGE
        events.append(
            Event(
                room_id=room_id,
                number=number,
                messages=messages,
                sender_id=ids[entry.sender],
                device=DEVICE,
                client_key=client_key(entry),
                kind=entry.kind,
                created_at=at,
                target=target,
                thread=known.get(entry.thread) if entry.thread else None,
                topic=entry.topic if entry.kind is Kind.MESSAGE else None,
                body=_body(entry, ids, files.get(entry.key, ())),
            )
        )
        if entry.kind is Kind.MESSAGE:
            known[entry.key] = number
    return events


def _body(entry: Entry, ids: Mapping[str, UUID], files: tuple[File, ...]) -> Body:
    if entry.kind in (Kind.MESSAGE, Kind.EDIT):
        mentioned = dict.fromkeys(ids[each] for each in entry.mentions if each in ids)
        return Body(
            text=entry.text,
            mentions=tuple(mentioned),
            to_all=entry.to_all,
            files=files if entry.kind is Kind.MESSAGE else (),
        )
    return Body(emoji=entry.emoji, on=entry.on)
