"""Organisations, people, API keys, and the access that a request has."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hanse.identity.policy import Permission, Role
from hanse.platform.problems import Forbidden


class MissingScope(Forbidden):
    """The caller is known, but is not allowed to do this."""

    code = "missing_scope"
    title = "Not allowed"


class Organisation(Struct, frozen=True):
    """A tenant: every row of every system belongs to one."""

    id: UUID
    name: str


class Person(Struct, frozen=True):
    """Somebody in an organisation."""

    id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime


class ApiKey(Struct, frozen=True):
    """A key for machines, without its secret, which nobody can read again."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Access(Struct, frozen=True):
    """Who sends a request and what it may do: a person's session, or an API key."""

    organisation_id: UUID
    permissions: frozenset[Permission]
    person_id: UUID | None = None
    api_key_id: UUID | None = None
    role: Role | None = None
    session_id: UUID | None = None

    @property
    def caller(self) -> str:
        """A name for this caller within its organisation, the same in each of its requests."""
        return f"key:{self.api_key_id}" if self.api_key_id else f"person:{self.person_id}"

    def require(self, *permissions: str) -> None:
        """Raise MissingScope unless every one of `permissions` is granted."""
        missing = [each for each in permissions if each not in self.permissions]
        if missing:
            raise MissingScope(f"Missing required scope(s): {', '.join(missing)}")
