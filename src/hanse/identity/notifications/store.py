"""All SQL of inboxes and of what people chose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hanse.identity.notifications.model import (
    DAILY_HOUR_DEFAULT,
    Choice,
    EmailMode,
    Habits,
    QuietHours,
    Recipient,
    Row,
)
from hanse.platform.database import Tx

_ROW = ", ".join(Row.__struct_fields__)
_RECIPIENT = (
    "p.id, p.email, p.name, p.locale, p.time_zone, h.quiet_start, h.quiet_end, h.daily_hour, "
    "h.do_not_disturb_until"
)


def _row(row: Any) -> Row:
    return Row(**row)


def _habits(row: Any) -> Habits:
    quiet = None
    if row["quiet_start"] is not None:
        quiet = QuietHours(row["quiet_start"], row["quiet_end"])
    return Habits(
        row["time_zone"],
        quiet,
        row["daily_hour"] or DAILY_HOUR_DEFAULT,
        row["do_not_disturb_until"],
    )


def _recipient(row: Any) -> Recipient:
    return Recipient(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        locale=row["locale"],
        habits=_habits(row),
    )


async def find_recipients(tx: Tx, person_ids: Sequence[UUID]) -> list[Recipient]:
    """Those of some people who can sign in, in the order of their ids."""
    rows = await tx.fetch(
        f"""
        select {_RECIPIENT}
        from identity.people p left join identity.notification_habits h on h.person_id = p.id
        where p.organisation_id = $1 and p.id = any($2::uuid[])
            and p.status = 'active' and p.role <> 'service'
        order by p.id
        """,
        tx.organisation_id,
        list(person_ids),
    )
    return [_recipient(row) for row in rows]


async def next_number(tx: Tx, person_id: UUID) -> int:
    """Give out the next number of an inbox, and hold the inbox until the transaction ends."""
    number: int = await tx.fetchval(
        """
        insert into identity.inboxes as kept (person_id, organisation_id, last_number)
        values ($2, $1, 1)
        on conflict (person_id) do update set last_number = kept.last_number + 1
        returning last_number
        """,
        tx.organisation_id,
        person_id,
    )
    return number


async def last_number(tx: Tx, person_id: UUID) -> int:
    """The number given out last in an inbox; 0 for none."""
    number: int | None = await tx.fetchval(
        "select last_number from identity.inboxes where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return number or 0


async def insert(tx: Tx, row: Row, topic: str) -> None:
    """Keep a new notification."""
    await tx.execute(
        """
        insert into identity.notifications (id, organisation_id, person_id, kind, topic, facts,
            link, count, number, position, in_app, created_at, updated_at, read_at)
        values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        tx.organisation_id,
        row.id,
        row.person_id,
        row.kind,
        topic,
        row.facts,
        row.link,
        row.count,
        row.number,
        row.position,
        row.in_app,
        row.created_at,
        row.updated_at,
        row.read_at,
    )


async def find_unread(
    tx: Tx, person_id: UUID, kind: str, topic: str, *, in_app: bool
) -> Row | None:
    """The newest notification of a kind and topic that was not read."""
    row = await tx.fetchrow(
        f"""
        select {_ROW} from identity.notifications
        where organisation_id = $1 and person_id = $2 and kind = $3 and topic = $4
            and in_app = $5 and read_at is null
        order by position desc limit 1
        """,
        tx.organisation_id,
        person_id,
        kind,
        topic,
        in_app,
    )
    return None if row is None else _row(row)


