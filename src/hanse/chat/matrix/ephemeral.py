"""Who writes and how far somebody has read, as syncs tell it besides the log. Pure."""

from typing import Any
from uuid import UUID

from hanse.chat.heard import Marker
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import Server, event_id
from hanse.chat.matrix.positions import room_key
from hanse.chat.rooms.model import Room

Joined = dict[str, Json]
"""What a sync tells of each room that one is in."""


def with_typing(
    server: Server,
    joined: Joined,
    told: dict[bytes, list[UUID]],
    writing: dict[UUID, list[UUID]],
    rooms: list[Room],
) -> Joined:
    """Add who writes by now, in rooms where that is not as it was told before."""
    joined = dict(joined)
    for room in rooms:
        now = writing.get(room.id, [])
        if now != told.get(room_key(room.id), []):
            users = [server.user(each) for each in now]
            _add(joined, server, room, {"type": "m.typing", "content": {"user_ids": users}})
    return joined


def with_receipts(
    server: Server,
    joined: Joined,
    read: dict[UUID, dict[UUID, Marker]],
    rooms: list[Room],
    actor: UUID,
) -> Joined:
    """Add how far members have read lately, and what that leaves unread for the caller.

    Of a room that is told of anyway, all that is there already.
    """
    told = dict(joined)
    for room in rooms:
        id = server.room(room.id)
        markers = read.get(room.id, {})
        if not markers or id in joined:
            continue
        _add(told, server, room, receipts(server, room.id, markers))
        if actor in markers:
            told[id]["unread_notifications"] = unread(room)
            told[id]["account_data"] = {"events": [fully_read(room)]}
    return told


def receipts(server: Server, room_id: UUID, read: dict[UUID, Marker]) -> Json:
    """Return how far members have read, and when if it is known (not 0), as one event."""
    content: dict[str, Any] = {}
    for member_id, marker in read.items():
        if marker.number:
            of_event = content.setdefault(event_id(room_id, marker.number), {"m.read": {}})
            when = {"ts": int(marker.at * 1000)} if marker.at else {}
            of_event["m.read"][server.user(member_id)] = when
    return {"type": "m.receipt", "content": content}


def fully_read(room: Room) -> Json:
    """Return up to where the caller has read, as account data of the room."""
    return {"type": "m.fully_read", "content": {"event_id": event_id(room.id, room.read_number)}}


def unread(room: Room) -> Json:
    """Return how much is unread for the caller."""
    return {"notification_count": room.unread, "highlight_count": room.mentions}


def _add(joined: Joined, server: Server, room: Room, event: Json) -> None:
    of_room = joined.get(server.room(room.id), {})
    before = of_room.get("ephemeral", {"events": []})["events"]
    joined[server.room(room.id)] = {**of_room, "ephemeral": {"events": [*before, event]}}
