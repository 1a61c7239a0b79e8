"""What asks for translations."""

from typing import ClassVar
from uuid import UUID

from hanse.platform.outbox import Event


class TranslationsWanted(Event, frozen=True, kw_only=True):
    """Somebody came to messages that are not there in what they read."""

    type: ClassVar[str] = "chat.translations_wanted.v1"

    room_id: UUID
    numbers: list[int]
    languages: list[str]
