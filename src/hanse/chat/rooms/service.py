"""The verbs about rooms. Each runs in the caller's transaction and asks the policy first."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Draft, Event, Kind, RoomRole
from hanse.chat.log.rules import NoSuchRoom, NotAllowedInRoom, RoomArchived
from hanse.chat.reports import store as reports_store
from hanse.chat.rooms import store
from hanse.chat.rooms.acquaintance import known_to
from hanse.chat.rooms.model import Changed, Preferences, ReachAll, Reading, Room, RoomKind, Told
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, Conflict, NotFound, Problem

NAME_CHARACTERS_MAX: Final = 200
DESCRIPTION_CHARACTERS_MAX: Final = 2000
MEMBERS_AT_ONCE_MAX: Final = 500
MEMBERS_MAX: Final = 10_000
DIRECT_MEMBERS_MAX: Final = 9
DEVICE: Final = "hanse"
"""The device of events that follow from what somebody did by another route."""

_MODERATORS: Final = (RoomRole.OWNER, RoomRole.MODERATOR)
_APPOINTED: Final = (RoomRole.MEMBER, RoomRole.READER)


class InvalidRoom(BadRequest):
    """The room is not one that can be made."""

    code = "invalid_room"
    title = "Invalid room"


class NoSuchMember(NotFound):
    """There is nobody of that id."""

    code = "no_such_member"
    title = "No such member"


class DirectRoom(Conflict):
    """A direct room stays between the same people."""

    code = "direct_room"
    title = "Direct room"


class LastRoomOwner(Conflict):
    """A channel keeps an owner."""

    code = "last_room_owner"
    title = "Last owner"


class RoomFull(Conflict):
    """A room has no place for so many."""

    code = "room_full"
    title = "Room full"


def actor_of(access: Access) -> UUID:
    """Return who the caller is in rooms: a person, or an API key."""
    actor = access.person_id or access.api_key_id
    if actor is None:
        raise NotAllowedInRoom("Nobody in particular cannot be in a room.")
    return actor


def may_browse(access: Access) -> bool:
    """Tell whether the caller sees public channels without being in them."""
    return Permission.CHAT_BROWSE in access.permissions


async def see_room(tx: Tx, access: Access, id: UUID) -> Room:
    """Return a room that the caller may read. Raises NoSuchRoom, MissingScope."""
    access.require(Permission.CHAT_READ)
    room = await store.get_room(tx, id, actor_of(access))
    if room is None or not (room.role or (room.is_public and may_browse(access))):
        raise NoSuchRoom
    return room


async def create_channel(
    tx: Tx,
    access: Access,
    *,
    name: str,
    description: str = "",
    is_public: bool = False,
    member_ids: Sequence[UUID] = (),
) -> Changed:
    """Make a channel with the caller as its owner. Raises InvalidRoom, NoSuchMember."""
    access.require(Permission.CHAT_CHANNELS, Permission.CHAT_WRITE)
    actor, id = actor_of(access), new_id()
    name = _clean_name(name)
    await store.insert_room(
        tx,
        id,
        kind=RoomKind.CHANNEL,
        created_by=actor,
        name=name,
        description=description,
        is_public=is_public,
    )
    body = Body(name=name, description=description or None)
    drafts = [system_draft(id, actor, Kind.ROOM, body)]
    drafts += await _enter(tx, access, id, [actor], RoomRole.OWNER)
    others = [each for each in dict.fromkeys(member_ids) if each != actor]
    drafts += await _enter(tx, access, id, others, RoomRole.MEMBER)
    return await _changed(tx, access, id, drafts)


async def open_direct(tx: Tx, access: Access, member_ids: Sequence[UUID]) -> Changed:
    """Return the room of the caller and these people, which is made if there is none.

    Raises InvalidRoom, NoSuchMember.
    """
    access.require(Permission.CHAT_WRITE)
    actor = actor_of(access)
    people = sorted({actor, *member_ids})
    if not 2 <= len(people) <= DIRECT_MEMBERS_MAX:
        raise InvalidRoom(
            f"A direct room is between 2 to {DIRECT_MEMBERS_MAX} people, you among them."
        )
    key = hashlib.sha256(b"".join(each.bytes for each in people)).digest()
    id = new_id()
    if not await store.insert_room(tx, id, kind=RoomKind.DIRECT, created_by=actor, direct_key=key):
        existing = await store.find_direct(tx, key)
        assert existing is not None
        return Changed(await see_room(tx, access, existing), [])
    drafts = await _enter(tx, access, id, people, RoomRole.MEMBER)
    return await _changed(tx, access, id, drafts)


async def change_room(
    tx: Tx,
    access: Access,
    id: UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    is_archived: bool | None = None,
    has_link_previews: bool | None = None,
    reach_all: ReachAll | None = None,
) -> Changed:
    """Change a channel; None leaves a field. Moderators may; owners alone archive.

    Raises NoSuchRoom, NotAllowedInRoom, DirectRoom, InvalidRoom.
    """
    room = await _held(tx, access, id)
    _require_role(room, *_MODERATORS if is_archived is None else (RoomRole.OWNER,))
    name = None if name is None else _clean_name(name)
    await store.update_room(tx, id, name, description, is_archived, has_link_previews, reach_all)
    body = Body(name=name, description=description, is_archived=is_archived)
    return await _changed(tx, access, id, [system_draft(id, actor_of(access), Kind.ROOM, body)])


async def put_member(tx: Tx, access: Access, id: UUID, member_id: UUID, role: RoomRole) -> Changed:
    """Bring somebody into a channel, or give them another role there.

    People join public channels by themselves; moderators bring in members and readers; owners do
    all. Raises NoSuchRoom, NotAllowedInRoom, DirectRoom, NoSuchMember, LastRoomOwner, RoomFull.
    """
    room = await _held(tx, access, id)
    if room.is_archived:
        raise RoomArchived("Nobody joins an archived room.")
    actor = actor_of(access)
    before = await store.get_role(tx, id, member_id)
    joins = member_id == actor and room.role is None and role is RoomRole.MEMBER
    if joins and await reports_store.is_banned(tx, id, member_id):
        raise NotAllowedInRoom("You were taken out of this room: ask a moderator to let you back.")
    if not joins:
        appoints = before in (None, *_APPOINTED) and role in _APPOINTED
        _require_role(room, *_MODERATORS if appoints else (RoomRole.OWNER,))
    if before is RoomRole.OWNER and role is not RoomRole.OWNER:
        await _keep_an_owner(tx, id)
    await reports_store.lift_ban(tx, id, member_id)
    return await _changed(tx, access, id, await _enter(tx, access, id, [member_id], role))


async def remove_member(tx: Tx, access: Access, id: UUID, member_id: UUID) -> list[Event]:
    """Take somebody, or oneself, out of a channel; return what that put into the log.

    Raises NoSuchRoom, NotAllowedInRoom, DirectRoom, NoSuchMember, LastRoomOwner.
    """
    room = await _held(tx, access, id)
    actor = actor_of(access)
    role = await store.get_role(tx, id, member_id)
    if member_id != actor:
        _require_role(room, *_MODERATORS if role in _APPOINTED else (RoomRole.OWNER,))
    if role is None:
        raise NoSuchMember("There is no such member in this room.")
    if role is RoomRole.OWNER:
        await _keep_an_owner(tx, id)
    await store.delete_member(tx, id, member_id)
    draft = system_draft(id, actor, Kind.MEMBERS, Body(members=(member_id,)))
    return await _append(tx, [draft])


async def mute(tx: Tx, access: Access, id: UUID, member_id: UUID, minutes: int) -> None:
    """Let a member not write in a room for some minutes from now, and note it.

    Moderators mute members and readers, owners also moderators; nobody mutes an owner.
    Raises NoSuchRoom, NotAllowedInRoom, DirectRoom, NoSuchMember.
    """
    await _require_may_mute(tx, access, id, member_id)
    await store.mute(tx, id, member_id, minutes)
    await identity.record(
        tx, access, "chat.member_muted", "member", member_id, room_id=str(id), minutes=minutes
    )


async def unmute(tx: Tx, access: Access, id: UUID, member_id: UUID) -> None:
    """Let a member write again before the time, and note it. Raises what `mute` does."""
    await _require_may_mute(tx, access, id, member_id)
    if await store.unmute(tx, id, member_id):
        await identity.record(
            tx, access, "chat.member_unmuted", "member", member_id, room_id=str(id)
        )


async def _require_may_mute(tx: Tx, access: Access, id: UUID, member_id: UUID) -> None:
    room = await _held(tx, access, id)
    role = await store.get_role(tx, id, member_id)
    if role is RoomRole.OWNER:
        raise NotAllowedInRoom("Nobody mutes an owner of the room.")
    _require_role(room, *(_MODERATORS if role in (None, *_APPOINTED) else (RoomRole.OWNER,)))
    if role is None:
        raise NoSuchMember("There is no such member in this room.")


async def mark_read(tx: Tx, access: Access, id: UUID, number: int, *, is_back: bool = False) -> int:
    """Move the caller's marker forwards to `number`, or back if that is asked; return it.

    Raises NoSuchRoom.
    """
    access.require(Permission.CHAT_READ)
    marker = await store.set_read(tx, id, actor_of(access), number, is_back=is_back)
    if marker is None:
        raise NoSuchRoom
    return marker


async def set_preferences(
    tx: Tx, access: Access, id: UUID, reading: Reading | None, notifications: Told | None
) -> Preferences:
    """Keep how the caller has a room; None leaves a choice. Raises NoSuchRoom."""
    access.require(Permission.CHAT_READ)
    chosen = await store.set_preferences(tx, id, actor_of(access), reading, notifications)
    if chosen is None:
        raise NoSuchRoom
    return chosen


async def _held(tx: Tx, access: Access, id: UUID) -> Room:
    """The channel that is to be changed, which nobody else changes meanwhile."""
    access.require(Permission.CHAT_WRITE)
    await log_store.lock_heads(tx, [id])
    room = await see_room(tx, access, id)
    if room.kind is RoomKind.DIRECT:
        raise DirectRoom("A direct room stays as it is. Open one with other people instead.")
    return room


def _require_role(room: Room, *roles: RoomRole) -> None:
    if room.role not in roles:
        raise NotAllowedInRoom(f"This is for whoever is {' or '.join(roles)} in this room.")


async def _keep_an_owner(tx: Tx, id: UUID) -> None:
    _, owners = await store.count_members(tx, id)
    if owners <= 1:
        raise LastRoomOwner("Make somebody else an owner of this room first.")


async def _enter(
    tx: Tx, access: Access, id: UUID, member_ids: Sequence[UUID], role: RoomRole
) -> list[Draft]:
    if not member_ids:
        return []
    # Of whom one may not know, one is not told that they exist.
    kinds = await identity.find_actors(tx, await known_to(tx, access, member_ids))
    if missing := [each for each in member_ids if each not in kinds]:
        raise NoSuchMember(f"There is nobody active with the id {missing[0]}.")
    new = await store.put_members(tx, id, {each: kinds[each] for each in member_ids}, role)
    members, _ = await store.count_members(tx, id)
    if members > MEMBERS_MAX:
        raise RoomFull(f"A room has up to {MEMBERS_MAX} members.")
    if not new:
        return []
    return [system_draft(id, actor_of(access), Kind.MEMBERS, Body(members=tuple(new), role=role))]


def system_draft(
    id: UUID, actor: UUID, kind: Kind, body: Body | None = None, *, target: int | None = None
) -> Draft:
    """Return an event that follows from what somebody did by another route than sending."""
    return Draft(
        room_id=id,
        sender_id=actor,
        device=DEVICE,
        client_key=str(new_id()),
        kind=kind,
        target=target,
        body=body or Body(),
        is_system=True,
    )


async def _append(tx: Tx, drafts: Sequence[Draft]) -> list[Event]:
    if not drafts:
        return []
    batch = await append_all(tx, drafts)
    for outcome in batch.outcomes:
        if isinstance(outcome, Problem):
            raise outcome
    return batch.events


async def _changed(tx: Tx, access: Access, id: UUID, drafts: Sequence[Draft]) -> Changed:
    events = await _append(tx, drafts)
    return Changed(await see_room(tx, access, id), events)


def _clean_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or any(ord(each) < 32 for each in name):
        raise InvalidRoom(f"A name has 1 to {NAME_CHARACTERS_MAX} characters, on one line.")
    return name
