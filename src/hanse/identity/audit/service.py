"""Noting deeds and reading them back."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import structlog

from hanse.identity.audit import store
from hanse.identity.audit.model import AuditEvent, AuditFilter
from hanse.identity.model import Access, Origin
from hanse.identity.policy import Permission
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id

TEXT_CHARACTERS_MAX = 400
EXPORT_PAGE = 1000


async def record(
    tx: Tx,
    access: Access | None,
    action: str,
    target_kind: str | None = None,
    target_id: UUID | None = None,
    target_name: str | None = None,
    *,
    origin: Origin | None = None,
    **details: Any,
) -> None:
    """Note that `access` did `action` to a target; None: the system did it by itself.

    `origin` is where it came from if no access tells. `details` are small, are shown to
    administrators, and never hold secrets.
    """
    kind, actor_id = _actor(access)
    origin = access.origin if access else origin
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    await store.insert_event(
        tx,
        new_id(),
        actor_kind=kind,
        actor_id=actor_id,
        actor_name=_short(access.name if access else None),
        action=action,
        target_kind=target_kind,
        target_id=target_id,
        target_name=_short(target_name),
        address=origin.address if origin else None,
        user_agent=_short(origin.user_agent if origin else None),
        request_id=request_id,
        details=details,
    )


async def list_events(
    tx: Tx, access: Access, wanted: AuditFilter, before: UUID | None, limit: int
) -> list[AuditEvent]:
    """Entries of the organisation's log, newest first. Raises MissingScope."""
    access.require(Permission.AUDIT_READ)
    return await store.list_events(tx, wanted, before, limit)


async def export_pages(
    db: Db, access: Access, wanted: AuditFilter
) -> AsyncIterator[list[AuditEvent]]:
    """All entries that agree with the filter, newest first, EXPORT_PAGE at a time.

    Each page is a transaction of its own: an export may take long, and nothing changes behind it.
    """
    before: UUID | None = None
    while True:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            events = await list_events(tx, access, wanted, before, EXPORT_PAGE)
        if not events:
            return
        yield events
        before = events[-1].id


def _actor(access: Access | None) -> tuple[str, UUID | None]:
    if access is None:
        return "system", None
    if access.api_key_id is not None:
        return "api_key", access.api_key_id
    if access.person_id is not None:
        return "person", access.person_id
    return "operator", None


def _short(text: str | None) -> str | None:
    return text if text is None else text[:TEXT_CHARACTERS_MAX]
