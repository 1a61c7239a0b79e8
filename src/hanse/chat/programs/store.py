"""All SQL of programs of rooms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hanse.chat.log.model import Event, shard_of
from hanse.chat.log.store import event_of
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Due, Entry, Progress, RoomProgram, Standing, Status, Version
from hanse.platform.database import Tx

LOG_MAX: Final = 1_000
"""Lines of one program's log; older ones are gone."""
KEYS_MAX: Final = 1_000
"""Messages of its own that a program can name; older ones stay as they are."""
TIMERS_MAX: Final = 1_000
"""Of one program."""

_PROGRAM: Final = """
    p.id, p.room_id, p.name, p.status, p.reason, p.version, p.versions, p.allowed, p.created_by,
    p.created_at
"""

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
where program_id = $1 and cursor = $2 and version is not distinct from $5 returning true
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

_PROGRESS_SQL: Final = """
select r.cursor, h.head, s.state_hash, s.events, s.fuel
from chat.program_runs r join chat.program_states s on s.program_id = r.program_id
join chat.heads h on h.room_id = r.room_id
where r.program_id = $1
"""

_GIVEN_SQL: Final = """
select e.room_id, e.number, e.messages, e.sender_id, e.device, e.client_key, e.kind, e.created_at,
    e.target, e.thread, case when e.is_moved then e.sent_topic else e.topic end as topic, e.body,
    e.is_redacted
from chat.events e where e.room_id = $1 and e.number > $2
    and (not (e.body ? 'program_id') or e.body ->> 'program_id' = $3)
order by e.number limit $4
"""


async def insert_program(
    tx: Tx, id: UUID, room_id: UUID, name: str, allowed: Sequence[str], created_by: UUID, at: int
) -> None:
    """Write a program without versions, which begins behind number `at` of its room's log."""
    await tx.execute(
        "insert into chat.programs (id, organisation_id, room_id, name, status, version, versions,"
        " allowed, created_by) values ($1, $2, $3, $4, 'running', 0, 0, $5, $6)",
        id,
        tx.organisation_id,
        room_id,
        name,
        list(allowed),
        created_by,
    )
    await tx.execute(
        "insert into chat.program_runs (program_id, organisation_id, room_id, shard, cursor)"
        " values ($1, $2, $3, $4, $5)",
        id,
        tx.organisation_id,
        room_id,
        shard_of(room_id),
        at,
    )
    await tx.execute(
        "insert into chat.program_states (program_id, organisation_id) values ($1, $2)",
        id,
        tx.organisation_id,
    )


async def insert_version(
    tx: Tx, program_id: UUID, source: str, language: Language, created_by: UUID
) -> int:
    """Write the next version of a program; return its number."""
    number = await tx.fetchval(
        "update chat.programs set versions = versions + 1 where id = $1 returning versions",
        program_id,
    )
    await tx.execute(
        "insert into chat.program_versions (organisation_id, program_id, number, source,"
        " language, created_by) values ($1, $2, $3, $4, $5, $6)",
        tx.organisation_id,
        program_id,
        number,
        source,
        language.value,
        created_by,
    )
    return int(number)


async def get_program(tx: Tx, id: UUID) -> RoomProgram | None:
    """One program that was not deleted."""
    row = await tx.fetchrow(
        f"select {_PROGRAM} from chat.programs p where p.id = $1 and p.status <> 'deleted'", id
    )
    return None if row is None else _program_of(row)


async def list_programs(tx: Tx, room_id: UUID) -> list[RoomProgram]:
    """All programs of a room, those that were deleted at the end, so that names can be shown."""
    rows = await tx.fetch(
        f"select {_PROGRAM} from chat.programs p where p.room_id = $1"
        " order by p.status = 'deleted', p.id limit 200",
        room_id,
    )
    return [_program_of(row) for row in rows]


async def count_programs(tx: Tx, room_id: UUID) -> int:
    """How many programs a room has."""
    count: int = await tx.fetchval(
        "select count(*) from chat.programs where room_id = $1 and status <> 'deleted'", room_id
    )
    return count


async def set_status(
    tx: Tx, id: UUID, status: Status, *, version: int | None = None, reason: str | None = None
) -> None:
    """Say what is with a program; None leaves its version."""
    await tx.execute(
        "update chat.programs set status = $2, version = coalesce($3, version), reason = $4"
        " where id = $1",
        id,
        status.value,
        version,
        reason,
    )


