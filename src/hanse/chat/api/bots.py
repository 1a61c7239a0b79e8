"""Routes of bots and incoming webhooks, and the one at which they post."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from msgspec import Meta, Struct

from hanse.chat.api.common import Chat, errors
from hanse.chat.api.rooms import NamedIds
from hanse.chat.integrations import service
from hanse.chat.integrations.model import Bot, IncomingWebhook
from hanse.chat.log.model import Event
from hanse.chat.log.rules import TOPIC_CHARACTERS_MAX
from hanse.identity import Access, Authenticator, Permission, api_keys_among
from hanse.platform.database import Db, Tx
from hanse.platform.http import Answer, IdempotencyKey, idempotent

BODY_BYTES_MAX: Final = 1_000_000
_LINE: Final = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f]+$"
BotName = Annotated[str, Meta(min_length=1, max_length=80)]
Topic = Annotated[str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX, pattern=_LINE)]


class NewBot(Struct, forbid_unknown_fields=True):
    """A bot to make."""

    name: BotName


class CreatedBot(Struct):
    """A new bot. `secret` is its API key, shown this once; in a replayed answer it is null."""

    bot: Bot
    secret: str | None


class NewIncomingWebhook(Struct, forbid_unknown_fields=True):
    """An address to make. `topic` is that of messages that name none."""

    name: BotName
    topic: Topic | None = None


class CreatedIncomingWebhook(Struct):
    """A new webhook. `url` is a secret, shown this once; in a replayed answer it is null."""

    webhook: IncomingWebhook
    url: str | None


class RotatedIncomingWebhook(Struct):
    """The new address, shown this once; the old one is gone."""

    url: str


class Posted(Struct):
    """The message's number in its room; `is_repeat` if the key had posted it before."""

    number: int
    is_repeat: bool
    ok: bool = True


@dataclass
class PostOperation(Operation):
    """The operation whose body is read in more than one form."""

    def __post_init__(self) -> None:
        """Describe the body."""
        words = {
            name: Schema(type=OpenAPIType.STRING, description=about)
            for name, about in (
                ("text", "The message, in Markdown."),
                ("topic", "The topic of the message."),
                ("username", "Under which name the bot shows this message."),
            )
        }
        schema = Schema(
            type=OpenAPIType.OBJECT,
            description="Also what Slack's incoming webhooks take: `attachments`, `blocks`.",
            properties=dict(words),
        )
        self.request_body = RequestBody(
            required=True, content={"application/json": OpenAPIMediaType(schema=schema)}
        )


async def made_once(
    request: Request[Any, Any, Any],
    access: Access,
    chat: Chat,
    key: str | None,
    make: Callable[[Tx], Awaitable[tuple[Any, list[Event]]]],
    *,
    shown_once: str,
) -> Response[Any]:
    """Answer 201 with what `make` makes, and ring; a repeat lacks the field `shown_once`."""
    events: list[Event] = []
    async with chat.db.tx(access.organisation_id, access.person_id) as tx:

        async def run() -> Answer:
            made, appended = await make(tx)
            events.extend(appended)
            return Answer(201, msgspec.to_builtins(made))

        answer = await idempotent(
            tx,
            caller=access.caller,
            key=key,
            request=f"POST {request.url.path} ".encode() + await request.body(),
            run=run,
            kept=lambda body: {**body, shown_once: None},
        )
    await chat.ring(access.organisation_id, events)
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status_code=answer.status, headers=headers)


@get(
    "/rooms/{room_id:uuid}/bots",
    operation_id="listBots",
    summary="List a room's bots",
    tags=["Chat"],
    responses=errors(409),
)
async def list_bots(access: Access, db: Db, room_id: UUID) -> list[Bot]:
    """List the bots that were made for a channel, up to fifty, oldest first; for its owners."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_bots(tx, access, room_id)


@post(
    "/rooms/{room_id:uuid}/bots",
    operation_id="createBot",
    summary="Make a bot",
    tags=["Chat"],
    responses=errors(400, 409, 422),
)
async def create_bot(
    request: Request[Any, Any, Any],
    access: Access,
    chat: Chat,
    room_id: UUID,
    data: NewBot,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedBot]:
    """Make an API key that may chat, as a member of this channel; for its owners."""

    async def make(tx: Tx) -> tuple[CreatedBot, list[Event]]:
        made = await service.create_bot(tx, access, room_id, data.name)
        return CreatedBot(made.bot, made.secret), made.events

    return await made_once(request, access, chat, idempotency_key, make, shown_once="secret")


@delete(
    "/rooms/{room_id:uuid}/bots/{bot_id:uuid}",
    operation_id="deleteBot",
    summary="Delete a bot",
    tags=["Chat"],
    status_code=204,
    responses=errors(409),
)
async def delete_bot(
    access: Access,
    db: Db,
    chat: Chat,
    authenticator: Authenticator,
    room_id: UUID,
    bot_id: UUID,
) -> None:
    """Revoke a bot's key and take it out of the room, with a webhook of which it was the bot."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        events = await service.delete_bot(tx, access, room_id, bot_id)
    authenticator.forget_all()
    await chat.ring(access.organisation_id, events)


