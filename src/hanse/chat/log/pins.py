"""Finds what is pinned in a room."""

from typing import Final
from uuid import UUID

from hanse.platform.database import Tx

_PINNED_SQL: Final = """
select last.target from (
    select distinct on (p.target) p.target, p.number, p.body from chat.events p
    where p.room_id = $1 and p.kind = 'pin' order by p.target, p.number desc
) last
join chat.events m on m.room_id = $1 and m.number = last.target and not m.is_redacted
where coalesce((last.body ->> 'on')::boolean, true)
order by last.number desc limit $2
"""


async def read_pinned(tx: Tx, room_id: UUID, limit: int) -> list[int]:
    """The numbers of the messages that are pinned now, the one pinned last first."""
    rows = await tx.fetch(_PINNED_SQL, room_id, limit)
    return [row["target"] for row in rows]
