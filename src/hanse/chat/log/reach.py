"""Whom messages reach that are for many at once: everybody in a room, those who are there, or those
of some groups."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store
from hanse.chat.log.model import Draft, Event
from hanse.platform.database import Tx


class Reach(Struct, frozen=True):
    """The rooms in which everybody may address all, and the groups that there are."""

    open_rooms: frozenset[UUID]
    groups: frozenset[UUID]


NOBODY: Final = Reach(frozenset(), frozenset())
"""What decides over drafts that address nobody but single people."""


async def of(tx: Tx, drafts: Sequence[Draft]) -> Reach:
    """Return what decides over these drafts; most address nobody, and cost nothing here."""
    to_many = [each for each in drafts if each.body.to_all or each.body.to_here or each.body.groups]
    if not to_many:
        return NOBODY
    rooms = await store.where_everybody_reaches_all(tx, sorted({each.room_id for each in to_many}))
    named = sorted({group for each in to_many for group in each.body.groups})
    groups = await identity.names_of_groups(tx, named) if named else {}
    return Reach(frozenset(rooms), frozenset(groups))


async def people(
    tx: Tx, texts: Sequence[Event], here: Mapping[tuple[UUID, int], Sequence[UUID]]
) -> dict[int, list[UUID]]:
    """Return whom these messages and edits reach by groups and by being there, by place.

    `here` are those who are there, by room and number of the event.
    """
    found: dict[int, list[UUID]] = {}
    for place, event in enumerate(texts):
        reached = list(here.get((event.room_id, event.number), ()))
        if event.body.groups:
            members = await store.people_in(tx, event.room_id)
            reached += await identity.members_among(tx, event.body.groups, members)
        if reached:
            found[place] = reached
    return found
