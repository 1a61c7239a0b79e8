"""The verbs about outgoing webhooks and commands. Each runs in the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.integrations.service import NoSuchBot, create_bot, integrated_room
from hanse.chat.integrations.store import outgoing_of
from hanse.chat.log.model import Event
from hanse.chat.outgoing import store
from hanse.chat.outgoing.model import (
    COMMAND_NAME,
    MESSAGE_TYPE,
    Command,
    OutgoingWebhook,
    Sends,
)
from hanse.chat.rooms.service import see_room
from hanse.identity import Access, Permission, Seal, Webhook, WebhookDelivery
from hanse.platform.database import Tx
from hanse.platform.outbound import OutboundRules
from hanse.platform.problems import BadRequest, Conflict


class InvalidTrigger(BadRequest):
    """What is to be sent is not said as it must be."""

    code = "invalid_trigger"
    title = "Invalid trigger"


class CommandTaken(Conflict):
    """The room has a command of that name."""

    code = "command_taken"
    title = "Command taken"


class NewOutgoing(Struct, frozen=True, kw_only=True):
    """An outgoing webhook to be."""

    name: str
    url: str
    sends: Sends
    word: str | None = None
    hint: str = ""
    description: str = ""


class MadeOutgoing(Struct, frozen=True):
    """A new webhook, the secret that signs what it gets, and the new events of the room."""

    webhook: OutgoingWebhook
    secret: str
    events: list[Event]


async def create_outgoing(
    tx: Tx, access: Access, seal: Seal, rules: OutboundRules, room_id: UUID, new: NewOutgoing
) -> MadeOutgoing:
    """Let messages of a room be sent to an address, and a new bot post what is answered.

    Raises NoSuchRoom, DirectRoom, NotAllowedInRoom, RoomArchived, TooManyBots, InvalidName,
    InvalidTrigger, InvalidWebhookUrl, CommandTaken.
    """
    room = await integrated_room(tx, access, room_id)
    word = _word(new)
    made = await create_bot(tx, access, room_id, new.name)
    webhook, secret = await identity.attach_webhook(
        tx,
        _granted(access),
        seal,
        rules,
        url=new.url,
        description=f"{made.bot.name} ({room.name})",
        type=MESSAGE_TYPE,
    )
    if not await store.insert(
        tx,
        made.bot.id,
        room_id=room_id,
        webhook_id=webhook.id,
        sends=new.sends,
        word=word,
        hint=new.hint,
        description=new.description,
    ):
        raise CommandTaken(f"This room has a command /{word} already. Choose another name.")
    kept = store.Kept(
        made.bot, webhook.id, new.sends, Command(word or "", new.hint, new.description)
    )
    return MadeOutgoing(_shown(kept, made.bot.name, webhook), secret, made.events)


async def list_outgoing(tx: Tx, access: Access, room_id: UUID) -> list[OutgoingWebhook]:
    """Return the outgoing webhooks of a room, oldest first. Raises what `create_outgoing` does."""
    await integrated_room(tx, access, room_id)
    kept = await store.list_kept(tx, room_id)
    names = await identity.names_of(tx, [each.bot.id for each in kept])
    webhooks = await _webhooks(tx, kept)
    return [
        _shown(each, names.get(each.bot.id, ""), webhooks[each.webhook_id])
        for each in kept
        if each.webhook_id in webhooks
    ]


async def list_commands(tx: Tx, access: Access, room_id: UUID) -> list[Command]:
    """Return the commands of a room that somebody answers now, by name. Raises NoSuchRoom."""
    await see_room(tx, access, room_id)
    kept = [each for each in await store.list_kept(tx, room_id) if each.sends is Sends.COMMAND]
    webhooks = await _webhooks(tx, kept)
    commands = [
        each.command
        for each in kept
        if (webhook := webhooks.get(each.webhook_id)) is not None and webhook.active
    ]
    return sorted(commands, key=lambda each: each.name)


async def turn(
    tx: Tx,
    access: Access,
    rules: OutboundRules,
    catalogue: Any,
    room_id: UUID,
    bot_id: UUID,
    *,
    is_active: bool,
) -> None:
    """Turn a webhook on or off. Raises NoSuchBot and what `create_outgoing` does."""
    id = await _found(tx, access, room_id, bot_id)
    changes = {"active": is_active}
    await identity.update_webhook(tx, _granted(access), rules, catalogue, id, changes)


async def rotate_outgoing(
    tx: Tx, access: Access, seal: Seal, room_id: UUID, bot_id: UUID
) -> tuple[str, datetime | None]:
    """Give a webhook a new secret; return it, and until when the old one signs as well.

    Raises NoSuchBot and what `create_outgoing` does.
    """
    id = await _found(tx, access, room_id, bot_id)
    return await identity.rotate_webhook_secret(tx, _granted(access), seal, id)


async def list_deliveries(
    tx: Tx, access: Access, room_id: UUID, bot_id: UUID, before: UUID | None, limit: int
) -> list[WebhookDelivery]:
    """Return what was sent, newest first. Raises NoSuchBot and what `create_outgoing` does."""
    id = await _found(tx, access, room_id, bot_id)
    return await identity.list_webhook_deliveries(
        tx, _granted(access), id, None, None, before, limit
    )


async def _found(tx: Tx, access: Access, room_id: UUID, bot_id: UUID) -> UUID:
    await integrated_room(tx, access, room_id)
    id = await outgoing_of(tx, room_id, bot_id)
    # An administrator may have deleted it among the webhooks of the organisation.
    if id is None or not await identity.get_webhooks(tx, [id]):
        raise NoSuchBot("There is no such webhook in this room.")
    return id


async def _webhooks(tx: Tx, kept: Sequence[store.Kept]) -> Mapping[UUID, Webhook]:
    found = await identity.get_webhooks(tx, [each.webhook_id for each in kept])
    return {each.id: each for each in found}


def _granted(access: Access) -> Access:
    """The caller, whom the rule of the room allows what otherwise administrators may."""
    return access.granted(Permission.WEBHOOKS_READ, Permission.WEBHOOKS_WRITE)


def _word(new: NewOutgoing) -> str | None:
    word = (new.word or "").strip().lower()
    if new.sends is Sends.COMMAND:
        word = word.removeprefix("/")
        if not COMMAND_NAME.fullmatch(word):
            raise InvalidTrigger(
                "A command's name has up to 32 letters a-z, digits, - and _, a letter first."
            )
        return word
    if new.sends is Sends.WORD:
        if not word.isprintable() or len(word.split()) != 1 or word.startswith("/"):
            raise InvalidTrigger("`word` is one word, and no command.")
        return word
    if word:
        raise InvalidTrigger(f"`word` is not for webhooks that send '{new.sends}'.")
    return None


def _shown(kept: store.Kept, name: str, webhook: Webhook) -> OutgoingWebhook:
    return OutgoingWebhook(
        bot_id=kept.bot.id,
        name=name,
        url=webhook.url,
        sends=kept.sends,
        word=kept.command.name or None,
        hint=kept.command.hint,
        description=kept.command.description,
        active=webhook.active,
        disabled_reason=webhook.disabled_reason and webhook.disabled_reason.value,
        created_by=kept.bot.created_by,
        created_at=kept.bot.created_at,
    )
