"""What is new in all of somebody's rooms since a position, in one transaction."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from hanse.chat.heard import Marker
from hanse.chat.log import store as log_store
from hanse.chat.log.model import Kind
from hanse.chat.matrix import account_data, positions, store
from hanse.chat.matrix.ephemeral import fully_read, receipts, unread
from hanse.chat.matrix.events import Json, Reader, late_translation
from hanse.chat.matrix.ids import Server, state_id
from hanse.chat.matrix.positions import Positions, room_key
from hanse.chat.matrix.reading import as_events, device_of, members_of
from hanse.chat.matrix.state import state_of
from hanse.chat.reading import languages_of
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import Reading, Room, RoomKind
from hanse.chat.rooms.service import actor_of
from hanse.chat.translations.model import Translated, is_for
from hanse.identity import Access, Permission
from hanse.platform.database import Tx

ROOMS_MAX = 500
"""Rooms of one client, the oldest first."""
TRANSLATIONS_MAX = 1_000
FACTS = frozenset({Kind.MEMBERS, Kind.ROOM})


class Synced(Struct, frozen=True):
    """What is new by room, direct rooms by whom they are with, what is kept for the caller of all
    rooms, and where that ends."""

    joined: dict[str, Json]
    left: dict[str, Json]
    direct: dict[str, list[str]]
    kept: list[Json]
    positions: Positions
    rooms: list[Room]


async def synced(
    tx: Tx, access: Access, server: Server, since: Positions | None, timeline: int
) -> Synced:
    """Return what the caller's rooms have behind `since`, up to `timeline` entries of each."""
    access.require(Permission.CHAT_READ)
    actor = actor_of(access)
    until = await store.settled_at(tx)
    rooms = await rooms_store.list_rooms_of(tx, actor, None, ROOMS_MAX)
    late = await _late(tx, access, rooms, since, until)
    kept = await _kept(tx, actor, rooms, since, until)
    joined: dict[str, Json] = {}
    for room in rooms:
        after = None if since is None else since.of(room.id)
        mine, translated = kept.get(room.id, []), late.get(room.id, [])
        if after is not None and after >= room.head and not translated and not mine:
            continue
        new = await _room(tx, access, server, room, after, translated, timeline)
        new["account_data"]["events"] += mine
        joined[server.room(room.id)] = new
    reached = Positions({room_key(each.id): each.head for each in rooms}, until.timestamp())
    left = await _left(tx, server, actor, since, reached)
    return Synced(
        joined,
        left,
        direct_rooms(server, actor, rooms),
        kept.get(None, []),
        reached,
        rooms,
    )


def direct_rooms(server: Server, actor: UUID, rooms: list[Room]) -> dict[str, list[str]]:
    """Return which of these rooms are conversations of two, by the other one."""
    direct: dict[str, list[str]] = {}
    for room in rooms:
        if room.kind is RoomKind.DIRECT and len(room.member_ids) == 2:
            [other] = [each for each in room.member_ids if each != actor]
            direct.setdefault(server.user(other), []).append(server.room(room.id))
    return direct


async def _kept(
    tx: Tx, actor: UUID, rooms: list[Room], since: Positions | None, until: datetime
) -> dict[UUID | None, list[Json]]:
    """Account data that the client does not know yet, by room."""
    after = None if since is None else datetime.fromtimestamp(since.at, UTC)
    new = [] if since is None else [each.id for each in rooms if since.of(each.id) is None]
    kept: dict[UUID | None, list[Json]] = {}
    for each in await account_data.changed(tx, actor, after, until, new):
        kept.setdefault(each.room_id, []).append({"type": each.type, "content": each.content})
    return kept


async def _left(
    tx: Tx, server: Server, actor: UUID, since: Positions | None, reached: Positions
) -> dict[str, Json]:
    """Rooms that the client has and whose member the caller is no longer."""
    gone = [] if since is None else [each for each in since.rooms if each not in reached.rooms]
    left = {}
    for id in await store.rooms_ending_in(tx, gone) if gone else []:
        user, content = server.user(actor), {"membership": "leave"}
        event = {
            "type": "m.room.member",
            "state_key": user,
            "event_id": state_id(id, "m.room.member", user, content),
            "sender": user,
            "origin_server_ts": int(reached.at * 1000),
            "content": content,
        }
        left[server.room(id)] = {
            "state": {"events": []},
            "timeline": {"events": [event], "limited": False},
        }
    return left


async def _room(
    tx: Tx,
    access: Access,
    server: Server,
    room: Room,
    after: int | None,
    late: list[Translated],
    timeline: int,
) -> Json:
    first = max(after or 0, room.head - timeline)
    count = max(room.head - first, 0)
    entries = await log_store.read_events(tx, room.id, first, count) if count else []
    is_gap = first > (after or 0)
    members, names = await members_of(tx, room.id)
    state: list[Json] = []
    if after is None or is_gap or any(each.kind in FACTS for each in entries):
        state = state_of(server, room, members, names)
    events = await as_events(tx, access, server, room, entries)
    events += await _edits(tx, access, server, room, late)
    read = {each.member_id: Marker(each.read_number, 0.0) for each in members}
    return {
        "timeline": {
            "events": events,
            "limited": is_gap,
            "prev_batch": positions.in_room(first),
        },
        "state": {"events": state},
        "ephemeral": {"events": [receipts(server, room.id, read)]},
        "account_data": {"events": [fully_read(room)] if room.read_number else []},
        "unread_notifications": unread(room),
        "summary": await _summary(tx, access, server, room),
    }


async def _summary(tx: Tx, access: Access, server: Server, room: Room) -> Json:
    count, _ = await rooms_store.count_members(tx, room.id)
    others = [each for each in room.member_ids if each != actor_of(access)]
    return {
        "m.heroes": [server.user(each) for each in others[:5]],
        "m.joined_member_count": count,
        "m.invited_member_count": 0,
    }


async def _late(
    tx: Tx, access: Access, rooms: list[Room], since: Positions | None, until: datetime
) -> dict[UUID, list[Translated]]:
    """Translations of what the client has already, by room."""
    languages = await languages_of(tx, access)
    if since is None or not languages:
        return {}
    wanted = [each.id for each in rooms if each.reading is not Reading.ORIGINAL]
    found = await store.translations_between(
        tx,
        wanted,
        languages,
        datetime.fromtimestamp(since.at, UTC),
        until,
        TRANSLATIONS_MAX,
    )
    late: dict[UUID, list[Translated]] = {}
    for each in found:
        seen = since.of(each.room_id) or 0
        if each.revision <= seen and is_for(languages, each.source_language, each.language):
            late.setdefault(each.room_id, []).append(each)
    return late


async def _edits(
    tx: Tx, access: Access, server: Server, room: Room, late: list[Translated]
) -> list[Json]:
    if not late:
        return []
    numbers = [each.revision for each in late]
    said = {each.number: each for each in await log_store.read_numbered(tx, room.id, numbers)}
    reader = Reader(
        server=server,
        device=device_of(access),
        both=room.reading is Reading.SIDE_BY_SIDE,
    )
    edits = []
    for each in late:
        written = said.get(each.revision)
        # What reads the same in both languages would only look edited.
        if written and not written.is_redacted and written.body.text != each.text:
            # Clients show the latest edit: the translation of one must not seem older than it.
            at_ms = _ms(written.created_at)
            edits.append(late_translation(each, written.sender_id, at_ms, reader))
    return edits


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
