"""All SQL of webhooks as people see them; that of the deliverer is in `delivery_store`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.webhooks.model import (
    DeliveryStatus,
    DisabledReason,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

_WEBHOOK = (
    "id, url, description, event_types, active, disabled_reason, failures, failing_since, "
    "case when previous_until > now() then previous_until end as previous_secret_valid_until, "
    "created_at, updated_at"
)
_DELIVERY = (
    "id, event_id, type, status, attempts, created_at, "
    "case when status = 'pending' then due_at end as due_at, finished_at, last_status_code, "
    "last_error"
)


def _webhook(row: Any) -> Webhook:
    reason = row["disabled_reason"]
    values = {**row, "disabled_reason": reason and DisabledReason(reason)}
    return Webhook(**values)


def _delivery(row: Any) -> WebhookDelivery:
    return WebhookDelivery(**{**row, "status": DeliveryStatus(row["status"])})


async def lock_webhooks(tx: Tx, types: Sequence[str]) -> int:
    """How many webhooks follow events of these types; nobody makes one until the end.

    Those that are attached to something else are not among them.
    """
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('webhooks ' || $1::uuid::text, 0))",
        tx.organisation_id,
    )
    count: int = await tx.fetchval(
        "select count(*) from identity.webhooks where organisation_id = $1 and event_types <@ $2",
        tx.organisation_id,
        list(types),
    )
    return count


async def insert_webhook(
    tx: Tx,
    id: UUID,
    created_by: UUID | None,
    url: str,
    description: str,
    event_types: list[str],
    *,
    active: bool,
    sealed_secret: bytes,
) -> Webhook:
    """Insert a webhook."""
    row = await tx.fetchrow(
        f"""
        insert into identity.webhooks (
            id, organisation_id, created_by, url, description, event_types, active, sealed_secret
        )
        values ($2, $1, $3, $4, $5, $6, $7, $8) returning {_WEBHOOK}
        """,
        tx.organisation_id,
        id,
        created_by,
        url,
        description,
        event_types,
        active,
        sealed_secret,
    )
    return _webhook(row)


async def get_webhook(tx: Tx, id: UUID, *, lock: bool = False) -> Webhook | None:
    """One webhook by id; with `lock`, kept as it is until the transaction ends."""
    row = await tx.fetchrow(
        f"select {_WEBHOOK} from identity.webhooks where organisation_id = $1 and id = $2"
        + (" for update" if lock else ""),
        tx.organisation_id,
        id,
    )
    return None if row is None else _webhook(row)


async def get_webhooks(tx: Tx, ids: Sequence[UUID], *, lock: bool = False) -> list[Webhook]:
    """These webhooks, in the order of their making; with `lock`, they stay as they are."""
    rows = await tx.fetch(
        f"""
        select {_WEBHOOK} from identity.webhooks
        where organisation_id = $1 and id = any ($2) order by id
        """
        + (" for share" if lock else ""),
        tx.organisation_id,
        list(ids),
    )
    return [_webhook(row) for row in rows]


async def list_webhooks(tx: Tx, after: UUID | None, limit: int) -> list[Webhook]:
    """Webhooks in the order of their making, from `after` on."""
    rows = await tx.fetch(
        f"""
        select {_WEBHOOK} from identity.webhooks
        where organisation_id = $1 and ($2::uuid is null or id > $2) order by id limit $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [_webhook(row) for row in rows]


async def update_webhook(tx: Tx, webhook: Webhook) -> Webhook:
    """Write what people can change of a webhook, and how it fails."""
    row = await tx.fetchrow(
        f"""
        update identity.webhooks set url = $3, description = $4, event_types = $5, active = $6,
            disabled_reason = $7, failures = $8, failing_since = $9, updated_at = now()
        where organisation_id = $1 and id = $2 returning {_WEBHOOK}
        """,
        tx.organisation_id,
        webhook.id,
        webhook.url,
        webhook.description,
        webhook.event_types,
        webhook.active,
        webhook.disabled_reason and webhook.disabled_reason.value,
        webhook.failures,
        webhook.failing_since,
    )
    return _webhook(row)