@get(
    "/chat/bots",
    operation_id="findBots",
    summary="Tell bots from people",
    tags=["Chat"],
    responses=errors(400),
)
async def find_bots(access: Access, db: Db, ids: NamedIds) -> list[UUID]:
    """Tell which of these members and writers are bots, deleted ones among them."""
    access.require(Permission.CHAT_READ)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await api_keys_among(tx, ids)


@get(
    "/rooms/{room_id:uuid}/incoming-webhooks",
    operation_id="listIncomingWebhooks",
    summary="List a room's incoming webhooks",
    tags=["Chat"],
    responses=errors(409),
)
async def list_incoming(access: Access, db: Db, room_id: UUID) -> list[IncomingWebhook]:
    """List the incoming webhooks of a channel, up to fifty, oldest first; for its owners."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_incoming(tx, access, room_id)


@post(
    "/rooms/{room_id:uuid}/incoming-webhooks",
    operation_id="createIncomingWebhook",
    summary="Make an incoming webhook",
    tags=["Chat"],
    responses=errors(400, 409, 422),
)
async def create_incoming(
    request: Request[Any, Any, Any],
    access: Access,
    chat: Chat,
    public_url: str,
    room_id: UUID,
    data: NewIncomingWebhook,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedIncomingWebhook]:
    """Make an address at which a program posts into this channel; for its owners.

    `DELETE /v1/rooms/{room_id}/bots/{bot_id}` deletes it.
    """

    async def make(tx: Tx) -> tuple[CreatedIncomingWebhook, list[Event]]:
        webhook, secret, events = await service.create_incoming(
            tx, access, room_id, data.name, data.topic
        )
        return CreatedIncomingWebhook(webhook, _address(public_url, secret)), events

    return await made_once(request, access, chat, idempotency_key, make, shown_once="url")


@post(
    "/rooms/{room_id:uuid}/incoming-webhooks/{bot_id:uuid}/rotate-secret",
    operation_id="rotateIncomingWebhook",
    summary="Change an incoming webhook's address",
    tags=["Chat"],
    status_code=200,
    responses=errors(409),
)
async def rotate_incoming(
    access: Access, db: Db, public_url: str, room_id: UUID, bot_id: UUID
) -> RotatedIncomingWebhook:
    """Put a new address in the place of the old one, at which nothing is posted any more."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        secret = await service.rotate_incoming(tx, access, room_id, bot_id)
    return RotatedIncomingWebhook(_address(public_url, secret))


@post(
    "/hooks/{token:str}",
    operation_id="postToWebhook",
    operation_class=PostOperation,
    summary="Post a message as a webhook",
    tags=["Chat"],
    status_code=200,
    security=[{}],
    responses=errors(400, 409, 413, 429),
    request_max_body_size=BODY_BYTES_MAX,
)
async def post_to_webhook(
    request: Request[Any, Any, Any], chat: Chat, token: str, idempotency_key: IdempotencyKey = None
) -> Posted:
    """Post into a room at a secret address: our JSON, or what is posted to Slack's webhooks."""
    content_type = request.headers.get("content-type", "")
    appended = await chat.posting.take(token, await request.body(), content_type, idempotency_key)
    return Posted(appended.number, appended.is_repeat)


def _address(public_url: str, secret: str) -> str:
    return f"{public_url}/v1/hooks/{secret}"


handlers = [
    list_bots,
    create_bot,
    delete_bot,
    find_bots,
    list_incoming,
    create_incoming,
    rotate_incoming,
    post_to_webhook,
]
