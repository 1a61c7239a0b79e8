"""What identity announces."""

from typing import ClassVar, Final
from uuid import UUID

from hanse.platform.catalogue import EXAMPLE_ID
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


class PersonErased(Event, frozen=True, kw_only=True):
    """Somebody asked to be forgotten, or was: the id leads to nobody any more."""

    type: ClassVar[str] = "identity.person_erased.v1"

    person_id: UUID


class PersonalExportReady(Event, frozen=True, kw_only=True):
    """The archive of everything about a person can be fetched; null: asked for without a person."""

    type: ClassVar[str] = "identity.personal_export_ready.v1"

    person_id: UUID
    requested_by: UUID | None


class WebhookDisabled(Event, frozen=True, kw_only=True):
    """A webhook was turned off by itself: `reason` is failing, gone or backlog."""

    type: ClassVar[str] = "identity.webhook_disabled.v1"

    webhook_id: UUID
    reason: str


class WebhookPing(Event, frozen=True, kw_only=True):
    """A message to try a webhook out; it is sent only when somebody asks for it."""

    type: ClassVar[str] = "identity.webhook_ping.v1"

    webhook_id: UUID


examples: Final[tuple[Event, ...]] = (
    PersonCreated(person_id=EXAMPLE_ID, role="member"),
    PersonChanged(person_id=EXAMPLE_ID, changed=["name"]),
    PersonErased(person_id=EXAMPLE_ID),
    PersonalExportReady(person_id=EXAMPLE_ID, requested_by=EXAMPLE_ID),
    GroupChanged(group_id=EXAMPLE_ID, change="member_added"),
    ApiKeyCreated(api_key_id=EXAMPLE_ID, name="billing", scopes=["usage:read"]),
    ApiKeyRevoked(api_key_id=EXAMPLE_ID),
    WebhookDisabled(webhook_id=EXAMPLE_ID, reason="failing"),
)
"""One of each type that is announced; a ping is only ever sent to the webhook that it tries."""
