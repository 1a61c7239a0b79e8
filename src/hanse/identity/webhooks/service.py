"""The verbs about webhooks. Each runs in the caller's transaction and asks the policy first."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from hanse.identity.audit import record
from hanse.identity.events import WebhookPing
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.identity.sealing import Seal
from hanse.identity.webhooks import store
from hanse.identity.webhooks.model import (
    BOTH_SECRETS,
    GIVEN_UP,
    DeliveryStatus,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    encode_message,
    host_of,
    new_secret,
)
from hanse.platform.catalogue import Catalogue
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbound import ForbiddenAddress, OutboundRules, check_url
from hanse.platform.problems import BadRequest, Conflict, NotFound

WEBHOOKS_MAX = 50
DESCRIPTION_CHARACTERS_MAX = 500
REPLAYED_MAX = 10_000
SEAL_PURPOSE = "webhook secret"


class InvalidWebhookUrl(BadRequest):
    """The address cannot be called from here."""

    code = "invalid_webhook_url"
    title = "Invalid address"


class UnknownEventType(BadRequest):
    """There is no such type of event."""

    code = "unknown_event_type"
    title = "Unknown event type"


class InvalidTime(BadRequest):
    """A time lies beyond the calendar."""

    code = "invalid_time"
    title = "Invalid time"


class TooManyWebhooks(Conflict):
    """An organisation has WEBHOOKS_MAX webhooks."""

    code = "too_many_webhooks"
    title = "Too many webhooks"


async def list_webhooks(tx: Tx, access: Access, after: UUID | None, limit: int) -> list[Webhook]:
    """The organisation's webhooks, oldest first. Raises MissingScope."""
    access.require(Permission.WEBHOOKS_READ)
    return await store.list_webhooks(tx, after, limit)


async def get_webhook(tx: Tx, access: Access, id: UUID) -> Webhook:
    """One webhook. Raises NotFound, MissingScope."""
    access.require(Permission.WEBHOOKS_READ)
    return await _found(tx, id)


async def create_webhook(
    tx: Tx,
    access: Access,
    seal: Seal,
    rules: OutboundRules,
    catalogue: Catalogue,
    *,
    url: str,
    description: str = "",
    event_types: Sequence[str] = (),
    active: bool = True,
) -> tuple[Webhook, str]:
    """Make a webhook; return it and its secret, which is shown this once.

    Raises InvalidWebhookUrl, UnknownEventType, TooManyWebhooks, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    _check(rules, catalogue, url, event_types)
    if await store.lock_webhooks(tx, list(catalogue)) >= WEBHOOKS_MAX:
        raise TooManyWebhooks(f"Up to {WEBHOOKS_MAX} webhooks; delete one first.")
    id, secret = new_id(), new_secret()
    webhook = await store.insert_webhook(
        tx,
        id,
        access.person_id,
        url,
        description,
        sorted(set(event_types)),
        active=active,
        sealed_secret=seal.seal(secret, purpose=SEAL_PURPOSE, owner=id),
    )
    await record(
        tx,
        access,
        "webhook.created",
        "webhook",
        id,
        host_of(url),
        event_types=webhook.event_types,
        active=active,
    )
    return webhook, secret


async def update_webhook(
    tx: Tx,
    access: Access,
    rules: OutboundRules,
    catalogue: Catalogue,
    id: UUID,
    changes: dict[str, Any],
) -> Webhook:
    """Change what `changes` names: url, description, event_types, active.

    What waits when a webhook is turned off has failed, and can be replayed. Turning it on again
    begins anew. Raises NotFound, InvalidWebhookUrl, UnknownEventType, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    before = await _found(tx, id, lock=True)
    after = msgspec.structs.replace(before, **changes)
    if "event_types" in changes:
        types = set(before.event_types)
        if types != set(after.event_types) and not catalogue.keys() >= types:
            raise Conflict("What is sent to this webhook is decided where it was set up.")
        after = msgspec.structs.replace(after, event_types=sorted(set(after.event_types)))
    if "url" in changes or "event_types" in changes:
        _check(rules, catalogue, after.url, set(after.event_types) - set(before.event_types))
    if after.active and (not before.active or after.url != before.url):
        after = msgspec.structs.replace(after, disabled_reason=None, failures=0, failing_since=None)
    webhook = await store.update_webhook(tx, after)
    if before.active and not after.active:
        await store.fail_pending(tx, id, GIVEN_UP)
    changed = sorted(name for name in changes if getattr(before, name) != getattr(after, name))
    if changed:
        await record(
            tx,
            access,
            "webhook.changed",
            "webhook",
            id,
            host_of(after.url),
            changed=changed,
            active=after.active,
        )
    return webhook


async def delete_webhook(tx: Tx, access: Access, id: UUID) -> None:
    """Delete a webhook with all that waits for it and its log. Raises NotFound, MissingScope."""
    access.require(Permission.WEBHOOKS_WRITE)
    url = await store.delete_webhook(tx, id)
    if url is None:
        raise _nothing()
    await record(tx, access, "webhook.deleted", "webhook", id, host_of(url))


