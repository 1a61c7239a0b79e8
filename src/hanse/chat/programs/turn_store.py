"""All SQL of the turns of programs: where each stands, and what it keeps between them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Due, Standing
from hanse.platform.database import Tx

LOG_MAX: Final = 1_000
"""Lines of one program's log; older ones are gone."""
KEYS_MAX: Final = 1_000
"""Messages of its own that a program can name; older ones stay as they are."""
TIMERS_MAX: Final = 1_000
"""Of one program."""

_STANDING_SQL: Final = """
select p.name, p.created_by as owner_id, p.allowed,
    coalesce((select o.program_hosts from chat.policies o
        where o.organisation_id = p.organisation_id), '{}') as hosts,
    r.cursor, r.version, s.state, s.faults, s.limits, v.source,
    coalesce(v.language, 'javascript') as language,
    (select h.head from chat.heads h where h.room_id = r.room_id) as head
from chat.program_runs r
join chat.programs p on p.id = r.program_id
join chat.program_states s on s.program_id = r.program_id
left join chat.program_versions v on v.program_id = r.program_id and v.number = r.version
where r.program_id = $1
"""

_BEHIND_SQL: Final = """
select r.program_id, r.organisation_id, r.room_id
from chat.program_runs r join chat.heads h on h.room_id = r.room_id
where r.program_id = any($1) and h.head > r.cursor
"""

# The lock of the head, which the caller holds, comes first everywhere.
_MOVE_SQL: Final = """
update chat.program_runs set cursor = $3, version = $4
where program_id = $1 and cursor = $2 and version is not distinct from $5
    and (select p.allowed from chat.programs p where p.id = $1) = $6
returning true
"""

_KEEP_STATE_SQL: Final = """
update chat.program_states
set state = $2, state_hash = $3, events = events + $4, fuel = fuel + $5, faults = $6, limits = $7
where program_id = $1
"""

_ADD_ENTRY_SQL: Final = """
insert into chat.program_log (organisation_id, program_id, number, version, code, detail, line,
    "column")
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_CUT_LOG_SQL: Final = """
delete from chat.program_log where program_id = $1 and id <= (
    select l.id from chat.program_log l where l.program_id = $1 order by l.id desc offset $2 limit 1
)
"""

_PUT_KEY_SQL: Final = """
insert into chat.program_keys (organisation_id, program_id, key, number) values ($1, $2, $3, $4)
on conflict (program_id, key) do update set number = excluded.number
"""

_CUT_KEYS_SQL: Final = """
delete from chat.program_keys where program_id = $1 and number <= (
    select k.number from chat.program_keys k where k.program_id = $1
    order by k.number desc offset $2 limit 1
)
"""

_SET_TIMER_SQL: Final = """
insert into chat.program_timers (organisation_id, program_id, key, due_at)
values ($1, $2, $3, greatest($4, clock_timestamp() + interval '1 second'))
on conflict (program_id, key) do update set due_at = excluded.due_at
"""

_CUT_TIMERS_SQL: Final = """
delete from chat.program_timers where program_id = $1 and key in (
    select t.key from chat.program_timers t where t.program_id = $1
    order by t.due_at, t.key offset $2
) returning key
"""

_WAKE_SQL: Final = """
update chat.program_runs set wake_at = (
    select min(t.due_at) from chat.program_timers t where t.program_id = $1
) where program_id = $1
"""

_PEOPLE_SQL: Final = """
select id, exists (
    select from chat.members m where m.room_id = $1 and m.member_id = id
) as is_member
from unnest($2::uuid[]) as id
where exists (select from chat.members m where m.room_id = $1 and m.member_id = id)
    or exists (
        select from chat.events e where e.room_id = $1 and e.sender_id = id and e.kind = 'message'
    )
"""


async def all_of_shards(tx: Tx, shards: Sequence[int]) -> list[tuple[Due, datetime | None]]:
    """All programs of these shards, and when they are to be called. Needs a system transaction."""
    rows = await tx.fetch(
        "select program_id, organisation_id, room_id, wake_at from chat.program_runs"
        " where shard = any($1)",
        list(shards),
    )
    return [(Due(*row[:3]), row[3]) for row in rows]


async def waking(tx: Tx, shards: Sequence[int], limit: int) -> list[Due]:
    """Programs whose timers are due. Needs a system transaction."""
    rows = await tx.fetch(
        "select program_id, organisation_id, room_id from chat.program_runs"
        " where shard = any($1) and wake_at <= clock_timestamp() and version is not null"
        " order by wake_at limit $2",
        list(shards),
        limit,
    )
    return [Due(*row) for row in rows]


async def behind(tx: Tx, program_ids: Sequence[UUID]) -> list[Due]:
    """Those of these programs that have not handled the end of their room's log."""
    return [Due(*row) for row in await tx.fetch(_BEHIND_SQL, list(program_ids))]


