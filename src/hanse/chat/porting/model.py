"""What a history from elsewhere is made of: one stream of these, whatever it came from. Pure.

This is also the format of our own export: each line of it is one of these Structs as JSON.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.chat.log.model import Kind
from hanse.chat.rooms.model import RoomKind
from hanse.platform.problems import BadRequest

FORMAT: Final = "hanse-chat-export"
VERSION: Final = 1


class InvalidExport(BadRequest):
    """The file is no export that can be read; the text says what is wrong where."""

    code = "invalid_export"
    title = "Invalid export"


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody there. `key` is how the export refers to them."""

    key: str
    name: str
    email: str | None = None


class Room(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A room there; `members` and `owners` are keys of people."""

    key: str
    kind: RoomKind
    name: str = ""
    description: str = ""
    is_public: bool = False
    is_archived: bool = False
    created_at: datetime | None = None
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


class Attached(Struct, frozen=True, kw_only=True):
    """A file of a message: what it is called, and where in the archive its content is."""

    name: str
    path: str


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened in a room: a message, edit, deletion, reaction or pin.

    `key` is the event's own within its room and the same in each export of it. `target` is the key
    of the message that it concerns, `thread` that of the one that it answers; `sender` and
    `mentions` are keys of people.
    """

    room: str
    key: str
    kind: Kind
    at: datetime
    sender: str
    text: str = ""
    topic: str | None = None
    thread: str | None = None
    target: str | None = None
    emoji: str | None = None
    on: bool = True
    mentions: tuple[str, ...] = ()
    to_all: bool = False
    files: tuple[Attached, ...] = ()


class Skipped(Struct, frozen=True):
    """Something that cannot be carried over, and why."""

    reason: str
    count: int = 1


Item = Person | Room | Entry | Skipped


class Source(Struct, frozen=True):
    """An export that was recognised: `name` is that of the workspace, the same in each export."""

    name: str
    read: Callable[[], Iterable[Item]]
