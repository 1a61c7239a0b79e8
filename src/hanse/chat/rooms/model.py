"""Rooms and their members."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from hanse.chat.log.model import Event, RoomRole


class RoomKind(StrEnum):
    """What a room is for."""

    CHANNEL = "channel"
    DIRECT = "direct"
    """Between the same people for ever, two or a few."""


class Reading(StrEnum):
    """How a member reads what was written in another language."""

    TRANSLATED = "translated"
    ORIGINAL = "original"
    SIDE_BY_SIDE = "side_by_side"


class Told(StrEnum):
    """Of what in a room a member is told."""

    ALL = "all"
    MENTIONS = "mentions"
    """Mentions, direct messages, and replies in threads in which they wrote."""
    NOTHING = "nothing"


class ReachAll(StrEnum):
    """Who may address everybody in a room, or groups; owners and moderators always may."""

    BY_SIZE = "by_size"
    """Everybody in a room of up to 50 members, and else moderators alone."""
    EVERYBODY = "everybody"
    MODERATORS = "moderators"


class Preferences(Struct, frozen=True):
    """How a member has a room."""

    reading: Reading
    notifications: Told


class Room(Struct, frozen=True, kw_only=True):
    """A room as one member sees it; `role` is null for somebody who only looks in.

    `head` is the number of the last event. `unread` counts messages of others behind
    `read_number` that were not deleted, `mentions` those of them that mention the member or all.
    `reading` and `notifications` are the member's choices there. `retention_days` is for how long
    messages are kept, null for ever. `reach_all` is who may address everybody or groups, and
    `everybody_reaches_all` whether that is whoever writes there now. `member_ids` are those of a
    direct room; for channels ask for the members.
    """

    id: UUID
    kind: RoomKind
    is_public: bool
    name: str
    description: str
    created_at: datetime
    is_archived: bool
    has_link_previews: bool
    reach_all: ReachAll
    everybody_reaches_all: bool
    retention_days: int | None
    head: int
    role: RoomRole | None
    read_number: int
    unread: int
    mentions: int
    reading: Reading
    notifications: Told
    member_ids: list[UUID]


class RoomMember(Struct, frozen=True):
    """Somebody in a room: a person, or an API key (`is_key`).

    Until `muted_until` they do not write; null if they may.
    """

    member_id: UUID
    is_key: bool
    role: RoomRole
    joined_at: datetime
    read_number: int
    muted_until: datetime | None


class Changed(Struct, frozen=True):
    """A room after a change, and what the change put into its log."""

    room: Room
    events: list[Event]
