"""What identity announces."""

from typing import ClassVar
from uuid import UUID

from hanse.platform.outbox import Event


class PersonCreated(Event, frozen=True, kw_only=True):
    """Somebody joined the organisation."""

    type: ClassVar[str] = "identity.person_created.v1"

    person_id: UUID
    role: str


class ApiKeyCreated(Event, frozen=True, kw_only=True):
    """An API key was made."""

    type: ClassVar[str] = "identity.api_key_created.v1"

    api_key_id: UUID
    name: str
    scopes: list[str]


class ApiKeyRevoked(Event, frozen=True, kw_only=True):
    """An API key stopped working."""

    type: ClassVar[str] = "identity.api_key_revoked.v1"

    api_key_id: UUID
