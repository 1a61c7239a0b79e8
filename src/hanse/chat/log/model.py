"""What a room's log is made of. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from hanse.chat.files.model import File
from hanse.chat.log.cards import CardBody

SHARDS: Final = 16
"""Parts into which all rooms are divided among their owners."""


class Kind(StrEnum):
    """What an event is."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    PIN = "pin"
    TOPIC = "topic"
    """A message, or many of a topic, move to another topic; or a topic is marked as resolved."""
    MEMBERS = "members"
    """Somebody joined, left, or has another role."""
    ROOM = "room"
    """The room's own facts changed."""
    PRESS = "press"
    """Somebody pressed a button of a card."""
    TIMER = "timer"
    """The time of a program's timer has come."""
    HTTP = "http"
    """A program's request was answered, or failed."""
    TRANSLATION = "translation"
    """A text was translated for a program."""
    PROGRAM = "program"
    """A program was put into the room, has another version, waits, or is gone."""


class RoomRole(StrEnum):
    """What a member of a room is."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"
    READER = "reader"
    """Reads and reacts, and does not write."""


class Body(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says; each kind has its own fields, the others stay empty.

    message: `text`, `mentions`, `groups`, `to_all`, `to_here` (to those who had the chat open),
    `files`, `username` (the name that a bot gave itself for this message). edit: the same,
    without `files` and `username`. reaction: `emoji`, `on`. pin: `on`. members: `members`,
    `role` (None: they left). room: `name`, `description`, `is_archived`. topic, without a
    target: `from_topic`, all of whose messages move, or those from number `since` on; or
    `is_resolved`, which marks the topic or not.

    `program_id` says whose it is: of a program's message or edit, which may have a `card`, of what
    comes of its effects, and of presses. press: `key` of the card, `button`, `values` of its
    fields. timer: `key`. http: `key`, `status` (0: no answer), `text`. translation: `key`, `text`,
    `language` (None: it was not translated). program: `name`, `version` that runs from here on
    (None: none does), `is_reset` if it begins with its initial state; `since` if it stood still
    from an earlier number on.
    """

    text: str = ""
    mentions: tuple[UUID, ...] = ()
    groups: tuple[UUID, ...] = ()
    to_all: bool = False
    to_here: bool = False
    files: tuple[File, ...] = ()
    emoji: str | None = None
    on: bool = True
    members: tuple[UUID, ...] = ()
    role: RoomRole | None = None
    name: str | None = None
    description: str | None = None
    is_archived: bool | None = None
    program_id: UUID | None = None
    card: CardBody | None = None
    key: str | None = None
    button: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    language: str | None = None
    version: int | None = None
    is_reset: bool = False
    since: int | None = None
    username: str | None = None
    from_topic: str | None = None
    is_resolved: bool | None = None


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a room's log. Numbers are dense from 1.

    `messages` counts the messages up to and with it. `target` is the message that it concerns,
    `thread` the one that a message answers. Of a redacted event the body is gone for ever.
    """

    room_id: UUID
    number: int
    messages: int
    sender_id: UUID
    device: str
    client_key: str
    kind: Kind
    created_at: datetime
    body: Body
    target: int | None = None
    thread: int | None = None
    topic: str | None = None
    is_redacted: bool = False


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event that somebody wants appended.

    The same (room, sender, device, client key) is appended once. `files` are ids of files that the
    sender uploaded; what they are stands in the event. `here` are those who were found to be there,
    of a draft `to_here`. `may_reach_all` says that the
    sender may address everybody in the room whatever their role in it; `is_system` that the
    caller has already asked the policy (memberships, facts of the room); `is_program` that a
    program of the room sends it, which moderates.
    """

    room_id: UUID
    sender_id: UUID
    device: str
    client_key: str
    kind: Kind
    target: int | None = None
    thread: int | None = None
    topic: str | None = None
    body: Body = Body()
    files: tuple[UUID, ...] = ()
    here: tuple[UUID, ...] = ()
    may_reach_all: bool = False
    is_system: bool = False
    is_program: bool = False


class Appended(Struct, frozen=True):
    """Where an event stands in the log; `is_repeat` if it stood there before this draft came."""

    number: int
    is_repeat: bool
    created_at: datetime


class Topic(Struct, frozen=True, kw_only=True):
    """A topic of a room. `number` and `at` are those of the last message in it that stands.

    `unread` counts the messages of others behind the reader's marker. `former_names` are those that
    it had and no other topic has now.
    """

    name: str
    number: int
    at: datetime
    unread: int
    is_resolved: bool = False
    former_names: tuple[str, ...] = ()


def shard_of(room_id: UUID) -> int:
    """Return the shard of a room: its id ends in random bits, so shards are equally full."""
    return room_id.int % SHARDS


def at_most(events: Sequence[Event], characters: int) -> list[Event]:
    """Return the first of these events, with about so many characters of text, but one at least."""
    taken: list[Event] = []
    for event in events:
        characters -= len(event.body.text)
        if taken and characters < 0:
            break
        taken.append(event)
    return taken