async def change_program(tx: Tx, id: UUID, name: str | None, allowed: Sequence[str] | None) -> None:
    """Change a program's name and rights; None leaves them."""
    await tx.execute(
        "update chat.programs set name = coalesce($2, name),"
        " allowed = coalesce($3::text[], allowed) where id = $1",
        id,
        name,
        None if allowed is None else list(allowed),
    )


async def forget(tx: Tx, id: UUID) -> None:
    """Take away all of a program but its name."""
    for table in ("versions", "runs", "states", "keys", "timers", "log"):
        await tx.execute(f"delete from chat.program_{table} where program_id = $1", id)


async def read_source(tx: Tx, id: UUID, number: int) -> tuple[str, Language] | None:
    """The source of a version, and what it is written in."""
    row = await tx.fetchrow(
        "select source, language from chat.program_versions where program_id = $1 and number = $2",
        id,
        number,
    )
    return None if row is None else (row["source"], Language(row["language"]))


async def list_versions(tx: Tx, id: UUID, before: int, limit: int) -> list[Version]:
    """Versions before a number, the newest first."""
    rows = await tx.fetch(
        "select number, language, created_by, created_at from chat.program_versions"
        " where program_id = $1 and number < $2 order by number desc limit $3",
        id,
        before,
        limit,
    )
    return [Version(**{**dict(row.items()), "language": Language(row["language"])}) for row in rows]


async def list_entries(tx: Tx, id: UUID, before: int, limit: int) -> list[Entry]:
    """Lines of a program's log before an id, the newest first."""
    rows = await tx.fetch(
        'select id, number, version, at, code, detail, line, "column" from chat.program_log'
        " where program_id = $1 and id < $2 order by id desc limit $3",
        id,
        before,
        limit,
    )
    return [Entry(**dict(row.items())) for row in rows]


async def read_progress(tx: Tx, id: UUID) -> Progress | None:
    """How far a program is."""
    row = await tx.fetchrow(_PROGRESS_SQL, id)
    return None if row is None else Progress(**dict(row.items()))


async def read_state(tx: Tx, id: UUID) -> str | None:
    """The state of a program, as JSON."""
    state: str | None = await tx.fetchval(
        "select state from chat.program_states where program_id = $1", id
    )
    return state


async def read_past(tx: Tx, room_id: UUID, program_id: UUID, after: int, limit: int) -> list[Event]:
    """What a program was or would have been given of the log behind a number, first to last."""
    rows = await tx.fetch(_GIVEN_SQL, room_id, after, str(program_id), limit)
    return [event_of(row) for row in rows]


async def get_hosts(tx: Tx) -> list[str]:
    """Which hosts the organisation lets programs ask."""
    hosts: list[str] | None = await tx.fetchval(
        "select program_hosts from chat.policies where organisation_id = $1", tx.organisation_id
    )
    return hosts or []


async def set_hosts(tx: Tx, hosts: Sequence[str]) -> None:
    """Write which hosts programs may ask."""
    await tx.execute(
        "insert into chat.policies (organisation_id, program_hosts) values ($1, $2)"
        " on conflict (organisation_id) do update set program_hosts = excluded.program_hosts",
        tx.organisation_id,
        list(hosts),
    )


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
    """Move a program's cursor; False if somebody did since `before` was read."""
    return bool(
        await tx.fetchval(_MOVE_SQL, program_id, before.cursor, cursor, version, before.version)
    )


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


async def key_of(tx: Tx, program_id: UUID, number: int) -> str | None:
    """The key by which a program calls one of its messages."""
    key: str | None = await tx.fetchval(
        "select key from chat.program_keys where program_id = $1 and number = $2 limit 1",
        program_id,
        number,
    )
    return key


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


async def program_name(tx: Tx, id: UUID) -> str | None:
    """What a program is called, also after it was deleted."""
    name: str | None = await tx.fetchval("select name from chat.programs where id = $1", id)
    return name


def _program_of(row: Any) -> RoomProgram:
    values = dict(row.items())
    return RoomProgram(**{**values, "status": Status(values["status"])})
