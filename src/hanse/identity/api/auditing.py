"""Routes of the audit log."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from hanse.identity import audit
from hanse.identity.api.common import errors
from hanse.identity.audit import AuditEvent, AuditFilter
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.platform.database import Db
from hanse.platform.http import PAGE_SIZE_DEFAULT, Cursor, Page, PageQuery, page_of, parse_cursor

Actor = Annotated[UUID | None, QueryParameter(name="actor_id", description="Who did it.")]
Target = Annotated[UUID | None, QueryParameter(name="target_id", description="To what.")]
Action = Annotated[
    str | None,
    QueryParameter(name="action", max_length=100, description="As `person.deactivated`."),
]
Since = Annotated[datetime | None, QueryParameter(name="since", description="Not before this.")]
Until = Annotated[datetime | None, QueryParameter(name="until", description="Before this.")]


@get(
    "/audit-events",
    operation_id="listAuditEvents",
    summary="Read the audit log",
    tags=["Audit log"],
    responses=errors(400),
)
async def list_events(
    access: Access,
    db: Db,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
    actor_id: Actor = None,
    target_id: Target = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
) -> Page[AuditEvent]:
    """List who did what to what from where, newest first."""
    wanted = AuditFilter(actor_id, target_id, action, since, until)
    before = parse_cursor(cursor)
    async with db.tx(access.organisation_id, access.person_id) as tx:
        events = await audit.list_events(tx, access, wanted, before, limit + 1)
    return page_of(events, limit, lambda event: event.id)


@get(
    "/audit-events/export",
    operation_id="exportAuditEvents",
    summary="Export the audit log",
    tags=["Audit log"],
    responses=errors(400),
    media_type="application/jsonl",
)
async def export_events(
    access: Access,
    db: Db,
    actor_id: Actor = None,
    target_id: Target = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
) -> Stream:
    """Export entries as JSON lines, newest first."""
    access.require(Permission.AUDIT_READ)
    wanted = AuditFilter(actor_id, target_id, action, since, until)

    async def lines() -> AsyncIterator[bytes]:
        encoder = msgspec.json.Encoder()
        async for page in audit.export_pages(db, access, wanted):
            yield encoder.encode_lines(page)

    headers = {"Content-Disposition": 'attachment; filename="audit-events.jsonl"'}
    return Stream(lines(), media_type="application/jsonl", headers=headers)


handlers = [list_events, export_events]
