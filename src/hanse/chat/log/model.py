"""What a room's log is made of. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.files.model import File

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
    """A message moves to another topic."""
    MEMBERS = "members"
    """Somebody joined, left, or has another role."""
    ROOM = "room"
    """The room's own facts changed."""


class RoomRole(StrEnum):
    """What a member of a room is."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"
    READER = "reader"
    """Reads and reacts, and does not write."""


class Body(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says; each kind has its own fields, the others stay empty.

    message: `text`, `mentions`, `to_all`, `files`, `username` (the name that a bot gave itself for
    this message). edit: the same, without `files` and `username`. reaction: `emoji`, `on`.
    pin: `on`. members: `members`, `role` (None: they left).
    room: `name`, `description`, `is_archived`.
    """

    text: str = ""
    mentions: tuple[UUID, ...] = ()
    to_all: bool = False
    files: tuple[File, ...] = ()
    emoji: str | None = None
    on: bool = True
    members: tuple[UUID, ...] = ()
    role: RoomRole | None = None
    name: str | None = None
    description: str | None = None
    is_archived: bool | None = None
    username: str | None = None


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
    sender uploaded; what they are stands in the event. `may_reach_all` says that the
    sender may address everybody in the room whatever their role in it; `is_system` that the
    caller has already asked the policy (memberships, facts of the room).
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
    may_reach_all: bool = False
    is_system: bool = False


class Appended(Struct, frozen=True):
    """Where an event stands in the log; `is_repeat` if it stood there before this draft came."""

    number: int
    is_repeat: bool
    created_at: datetime


class Topic(Struct, frozen=True, kw_only=True):
    """A topic of a room. `number` and `at` are those of the last message in it that stands.

    `unread` counts the messages of others behind the reader's marker.
    """

    name: str
    number: int
    at: datetime
    unread: int


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
