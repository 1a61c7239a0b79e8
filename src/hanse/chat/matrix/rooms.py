"""Routes of rooms and who is in them, as Matrix's clients ask for them."""

# ruff: noqa: ARG001

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from msgspec import Meta, Struct

from hanse.chat.api.common import Chat
from hanse.chat.log.model import RoomRole
from hanse.chat.matrix.common import CLIENT, ROOM, server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import event_id
from hanse.chat.matrix.reading import members_of, read_state
from hanse.chat.matrix.sending import EncryptionRefused, UnsupportedEvent
from hanse.chat.matrix.sync import ROOMS_MAX
from hanse.chat.rooms import service, store
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.problems import NotFound


class InitialState(Struct):
    """A piece of state that a client wants in a new room."""

    type: str = ""


class NewRoom(Struct):
    """A room to be made. What else clients send (presets, versions) does not apply here."""

    name: str = ""
    topic: Annotated[str, Meta(max_length=service.DESCRIPTION_CHARACTERS_MAX)] = ""
    invite: Annotated[list[str], Meta(max_length=service.MEMBERS_AT_ONCE_MAX)] = []
    is_direct: bool = False
    preset: str = ""
    visibility: str = "private"
    initial_state: list[InitialState] = []


class Facts(Struct):
    """A room's name, or its topic."""

    name: str = ""
    topic: Annotated[str, Meta(max_length=service.DESCRIPTION_CHARACTERS_MAX)] = ""


class Invited(Struct):
    """Somebody to bring in or to take out."""

    user_id: str


@post(f"{CLIENT}/createRoom", status_code=200)
async def create_room(bearer: Access, chat: Chat, public_url: str, data: NewRoom) -> Json:
    """Make a channel, or open the direct room with somebody; who is invited is in it at once."""
    server = server_of(public_url)
    if any(each.type == "m.room.encryption" for each in data.initial_state):
        raise EncryptionRefused("Rooms of this server are not encrypted end to end.")
    others = [server.user_of(each) for each in data.invite]
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        if data.is_direct and others and not data.name:
            made = await service.open_direct(tx, bearer, others)
        else:
            made = await service.create_channel(
                tx,
                bearer,
                name=data.name,
                description=data.topic,
                is_public="public" in (data.visibility, data.preset.partition("_")[0]),
                member_ids=others,
            )
    await chat.ring(bearer.organisation_id, made.events)
    return {"room_id": server.room(made.room.id)}


@post([f"{CLIENT}/join/{{room:str}}", f"{ROOM}/join"], status_code=200)
async def join(bearer: Access, chat: Chat, public_url: str, room: str) -> Json:
    """Join a public channel; whoever is in it already stays what they are."""
    id = server_of(public_url).room_of(room)
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        events = []
        if (await see_room(tx, bearer, id)).role is None:
            put = await service.put_member(tx, bearer, id, actor_of(bearer), RoomRole.MEMBER)
            events = put.events
    await chat.ring(bearer.organisation_id, events)
    return {"room_id": room}


@post(f"{ROOM}/invite", status_code=200)
async def invite(bearer: Access, chat: Chat, public_url: str, room: str, data: Invited) -> Json:
    """Bring somebody into a channel; they need not accept."""
    server = server_of(public_url)
    id, who = server.room_of(room), server.user_of(data.user_id)
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        await see_room(tx, bearer, id)
        events = []
        if await store.get_role(tx, id, who) is None:
            events = (await service.put_member(tx, bearer, id, who, RoomRole.MEMBER)).events
    await chat.ring(bearer.organisation_id, events)
    return {}


@post(f"{ROOM}/leave", status_code=200)
async def leave(bearer: Access, chat: Chat, public_url: str, room: str) -> Json:
    """Leave a channel."""
    return await _remove(bearer, chat, server_of(public_url).room_of(room), actor_of(bearer))


