"""The verbs about bots and incoming webhooks. Each runs in the caller's transaction.

They are for owners of the room, and for administrators who are in it.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse import identity
from hanse.chat.integrations import store
from hanse.chat.integrations.model import Bot, IncomingWebhook
from hanse.chat.log import store as log_store
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Event, Kind, RoomRole
from hanse.chat.log.rules import NotAllowedInRoom, RoomArchived
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import Room, RoomKind
from hanse.chat.rooms.service import DirectRoom, actor_of, see_room, system_draft
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.problems import Conflict, NotFound

BOTS_MAX: Final = 50
SECRET_PREFIX: Final = "hook_"  # noqa: S105  # a prefix
_SCOPES: Final = (Permission.CHAT_READ, Permission.CHAT_WRITE)


class NoSuchBot(NotFound):
    """The room has no such bot or webhook."""

    code = "no_such_bot"
    title = "No such bot"


class TooManyBots(Conflict):
    """A room has BOTS_MAX bots."""

    code = "too_many_bots"
    title = "Too many bots"


class Made(Struct, frozen=True):
    """A bot that was made: the secret of its API key, and what that put into the room's log."""

    bot: Bot
    secret: str
    events: list[Event]


async def integrated_room(tx: Tx, access: Access, room_id: UUID, *, lock: bool = False) -> Room:
    """Return a channel whose integrations the caller may see and change.

    With `lock`, nobody else changes them meanwhile. Raises NoSuchRoom, DirectRoom,
    NotAllowedInRoom, MissingScope.
    """
    access.require(Permission.CHAT_WRITE)
    if lock:
        await log_store.lock_heads(tx, [room_id])
    room = await see_room(tx, access, room_id)
    if room.kind is RoomKind.DIRECT:
        raise DirectRoom("A direct room stays between the same people. Take a channel instead.")
    is_administrator = room.role is not None and Permission.API_KEYS_WRITE in access.permissions
    if room.role is not RoomRole.OWNER and not is_administrator:
        raise NotAllowedInRoom("Bots and webhooks are for owners of this room.")
    return room


async def create_bot(tx: Tx, access: Access, room_id: UUID, name: str) -> Made:
    """Make an API key that may chat, and bring it into a room.

    Raises NoSuchRoom, DirectRoom, NotAllowedInRoom, RoomArchived, TooManyBots, InvalidName.
    """
    room = await integrated_room(tx, access, room_id, lock=True)
    if room.is_archived:
        raise RoomArchived("Nobody joins an archived room.")
    if await store.count_bots(tx, room_id) >= BOTS_MAX:
        raise TooManyBots(f"A room has up to {BOTS_MAX} bots and webhooks; delete one first.")
    # The rule of the room allows it; a key that may chat reaches no more than its rooms.
    granted = access.granted(Permission.API_KEYS_WRITE, *_SCOPES)
    key, secret = await identity.create_api_key(tx, granted, name=name, scopes=_SCOPES)
    created_at = await store.insert_bot(tx, key.id, room_id, actor_of(access))
    await rooms_store.put_members(tx, room_id, {key.id: True}, RoomRole.MEMBER)
    body = Body(members=(key.id,), role=RoomRole.MEMBER)
    draft = system_draft(room_id, actor_of(access), Kind.MEMBERS, body)
    events = (await append_all(tx, [draft])).events
    bot = Bot(id=key.id, name=key.name, created_by=actor_of(access), created_at=created_at)
    return Made(bot, secret, events)


async def list_bots(tx: Tx, access: Access, room_id: UUID) -> list[Bot]:
    """Return the bots of a room, oldest first; up to BOTS_MAX. Raises what `create_bot` does."""
    await integrated_room(tx, access, room_id)
    bots = await store.list_bots(tx, room_id)
    names = await identity.names_of(tx, [each.id for each in bots])
    return [msgspec.structs.replace(each, name=names.get(each.id, "")) for each in bots]


async def delete_bot(tx: Tx, access: Access, room_id: UUID, bot_id: UUID) -> list[Event]:
    """Revoke a bot's key and take it out of the room; what it wrote stays.

    With a webhook's bot the webhook is gone, too. Returns what that put into the log. Raises
    NoSuchBot, NoSuchRoom, DirectRoom, NotAllowedInRoom.
    """
    await integrated_room(tx, access, room_id, lock=True)
    webhook_id = await store.outgoing_of(tx, room_id, bot_id)
    if not await store.delete_bot(tx, room_id, bot_id):
        raise NoSuchBot("There is no such bot or webhook in this room.")
    granted = access.granted(Permission.API_KEYS_WRITE, Permission.WEBHOOKS_WRITE)
    await identity.revoke_api_key(tx, granted, bot_id)
    if webhook_id is not None and await identity.get_webhooks(tx, [webhook_id]):
        await identity.delete_webhook(tx, granted, webhook_id)
    if await rooms_store.get_role(tx, room_id, bot_id) is None:
        return []
    await rooms_store.delete_member(tx, room_id, bot_id)
    draft = system_draft(room_id, actor_of(access), Kind.MEMBERS, Body(members=(bot_id,)))
    return (await append_all(tx, [draft])).events


async def create_incoming(
    tx: Tx, access: Access, room_id: UUID, name: str, topic: str | None
) -> tuple[IncomingWebhook, str, list[Event]]:
    """Make an address at which a new bot posts; return it with its secret and the new events.

    Raises what `create_bot` does.
    """
    made = await create_bot(tx, access, room_id, name)
    secret = identity.new_secret(SECRET_PREFIX)
    await store.insert_incoming(tx, made.bot.id, room_id, identity.digest(secret), topic)
    webhook = IncomingWebhook(
        bot_id=made.bot.id,
        name=made.bot.name,
        topic=topic,
        created_by=made.bot.created_by,
        created_at=made.bot.created_at,
        posted_at=None,
    )
    await identity.record(
        tx, access, "chat.webhook_created", "room", room_id, made.bot.name, bot_id=made.bot.id
    )
    return webhook, secret, made.events


async def list_incoming(tx: Tx, access: Access, room_id: UUID) -> list[IncomingWebhook]:
    """Return the incoming webhooks of a room, oldest first. Raises what `create_bot` does."""
    await integrated_room(tx, access, room_id)
    found = await store.list_incoming(tx, room_id)
    names = await identity.names_of(tx, [each.bot_id for each in found])
    return [msgspec.structs.replace(each, name=names.get(each.bot_id, "")) for each in found]


async def rotate_incoming(tx: Tx, access: Access, room_id: UUID, bot_id: UUID) -> str:
    """Give a webhook another secret and return it; the old address is gone at once.

    Raises NoSuchBot, NoSuchRoom, DirectRoom, NotAllowedInRoom.
    """
    await integrated_room(tx, access, room_id)
    secret = identity.new_secret(SECRET_PREFIX)
    if not await store.rotate_incoming(tx, room_id, bot_id, identity.digest(secret)):
        raise NoSuchBot("There is no such webhook in this room.")
    await identity.record(tx, access, "chat.webhook_secret_rotated", "room", room_id, bot_id=bot_id)
    return secret
