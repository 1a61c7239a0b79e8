"""Makes the rooms of an export, each once, and opens them when they are whole."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.chat.log import store as log_store
from hanse.chat.log.append import write
from hanse.chat.log.model import Body, Draft, Event, Kind, RoomRole
from hanse.chat.porting import store
from hanse.chat.porting.cleaning import plain
from hanse.chat.porting.drafting import DEVICE
from hanse.chat.porting.people import Cast
from hanse.chat.porting.planning import Fate, RoomPlan
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import RoomKind
from hanse.chat.rooms.service import (
    DESCRIPTION_CHARACTERS_MAX,
    MEMBERS_AT_ONCE_MAX,
    NAME_CHARACTERS_MAX,
)
from hanse.identity import Access
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

_FINISHED: Final = "finished"


async def make_room(
    tx: Tx,
    access: Access,
    source: str,
    plan: RoomPlan,
    cast: Cast,
    fallback: UUID,
    first_at: datetime | None,
) -> UUID:
    """Return the room of a plan, which is made with its members if there is none yet.

    A new room is closed until `finish_room`, so that what comes from elsewhere stands first in it.
    `fallback` owns a channel of which no owner is here. A direct room that these people have
    already keeps its own log: what comes from elsewhere goes into a private channel beside it.
    """
    key = plan.room.key
    await store.hold_source(tx, source)
    known = await store.known_rooms(tx, source, [key])
    if known:
        return known[key]
    ids = await cast.ids(tx, access, [*plan.members, *([plan.owner] if plan.owner else [])])
    owner = ids[plan.owner] if plan.owner else fallback
    room_id = new_id()
    people = list(dict.fromkeys(ids[each] for each in plan.members))
    is_direct = plan.fate is Fate.DIRECT and await _open_direct(tx, room_id, owner, people)
    if not is_direct:
        await _open_channel(tx, room_id, owner, plan)
        here = dict.fromkeys(ids[each] for each in plan.members if cast.is_here(each))
        people = [each for each in here if each != owner]
    await store.keep_room(tx, source, key, room_id)
    at = min(
        each for each in (plan.room.created_at, first_at, datetime.now(UTC)) if each is not None
    )
    await store.date_room(tx, room_id, at)
    # What somebody wrote now would stand before what is still to come, and take its time away.
    await rooms_store.update_room(tx, room_id, None, None, True, None, None)
    groups = [(people, RoomRole.MEMBER)]
    if not is_direct:
        groups.insert(0, ([owner], RoomRole.OWNER))
    events = [] if is_direct else [_event(room_id, owner, at, _facts(plan))]
    for group, role in groups:
        for start in range(0, len(group), MEMBERS_AT_ONCE_MAX):
            some = group[start : start + MEMBERS_AT_ONCE_MAX]
            await rooms_store.put_members(tx, room_id, dict.fromkeys(some, False), role)
            body = Body(members=tuple(some), role=role)
            events.append(_event(room_id, owner, at, body, Kind.MEMBERS))
    await _write(tx, room_id, events)
    return room_id


async def finish_room(tx: Tx, room_id: UUID, *, is_archived: bool) -> None:
    """Let people write in a room that is whole, unless it was archived where it comes from.

    Does nothing the second time: what people did with the room since stays.
    """
    await log_store.lock_heads(tx, [room_id])
    maker = await store.maker_of(tx, room_id)
    draft = Draft(
        room_id=room_id,
        sender_id=maker,
        device=DEVICE,
        client_key=_FINISHED,
        kind=Kind.ROOM,
    )
    [known] = await log_store.known(tx, [draft])
    if known.known_number is not None:
        return
    await rooms_store.update_room(tx, room_id, None, None, is_archived, None, None)
    at = await store.last_at(tx, room_id) or known.at
    event = _event(room_id, maker, at, Body(is_archived=is_archived))
    await _write(tx, room_id, [msgspec.structs.replace(event, client_key=_FINISHED)])


async def _write(tx: Tx, room_id: UUID, events: Sequence[Event]) -> None:
    heads = await log_store.lock_heads(tx, [room_id])
    head = heads[room_id]
    numbered = [
        msgspec.structs.replace(each, number=head.head + place, messages=head.messages)
        for place, each in enumerate(events, 1)
    ]
    await write(tx, numbered, {})
    await store.read_along(tx, room_id, head.head)


async def _open_direct(tx: Tx, room_id: UUID, owner: UUID, people: Sequence[UUID]) -> bool:
    if len(people) < 2:
        return False
    key = hashlib.sha256(b"".join(each.bytes for each in sorted(people))).digest()
    return await rooms_store.insert_room(
        tx, room_id, kind=RoomKind.DIRECT, created_by=owner, direct_key=key
    )


async def _open_channel(tx: Tx, room_id: UUID, owner: UUID, plan: RoomPlan) -> None:
    facts = _facts(plan)
    await rooms_store.insert_room(
        tx,
        room_id,
        kind=RoomKind.CHANNEL,
        created_by=owner,
        name=facts.name or "",
        description=facts.description or "",
        is_public=plan.fate is Fate.PUBLIC,
    )


def _facts(plan: RoomPlan) -> Body:
    description = plan.room.description.replace("\0", "")[:DESCRIPTION_CHARACTERS_MAX]
    return Body(name=plain(plan.name, NAME_CHARACTERS_MAX) or "?", description=description or None)


def _event(room_id: UUID, sender: UUID, at: datetime, body: Body, kind: Kind = Kind.ROOM) -> Event:
    return Event(
        room_id=room_id,
        number=0,
        messages=0,
        sender_id=sender,
        device=DEVICE,
        client_key=str(new_id()),
        kind=kind,
        created_at=at,
        body=body,
    )
