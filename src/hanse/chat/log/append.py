"""Appends: one draft or hundreds, of one organisation, in the caller's transaction.

The heads of the rooms are held from the first statement on, so numbers are dense and their order is
that in which transactions commit, whoever appends.
"""

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.files import store as files_store
from hanse.chat.files.model import Stored
from hanse.chat.log import reach, store, topic_store
from hanse.chat.log.model import Appended, Body, Draft, Event, Kind, RoomRole
from hanse.chat.log.reach import NOBODY, Reach
from hanse.chat.log.redaction import redact
from hanse.chat.log.rules import Facts, refusal, topic_of
from hanse.chat.log.store import Head, Known
from hanse.chat.moderation import checking
from hanse.chat.moderation import store as moderation_store
from hanse.chat.moderation.checking import FREE, Broken, LastSent, Ruling
from hanse.chat.moderation.ruling import ruling_of
from hanse.platform import outbox
from hanse.platform.database import Tx
from hanse.platform.outbox import announce
from hanse.platform.problems import Problem

TOGETHER_MAX = 200
"""Drafts in one transaction."""

Outcome = Appended | Problem


class Fenced(Exception):
    """Another process owns one of these rooms by now; nothing was appended."""


class Stretch(Struct, frozen=True):
    """A part of a room's log: from number `first` to `last`."""

    room_id: UUID
    first: int
    last: int


class EventsAppended(outbox.Event, frozen=True, kw_only=True):
    """Logs of rooms grew by these parts. What they say stands in the log alone."""

    type: ClassVar[str] = "chat.events_appended.v1"

    stretches: list[Stretch]


class Batch(Struct, frozen=True):
    """What became of each draft, the events new in the log, and the rules of rooms that held."""

    outcomes: list[Outcome]
    events: list[Event]
    broken: list[Broken]


async def append_all(
    tx: Tx, drafts: Sequence[Draft], epochs: Mapping[UUID, int] | None = None
) -> Batch:
    """Append what may be appended of up to TOGETHER_MAX drafts, whose form has been checked.

    `epochs`, by room, are those of an owner; without them nothing is owned. Raises Fenced.
    """
    assert len(drafts) <= TOGETHER_MAX
    heads = await store.lock_heads(tx, sorted({each.room_id for each in drafts}))
    epochs = epochs or {}
    if epochs and any(head.epoch > epochs[room_id] for room_id, head in heads.items()):
        raise Fenced
    named = {id for each in drafts for id in each.files}
    files = await files_store.unsent(tx, sorted(named)) if named else {}
    reached = await reach.of(tx, drafts)
    whole = [
        (each.room_id, name, each.body.since or 1) for each in drafts if (name := topic_of(each))
    ]
    topics = await topic_store.filled_topics(tx, whole) if whole else set()
    ruled = [room_id for room_id, head in heads.items() if head.has_rules]
    ruling = await ruling_of(tx, ruled, drafts) if ruled else FREE
    batch = planned(drafts, await store.known(tx, drafts), heads, files, reached, topics, ruling)
    if batch.broken:
        await moderation_store.count(tx, batch.broken)
    if batch.events:
        await write(tx, batch.events, epochs, _here(drafts, batch))
        await announce(tx, EventsAppended(stretches=stretches(batch.events)))
    return batch


def _here(drafts: Sequence[Draft], batch: Batch) -> dict[tuple[UUID, int], Sequence[UUID]]:
    """Who was there, by room and number, of those drafts that are new in the log."""
    return {
        (draft.room_id, outcome.number): draft.here
        for draft, outcome in zip(drafts, batch.outcomes, strict=True)
        if draft.here and isinstance(outcome, Appended) and not outcome.is_repeat
    }


async def write(
    tx: Tx,
    events: Sequence[Event],
    epochs: Mapping[UUID, int],
    here: Mapping[tuple[UUID, int], Sequence[UUID]] = MappingProxyType({}),
) -> None:
    """Write planned events, the heads of whose rooms are held, and tell nobody.

    `here` are those who are mentioned because they were there, by room and number.
    """
    await store.insert_events(tx, events)
    await store.move_heads(
        tx,
        {
            each.room_id: (each.number, each.messages, epochs.get(each.room_id, 0))
            for each in events
        },
    )
    # Topics before deletions: both may concern the same message.
    if moved := [each for each in events if each.kind is Kind.TOPIC]:
        await topic_store.move_topics(tx, moved)
    texts = [each for each in events if each.kind in (Kind.MESSAGE, Kind.EDIT)]
    if here or any(
        each.kind is Kind.EDIT or each.body.mentions or each.body.groups for each in texts
    ):
        await store.mention(tx, texts, await reach.people(tx, texts, here))
    if sent := {file.id: each.number for each in events for file in each.body.files}:
        await files_store.send(tx, sent)
    if deleted := [(each.room_id, each.target) for each in events if each.kind is Kind.DELETE]:
        await redact(tx, [(room_id, target) for room_id, target in deleted if target])


def stretches(events: Sequence[Event]) -> list[Stretch]:
    """Return the parts of logs that these events are, which are in the order of their numbers."""
    ends: dict[UUID, tuple[int, int]] = {}
    for each in events:
        first, _ = ends.get(each.room_id, (each.number, 0))
        ends[each.room_id] = (first, each.number)
    return [Stretch(room_id, *between) for room_id, between in ends.items()]


