"""Whom somebody knows who does not see the directory: guests know the people of their rooms."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse.identity import Access, Permission
from hanse.platform.database import Tx

# Somebody who has left still has a name under what they wrote.
_KNOWN_SQL: Final = """
select v.id from unnest($2::uuid[]) as v (id)
where v.id = $1
    or exists (select from chat.members mine
        join chat.members other on other.room_id = mine.room_id
        where mine.member_id = $1 and other.member_id = v.id)
    or exists (select from chat.members mine
        join chat.events e on e.room_id = mine.room_id and e.kind = 'message'
        where mine.member_id = $1 and e.sender_id = v.id)
"""


def sees_everybody(access: Access) -> bool:
    """Tell whether the caller may know of anybody: whoever sees the directory, and API keys."""
    return access.person_id is None or Permission.PEOPLE_READ in access.permissions


async def known_to(tx: Tx, access: Access, ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these members, people and keys, of whom the caller may know."""
    if sees_everybody(access):
        return list(ids)
    rows = await tx.fetch(_KNOWN_SQL, access.person_id, list(ids))
    known = {row["id"] for row in rows}
    return [each for each in ids if each in known]