@post(f"{ROOM}/kick", status_code=200)
async def kick(bearer: Access, chat: Chat, public_url: str, room: str, data: Invited) -> Json:
    """Take somebody out of a channel."""
    server = server_of(public_url)
    return await _remove(bearer, chat, server.room_of(room), server.user_of(data.user_id))


@post(f"{ROOM}/forget", status_code=200)
async def forget(bearer: Access, room: str) -> Json:
    """Do nothing: a room that one has left is not listed."""
    return {}


async def _remove(bearer: Access, chat: Chat, id: UUID, who: UUID) -> Json:
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        events = await service.remove_member(tx, bearer, id, who)
    await chat.ring(bearer.organisation_id, events)
    return {}


@get(f"{CLIENT}/joined_rooms")
async def joined_rooms(bearer: Access, db: Db, public_url: str) -> Json:
    """List the rooms that one is in."""
    bearer.require(Permission.CHAT_READ)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        ids = await store.room_ids_of(tx, actor_of(bearer), ROOMS_MAX)
    return {"joined_rooms": [server_of(public_url).room(each) for each in ids]}


@get(f"{ROOM}/joined_members")
async def joined_members(bearer: Access, db: Db, public_url: str, room: str) -> Json:
    """List who is in a room, and what they are called."""
    server = server_of(public_url)
    id = server.room_of(room)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        await see_room(tx, bearer, id)
        members, names = await members_of(tx, id)
    return {
        "joined": {
            server.user(each.member_id): {"display_name": names.get(each.member_id, "")}
            for each in members
        }
    }


@get(f"{ROOM}/members")
async def room_members(bearer: Access, db: Db, public_url: str, room: str) -> Json:
    """List who is in a room, as pieces of its state."""
    state = await _state(bearer, db, public_url, room)
    return {"chunk": [each for each in state if each["type"] == "m.room.member"]}


@get(f"{ROOM}/state")
async def room_state(bearer: Access, db: Db, public_url: str, room: str) -> list[Json]:
    """Return a room's state."""
    return await _state(bearer, db, public_url, room)


@get(
    [
        f"{ROOM}/state/{{event_type:str}}",
        f"{ROOM}/state/{{event_type:str}}/",
        f"{ROOM}/state/{{event_type:str}}/{{key:str}}",
    ]
)
async def piece_of_state(
    bearer: Access, db: Db, public_url: str, room: str, event_type: str, key: str = ""
) -> Any:
    """Return the content of one piece of a room's state."""
    for each in await _state(bearer, db, public_url, room):
        if (each["type"], each["state_key"]) == (event_type, key):
            return each["content"]
    raise NotFound("The room has no such state.")


@put(
    [
        f"{ROOM}/state/{{event_type:str}}",
        f"{ROOM}/state/{{event_type:str}}/",
    ]
)
async def change_state(
    bearer: Access, chat: Chat, public_url: str, room: str, event_type: str, data: Facts
) -> Json:
    """Give a channel another name or topic. Other state follows from what the room is."""
    id = server_of(public_url).room_of(room)
    if event_type == "m.room.encryption":
        raise EncryptionRefused("Rooms of this server are not encrypted end to end.")
    if event_type not in ("m.room.name", "m.room.topic"):
        raise UnsupportedEvent("Change m.room.name or m.room.topic.")
    is_name = event_type == "m.room.name"
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        changed = await service.change_room(
            tx,
            bearer,
            id,
            name=data.name if is_name else None,
            description=None if is_name else data.topic,
        )
    await chat.ring(bearer.organisation_id, changed.events)
    return {"event_id": event_id(id, changed.events[-1].number)}


async def _state(bearer: Access, db: Db, public_url: str, room: str) -> list[Json]:
    server = server_of(public_url)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        return await read_state(tx, server, await see_room(tx, bearer, server.room_of(room)))


handlers = [
    create_room,
    join,
    invite,
    leave,
    kick,
    forget,
    joined_rooms,
    joined_members,
    room_members,
    room_state,
    piece_of_state,
    change_state,
]
