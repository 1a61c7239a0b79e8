"""Routes of rooms and their members."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse import identity
from hanse.chat.api.common import Chat, Description, Name, NumberOrNone, errors
from hanse.chat.log.model import Event, RoomRole
from hanse.chat.rooms import service, store
from hanse.chat.rooms.acquaintance import known_to
from hanse.chat.rooms.model import Preferences, ReachAll, Reading, Room, RoomMember, Told
from hanse.chat.rooms.service import InvalidRoom, actor_of
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Answer,
    Cursor,
    IdempotencyKey,
    Page,
    PageQuery,
    idempotent,
    page_of,
    parse_cursor,
)

MemberIds = Annotated[list[UUID], Meta(max_length=service.MEMBERS_AT_ONCE_MAX)]


NamedIds = Annotated[list[UUID], QueryParameter(name="id", min_items=1, max_items=100)]


class NewRoom(Struct, forbid_unknown_fields=True):
    """A room to make: a channel with a name, or a direct room with its other members."""

    kind: Literal["channel", "direct"] = "channel"
    name: Name | UnsetType = UNSET
    description: Description = ""
    is_public: bool = False
    member_ids: MemberIds = []


class RoomChanges(Struct, forbid_unknown_fields=True):
    """What to change about a channel; what is left out stays.

    `has_link_previews` says whether links of its messages are looked at, if the server does that,
    `reach_all` who may address everybody there, or groups.
    """

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    has_link_previews: bool | UnsetType = UNSET
    reach_all: ReachAll | UnsetType = UNSET


class RoomMembership(Struct, forbid_unknown_fields=True):
    """The role of a member."""

    role: RoomRole = RoomRole.MEMBER


class Mute(Struct, forbid_unknown_fields=True):
    """For how many minutes from now somebody does not write; up to thirty days."""

    minutes: Annotated[int, Meta(ge=1, le=43_200)]


class ReadMarker(Struct, forbid_unknown_fields=True):
    """How far one has read. `is_back` moves the marker back, to mark something unread."""

    number: NumberOrNone
    is_back: bool = False


class PreferenceChanges(Struct, forbid_unknown_fields=True):
    """What to choose; what is left out stays."""

    reading: Reading | UnsetType = UNSET
    notifications: Told | UnsetType = UNSET


class MarkerMoved(Struct):
    """Where the marker is now."""

    read_number: int


@post(
    "/rooms",
    operation_id="createRoom",
    summary="Make a room",
    tags=["Chat"],
    responses=errors(400, 409, 422),
)
async def create_room(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    chat: Chat,
    data: NewRoom,
    idempotency_key: IdempotencyKey = None,
) -> Response[Room]:
    """Make a channel, or open the direct room of the caller and the members, old or new."""
    events: list[Event] = []

    async with db.tx(access.organisation_id, access.person_id) as tx:

        async def run() -> Answer:
            if data.kind == "direct":
                changed = await service.open_direct(tx, access, data.member_ids)
            else:
                if data.name is UNSET:
                    raise InvalidRoom("A channel needs a `name`.")
                changed = await service.create_channel(
                    tx,
                    access,
                    name=data.name,
                    description=data.description,
                    is_public=data.is_public,
                    member_ids=data.member_ids,
                )
            events.extend(changed.events)
            return Answer(201, msgspec.to_builtins(changed.room))

        answer = await idempotent(
            tx,
            caller=access.caller,
            key=idempotency_key,
            request=b"POST /v1/rooms " + await request.body(),
            run=run,
        )
    await chat.ring(access.organisation_id, events)
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status_code=answer.status, headers=headers)


@get(
    "/rooms",
    operation_id="listRooms",
    summary="List one's rooms",
    tags=["Chat"],
    responses=errors(400),
)
async def list_rooms(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[Room]:
    """List the rooms that the caller is in, with what is unread there, oldest first."""
    access.require(Permission.CHAT_READ)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await store.list_rooms_of(tx, actor_of(access), after, limit + 1)
    return page_of(found, limit, lambda room: room.id)


@get(
    "/channels",
    operation_id="listChannels",
    summary="List public channels",
    tags=["Chat"],
    responses=errors(400),
)
async def list_channels(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[Room]:
    """List the public channels, joined or not, oldest first."""
    access.require(Permission.CHAT_READ, Permission.CHAT_BROWSE)
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await store.list_public(tx, actor_of(access), after, limit + 1)
    return page_of(found, limit, lambda room: room.id)


@get(
    "/rooms/{room_id:uuid}",
    operation_id="getRoom",
    summary="Get a room",
    tags=["Chat"],
    responses=errors(),
)
async def get_room(access: Access, db: Db, room_id: UUID) -> Room:
    """Get one room, with what is unread there."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.see_room(tx, access, room_id)