async def standing(tx: Tx, program_id: UUID) -> Standing | None:
    """What a turn begins from; None if the program is gone."""
    row = await tx.fetchrow(_STANDING_SQL, program_id)
    if row is None:
        return None
    return Standing(**{**dict(row.items()), "language": Language(row["language"])})


async def move(
    tx: Tx, program_id: UUID, before: Standing, cursor: int, version: int | None
) -> bool:
    """Move a program's cursor; False if somebody did, or changed its grants, since `before`."""
    return bool(
        await tx.fetchval(
            _MOVE_SQL, program_id, before.cursor, cursor, version, before.version, before.allowed
        )
    )


async def next_begin(tx: Tx, due: Due, after: int) -> int | None:
    """Where the log says next, behind a number, what of a program runs from there on."""
    number: int | None = await tx.fetchval(
        "select min(number) from chat.events where room_id = $1 and number > $2"
        " and kind = 'program' and body ->> 'program_id' = $3",
        due.room_id,
        after,
        str(due.program_id),
    )
    return number


async def keep_state(
    tx: Tx,
    program_id: UUID,
    state: str | None,
    state_hash: str | None,
    *,
    events: int = 0,
    fuel: int = 0,
    faults: int = 0,
    limits: int = 0,
) -> None:
    """Write what a program keeps."""
    await tx.execute(_KEEP_STATE_SQL, program_id, state, state_hash, events, fuel, faults, limits)


async def add_entries(
    tx: Tx,
    program_id: UUID,
    version: int | None,
    entries: Sequence[tuple[int, str, str, int | None, int | None]],
) -> None:
    """Write lines into a program's log: event, code, detail, line, column."""
    rows = [(tx.organisation_id, program_id, each[0], version, *each[1:]) for each in entries]
    await tx.execute_many(_ADD_ENTRY_SQL, rows)
    await tx.execute(_CUT_LOG_SQL, program_id, LOG_MAX)


async def numbers_of(tx: Tx, program_id: UUID, keys: Sequence[str]) -> dict[str, int]:
    """The messages that a program calls by these keys."""
    rows = await tx.fetch(
        "select key, number from chat.program_keys where program_id = $1 and key = any($2)",
        program_id,
        list(keys),
    )
    return {row["key"]: row["number"] for row in rows}


async def put_keys(tx: Tx, program_id: UUID, numbers: dict[str, int]) -> None:
    """Let a program call messages by keys."""
    rows = [(tx.organisation_id, program_id, key, number) for key, number in numbers.items()]
    await tx.execute_many(_PUT_KEY_SQL, rows)
    await tx.execute(_CUT_KEYS_SQL, program_id, KEYS_MAX)


async def set_timers(tx: Tx, program_id: UUID, timers: dict[str, datetime | None]) -> int:
    """Set timers, or None to take them off; return how many, those furthest off, were too many."""
    off = [key for key, at in timers.items() if at is None]
    await tx.execute(
        "delete from chat.program_timers where program_id = $1 and key = any($2)", program_id, off
    )
    rows = [(tx.organisation_id, program_id, key, at) for key, at in timers.items() if at]
    await tx.execute_many(_SET_TIMER_SQL, rows)
    dropped = await tx.fetch(_CUT_TIMERS_SQL, program_id, TIMERS_MAX)
    await wake(tx, program_id)
    return len(dropped)


async def take_due_timers(tx: Tx, program_id: UUID, limit: int) -> list[tuple[str, datetime]]:
    """Take off timers that are due, and return them in their order."""
    rows = await tx.fetch(
        "delete from chat.program_timers where program_id = $1 and key in ("
        " select t.key from chat.program_timers t where t.program_id = $1"
        " and t.due_at <= clock_timestamp() order by t.due_at, t.key limit $2"
        ") returning key, due_at",
        program_id,
        limit,
    )
    await wake(tx, program_id)
    return sorted(((row["key"], row["due_at"]) for row in rows), key=lambda each: each[::-1])


async def wake(tx: Tx, program_id: UUID) -> None:
    """Note when the next timer is due."""
    await tx.execute(_WAKE_SQL, program_id)


async def people_of(tx: Tx, room_id: UUID, ids: Sequence[UUID]) -> dict[UUID, bool]:
    """Those of these people that take part in a room (true), or wrote there once (false)."""
    rows = await tx.fetch(_PEOPLE_SQL, room_id, list(ids))
    return {row["id"]: row["is_member"] for row in rows}
