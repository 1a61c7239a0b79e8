"""All SQL of reports and bans."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.reports.model import Decision, MessageReport, Reason
from hanse.platform.database import Tx

_REPORT: Final = """
r.id, r.room_id, c.name as room_name, r.number, r.reporter_id, r.sender_id, r.reason, r.note,
r.said, r.created_at, r.decision, r.decided_by, r.decided_at, r.decision_note
"""

# Nobody sees reports about themselves, nor who made them.
_MAY_SEE: Final = """
(r.sender_id <> $1 and ($2 or exists (
    select from chat.members m
    where m.room_id = r.room_id and m.member_id = $1 and m.role in ('owner', 'moderator')
)))
"""

_INSERT_SQL: Final = """
insert into chat.reports
    (id, organisation_id, room_id, number, reporter_id, sender_id, reason, note, said)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (room_id, number, reporter_id) where decision is null do nothing
returning id
"""

_GET_SQL: Final = f"""
select {_REPORT} from chat.reports r join chat.rooms c on c.id = r.room_id
where r.id = $3 and {_MAY_SEE}
"""

_LIST_SQL: Final = f"""
select {_REPORT} from chat.reports r join chat.rooms c on c.id = r.room_id
where r.organisation_id = $3 and (r.decision is null) = $4 and r.id < $5 and {_MAY_SEE}
order by r.id desc limit $6
"""

_FORGET_SQL: Final = """
update chat.reports set said = '' where room_id = $1 and number = any($2) and said <> ''
"""

_DECIDE_SQL: Final = """
update chat.reports set decision = $3, decided_by = $4, decided_at = now(), decision_note = $5
where room_id = $1 and number = $2 and decision is null
returning id, reporter_id
"""


def _report(row: Any) -> MessageReport:
    values = dict(row.items())
    values["reason"] = Reason(values["reason"])
    values["decision"] = Decision(values["decision"]) if values["decision"] else None
    return MessageReport(**values)


async def insert(
    tx: Tx,
    id: UUID,
    *,
    room_id: UUID,
    number: int,
    reporter_id: UUID,
    sender_id: UUID,
    reason: Reason,
    note: str,
    said: str,
) -> bool:
    """Keep a report; False if the same person's about this message is open already."""
    args = (id, tx.organisation_id, room_id, number, reporter_id, sender_id, reason.value)
    return bool(await tx.fetchval(_INSERT_SQL, *args, note, said))


async def open_report(tx: Tx, room_id: UUID, number: int, reporter_id: UUID) -> UUID:
    """Somebody's report of a message that is open."""
    sql = """
    select id from chat.reports
    where room_id = $1 and number = $2 and reporter_id = $3 and decision is null
    """
    id: UUID = await tx.fetchval(sql, room_id, number, reporter_id)
    return id


async def count_recent(tx: Tx, reporter_id: UUID) -> int:
    """How many reports somebody made within a day."""
    sql = """
    select count(*) from chat.reports where organisation_id = $1 and reporter_id = $2
        and created_at > now() - interval '1 day'
    """
    return int(await tx.fetchval(sql, tx.organisation_id, reporter_id))


async def get(tx: Tx, actor: UUID, id: UUID, *, sees_all: bool) -> MessageReport | None:
    """A report that somebody may decide about."""
    row = await tx.fetchrow(_GET_SQL, actor, sees_all, id)
    return None if row is None else _report(row)


async def list_reports(
    tx: Tx, actor: UUID, before: UUID, limit: int, *, is_open: bool, sees_all: bool
) -> list[MessageReport]:
    """Reports that somebody may decide about, or that were decided, the newest first."""
    args = (actor, sees_all, tx.organisation_id, is_open, before, limit)
    return [_report(row) for row in await tx.fetch(_LIST_SQL, *args)]


async def decide(
    tx: Tx, room_id: UUID, number: int, decision: Decision, decided_by: UUID, note: str
) -> dict[UUID, UUID]:
    """Close all open reports of a message; return their reporters by the reports' ids."""
    rows = await tx.fetch(_DECIDE_SQL, room_id, number, decision.value, decided_by, note)
    return {row["id"]: row["reporter_id"] for row in rows}


async def forget_said(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> None:
    """Take away what reports of these messages copied of them."""
    await tx.execute(_FORGET_SQL, room_id, list(numbers))


async def moderators_of(tx: Tx, room_id: UUID, but: UUID) -> list[UUID]:
    """The people who moderate a room, but one."""
    rows = await tx.fetch(
        """
        select member_id from chat.members where room_id = $1 and member_id <> $2 and not is_key
            and role in ('owner', 'moderator') order by member_id limit 100
        """,
        room_id,
        but,
    )
    return [row["member_id"] for row in rows]


async def ban(tx: Tx, room_id: UUID, member_id: UUID) -> None:
    """Let somebody not come back into a room by themselves."""
    await tx.execute(
        """
        insert into chat.bans (organisation_id, room_id, member_id) values ($1, $2, $3)
        on conflict do nothing
        """,
        tx.organisation_id,
        room_id,
        member_id,
    )


async def is_banned(tx: Tx, room_id: UUID, member_id: UUID) -> bool:
    """Whether somebody may not come back by themselves."""
    sql = "select exists (select from chat.bans where room_id = $1 and member_id = $2)"
    return bool(await tx.fetchval(sql, room_id, member_id))


async def lift_ban(tx: Tx, room_id: UUID, member_id: UUID) -> None:
    """Let somebody come back."""
    sql = "delete from chat.bans where room_id = $1 and member_id = $2"
    await tx.execute(sql, room_id, member_id)
