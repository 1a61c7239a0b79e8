"""All SQL of the audit log."""

from typing import Any
from uuid import UUID

from hanse.identity.audit.model import AuditEvent, AuditFilter
from hanse.platform.database import Tx

_EVENT = (
    "id, at, actor_kind, actor_id, actor_name, action, target_kind, target_id, target_name, "
    "address, user_agent, request_id, details"
)


async def insert_event(
    tx: Tx,
    id: UUID,
    *,
    actor_kind: str,
    actor_id: UUID | None,
    actor_name: str | None,
    action: str,
    target_kind: str | None,
    target_id: UUID | None,
    target_name: str | None,
    address: str | None,
    user_agent: str | None,
    request_id: str | None,
    details: dict[str, Any],
) -> None:
    """Add one entry."""
    await tx.execute(
        """
        insert into identity.audit_events (
            organisation_id, id, actor_kind, actor_id, actor_name, action, target_kind, target_id,
            target_name, address, user_agent, request_id, details
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        tx.organisation_id,
        id,
        actor_kind,
        actor_id,
        actor_name,
        action,
        target_kind,
        target_id,
        target_name,
        address,
        user_agent,
        request_id,
        details,
    )


async def list_events(
    tx: Tx, wanted: AuditFilter, before: UUID | None, limit: int
) -> list[AuditEvent]:
    """Entries that agree with the filter, newest first, older than `before`."""
    rows = await tx.fetch(
        f"""
        select {_EVENT} from identity.audit_events
        where organisation_id = $1
            and ($2::uuid is null or id < $2)
            and ($3::uuid is null or actor_id = $3)
            and ($4::uuid is null or target_id = $4)
            and ($5::text is null or action = $5)
            and ($6::timestamptz is null or at >= $6)
            and ($7::timestamptz is null or at < $7)
        order by id desc limit $8
        """,
        tx.organisation_id,
        before,
        wanted.actor_id,
        wanted.target_id,
        wanted.action,
        wanted.since,
        wanted.until,
        limit,
    )
    return [AuditEvent(*row.values()) for row in rows]


async def purge_events(tx: Tx, limit: int) -> int:
    """Delete up to `limit` entries older than their organisation keeps; return how many.

    Needs a system transaction of `hanse_jobs`, which sees no younger ones.
    """
    tag = await tx.execute(
        """
        delete from identity.audit_events where (organisation_id, id) in (
            select organisation_id, id from identity.audit_events order by at limit $1
        )
        """,
        limit,
    )
    return int(tag.split()[-1])
