"""Organisations, people, API keys, and the access that a request has."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.identity.policy import Permission, Role
from hanse.platform.problems import Forbidden


class MissingScope(Forbidden):
    """The caller is known, but is not allowed to do this."""

    code = "missing_scope"
    title = "Not allowed"


class PersonRequired(Forbidden):
    """This is about oneself, and an API key is nobody."""

    code = "person_required"
    title = "Only people can do this"


class Status(StrEnum):
    """Whether somebody can sign in: only who is active."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    REMOVED = "removed"
    """Gone for good, and left only for what refers to them: by their name, unless erased."""


class Organisation(Struct, frozen=True):
    """A tenant: every row of every system belongs to one.

    Without `password_sign_in` people come in by passkey, link or identity provider only.
    """

    id: UUID
    name: str
    password_sign_in: bool = True
    audit_retention_days: int = 365


class Person(Struct, frozen=True):
    """Somebody in an organisation.

    `locale` is the language of the interface, `languages` what the person reads, best first
    (BCP 47); `time_zone` an IANA name; `photo_url` changes with the photo.
    """

    id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    locale: str
    time_zone: str
    languages: list[str]
    status: Status
    photo_url: str | None


class ApiKey(Struct, frozen=True):
    """A key for machines, without its secret, which nobody can read again."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    requests_per_minute: int | None


class Origin(Struct, frozen=True):
    """Where a request came from: network address and program, as far as they were told.

    `device` is the secret in the cookie by which a browser that signed in before is known again.
    """

    address: str | None = None
    user_agent: str | None = None
    device: str | None = None


CLIENT: Final = "client"
"""How a session began that somebody handed over to a client of theirs: a bearer token alone."""


class Access(Struct, frozen=True):
    """Who sends a request and what it may do: a person's session, or an API key.

    `method` and `signed_in_at` say how and when the session began.
    """

    organisation_id: UUID
    permissions: frozenset[Permission]
    person_id: UUID | None = None
    api_key_id: UUID | None = None
    role: Role | None = None
    session_id: UUID | None = None
    name: str | None = None
    method: str | None = None
    signed_in_at: datetime | None = None
    requests_per_minute: int | None = None
    origin: Origin = Origin()

    @property
    def caller(self) -> str:
        """A name for this caller within its organisation, the same in each of its requests."""
        return f"key:{self.api_key_id}" if self.api_key_id else f"person:{self.person_id}"

    def limit_per_minute(self, of_all: int) -> int:
        """Requests a minute it may send: its own limit or that of all, the less; 0 for no limit."""
        own = self.requests_per_minute
        return min(own, of_all) if own and of_all else own or of_all

    def require(self, *permissions: str) -> None:
        """Raise MissingScope unless every one of `permissions` is granted."""
        missing = [each for each in permissions if each not in self.permissions]
        if missing:
            raise MissingScope(f"Missing required scope(s): {', '.join(missing)}")

    def granted(self, *permissions: Permission) -> "Access":
        """Return the same caller with more permissions.

        For a system whose own rule allows what follows, such as that of a room's owner.
        """
        return msgspec.structs.replace(self, permissions=self.permissions.union(permissions))

    def require_person(self) -> UUID:
        """Return whose session this is. Raises PersonRequired for an API key."""
        if self.person_id is None:
            raise PersonRequired("Sign in as a person; an API key has no account of its own.")
        return self.person_id
