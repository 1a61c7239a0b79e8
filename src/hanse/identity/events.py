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


class PersonChanged(Event, frozen=True, kw_only=True):
    """Something about a person is different: `changed` names the fields."""

    type: ClassVar[str] = "identity.person_changed.v1"

    person_id: UUID
    changed: list[str]


class GroupChanged(Event, frozen=True, kw_only=True):
    """A group was made, changed or deleted, or its managers or members are others: `change`."""

    type: ClassVar[str] = "identity.group_changed.v1"

    group_id: UUID
    change: str


class InboxChanged(Event, frozen=True, kw_only=True):
    """In the inboxes of these people something is new or was read. A bell: ask for what it is."""

    type: ClassVar[str] = "identity.inbox_changed.v1"

    person_ids: list[UUID]
