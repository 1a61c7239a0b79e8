"""Holds, and messages as somebody reads them who answers for holds."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hanse.chat.files.model import File
from hanse.chat.log.model import Kind


class Hold(Struct, frozen=True, kw_only=True):
    """What must not be destroyed: the messages of a room, or of a person, or all.

    They were sent at `from_at` or later and before `until_at`, null without an end. `subject` is
    what the room or person was called when the hold began. It ends at `released_at`.
    """

    id: UUID
    name: str
    reason: str
    room_id: UUID | None
    person_id: UUID | None
    subject: str
    from_at: datetime | None
    until_at: datetime | None
    created_by: UUID
    created_at: datetime
    released_by: UUID | None
    released_at: datetime | None


class Version(Struct, frozen=True):
    """What a message said from a time on, by the number of its event; null if that is gone."""

    number: int
    created_at: datetime
    text: str | None


class HeldMessage(Struct, frozen=True, kw_only=True):
    """A message under a hold with all its versions, whatever its readers see of it now.

    `kind` is `message`, or what the room's program, the sender, was told: `http` (what an address
    answered) or `translation`.
    """

    room_id: UUID
    room_name: str
    kind: Kind
    number: int
    sender_id: UUID
    sender_name: str
    created_at: datetime
    topic: str | None
    thread: int | None
    is_deleted: bool
    versions: list[Version]
    files: list[File]
