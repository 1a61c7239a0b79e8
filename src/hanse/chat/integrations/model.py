"""Bots of a room and the addresses at which they post."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Bot(Struct, frozen=True, kw_only=True):
    """A program that is a member of a room: an API key of the same id and name."""

    id: UUID
    name: str
    created_by: UUID
    created_at: datetime


class IncomingWebhook(Struct, frozen=True, kw_only=True):
    """An address at which a bot posts for whoever knows it; `bot_id` is who posts.

    `topic` is that of messages that come without one. `posted_at` is the time of the last message,
    to the minute.
    """

    bot_id: UUID
    name: str
    topic: str | None
    created_by: UUID
    created_at: datetime
    posted_at: datetime | None


class Door(Struct, frozen=True):
    """Where a message goes that came with a secret."""

    bot_id: UUID
    organisation_id: UUID
    room_id: UUID
    topic: str | None
