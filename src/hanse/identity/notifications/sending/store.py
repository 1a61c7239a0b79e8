"""All SQL of what is to be sent, and of the browsers that it is sent to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.identity.notifications.model import Channel, Delivery, Row
from hanse.platform.database import Tx

_OF_NOTIFICATION = ", ".join(f"n.{each}" for each in Row.__struct_fields__)


SUBSCRIPTIONS_MAX: Final = 10
"""Browsers that are written to about one thing."""


class Waiting(Struct, frozen=True):
    """Something that waits to go out, and the notification that it is about."""

    id: UUID
    channel: Channel
    digest: bool
    due_at: datetime
    subscription_id: UUID | None
    row: Row


class Subscription(Struct, frozen=True):
    """A browser that somebody wants to be written to; `sealed` is how (see `push`)."""

    id: UUID
    person_id: UUID
    session_id: UUID
    sealed: bytes
    service: str
    user_agent: str | None
    created_at: datetime


_SUBSCRIPTION = ", ".join(f"s.{each}" for each in Subscription.__struct_fields__)
_WAITING = (
    f"d.id as delivery_id, d.channel, d.digest, d.due_at, d.subscription_id, {_OF_NOTIFICATION}"
)


def _waiting(row: Any) -> Waiting:
    return Waiting(
        row["delivery_id"],
        Channel(row["channel"]),
        row["digest"],
        row["due_at"],
        row["subscription_id"],
        Row(**{each: row[each] for each in Row.__struct_fields__}),
    )


async def insert_delivery(
    tx: Tx,
    id: UUID,
    person_id: UUID,
    notification_id: UUID,
    delivery: Delivery,
    subscription_id: UUID | None,
) -> bool:
    """Note that something is to go out; False if the same waits to go out already."""
    inserted = await tx.fetchval(
        """
        insert into identity.notification_deliveries (id, organisation_id, person_id,
            notification_id, channel, subscription_id, digest, due_at)
        values ($2, $1, $3, $4, $5, $6, $7, $8)
        on conflict (notification_id, channel, subscription_id) where state = 'waiting'
        do nothing returning true
        """,
        tx.organisation_id,
        id,
        person_id,
        notification_id,
        delivery.channel.value,
        subscription_id,
        delivery.digest,
        delivery.due_at,
    )
    return bool(inserted)


async def last_sent(tx: Tx, notification_id: UUID, channel: Channel) -> datetime | None:
    """When a notification last went out by a channel."""
    at: datetime | None = await tx.fetchval(
        """
        select max(settled_at) from identity.notification_deliveries
        where organisation_id = $1 and notification_id = $2 and channel = $3 and state = 'sent'
        """,
        tx.organisation_id,
        notification_id,
        channel.value,
    )
    return at


async def reader_of_digest(tx: Tx, id: UUID) -> UUID | None:
    """Whose digest a delivery that waits belongs to; None for one that goes out alone."""
    person_id: UUID | None = await tx.fetchval(
        """
        select person_id from identity.notification_deliveries
        where organisation_id = $1 and id = $2 and state = 'waiting' and digest
        """,
        tx.organisation_id,
        id,
    )
    return person_id


async def try_digest(tx: Tx, person_id: UUID) -> bool:
    """Take somebody's digest in hand until the transaction ends; False if somebody else has it."""
    got: bool = await tx.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 0))",
        f"identity.digest {person_id}",
    )
    return got


async def lock_delivery(tx: Tx, id: UUID) -> Waiting | None:
    """A delivery that still waits, once nobody else has it in hand.

    Not skipped when somebody has: they may have lost their lease on it, and send nothing.
    """
    row = await tx.fetchrow(
        f"""
        select {_WAITING}
        from identity.notification_deliveries d
            join identity.notifications n on n.id = d.notification_id
        where d.organisation_id = $1 and d.id = $2 and d.state = 'waiting'
        for update of d
        """,
        tx.organisation_id,
        id,
    )
    return None if row is None else _waiting(row)


async def lock_digest(tx: Tx, person_id: UUID, due_at: datetime, limit: int) -> list[Waiting]:
    """What waits for a digest of somebody that is due by then, newest first."""
    rows = await tx.fetch(
        f"""
        select {_WAITING}
        from identity.notification_deliveries d
            join identity.notifications n on n.id = d.notification_id
        where d.organisation_id = $1 and d.person_id = $2 and d.state = 'waiting' and d.digest
            and d.due_at <= $3
        order by n.position desc limit $4
        for update of d
        """,
        tx.organisation_id,
        person_id,
        due_at,
        limit,
    )
    return [_waiting(row) for row in rows]


