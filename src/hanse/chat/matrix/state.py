"""A room's present state as Matrix has it. Pure."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.log.model import RoomRole
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import Server, state_id
from hanse.chat.rooms.model import Room, RoomKind, RoomMember

POWER: Final = {
    RoomRole.OWNER: 100,
    RoomRole.MODERATOR: 50,
    RoomRole.MEMBER: 0,
    RoomRole.READER: -1,
}
_NOBODY: Final = 101
_ROOM_VERSION: Final = "10"


def state_of(
    server: Server, room: Room, members: Sequence[RoomMember], names: dict[UUID, str]
) -> list[Json]:
    """Return a room's state, with these members' membership."""
    owners = [each.member_id for each in members if each.role is RoomRole.OWNER]
    creator = server.user((owners or [each.member_id for each in members] or [UUID(int=0)])[0])
    said: list[tuple[str, str, Json]] = [
        ("m.room.create", "", {"room_version": _ROOM_VERSION, "creator": creator}),
        ("m.room.power_levels", "", _power_levels(server, room, members)),
        ("m.room.join_rules", "", {"join_rule": "public" if room.is_public else "invite"}),
        ("m.room.history_visibility", "", {"history_visibility": "shared"}),
        ("m.room.guest_access", "", {"guest_access": "forbidden"}),
    ]
    if room.name:
        said.append(("m.room.name", "", {"name": room.name}))
    if room.description:
        said.append(("m.room.topic", "", {"topic": room.description}))
    made = int(room.created_at.timestamp() * 1000)
    state = [_piece(server, room, creator, made, *each) for each in said]
    for each in members:
        user = server.user(each.member_id)
        joined = int(each.joined_at.timestamp() * 1000)
        content = {"membership": "join", "displayname": names.get(each.member_id, "")}
        state.append(_piece(server, room, user, joined, "m.room.member", user, content))
    return state


def _power_levels(server: Server, room: Room, members: Sequence[RoomMember]) -> Json:
    is_fixed = room.kind is RoomKind.DIRECT
    return {
        "users": {
            server.user(each.member_id): POWER[each.role]
            for each in members
            if each.role is not RoomRole.MEMBER
        },
        "users_default": 0,
        "events": {
            "m.reaction": -1,
            "m.room.power_levels": _NOBODY,
            "m.room.encryption": _NOBODY,
            "m.room.avatar": _NOBODY,
        },
        "events_default": 0,
        "state_default": _NOBODY if is_fixed else 50,
        "invite": _NOBODY if is_fixed else 50,
        "kick": _NOBODY if is_fixed else 50,
        "ban": _NOBODY,
        "redact": 50,
    }


def _piece(
    server: Server, room: Room, sender: str, at_ms: int, type: str, state_key: str, content: Any
) -> Json:
    return {
        "type": type,
        "state_key": state_key,
        "event_id": state_id(room.id, type, state_key, content),
        "room_id": server.room(room.id),
        "sender": sender,
        "origin_server_ts": at_ms,
        "content": content,
        "unsigned": {},
    }