def planned(
    drafts: Sequence[Draft],
    known: Sequence[Known],
    heads: dict[UUID, Head],
    unsent: Mapping[UUID, Stored] = MappingProxyType({}),
    reached: Reach = NOBODY,
    topics: Set[tuple[UUID, str, int]] = frozenset(),
    ruling: Ruling = FREE,
) -> Batch:
    """Return what becomes of each draft on top of what is known. Pure.

    `unsent` are the files that the drafts name, those that may still be sent, `reached` what
    decides over those that address many, `topics` those that the drafts move or mark and that have
    messages, from a number on, `ruling` the rules of their rooms.
    """
    outcomes: list[Outcome] = []
    events: list[Event] = []
    ends = {room_id: (head.head, head.messages) for room_id, head in heads.items()}
    new: dict[tuple[UUID, UUID, str, str], Appended] = {}
    deleted: set[tuple[UUID, int | None]] = set()
    left = dict(unsent)
    begun: set[tuple[UUID, str]] = set()
    broken: list[Broken] = []
    last = dict(ruling.last)
    for draft, fact in zip(drafts, known, strict=True):
        key = (draft.room_id, draft.sender_id, draft.device, draft.client_key)
        outcome: Outcome | None = _earlier(draft, new.get(key), fact)
        if outcome is None:
            facts = _facts(draft, fact, heads.get(draft.room_id), deleted, left, reached)
            name = topic_of(draft)
            if facts and name and (draft.room_id, name) not in begun:
                has_topic = (draft.room_id, name, draft.body.since or 1) in topics
                facts = msgspec.structs.replace(facts, has_topic=has_topic)
            outcome = refusal(draft, facts)
            if outcome is None and facts and ruling.rooms:
                found = _broken(draft, facts, fact, ruling, last, left)
                if found is not None:
                    broken.append(found)
                    outcome = found.problem
        if outcome is None:
            head, messages = ends[draft.room_id]
            files = tuple(left.pop(each).file for each in draft.files)
            body = msgspec.structs.replace(draft.body, files=files)
            counted = messages + (draft.kind is Kind.MESSAGE)
            event = _event(draft, head + 1, counted, fact, body)
            ends[draft.room_id] = (event.number, event.messages)
            events.append(event)
            if draft.topic and draft.kind in (Kind.MESSAGE, Kind.TOPIC):
                begun.add((draft.room_id, draft.topic))
            if draft.kind is Kind.DELETE:
                deleted.add((draft.room_id, draft.target))
            if draft.kind is Kind.MESSAGE and (who := key[:2]) in last:
                last[who] = msgspec.structs.replace(last[who], at=event.created_at)
            outcome = new[key] = Appended(event.number, False, event.created_at)
        outcomes.append(outcome)
    return Batch(outcomes, events, broken)


def _broken(
    draft: Draft,
    facts: Facts,
    fact: Known,
    ruling: Ruling,
    last: Mapping[tuple[UUID, UUID], LastSent],
    unsent: Mapping[UUID, Stored],
) -> Broken | None:
    """The rule of its room that a draft breaks; what follows from other routes breaks none."""
    ruled = ruling.rooms.get(draft.room_id)
    if ruled is None or draft.is_system or facts.role is None:
        return None
    sent = last.get((draft.room_id, draft.sender_id))
    files = [unsent[each].file.name for each in draft.files]
    return checking.broken(draft, facts.role, ruled, sent, fact.at, files)


def _earlier(draft: Draft, new: Appended | None, fact: Known) -> Appended | None:
    if new is not None:
        return Appended(new.number, True, new.created_at)
    # Somebody who has left the room is told nothing about it, not even this.
    if fact.known_number is not None and (fact.role is not None or draft.is_program):
        return Appended(fact.known_number, True, fact.known_at or fact.at)
    return None


def _facts(
    draft: Draft,
    fact: Known,
    head: Head | None,
    deleted: set[tuple[UUID, int | None]],
    unsent: Mapping[UUID, Stored],
    reached: Reach,
) -> Facts | None:
    if head is None:
        return None
    role = RoomRole.MODERATOR if draft.is_program else fact.role
    return Facts(
        role=RoomRole(role) if role else None,
        is_archived=head.is_archived,
        target_kind=fact.target_kind,
        target_is_own=fact.target_sender_id == draft.sender_id,
        target_is_redacted=fact.target_is_redacted or (draft.room_id, draft.target) in deleted,
        has_thread=fact.has_thread,
        muted_until=fact.muted_until,
        has_files=all(
            (file := unsent.get(each)) is not None
            and (file.room_id, file.uploader_id) == (draft.room_id, draft.sender_id)
            for each in draft.files
        ),
        is_direct=head.is_direct,
        everybody_reaches_all=draft.room_id in reached.open_rooms,
        has_groups=reached.groups.issuperset(draft.body.groups),
    )


def _event(draft: Draft, number: int, messages: int, fact: Known, body: Body) -> Event:
    return Event(
        room_id=draft.room_id,
        number=number,
        messages=messages,
        sender_id=draft.sender_id,
        device=draft.device,
        client_key=draft.client_key,
        kind=draft.kind,
        created_at=fact.at,
        target=draft.target,
        thread=draft.thread,
        topic=draft.topic,
        body=body,
    )
