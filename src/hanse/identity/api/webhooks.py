"""Routes of webhooks: setting them up, their log, and sending again."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.identity import webhooks
from hanse.identity.api.common import changes_of, create_once, errors
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.identity.sealing import Seal
from hanse.identity.webhooks import (
    DeliveryStatus,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from hanse.identity.webhooks.service import DESCRIPTION_CHARACTERS_MAX
from hanse.platform.catalogue import EXAMPLE_ID, EXAMPLE_TIME, Catalogue
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

TYPES_MAX = 200

Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_CHARACTERS_MAX)]
EventTypes = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=TYPES_MAX)
]
Time = Annotated[datetime, Meta(tz=True)]
Status = Annotated[
    DeliveryStatus | None, QueryParameter(name="status", description="Only those of this status.")
]
Type = Annotated[
    str | None,
    QueryParameter(name="type", max_length=200, description="Only events of this type."),
]


class NewWebhook(Struct, forbid_unknown_fields=True):
    """A webhook to set up. No `event_types` means all, those to come included."""

    url: Url
    description: Description = ""
    event_types: EventTypes = []
    active: bool = True


class CreatedWebhook(Webhook, frozen=True):
    """A new webhook. `secret` is shown this once; in a replayed answer it is null."""

    secret: str | None = None


class WebhookChanges(Struct, forbid_unknown_fields=True):
    """What to change about a webhook; what is left out stays."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class SecretRotation(Struct, forbid_unknown_fields=True):
    """Whether the old secret stops at once, as it must when others know it."""

    revoke_previous: bool = False


class NewSecret(Struct):
    """The new secret, shown this once; until `previous_valid_until` the old one signs as well."""

    secret: str
    previous_valid_until: datetime | None


class Replay(Struct, forbid_unknown_fields=True):
    """Which deliveries to make again: those of that time that failed, or all."""

    since: Time
    until: Time | None = None
    include_delivered: bool = False


class Replayed(Struct):
    """How many deliveries are under way again; with `more`, ask once more for the others."""

    replayed: int
    more: bool


class WebhookDeliveryDetails(WebhookDelivery, frozen=True, kw_only=True):
    """A delivery with the body that is sent, and each attempt, the first one first."""

    body: str
    attempt_log: list[WebhookAttempt]


class WebhookEventType(Struct):
    """A type of event: the JSON Schema of a message's `data`, and an example of a whole body."""

    type: str
    description: str
    schema: dict[str, Any]
    example: dict[str, Any]


@get(
    "/webhook-event-types",
    operation_id="listWebhookEventTypes",
    summary="List types of events",
    tags=["Webhooks"],
    responses=errors(),
)
async def list_event_types(access: Access, event_catalogue: Catalogue) -> list[WebhookEventType]:
    """List what webhooks can be told, with schemas and examples."""
    access.require(Permission.WEBHOOKS_READ)
    return [
        WebhookEventType(
            each.type,
            each.description,
            each.schema,
            msgspec.json.decode(
                webhooks.encode_message(each.type, EXAMPLE_TIME, EXAMPLE_ID, each.example)
            ),
        )
        for each in event_catalogue.values()
    ]


@get(
    "/webhooks",
    operation_id="listWebhooks",
    summary="List webhooks",
    tags=["Webhooks"],
    responses=errors(400),
)
async def list_webhooks(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[Webhook]:
    """List the organisation's webhooks, without their secrets, oldest first."""
    after = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await webhooks.list_webhooks(tx, access, after, limit + 1)
    return page_of(found, limit, lambda webhook: webhook.id)


@post(
    "/webhooks",
    operation_id="createWebhook",
    summary="Set a webhook up",
    tags=["Webhooks"],
    responses=errors(400, 409, 422),
)
async def create_webhook(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    seal: Seal,
    webhook_rules: OutboundRules,
    event_catalogue: Catalogue,
    data: NewWebhook,
    idempotency_key: IdempotencyKey = None,
) -> Response[CreatedWebhook]:
    """Set a webhook up. Its secret stands in this answer and nowhere else."""

    async def create(tx: Tx) -> CreatedWebhook:
        webhook, secret = await webhooks.create_webhook(
            tx,
            access,
            seal,
            webhook_rules,
            event_catalogue,
            url=data.url,
            description=data.description,
            event_types=data.event_types,
            active=data.active,
        )
        return CreatedWebhook(**msgspec.structs.asdict(webhook), secret=secret)

    def without_secret(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "secret": None}

    return await create_once(request, access, db, idempotency_key, create, kept=without_secret)


@get(
    "/webhooks/{webhook_id:uuid}",
    operation_id="getWebhook",
    summary="Get a webhook",
    tags=["Webhooks"],
    responses=errors(404),
)
async def get_webhook(access: Access, db: Db, webhook_id: UUID) -> Webhook:
    """Get one webhook and how it does."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await webhooks.get_webhook(tx, access, webhook_id)


@patch(
    "/webhooks/{webhook_id:uuid}",
    operation_id="changeWebhook",
    summary="Change a webhook",
    tags=["Webhooks"],
    responses=errors(400, 404),
)
async def change_webhook(
    access: Access,
    db: Db,
    webhook_rules: OutboundRules,
    event_catalogue: Catalogue,
    webhook_id: UUID,
    data: WebhookChanges,
) -> Webhook:
    """Change a webhook, or turn it off and on.

    What waits when it is turned off has failed and can be replayed; events that happen while it
    is off are not kept for it.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await webhooks.update_webhook(
            tx, access, webhook_rules, event_catalogue, webhook_id, changes_of(data)
        )


@delete(
    "/webhooks/{webhook_id:uuid}",
    operation_id="deleteWebhook",
    summary="Delete a webhook",
    tags=["Webhooks"],
    status_code=204,
    responses=errors(404),
)
async def delete_webhook(access: Access, db: Db, webhook_id: UUID) -> None:
    """Delete a webhook, what waits for it, and its log."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await webhooks.delete_webhook(tx, access, webhook_id)


@post(
    "/webhooks/{webhook_id:uuid}/secret",
    operation_id="rotateWebhookSecret",
    summary="Change a webhook's secret",
    tags=["Webhooks"],
    status_code=200,
    responses=errors(400, 404),
)
async def rotate_secret(
    access: Access, db: Db, seal: Seal, webhook_id: UUID, data: SecretRotation
) -> NewSecret:
    """Make a new secret. For 24 hours messages are signed with the old one as well."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        secret, until = await webhooks.rotate_secret(
            tx, access, seal, webhook_id, revoke_previous=data.revoke_previous
        )
    return NewSecret(secret, until)


