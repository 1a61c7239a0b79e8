"""All SQL of retention."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.platform.database import Tx

_RETAINED_SQL: Final = """
select r.organisation_id, r.id as room_id,
    coalesce(r.retention_days, p.retention_days) as retention_days
from chat.rooms r left join chat.policies p on p.organisation_id = r.organisation_id
where coalesce(r.retention_days, p.retention_days, 0) > 0 and r.id > $1
order by r.id limit $2
"""

_EXPIRED_SQL: Final = """
select e.number, e.is_redacted from chat.events e join chat.heads h on h.room_id = e.room_id
where e.room_id = $1 and e.kind in ('message', 'http', 'translation')
    and e.number > h.expired_number and e.created_at < now() - $2 * interval '1 day'
order by e.number limit $3
"""

_SET_POLICY_SQL: Final = """
insert into chat.policies (organisation_id, retention_days) values ($1, $2)
on conflict (organisation_id) do update set retention_days = excluded.retention_days
"""


class Retained(Struct, frozen=True):
    """A room whose messages are kept for so many days."""

    organisation_id: UUID
    room_id: UUID
    retention_days: int


class Expired(Struct, frozen=True):
    """A message that is older than that, or what a program was told."""

    number: int
    is_redacted: bool


async def get_policy(tx: Tx) -> int:
    """For how many days the organisation keeps messages; 0 for ever."""
    sql = "select retention_days from chat.policies where organisation_id = $1"
    return int(await tx.fetchval(sql, tx.organisation_id) or 0)


async def set_policy(tx: Tx, days: int) -> None:
    """Write for how many days."""
    await tx.execute(_SET_POLICY_SQL, tx.organisation_id, days)


async def set_room(tx: Tx, room_id: UUID, days: int | None) -> bool:
    """Write for how many days one room keeps them, None as the organisation; False without it."""
    sql = "update chat.rooms set retention_days = $2 where id = $1 returning true"
    return bool(await tx.fetchval(sql, room_id, days))


async def retained(tx: Tx, after: UUID, limit: int) -> list[Retained]:
    """Rooms of all organisations that do not keep messages for ever. Needs a system transaction."""
    return [Retained(*row) for row in await tx.fetch(_RETAINED_SQL, after, limit)]


async def expired(tx: Tx, room_id: UUID, days: int, limit: int) -> list[Expired]:
    """What a room said that is older than so many days and was not looked at, oldest first."""
    return [Expired(*row) for row in await tx.fetch(_EXPIRED_SQL, room_id, days, limit)]


async def expired_to(tx: Tx, room_id: UUID, number: int) -> None:
    """Note up to which number messages were looked at."""
    sql = "update chat.heads set expired_number = $2 where room_id = $1"
    await tx.execute(sql, room_id, number)