async def rotate_secret(
    tx: Tx, access: Access, seal: Seal, id: UUID, *, revoke_previous: bool = False
) -> tuple[str, datetime | None]:
    """Give a webhook a new secret; return it, and until when the old one signs as well.

    With `revoke_previous` the old one signs nothing more. An older one that still signed stops.
    Raises NotFound, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    webhook = await _found(tx, id, lock=True)
    secret = new_secret()
    until = None if revoke_previous else datetime.now(UTC) + BOTH_SECRETS
    await store.rotate_secret(tx, id, seal.seal(secret, purpose=SEAL_PURPOSE, owner=id), until)
    await record(
        tx,
        access,
        "webhook.secret_rotated",
        "webhook",
        id,
        host_of(webhook.url),
        previous_revoked=revoke_previous,
    )
    return secret, until


async def ping(tx: Tx, access: Access, id: UUID) -> WebhookDelivery:
    """Send a message to try a webhook out, once, even while it is turned off.

    Raises NotFound, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    await _found(tx, id)
    body = encode_message(
        WebhookPing.type, datetime.now(UTC), tx.organisation_id, WebhookPing(webhook_id=id)
    )
    delivery = await store.insert_delivery(tx, id, new_id(), WebhookPing.type, body, 1)
    assert delivery is not None
    return delivery


async def list_deliveries(
    tx: Tx,
    access: Access,
    webhook_id: UUID,
    status: DeliveryStatus | None,
    type: str | None,
    before: UUID | None,
    limit: int,
) -> list[WebhookDelivery]:
    """The log of a webhook, newest first. Raises NotFound, MissingScope."""
    access.require(Permission.WEBHOOKS_READ)
    await _found(tx, webhook_id)
    return await store.list_deliveries(tx, webhook_id, status, type, before, limit)


async def get_delivery(
    tx: Tx, access: Access, webhook_id: UUID, id: UUID
) -> tuple[WebhookDelivery, str, list[WebhookAttempt]]:
    """One delivery with its body and its attempts. Raises NotFound, MissingScope."""
    access.require(Permission.WEBHOOKS_READ)
    found = await store.get_delivery(tx, webhook_id, id)
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


async def replay_delivery(tx: Tx, access: Access, webhook_id: UUID, id: UUID) -> WebhookDelivery:
    """Make a delivery again, under the same `webhook-id`. Raises NotFound, Conflict."""
    access.require(Permission.WEBHOOKS_WRITE)
    webhook = await _active(tx, webhook_id)
    delivery = await store.replay_delivery(tx, webhook_id, id)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    await record(
        tx,
        access,
        "webhook.replayed",
        "webhook",
        webhook_id,
        host_of(webhook.url),
        delivery_id=id,
    )
    return delivery


async def replay_since(
    tx: Tx,
    access: Access,
    webhook_id: UUID,
    since: datetime,
    until: datetime | None,
    *,
    include_delivered: bool = False,
) -> tuple[int, bool]:
    """Make the failed deliveries of a time again; return how many, and whether there are more.

    REPLAYED_MAX at a time. Raises NotFound, Conflict, InvalidTime, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    since, until = _in_utc(since), until and _in_utc(until)
    webhook = await _active(tx, webhook_id)
    replayed = await store.replay_deliveries(
        tx, webhook_id, since, until, delivered=include_delivered, limit=REPLAYED_MAX
    )
    await record(
        tx,
        access,
        "webhook.replayed",
        "webhook",
        webhook_id,
        host_of(webhook.url),
        since=since,
        until=until,
        deliveries=replayed,
    )
    return replayed, replayed == REPLAYED_MAX


async def _found(tx: Tx, id: UUID, *, lock: bool = False) -> Webhook:
    webhook = await store.get_webhook(tx, id, lock=lock)
    if webhook is None:
        raise _nothing()
    return webhook


async def _active(tx: Tx, id: UUID) -> Webhook:
    webhook = await _found(tx, id, lock=True)
    if not webhook.active:
        raise Conflict("The webhook is turned off. Turn it on first.")
    return webhook


def _nothing() -> NotFound:
    return NotFound("There is no such webhook.")


def check_address(rules: OutboundRules, url: str) -> None:
    """Raise InvalidWebhookUrl unless the address may be called."""
    try:
        check_url(url, rules)
    except ForbiddenAddress as problem:
        raise InvalidWebhookUrl(problem.detail) from problem


def _check(
    rules: OutboundRules, catalogue: Catalogue, url: str, event_types: Collection[str]
) -> None:
    check_address(rules, url)
    unknown = sorted(set(event_types) - set(catalogue))
    if unknown:
        raise UnknownEventType(
            f"Unknown event type(s): {', '.join(unknown)}. There are: {', '.join(catalogue)}."
        )


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise InvalidTime("No calendar goes that far.") from error
