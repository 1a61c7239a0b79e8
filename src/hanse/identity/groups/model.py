"""A group, and who is in it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hanse.identity.model import Person


class Group(Struct, frozen=True):
    """People together. Whoever is in a group within it is in it, too.

    `permissions` is what members may do besides what their role allows; `member_count` counts
    those who are in the group itself.
    """

    id: UUID
    name: str
    description: str
    permissions: list[str]
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    member_count: int
    parent_ids: list[UUID]
    child_ids: list[UUID]


class Member(Struct, frozen=True):
    """Somebody in a group. A manager may add and remove members.

    `provider_id` is the identity provider that keeps this membership up to date, if one does.
    """

    person: Person
    is_manager: bool
    provider_id: UUID | None
