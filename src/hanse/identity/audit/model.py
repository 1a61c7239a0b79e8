"""An entry of the audit log, and what a reader may ask for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class AuditEvent(Struct, frozen=True):
    """One deed.

    `actor_kind` is person, api_key, operator (the command line of the server) or system; names are
    as they were then. `action` is the thing and the verb: `person.deactivated`. `details` never
    hold secrets.
    """

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str | None
    action: str
    target_kind: str | None
    target_id: UUID | None
    target_name: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]


class AuditFilter(Struct, frozen=True):
    """Only events that agree with all that is given; `since` is included, `until` is not."""

    actor_id: UUID | None = None
    target_id: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