@patch(
    "/rooms/{room_id:uuid}",
    operation_id="changeRoom",
    summary="Change a channel",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def change_room(access: Access, db: Db, chat: Chat, room_id: UUID, data: RoomChanges) -> Room:
    """Rename, describe, archive or reopen a channel."""
    given = {
        name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET
    }
    if not given:
        raise InvalidRoom("Name something to change.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.change_room(tx, access, room_id, **given)
    await chat.ring(access.organisation_id, changed.events)
    return changed.room


@get(
    "/rooms/{room_id:uuid}/members",
    operation_id="listRoomMembers",
    summary="List a room's members",
    tags=["Chat"],
    responses=errors(400),
)
async def list_members(
    access: Access,
    db: Db,
    room_id: UUID,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RoomMember]:
    """List who is in a room, and how far each has read."""
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.see_room(tx, access, room_id)
        found = await store.list_members(tx, room_id, after, limit + 1)
    return page_of(found, limit, lambda member: member.member_id)


@get(
    "/chat/names",
    operation_id="listChatNames",
    summary="Get the names of members",
    tags=["Chat"],
    responses=errors(400),
)
async def list_names(access: Access, db: Db, ids: NamedIds) -> dict[UUID, str]:
    """Get what members and writers are called, people, API keys and groups, by their ids.

    Guests get the names of those with whom they are in a room, or who wrote there.
    """
    access.require(Permission.CHAT_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        names = await identity.names_of(tx, await known_to(tx, access, ids))
        if Permission.GROUPS_READ in access.permissions:
            names |= await identity.names_of_groups(tx, ids)
    return names


@get(
    "/chat/guests",
    operation_id="findGuests",
    summary="Tell guests from the organisation's people",
    tags=["Chat"],
    responses=errors(400),
)
async def find_guests(access: Access, db: Db, ids: NamedIds) -> list[UUID]:
    """Tell which of these members and writers are guests; guests are told of whom they know."""
    access.require(Permission.CHAT_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await identity.guests_among(tx, await known_to(tx, access, ids))


@put(
    "/rooms/{room_id:uuid}/members/{member_id:uuid}",
    operation_id="putRoomMember",
    summary="Add a member, join, or give a role",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def put_member(
    access: Access, db: Db, chat: Chat, room_id: UUID, member_id: UUID, data: RoomMembership
) -> Room:
    """Bring a person or an API key into a channel; with one's own id, join a public one."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        changed = await service.put_member(tx, access, room_id, member_id, data.role)
    await chat.ring(access.organisation_id, changed.events)
    return changed.room


@delete(
    "/rooms/{room_id:uuid}/members/{member_id:uuid}",
    operation_id="removeRoomMember",
    summary="Remove a member, or leave",
    tags=["Chat"],
    status_code=204,
    responses=errors(409),
)
async def remove_member(access: Access, db: Db, chat: Chat, room_id: UUID, member_id: UUID) -> None:
    """Take somebody out of a channel; with one's own id, leave it."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        events = await service.remove_member(tx, access, room_id, member_id)
    await chat.ring(access.organisation_id, events)


@put(
    "/rooms/{room_id:uuid}/members/{member_id:uuid}/mute",
    operation_id="muteRoomMember",
    summary="Mute a member for a time",
    tags=["Chat"],
    status_code=204,
    responses=errors(400, 409),
)
async def mute_member(access: Access, db: Db, room_id: UUID, member_id: UUID, data: Mute) -> None:
    """Let a member of a channel only read, and take back what they said; for moderators."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.mute(tx, access, room_id, member_id, data.minutes)


@delete(
    "/rooms/{room_id:uuid}/members/{member_id:uuid}/mute",
    operation_id="unmuteRoomMember",
    summary="Let a member write again",
    tags=["Chat"],
    status_code=204,
    responses=errors(409),
)
async def unmute_member(access: Access, db: Db, room_id: UUID, member_id: UUID) -> None:
    """End a mute before its time; for moderators."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.unmute(tx, access, room_id, member_id)


@put(
    "/rooms/{room_id:uuid}/read",
    operation_id="markRoomRead",
    summary="Move one's read marker",
    tags=["Chat"],
    responses=errors(400),
)
async def mark_read(access: Access, db: Db, room_id: UUID, data: ReadMarker) -> MarkerMoved:
    """Say how far one has read; going back needs `is_back`, so that devices do not undo it."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        marker = await service.mark_read(tx, access, room_id, data.number, is_back=data.is_back)
    return MarkerMoved(marker)


@put(
    "/rooms/{room_id:uuid}/preferences",
    operation_id="setRoomPreferences",
    summary="Choose how one has a room",
    tags=["Chat"],
    responses=errors(400),
)
async def set_preferences(
    access: Access, db: Db, room_id: UUID, data: PreferenceChanges
) -> Preferences:
    """Choose how to read what was written in other languages, and of what to be told."""
    reading = None if data.reading is UNSET else data.reading
    told = None if data.notifications is UNSET else data.notifications
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.set_preferences(tx, access, room_id, reading, told)


handlers = [
    create_room,
    list_rooms,
    list_channels,
    get_room,
    change_room,
    list_members,
    list_names,
    find_guests,
    put_member,
    remove_member,
    mute_member,
    unmute_member,
    mark_read,
    set_preferences,
]
