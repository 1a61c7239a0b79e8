"""Routes of outgoing webhooks and commands."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, patch, post
from msgspec import Meta, Struct

from hanse.chat.api.bots import BotName, made_once
from hanse.chat.api.common import Chat, errors
from hanse.chat.log.model import Event
from hanse.chat.outgoing import service
from hanse.chat.outgoing.model import Command, OutgoingWebhook, Sends
from hanse.identity import Access, Seal, WebhookDelivery
from hanse.platform.catalogue import Catalogue
from hanse.platform.database import Db, Tx
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Cursor,
    IdempotencyKey,
    Page,
    PageQuery,
    page_of,
    parse_cursor,
)
from hanse.platform.outbound import OutboundRules


class NewOutgoingWebhook(Struct, forbid_unknown_fields=True):
    """What to send where. `sends` 'word' and 'command' need a `word`; `hint` is for a command."""

    name: BotName
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    sends: Sends
    word: Annotated[str, Meta(max_length=50)] | None = None
    hint: Annotated[str, Meta(max_length=100)] = ""
    description: Annotated[str, Meta(max_length=200)] = ""


class CreatedOutgoingWebhook(Struct):
    """A new webhook. `secret` signs what it gets, shown this once; null in a replayed answer."""

    webhook: OutgoingWebhook
    secret: str | None


class OutgoingWebhookChanges(Struct, forbid_unknown_fields=True):
    """Whether messages are sent."""

    active: bool


class RotatedOutgoingWebhook(Struct):
    """The new secret, shown this once; the old one signs as well until then."""

    secret: str
    previous_secret_valid_until: datetime | None


@get(
    "/rooms/{room_id:uuid}/outgoing-webhooks",
    operation_id="listOutgoingWebhooks",
    summary="List a room's outgoing webhooks",
    tags=["Chat"],
    responses=errors(409),
)
async def list_outgoing(access: Access, db: Db, room_id: UUID) -> list[OutgoingWebhook]:
    """List to where messages of a channel are sent, commands among them; for its owners."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_outgoing(tx, access, room_id)


@post(
    "/rooms/{room_id:uuid}/outgoing-webhooks",
    operation_id="createOutgoingWebhook",
    summary="Make an outgoing webhook or a command",
    tags=["Chat"],
    responses=errors(400, 409, 422),
)
async def create_outgoing(
    request: Request[Any, Any, Any],
    access: Access,
    chat: Chat,
    seal: Seal,
    webhook_rules: OutboundRules,
    room_id: UUID,
    data: NewOutgoingWebhook,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedOutgoingWebhook]:
    """Let messages of a channel be sent to an address, whose answers a bot posts in their threads.

    `DELETE /v1/rooms/{room_id}/bots/{bot_id}` ends it.
    """

    async def make(tx: Tx) -> tuple[CreatedOutgoingWebhook, list[Event]]:
        new = service.NewOutgoing(
            name=data.name,
            url=data.url,
            sends=data.sends,
            word=data.word,
            hint=data.hint,
            description=data.description,
        )
        made = await service.create_outgoing(tx, access, seal, webhook_rules, room_id, new)
        return CreatedOutgoingWebhook(made.webhook, made.secret), made.events

    return await made_once(request, access, chat, idempotency_key, make, shown_once="secret")


@patch(
    "/rooms/{room_id:uuid}/outgoing-webhooks/{bot_id:uuid}",
    operation_id="changeOutgoingWebhook",
    summary="Turn an outgoing webhook on or off",
    tags=["Chat"],
    status_code=204,
    responses=errors(400, 409),
)
async def change_outgoing(
    access: Access,
    db: Db,
    webhook_rules: OutboundRules,
    event_catalogue: Catalogue,
    room_id: UUID,
    bot_id: UUID,
    data: OutgoingWebhookChanges,
) -> None:
    """Turn it on again after it was turned off, or off. What waits then has failed."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.turn(
            tx, access, webhook_rules, event_catalogue, room_id, bot_id, is_active=data.active
        )


@post(
    "/rooms/{room_id:uuid}/outgoing-webhooks/{bot_id:uuid}/rotate-secret",
    operation_id="rotateOutgoingWebhook",
    summary="Change an outgoing webhook's secret",
    tags=["Chat"],
    status_code=200,
    responses=errors(409),
)
async def rotate_outgoing(
    access: Access, db: Db, seal: Seal, room_id: UUID, bot_id: UUID
) -> RotatedOutgoingWebhook:
    """Sign by a new secret, and for a day by the old one as well."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        secret, until = await service.rotate_outgoing(tx, access, seal, room_id, bot_id)
    return RotatedOutgoingWebhook(secret, until)


@get(
    "/rooms/{room_id:uuid}/outgoing-webhooks/{bot_id:uuid}/deliveries",
    operation_id="listOutgoingDeliveries",
    summary="List what was sent",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def list_deliveries(
    access: Access,
    db: Db,
    room_id: UUID,
    bot_id: UUID,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
) -> Page[WebhookDelivery]:
    """List what was sent and what came of it, newest first; kept for thirty days."""
    before = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_deliveries(tx, access, room_id, bot_id, before, limit + 1)
    return page_of(found, limit, lambda delivery: delivery.id)


@get(
    "/rooms/{room_id:uuid}/commands",
    operation_id="listCommands",
    summary="List a room's commands",
    tags=["Chat"],
    responses=errors(),
)
async def list_commands(access: Access, db: Db, room_id: UUID) -> list[Command]:
    """List the commands that one may send to a room, as messages that begin with `/name`."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_commands(tx, access, room_id)


handlers = [
    list_outgoing,
    create_outgoing,
    change_outgoing,
    rotate_outgoing,
    list_deliveries,
    list_commands,
]
