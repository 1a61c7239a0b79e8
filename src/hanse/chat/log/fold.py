"""What a log comes to: the messages as they stand now, and who is in the room. Pure.

`fold(a + b)` is `fold(b, fold(a))`, so anybody may stop and go on anywhere. An event that was
folded before changes nothing; one that comes too early raises Gap.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.files.model import File
from hanse.chat.log.cards import CardBody
from hanse.chat.log.model import Body, Event, Kind, RoomRole
from hanse.chat.log.topics import moves


class Gap(ValueError):
    """An event is missing before this one."""


class Reaction(Struct, frozen=True):
    """Who reacted with an emoji, in the order in which they did."""

    emoji: str
    member_ids: tuple[UUID, ...]


class Message(Struct, frozen=True, kw_only=True):
    """A message as it stands. `revision` is the number of the event that has its present text.

    `program_id` is that of the program which posted it, whose `card` may have buttons.
    `username` is the name that a bot gave itself for this message.
    """

    number: int
    sender_id: UUID
    created_at: datetime
    text: str
    revision: int
    topic: str | None = None
    thread: int | None = None
    mentions: tuple[UUID, ...] = ()
    groups: tuple[UUID, ...] = ()
    to_all: bool = False
    to_here: bool = False
    files: tuple[File, ...] = ()
    edited_at: datetime | None = None
    is_deleted: bool = False
    is_pinned: bool = False
    reactions: tuple[Reaction, ...] = ()
    program_id: UUID | None = None
    card: CardBody | None = None
    username: str | None = None


class Room(Struct, frozen=True, kw_only=True):
    """A room as its log has it up to `head`."""

    head: int = 0
    messages: dict[int, Message] = {}
    members: dict[UUID, RoomRole] = {}
    name: str = ""
    description: str = ""
    is_archived: bool = False


def fold(events: Iterable[Event], room: Room | None = None) -> Room:
    """Return what the room is after these events. Raises Gap."""
    room = room or Room()
    head, messages, members = room.head, dict(room.messages), dict(room.members)
    facts = Body(name=room.name, description=room.description, is_archived=room.is_archived)
    for event in events:
        if event.number <= head:
            continue
        if event.number != head + 1:
            raise Gap(f"After {head} comes {head + 1}, not {event.number}.")
        head = event.number
        _fold_message(messages, event)
        if event.kind is Kind.MEMBERS:
            _fold_members(members, event.body)
        elif event.kind is Kind.ROOM:
            facts = _changed_facts(facts, event.body)
    return Room(
        head=head,
        messages=messages,
        members=members,
        name=facts.name or "",
        description=facts.description or "",
        is_archived=bool(facts.is_archived),
    )


def messages_of(events: Iterable[Event], later: Iterable[Event]) -> list[Message]:
    """Return the messages among `events` as they are after `later`, which has all about them.

    Both in the order of their numbers. This is how a page of history is made.
    """
    messages: dict[int, Message] = {}
    for event in sorted([*events, *later], key=lambda each: each.number):
        _fold_message(messages, event)
    return list(messages.values())


def _fold_message(messages: dict[int, Message], event: Event) -> None:
    if event.kind is Kind.MESSAGE:
        messages.setdefault(event.number, _new(event))
    elif event.target is not None:
        if (message := messages.get(event.target)) is not None:
            messages[event.target] = changed(message, event)
    elif event.body.from_topic is not None:
        for number, message in messages.items():
            messages[number] = changed(message, event)


def _new(event: Event) -> Message:
    return Message(
        number=event.number,
        sender_id=event.sender_id,
        created_at=event.created_at,
        text=event.body.text,
        revision=event.number,
        topic=event.topic,
        thread=event.thread,
        mentions=event.body.mentions,
        groups=event.body.groups,
        to_all=event.body.to_all,
        to_here=event.body.to_here,
        files=event.body.files,
        is_deleted=event.is_redacted,
        program_id=event.body.program_id,
        card=event.body.card,
        username=event.body.username,
    )


def changed(message: Message, event: Event) -> Message:
    """Return a message after an event; nothing changes a deleted one but for its topic."""
    if event.kind is Kind.TOPIC:
        if moves(event, message.topic, message.number):
            return msgspec.structs.replace(message, topic=event.topic)
        return message
    if message.is_deleted:
        return message
    body = event.body
    match event.kind:
        case Kind.EDIT:
            return msgspec.structs.replace(
                message,
                text=body.text,
                mentions=body.mentions,
                groups=body.groups,
                to_all=body.to_all,
                to_here=body.to_here,
                card=body.card,
                revision=event.number,
                edited_at=event.created_at,
            )
        case Kind.DELETE:
            return _deleted(message)
        case Kind.REACTION:
            reactions = _reacted(message.reactions, event.sender_id, body)
            return msgspec.structs.replace(message, reactions=reactions)
        case Kind.PIN:
            return msgspec.structs.replace(message, is_pinned=body.on)
    return message


def _deleted(message: Message) -> Message:
    """Return what is left of a message: that there was one, and when, and whose."""
    return Message(
        number=message.number,
        sender_id=message.sender_id,
        created_at=message.created_at,
        text="",
        revision=message.number,
        topic=message.topic,
        thread=message.thread,
        is_deleted=True,
    )


def _reacted(reactions: tuple[Reaction, ...], who: UUID, body: Body) -> tuple[Reaction, ...]:
    emoji = body.emoji or ""
    by_emoji = {each.emoji: each.member_ids for each in reactions}
    others = tuple(each for each in by_emoji.get(emoji, ()) if each != who)
    if not body.on:
        by_emoji[emoji] = others
    elif who not in by_emoji.get(emoji, ()):
        by_emoji[emoji] = (*others, who)
    return tuple(Reaction(each, ids) for each, ids in by_emoji.items() if ids)


def _fold_members(members: dict[UUID, RoomRole], body: Body) -> None:
    for each in body.members:
        if body.role is None:
            members.pop(each, None)
        else:
            members[each] = body.role


def _changed_facts(before: Body, body: Body) -> Body:
    given = {
        name: value
        for name in ("name", "description", "is_archived")
        if (value := getattr(body, name)) is not None
    }
    return msgspec.structs.replace(before, **given)