async def rotate_secret(tx: Tx, id: UUID, sealed: bytes, previous_until: datetime | None) -> None:
    """Put a new secret in the place of the old one, which goes on signing until then, if ever."""
    await tx.execute(
        """
        update identity.webhooks set sealed_secret = $3, previous_until = $4, updated_at = now(),
            sealed_previous = case when $4::timestamptz is not null then sealed_secret end
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        sealed,
        previous_until,
    )


async def delete_webhook(tx: Tx, id: UUID) -> str | None:
    """Delete a webhook with its log; return its address, None if there is none."""
    url: str | None = await tx.fetchval(
        "delete from identity.webhooks where organisation_id = $1 and id = $2 returning url",
        tx.organisation_id,
        id,
    )
    return url


async def has_active_webhook(tx: Tx) -> bool:
    """Whether anything of the transaction's organisation is sent anywhere."""
    return bool(
        await tx.fetchval(
            """
            select exists (select from identity.webhooks where organisation_id = $1 and active)
            """,
            tx.organisation_id,
        )
    )


async def webhooks_for(tx: Tx, type: str, at: datetime) -> Sequence[Webhook]:
    """The webhooks that want an event of a type and time; they stay active until the end."""
    rows = await tx.fetch(
        f"""
        select {_WEBHOOK} from identity.webhooks
        where organisation_id = $1 and active and created_at <= $3
            and (event_types = '{{}}' or $2 = any (event_types))
        order by id for share
        """,
        tx.organisation_id,
        type,
        at,
    )
    return [_webhook(row) for row in rows]


async def insert_delivery(
    tx: Tx, webhook_id: UUID, event_id: UUID, type: str, body: str, tries_max: int
) -> WebhookDelivery | None:
    """Let a body be sent; None if the event is on its way to the webhook already."""
    row = await tx.fetchrow(
        f"""
        insert into identity.webhook_deliveries (
            id, organisation_id, webhook_id, event_id, type, body, tries_max
        )
        values ($2, $1, $3, $4, $5, $6, $7)
        on conflict (webhook_id, event_id) do nothing returning {_DELIVERY}
        """,
        tx.organisation_id,
        new_id(),
        webhook_id,
        event_id,
        type,
        body,
        tries_max,
    )
    return None if row is None else _delivery(row)


async def count_pending(tx: Tx, webhook_id: UUID, limit: int) -> int:
    """How many deliveries of a webhook wait, counted up to a limit."""
    count: int = await tx.fetchval(
        """
        select count(*) from (
            select from identity.webhook_deliveries
            where organisation_id = $1 and webhook_id = $2 and status = 'pending' limit $3
        ) waiting
        """,
        tx.organisation_id,
        webhook_id,
        limit,
    )
    return count


async def fail_pending(tx: Tx, webhook_id: UUID, error: str) -> int:
    """Give up all that waits for a webhook; return how many deliveries that were."""
    tag = await tx.execute(
        """
        update identity.webhook_deliveries
        set status = 'failed', finished_at = now(), last_error = $3
        where organisation_id = $1 and webhook_id = $2 and status = 'pending'
        """,
        tx.organisation_id,
        webhook_id,
        error,
    )
    return int(tag.split()[-1])


async def list_deliveries(
    tx: Tx,
    webhook_id: UUID,
    status: DeliveryStatus | None,
    type: str | None,
    before: UUID | None,
    limit: int,
) -> list[WebhookDelivery]:
    """Deliveries of a webhook, newest first, older than `before`."""
    rows = await tx.fetch(
        f"""
        select {_DELIVERY} from identity.webhook_deliveries
        where organisation_id = $1 and webhook_id = $2
            and ($3::text is null or status = $3)
            and ($4::text is null or type = $4)
            and ($5::uuid is null or id < $5)
        order by id desc limit $6
        """,
        tx.organisation_id,
        webhook_id,
        status and status.value,
        type,
        before,
        limit,
    )
    return [_delivery(row) for row in rows]


async def get_delivery(
    tx: Tx, webhook_id: UUID, id: UUID
) -> tuple[WebhookDelivery, str, list[WebhookAttempt]] | None:
    """One delivery with its body and attempts, oldest first."""
    row = await tx.fetchrow(
        f"""
        select {_DELIVERY}, body from identity.webhook_deliveries
        where organisation_id = $1 and webhook_id = $2 and id = $3
        """,
        tx.organisation_id,
        webhook_id,
        id,
    )
    if row is None:
        return None
    attempts = await tx.fetch(
        """
        select at, duration_ms, status_code, error, response from identity.webhook_attempts
        where organisation_id = $1 and delivery_id = $2 order by number
        """,
        tx.organisation_id,
        id,
    )
    values = dict(row)
    body = values.pop("body")
    return _delivery(values), body, [WebhookAttempt(**each) for each in attempts]


async def replay_delivery(tx: Tx, webhook_id: UUID, id: UUID) -> WebhookDelivery | None:
    """Let a delivery be made again, or at once if it waits; None if there is none."""
    row = await tx.fetchrow(
        f"""
        update identity.webhook_deliveries
        set status = 'pending', tries = 0, due_at = now(), finished_at = null
        where organisation_id = $1 and webhook_id = $2 and id = $3 returning {_DELIVERY}
        """,
        tx.organisation_id,
        webhook_id,
        id,
    )
    return None if row is None else _delivery(row)


async def replay_deliveries(
    tx: Tx,
    webhook_id: UUID,
    since: datetime,
    until: datetime | None,
    *,
    delivered: bool,
    limit: int,
) -> int:
    """Let the deliveries of that time that failed be made again, the oldest first.

    `delivered` includes those that got through. Returns how many.
    """
    tag = await tx.execute(
        """
        update identity.webhook_deliveries
        set status = 'pending', tries = 0, due_at = now(), finished_at = null
        where id in (
            select id from identity.webhook_deliveries
            where organisation_id = $1 and webhook_id = $2 and created_at >= $3
                and ($4::timestamptz is null or created_at < $4)
                and (status = 'failed' or ($5 and status = 'delivered'))
            order by id limit $6
        )
        """,
        tx.organisation_id,
        webhook_id,
        since,
        until,
        delivered,
        limit,
    )
    return int(tag.split()[-1])
