"""What becomes of an export here: rooms, people, and what cannot be carried. Pure."""

from collections import Counter
from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.porting.model import Person, Room
from hanse.chat.rooms.model import RoomKind
from hanse.chat.rooms.service import DIRECT_MEMBERS_MAX, MEMBERS_MAX, NAME_CHARACTERS_MAX

_NAMED_MAX: Final = 8


class Fate(StrEnum):
    """What becomes of a room."""

    PUBLIC = "public channel"
    PRIVATE = "private channel"
    DIRECT = "direct room"
    UNSEEN = "left out, for nobody here was in it"


class RoomPlan(Struct, frozen=True, kw_only=True):
    """What becomes of a room. `members` are keys of those who are here, and of both in a direct
    room; `owner` is one of them, None where the organisation's owner is to be it."""

    room: Room
    fate: Fate
    name: str
    members: tuple[str, ...]
    owner: str | None
    counts: Counter[str]


class Report(Struct, frozen=True, kw_only=True):
    """What an import makes, or has made."""

    source: str
    rooms: list[RoomPlan]
    matched: dict[str, UUID]
    departed: int
    skipped: Counter[str]

    def totals(self) -> Counter[str]:
        """How many events of each kind there are in the rooms that are carried."""
        totals: Counter[str] = Counter()
        for each in self.rooms:
            if each.fate is not Fate.UNSEEN:
                totals.update(each.counts)
        return totals


def planned(
    room: Room,
    people: Mapping[str, Person],
    here: Set[str],
    counts: Counter[str],
    *,
    is_known: bool = False,
) -> RoomPlan:
    """Return what becomes of a room, if the people with these keys are here.

    One that `is_known`, for it was brought in before, goes on whoever has left since.
    """
    present = tuple(each for each in dict.fromkeys(room.members) if each in here)
    owners = [each for each in room.owners if each in here]
    owner = next(iter([*owners, *present]), None)
    members = tuple(dict.fromkeys([*owners, *present]))[:MEMBERS_MAX]
    name = room.name
    if room.kind is RoomKind.DIRECT:
        fate = Fate.DIRECT if 2 <= len(set(room.members)) <= DIRECT_MEMBERS_MAX else Fate.PRIVATE
        name = named_for(room, people)
        if fate is Fate.DIRECT and present:
            members = tuple(dict.fromkeys(room.members))
    else:
        fate = Fate.PUBLIC if room.is_public else Fate.PRIVATE
    if fate is not Fate.PUBLIC and owner is None and not is_known:
        fate = Fate.UNSEEN
    return RoomPlan(
        room=room, fate=fate, name=name or room.key, members=members, owner=owner, counts=counts
    )


def named_for(room: Room, people: Mapping[str, Person]) -> str:
    """Return what a channel is called that was a direct room: its people."""
    names = [people[each].name if each in people else each for each in room.members]
    more = f" +{len(names) - _NAMED_MAX}" if len(names) > _NAMED_MAX else ""
    return (", ".join(names[:_NAMED_MAX])[: NAME_CHARACTERS_MAX - 8] + more) or room.key
