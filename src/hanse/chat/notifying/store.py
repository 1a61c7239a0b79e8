"""All SQL of who is told of a message."""

from typing import Final
from uuid import UUID

from hanse.chat.log.model import Event
from hanse.chat.notifying.kinds import Reason
from hanse.platform.database import Tx

# Each part goes by an index of its own: what is said to nobody in particular costs next to nothing
# in a room of any size.
_TOLD_SQL: Final = """
with told (member_id, reason) as (
    select m.member_id, 1 from chat.members m
    where m.room_id = $1 and (select r.kind from chat.rooms r where r.id = $1) = 'direct'
    union all
    select n.member_id, 2 from chat.mentions n where n.room_id = $1 and n.number = $2
    union all
    select m.member_id, 2 from chat.members m where m.room_id = $1 and $5
    union all
    select e.sender_id, 3 from chat.events e
    where e.room_id = $1 and e.thread = $4 and e.number < $2 and e.kind = 'message'
    union all
    select e.sender_id, 3 from chat.events e where e.room_id = $1 and e.number = $4
    union all
    select m.member_id, 4 from chat.members m
    where m.room_id = $1 and m.notifications = 'all'
)
select m.member_id, min(t.reason) as reason
from told t join chat.members m on m.room_id = $1 and m.member_id = t.member_id
where m.member_id <> $3 and not m.is_key and m.read_number < $2 and m.notifications <> 'nothing'
group by m.member_id order by m.member_id
"""


async def told(tx: Tx, message: Event) -> dict[UUID, Reason]:
    """Who is to be told of a message that they have not read, and why."""
    rows = await tx.fetch(
        _TOLD_SQL,
        message.room_id,
        message.number,
        message.sender_id,
        message.thread,
        message.body.to_all,
    )
    return {row["member_id"]: Reason(row["reason"]) for row in rows}


async def room_name(tx: Tx, room_id: UUID) -> str:
    """What a room is called; a direct room has no name."""
    name: str | None = await tx.fetchval("select name from chat.rooms where id = $1", room_id)
    return name or ""
