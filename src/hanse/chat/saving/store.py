"""All SQL of saved messages."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.platform.database import Tx

_SAVED: Final = "s.room_id, s.number, s.saved_at, s.remind_at"


class Saved(Struct, frozen=True):
    """A message that somebody keeps; `remind_at` is when they want to be reminded, if they do."""

    room_id: UUID
    number: int
    saved_at: datetime
    remind_at: datetime | None


def _saved(row: Any) -> Saved:
    return Saved(*row)


async def put(
    tx: Tx, member_id: UUID, room_id: UUID, number: int, remind_at: datetime | None
) -> Saved | None:
    """Keep a message, or change the reminder of one that is kept; None if it was deleted."""
    row = await tx.fetchrow(
        f"""
        insert into chat.saved as s (organisation_id, member_id, room_id, number, remind_at)
        select $1::uuid, $2::uuid, e.room_id, e.number, $5::timestamptz from chat.events e
        where e.room_id = $3 and e.number = $4 and e.kind = 'message' and not e.is_redacted
        for share
        on conflict (member_id, room_id, number) do update set remind_at = excluded.remind_at
        returning {_SAVED}
        """,
        tx.organisation_id,
        member_id,
        room_id,
        number,
        remind_at,
    )
    return None if row is None else _saved(row)


async def delete(tx: Tx, member_id: UUID, room_id: UUID, number: int) -> bool:
    """Keep a message no longer; False if it was not kept."""
    gone = await tx.fetchval(
        """
        delete from chat.saved where member_id = $1 and room_id = $2 and number = $3
        returning true
        """,
        member_id,
        room_id,
        number,
    )
    return bool(gone)


async def count(tx: Tx, member_id: UUID) -> int:
    """How many messages somebody keeps."""
    found: int = await tx.fetchval(
        "select count(*) from chat.saved where organisation_id = $1 and member_id = $2",
        tx.organisation_id,
        member_id,
    )
    return found


async def list_saved(
    tx: Tx, member_id: UUID, before: tuple[datetime, UUID, int], limit: int, *, may_browse: bool
) -> list[Saved]:
    """What somebody keeps of rooms that they may read now, last kept first, before a place."""
    rows = await tx.fetch(
        f"""
        select {_SAVED} from chat.saved s join chat.rooms r on r.id = s.room_id
        left join chat.members m on m.room_id = s.room_id and m.member_id = s.member_id
        where s.organisation_id = $1 and s.member_id = $2
            and (s.saved_at, s.room_id, s.number) < ($3, $4, $5)
            and (m.member_id is not null or ($7 and r.is_public))
        order by s.saved_at desc, s.room_id desc, s.number desc limit $6
        """,
        tx.organisation_id,
        member_id,
        *before,
        limit,
        may_browse,
    )
    return [_saved(row) for row in rows]


async def take_reminder(
    tx: Tx, member_id: UUID, room_id: UUID, number: int, remind_at: datetime
) -> UUID | None:
    """Take a reminder that is due; return who sent the message.

    None if it was changed, or if they may not read the message any more.
    """
    sender_id: UUID | None = await tx.fetchval(
        """
        update chat.saved s set remind_at = null
        from chat.events e, chat.rooms r
        where s.member_id = $1 and s.room_id = $2 and s.number = $3 and s.remind_at = $4
            and e.room_id = s.room_id and e.number = s.number and not e.is_redacted
            and r.id = s.room_id and (r.is_public or exists (
                select from chat.members m
                where m.room_id = s.room_id and m.member_id = s.member_id))
        returning e.sender_id
        """,
        member_id,
        room_id,
        number,
        remind_at,
    )
    return sender_id
