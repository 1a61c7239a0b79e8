"""All SQL of the deliverer: what is due, what came of it, and what may be forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from hanse.identity.webhooks.model import DeliveryStatus, WebhookAttempt
from hanse.platform.database import Tx

KEEP_DAYS = 30
"""How long the log of a settled delivery is kept."""


class Due(Struct, frozen=True):
    """A delivery that was picked, and all that is needed to make it."""

    id: UUID
    organisation_id: UUID
    webhook_id: UUID
    event_id: UUID
    type: str
    body: str
    attempts: int
    tries: int
    tries_max: int
    url: str
    sealed_secret: bytes
    sealed_previous: bytes | None


# Webhook by webhook, so that the backlog of one stands in nobody's way; one that fails is tried
# with one delivery at a time. The pick is checked again under the lock of its row.
_PICK_SQL = """
with due as materialized (
    select d.id from identity.webhooks w
    left join unnest($1::uuid[], $2::integer[]) as busy (webhook_id, running)
        on busy.webhook_id = w.id
    cross join lateral (
        select id, due_at from identity.webhook_deliveries
        where webhook_id = w.id and status = 'pending' and due_at <= now()
            and (w.active or tries_max = 1)
        order by due_at
        limit greatest(
            0, case when w.failures > 0 then 1 else $3 end - coalesce(busy.running, 0)
        )
    ) d
    order by d.due_at limit $4
),
picked as materialized (
    select id from identity.webhook_deliveries
    where id in (select id from due) and status = 'pending' and due_at <= now()
    for update skip locked
)
update identity.webhook_deliveries d
set attempts = attempts + 1, tries = tries + 1, due_at = now() + $5 * interval '1 second'
from picked, identity.webhooks w where d.id = picked.id and w.id = d.webhook_id
returning d.id, d.organisation_id, d.webhook_id, d.event_id, d.type, d.body, d.attempts, d.tries,
    d.tries_max, w.url, w.sealed_secret,
    case when w.previous_until > now() then w.sealed_previous end as sealed_previous
"""


async def is_anything_due(tx: Tx) -> bool:
    """Tell whether some delivery is due. Needs a system transaction of `hanse_jobs`."""
    due: bool = await tx.fetchval(
        """
        select exists (
            select from identity.webhook_deliveries where status = 'pending' and due_at <= now()
        )
        """
    )
    return due


async def pick(
    tx: Tx, running: Mapping[UUID, int], *, each: int, limit: int, lease_s: float
) -> list[Due]:
    """Take up to `limit` due deliveries for as long as the lease, `each` of a webhook at most.

    `running` are those that this process has in hand, by webhook. Needs a system transaction of
    `hanse_jobs`.
    """
    rows = await tx.fetch(
        _PICK_SQL, list(running.keys()), list(running.values()), each, limit, lease_s
    )
    return [Due(**row) for row in rows]


async def settle(
    tx: Tx, due: Due, attempt: WebhookAttempt, status: DeliveryStatus, pause_s: float
) -> bool:
    """Write down what came of an attempt; False if somebody else has the delivery by now.

    A pending one is due again after the pause.
    """
    settled: UUID | None = await tx.fetchval(
        """
        update identity.webhook_deliveries
        set status = $4, due_at = now() + $5 * interval '1 second', last_status_code = $6,
            last_error = $7, finished_at = case when $4 <> 'pending' then now() end
        where organisation_id = $1 and id = $2 and attempts = $3 and status = 'pending'
        returning id
        """,
        tx.organisation_id,
        due.id,
        due.attempts,
        status.value,
        pause_s,
        attempt.status_code,
        attempt.error,
    )
    if settled is None:
        return False
    await tx.execute(
        """
        insert into identity.webhook_attempts (
            organisation_id, delivery_id, number, at, duration_ms, status_code, error, response
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        tx.organisation_id,
        due.id,
        due.attempts,
        attempt.at,
        attempt.duration_ms,
        attempt.status_code,
        attempt.error,
        attempt.response,
    )
    return True


async def note_success(tx: Tx, webhook_id: UUID) -> None:
    """Something got through: forget the failures."""
    await tx.execute(
        """
        update identity.webhooks set failures = 0, failing_since = null
        where organisation_id = $1 and id = $2 and failures > 0
        """,
        tx.organisation_id,
        webhook_id,
    )


async def note_failure(tx: Tx, webhook_id: UUID) -> tuple[int, datetime] | None:
    """Count a failure; return how many there are in a row, and since when."""
    row: Any = await tx.fetchrow(
        """
        update identity.webhooks
        set failures = failures + 1, failing_since = coalesce(failing_since, now())
        where organisation_id = $1 and id = $2 returning failures, failing_since
        """,
        tx.organisation_id,
        webhook_id,
    )
    return None if row is None else (row["failures"], row["failing_since"])


async def purge_deliveries(tx: Tx, limit: int) -> int:
    """Delete up to `limit` deliveries settled KEEP_DAYS ago, with their attempts.

    Needs a system transaction of `hanse_jobs`.
    """
    tag = await tx.execute(
        """
        delete from identity.webhook_deliveries where id in (
            select id from identity.webhook_deliveries
            where status <> 'pending' and finished_at < now() - $1 * interval '1 day'
            order by finished_at limit $2
        )
        """,
        KEEP_DAYS,
        limit,
    )
    return int(tag.split()[-1])
