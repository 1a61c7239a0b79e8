"""All SQL of programs as people see them; that of their turns is in `turn_store`."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.log.model import Event, shard_of
from hanse.chat.log.store import event_of
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Entry, Progress, RoomProgram, Status, Version
from hanse.platform.database import Tx

_PROGRAM: Final = """
    p.id, p.room_id, p.name, p.status, p.reason, p.version, p.versions, p.allowed, p.created_by,
    p.created_at
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


async def key_of(tx: Tx, program_id: UUID, number: int) -> str | None:
    """The key by which a program calls one of its messages."""
    key: str | None = await tx.fetchval(
        "select key from chat.program_keys where program_id = $1 and number = $2 limit 1",
        program_id,
        number,
    )
    return key


async def program_name(tx: Tx, id: UUID) -> str | None:
    """What a program is called, also after it was deleted."""
    name: str | None = await tx.fetchval("select name from chat.programs where id = $1", id)
    return name


def _program_of(row: Any) -> RoomProgram:
    values = dict(row.items())
    return RoomProgram(**{**values, "status": Status(values["status"])})
