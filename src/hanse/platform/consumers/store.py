"""All SQL of consumers: one function a query."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hanse.platform.consumers.model import DeadLetter
from hanse.platform.database import Tx
from hanse.platform.relay import OUTBOX_KEEP

CONSUMED_KEEP = 2 * OUTBOX_KEEP + timedelta(days=1)
"""Longer than an event can come back: it may be published again when it leaves the outbox, and
then stays in the stream for as long once more."""

PURGE_ROWS_MAX = 10_000
ERROR_CHARACTERS_MAX = 4_000


async def note_consumed(tx: Tx, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Note that events of the organisation are applied; return those that were not before."""
    rows = await tx.fetch(
        """
        insert into platform.consumed (organisation_id, consumer, event_id)
        select $1, $2, event_id from unnest($3::uuid[]) as event_id
        on conflict do nothing returning event_id
        """,
        tx.organisation_id,
        consumer,
        event_ids,
    )
    return {row["event_id"] for row in rows}


async def was_consumed(tx: Tx, consumer: str, event_id: UUID) -> bool:
    """Return whether the organisation's event is applied."""
    return bool(
        await tx.fetchval(
            """
            select exists (
                select from platform.consumed
                where organisation_id = $1 and consumer = $2 and event_id = $3
            )
            """,
            tx.organisation_id,
            consumer,
            event_id,
        )
    )


async def insert_dead_letter(
    tx: Tx,
    consumer: str,
    event_id: UUID,
    *,
    subject: str,
    message: bytes,
    error: str,
    deliveries: int,
) -> None:
    """Lay an event of the organisation aside; the newest error of one that is there is kept."""
    await tx.execute(
        """
        insert into platform.dead_letters
            (organisation_id, consumer, event_id, subject, message, error, deliveries)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (organisation_id, consumer, event_id)
        do update set error = excluded.error, deliveries = excluded.deliveries, failed_at = now()
        """,
        tx.organisation_id,
        consumer,
        event_id,
        subject,
        message,
        error.replace("\x00", "")[:ERROR_CHARACTERS_MAX],
        deliveries,
    )


async def list_dead_letters(tx: Tx, *, limit: int = 100) -> list[DeadLetter]:
    """Return the newest dead letters: the organisation's, or in a system transaction all."""
    rows = await tx.fetch(
        """
        select organisation_id, consumer, event_id, subject, error, deliveries, failed_at
        from platform.dead_letters order by failed_at desc limit $1
        """,
        limit,
    )
    return [DeadLetter(**row) for row in rows]


async def take_dead_letter(tx: Tx, consumer: str, event_id: UUID) -> bytes | None:
    """Remove a dead letter of the organisation; return its message, None if there is none."""
    message: bytes | None = await tx.fetchval(
        """
        delete from platform.dead_letters
        where organisation_id = $1 and consumer = $2 and event_id = $3 returning message
        """,
        tx.organisation_id,
        consumer,
        event_id,
    )
    return message


async def purge_consumed(tx: Tx, *, keep: timedelta = CONSUMED_KEEP) -> int:
    """Forget up to PURGE_ROWS_MAX events consumed longer than `keep` ago; return how many.

    Needs a system transaction of `hanse_jobs`.
    """
    tag = await tx.execute(
        """
        delete from platform.consumed where (organisation_id, consumer, event_id) in (
            select organisation_id, consumer, event_id from platform.consumed
            where consumed_at < now() - $1::interval order by consumed_at limit $2
        )
        """,
        keep,
        PURGE_ROWS_MAX,
    )
    return int(tag.split()[-1])
