"""Reading rooms as Matrix's clients do: stretches of a log, and state."""

from collections.abc import Sequence
from uuid import UUID

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.model import Event, Kind
from hanse.chat.matrix import positions, store
from hanse.chat.matrix.events import Json, Reader, matrix_events
from hanse.chat.matrix.ids import Server
from hanse.chat.matrix.state import state_of
from hanse.chat.reading import languages_of
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import Reading, Room, RoomMember
from hanse.chat.translations import store as translations_store
from hanse.chat.translations.model import Translated, is_for
from hanse.identity import Access
from hanse.platform.database import Tx

MEMBERS_SHOWN_MAX = 500
"""Members whose membership is told of a room; the others are told when they say something."""


def device_of(access: Access) -> str:
    """Return the device of whoever calls: their session, or API key."""
    return str(access.session_id or access.api_key_id)


async def languages_in(tx: Tx, access: Access, room: Room) -> list[str]:
    """Return what the caller reads in a room, best first; nothing if they want originals."""
    return [] if room.reading is Reading.ORIGINAL else await languages_of(tx, access)


async def as_events(
    tx: Tx, access: Access, server: Server, room: Room, events: Sequence[Event]
) -> list[Json]:
    """Return entries of a room's log as its reader gets them."""
    reader = Reader(
        server=server,
        device=device_of(access),
        names=await _names(tx, events),
        translations=await _translations(tx, access, room, events),
        taken_back=await _taken_back(tx, events),
        both=room.reading is Reading.SIDE_BY_SIDE,
    )
    return [made for each in events for made in matrix_events(each, reader)]


async def _names(tx: Tx, events: Sequence[Event]) -> dict[UUID, str]:
    members = {who for each in events for who in each.body.members}
    return await identity.names_of(tx, sorted(members)) if members else {}


async def _translations(
    tx: Tx, access: Access, room: Room, events: Sequence[Event]
) -> dict[tuple[int, int], Translated]:
    languages = await languages_in(tx, access, room)
    found: dict[tuple[int, int], Translated] = {}
    # One revision of a message each time: a stretch may have a message and edits of it.
    left = [each for each in events if each.kind in (Kind.MESSAGE, Kind.EDIT)]
    while languages and left:
        revisions: dict[int, int] = {}
        later = []
        for each in left:
            message = each.target or each.number
            if message in revisions:
                later.append(each)
            else:
                revisions[message] = each.number
        for made in await translations_store.read(tx, room.id, revisions, languages):
            if is_for(languages, made.source_language, made.language):
                found.setdefault((made.number, made.revision), made)
        left = later
    return found


async def _taken_back(tx: Tx, events: Sequence[Event]) -> dict[int, int]:
    found = {}
    for each in events:
        if each.kind is Kind.REACTION and not each.body.on and each.target is not None:
            number = await store.reaction_before(
                tx, each.room_id, each.target, each.sender_id, each.body.emoji or "", each.number
            )
            if number is not None:
                found[each.number] = number
    return found


async def members_of(tx: Tx, room_id: UUID) -> tuple[list[RoomMember], dict[UUID, str]]:
    """Return the first MEMBERS_SHOWN_MAX members of a room, and what they are called."""
    members = await rooms_store.list_members(tx, room_id, None, MEMBERS_SHOWN_MAX)
    return members, await identity.names_of(tx, [each.member_id for each in members])


async def read_state(tx: Tx, server: Server, room: Room) -> list[Json]:
    """Return a room's state as it is now."""
    return state_of(server, room, *await members_of(tx, room.id))


async def event_at(tx: Tx, room_id: UUID, number: int) -> Event | None:
    """Return one entry of a room's log."""
    found = await log_store.read_events(tx, room_id, number - 1, 1)
    return found[0] if found and found[0].number == number else None


async def around(
    tx: Tx, access: Access, server: Server, room: Room, number: int, before: int, behind: int
) -> Json:
    """Return what stands before an entry of a room's log and behind it, and where that ends."""
    first = max(number - 1 - before, 0)
    entries = await log_store.read_events(tx, room.id, first, number - first + behind)
    earlier = [each for each in entries if each.number < number]
    later = [each for each in entries if each.number > number]
    return {
        "events_before": (await as_events(tx, access, server, room, earlier))[::-1],
        "events_after": await as_events(tx, access, server, room, later),
        "start": positions.in_room(first),
        "end": positions.in_room(later[-1].number if later else number),
    }
