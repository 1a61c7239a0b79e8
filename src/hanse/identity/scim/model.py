"""People and groups as SCIM knows them: what Hanse has, and what the identity provider noted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from hanse.identity.model import Person
from hanse.identity.people.service import Changes


class Provided(Struct, frozen=True):
    """A person, and what a provider wrote about them.

    `profile` holds SCIM attributes by their names that Hanse has no column for; `revision` grows
    with each change.
    """

    person: Person
    user_name: str
    external_id: str | None
    profile: dict[str, Any]
    revision: int
    updated_at: datetime


class Written(Struct, frozen=True):
    """What a provider wants a person to be: `changes` in terms of Hanse, and its own notes."""

    changes: Changes
    user_name: str
    external_id: str | None
    profile: dict[str, Any]


class ProvidedGroup(Struct, frozen=True):
    """A group. `provisioned`: a provider made it, so it decides who is in it."""

    id: UUID
    name: str
    external_id: str | None
    provisioned: bool
    created_at: datetime
    updated_at: datetime
    revision: int
    member_count: int


class MemberRef(Struct, frozen=True):
    """Somebody (`User`) or a group (`Group`) in a group."""

    id: UUID
    type: str
    name: str
