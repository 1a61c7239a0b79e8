"""Reports of messages and what becomes of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Reason(StrEnum):
    """What is wrong with a message."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    HATE = "hate"
    PRIVATE = "private"
    """It tells what is nobody's business here."""
    OTHER = "other"


class Decision(StrEnum):
    """What becomes of a reported message and its sender. All but the first delete the message."""

    DISMISS = "dismiss"
    DELETE = "delete"
    MUTE = "mute"
    """The sender only reads for a time."""
    REMOVE = "remove"
    """The sender is taken out of the room."""
    BAN = "ban"
    """The sender is taken out, and does not come back by themselves."""


class MessageReport(Struct, frozen=True, kw_only=True):
    """A report as those see it who decide.

    `said` is the message as the reporter saw it, empty once the room no longer keeps it.
    """

    id: UUID
    room_id: UUID
    room_name: str
    number: int
    reporter_id: UUID
    sender_id: UUID
    reason: Reason
    note: str
    said: str
    created_at: datetime
    decision: Decision | None
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str