async def postpone(tx: Tx, ids: Sequence[UUID], due_at: datetime) -> None:
    """Let deliveries wait longer."""
    await tx.execute(
        """
        update identity.notification_deliveries set due_at = $3
        where organisation_id = $1 and id = any($2::uuid[])
        """,
        tx.organisation_id,
        list(ids),
        due_at,
    )


async def lock_inbox(tx: Tx, person_id: UUID) -> None:
    """Let nothing in somebody's inbox change until the transaction ends."""
    await tx.fetchval(
        """
        select last_number from identity.inboxes
        where organisation_id = $1 and person_id = $2 for update
        """,
        tx.organisation_id,
        person_id,
    )


async def positions(tx: Tx, notification_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The positions of notifications as they are by now."""
    rows = await tx.fetch(
        """
        select id, position from identity.notifications
        where organisation_id = $1 and id = any($2::uuid[])
        """,
        tx.organisation_id,
        list(notification_ids),
    )
    return {row["id"]: row["position"] for row in rows}


async def settle(tx: Tx, ids: Sequence[UUID], state: str, error: str | None = None) -> None:
    """Note what came of deliveries: `sent`, `skipped` or `failed`."""
    await tx.execute(
        """
        update identity.notification_deliveries
        set state = $3, settled_at = clock_timestamp(), error = left($4, 400)
        where organisation_id = $1 and id = any($2::uuid[])
        """,
        tx.organisation_id,
        list(ids),
        state,
        error,
    )


async def put_subscription(
    tx: Tx,
    id: UUID,
    person_id: UUID,
    session_id: UUID,
    endpoint_hash: bytes,
    sealed: bytes,
    service: str,
    user_agent: str | None,
) -> Subscription:
    """Keep a browser; one that is known by its endpoint keeps its id and gets the new session."""
    row = await tx.fetchrow(
        f"""
        insert into identity.push_subscriptions as s (id, organisation_id, person_id, session_id,
            endpoint_hash, sealed, service, user_agent)
        values ($2, $1, $3, $4, $5, $6, $7, left($8, 400))
        on conflict (person_id, endpoint_hash) do update set session_id = excluded.session_id,
            sealed = excluded.sealed, user_agent = excluded.user_agent
        returning {_SUBSCRIPTION}
        """,
        tx.organisation_id,
        id,
        person_id,
        session_id,
        endpoint_hash,
        sealed,
        service,
        user_agent,
    )
    assert row is not None
    return Subscription(**row)


async def list_subscriptions(tx: Tx, person_id: UUID, limit: int) -> list[Subscription]:
    """The browsers of somebody in which they are signed in, newest first."""
    rows = await tx.fetch(
        f"""
        select {_SUBSCRIPTION}
        from identity.push_subscriptions s join identity.sessions e on e.id = s.session_id
        where s.organisation_id = $1 and s.person_id = $2
            and e.revoked_at is null and e.expires_at > now()
        order by s.id desc limit $3
        """,
        tx.organisation_id,
        person_id,
        limit,
    )
    return [Subscription(**row) for row in rows]


async def delete_subscription(tx: Tx, person_id: UUID, id: UUID) -> bool:
    """Forget a browser; False if it is none of theirs."""
    tag = await tx.execute(
        """
        delete from identity.push_subscriptions
        where organisation_id = $1 and person_id = $2 and id = $3
        """,
        tx.organisation_id,
        person_id,
        id,
    )
    return tag == "DELETE 1"


async def delete_ended_subscriptions(tx: Tx, person_id: UUID) -> None:
    """Forget the browsers of somebody in which they are not signed in any more."""
    await tx.execute(
        """
        delete from identity.push_subscriptions s using identity.sessions e
        where s.organisation_id = $1 and s.person_id = $2 and e.id = s.session_id
            and (e.revoked_at is not null or e.expires_at <= now())
        """,
        tx.organisation_id,
        person_id,
    )


async def delete_old_subscriptions(tx: Tx, person_id: UUID, kept: int) -> None:
    """Forget all of somebody's browsers but the newest."""
    await tx.execute(
        """
        delete from identity.push_subscriptions where organisation_id = $1 and id in (
            select id from identity.push_subscriptions
            where organisation_id = $1 and person_id = $2 order by id desc offset $3
        )
        """,
        tx.organisation_id,
        person_id,
        kept,
    )


async def targets(tx: Tx, person_id: UUID, channel: Channel) -> list[UUID | None]:
    """What a channel writes to: each of somebody's browsers, or for e-mail None, their address."""
    if channel is Channel.EMAIL:
        return [None]
    return [each.id for each in await list_subscriptions(tx, person_id, SUBSCRIPTIONS_MAX)]