async def add_to(
    tx: Tx, id: UUID, facts: dict[str, str | int], link: str | None, number: int, at: datetime
) -> None:
    """Let a notification stand for one more, with the facts of that one."""
    await tx.execute(
        """
        update identity.notifications
        set count = count + 1, facts = $3, link = $4, number = $5, position = $5, updated_at = $6
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        facts,
        link,
        number,
        at,
    )


async def get(tx: Tx, person_id: UUID, id: UUID) -> Row | None:
    """One notification in somebody's inbox."""
    row = await tx.fetchrow(
        f"""
        select {_ROW} from identity.notifications
        where organisation_id = $1 and person_id = $2 and id = $3 and in_app
        """,
        tx.organisation_id,
        person_id,
        id,
    )
    return None if row is None else _row(row)


async def list_page(
    tx: Tx, person_id: UUID, before: int | None, limit: int, *, unread: bool
) -> list[Row]:
    """Somebody's notifications, newest first, from before a position on."""
    rows = await tx.fetch(
        f"""
        select {_ROW} from identity.notifications
        where organisation_id = $1 and person_id = $2 and in_app
            and ($3::bigint is null or position < $3) and (not $5 or read_at is null)
        order by position desc limit $4
        """,
        tx.organisation_id,
        person_id,
        before,
        limit,
        unread,
    )
    return [_row(row) for row in rows]


async def list_changes(tx: Tx, person_id: UUID, after: int, limit: int) -> list[Row]:
    """What changed in an inbox beyond a number, in that order."""
    rows = await tx.fetch(
        f"""
        select {_ROW} from identity.notifications
        where organisation_id = $1 and person_id = $2 and in_app and number > $3
        order by number limit $4
        """,
        tx.organisation_id,
        person_id,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def count_unread(tx: Tx, person_id: UUID) -> int:
    """How many of somebody's notifications are unread."""
    return int(
        await tx.fetchval(
            """
            select count(*) from identity.notifications
            where organisation_id = $1 and person_id = $2 and in_app and read_at is null
            """,
            tx.organisation_id,
            person_id,
        )
    )


async def set_read(tx: Tx, person_id: UUID, id: UUID, number: int, *, read: bool) -> Row:
    """Mark a notification, which must be there, as read or unread."""
    row = await tx.fetchrow(
        f"""
        update identity.notifications
        set read_at = case when $5 then coalesce(read_at, now()) end, number = $4
        where organisation_id = $1 and person_id = $2 and id = $3 and in_app
        returning {_ROW}
        """,
        tx.organisation_id,
        person_id,
        id,
        number,
        read,
    )
    assert row is not None
    return _row(row)


async def set_all_read(tx: Tx, person_id: UUID, through: int | None, number: int) -> int:
    """Mark all up to a position as read; return how many were unread."""
    tag = await tx.execute(
        """
        update identity.notifications set read_at = now(), number = $4
        where organisation_id = $1 and person_id = $2 and in_app and read_at is null
            and ($3::bigint is null or position <= $3)
        """,
        tx.organisation_id,
        person_id,
        through,
        number,
    )
    return int(tag.split()[-1])


async def get_choices(
    tx: Tx, person_ids: Sequence[UUID], kind: str | None = None
) -> dict[tuple[UUID, str], Choice]:
    """What people chose, by person and kind; where they chose nothing, nothing."""
    rows = await tx.fetch(
        """
        select person_id, kind, in_app, email, push from identity.notification_choices
        where organisation_id = $1 and person_id = any($2::uuid[])
            and ($3::text is null or kind = $3)
        """,
        tx.organisation_id,
        list(person_ids),
        kind,
    )
    return {
        (row["person_id"], row["kind"]): Choice(row["in_app"], EmailMode(row["email"]), row["push"])
        for row in rows
    }


async def put_choice(tx: Tx, person_id: UUID, kind: str, choice: Choice) -> None:
    """Keep what somebody chose about a kind."""
    await tx.execute(
        """
        insert into identity.notification_choices
            (organisation_id, person_id, kind, in_app, email, push)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (person_id, kind) do update
        set in_app = excluded.in_app, email = excluded.email, push = excluded.push
        """,
        tx.organisation_id,
        person_id,
        kind,
        choice.in_app,
        choice.email.value,
        choice.push,
    )


async def put_habits(tx: Tx, person_id: UUID, habits: Habits) -> None:
    """Keep when somebody wants to be told; their time zone is kept with the person."""
    await tx.execute(
        """
        insert into identity.notification_habits
            (person_id, organisation_id, quiet_start, quiet_end, daily_hour, do_not_disturb_until)
        values ($2, $1, $3, $4, $5, $6)
        on conflict (person_id) do update set quiet_start = excluded.quiet_start,
            quiet_end = excluded.quiet_end, daily_hour = excluded.daily_hour,
            do_not_disturb_until = excluded.do_not_disturb_until
        """,
        tx.organisation_id,
        person_id,
        habits.quiet.start if habits.quiet else None,
        habits.quiet.end if habits.quiet else None,
        habits.daily_hour,
        habits.do_not_disturb_until,
    )


async def purge(tx: Tx, limit: int) -> int:
    """Delete some notifications that are older than they are kept. Needs a system transaction."""
    tag = await tx.execute(
        """
        delete from identity.notifications where id in (
            select id from identity.notifications
            where updated_at < now() - interval '90 days' order by updated_at limit $1
        )
        """,
        limit,
    )
    return int(tag.split()[-1])