@post(
    "/webhooks/{webhook_id:uuid}/ping",
    operation_id="pingWebhook",
    summary="Try a webhook out",
    tags=["Webhooks"],
    status_code=202,
    responses=errors(404),
)
async def ping(access: Access, db: Db, webhook_id: UUID) -> WebhookDelivery:
    """Send a message of the type `identity.webhook_ping.v1`, once; ask for its delivery to see."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await webhooks.ping(tx, access, webhook_id)


@get(
    "/webhooks/{webhook_id:uuid}/deliveries",
    operation_id="listWebhookDeliveries",
    summary="Read a webhook's log",
    tags=["Webhooks"],
    responses=errors(400, 404),
)
async def list_deliveries(
    access: Access,
    db: Db,
    webhook_id: UUID,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
    status: Status = None,
    event_type: Type = None,
) -> Page[WebhookDelivery]:
    """List what was sent, or is to be, newest first. Settled deliveries are kept for 30 days."""
    before = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await webhooks.list_deliveries(
            tx, access, webhook_id, status, event_type, before, limit + 1
        )
    return page_of(found, limit, lambda delivery: delivery.id)


@get(
    "/webhooks/{webhook_id:uuid}/deliveries/{delivery_id:uuid}",
    operation_id="getWebhookDelivery",
    summary="Get a delivery",
    tags=["Webhooks"],
    responses=errors(404),
)
async def get_delivery(
    access: Access, db: Db, webhook_id: UUID, delivery_id: UUID
) -> WebhookDeliveryDetails:
    """Get one delivery with its body and what came of each attempt."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        delivery, body, attempts = await webhooks.get_delivery(tx, access, webhook_id, delivery_id)
    return WebhookDeliveryDetails(
        **msgspec.structs.asdict(delivery), body=body, attempt_log=attempts
    )


@post(
    "/webhooks/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/replay",
    operation_id="replayWebhookDelivery",
    summary="Send a delivery again",
    tags=["Webhooks"],
    status_code=202,
    responses=errors(404, 409),
)
async def replay_delivery(
    access: Access, db: Db, webhook_id: UUID, delivery_id: UUID
) -> WebhookDelivery:
    """Send a message again, with the same `webhook-id` and all its attempts."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await webhooks.replay_delivery(tx, access, webhook_id, delivery_id)


@post(
    "/webhooks/{webhook_id:uuid}/replay",
    operation_id="replayWebhook",
    summary="Send again since a time",
    tags=["Webhooks"],
    status_code=202,
    responses=errors(400, 404, 409),
)
async def replay_since(access: Access, db: Db, webhook_id: UUID, data: Replay) -> Replayed:
    """Send the deliveries of a time that failed again, the oldest first, up to 10,000 at once."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        replayed, more = await webhooks.replay_since(
            tx,
            access,
            webhook_id,
            data.since,
            data.until,
            include_delivered=data.include_delivered,
        )
    return Replayed(replayed, more)


handlers = [
    list_event_types,
    list_webhooks,
    create_webhook,
    get_webhook,
    change_webhook,
    delete_webhook,
    rotate_secret,
    ping,
    list_deliveries,
    get_delivery,
    replay_delivery,
    replay_since,
]
