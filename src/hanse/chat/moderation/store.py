"""All SQL of rules of rooms."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.moderation.checking import Broken, LastSent
from hanse.chat.moderation.model import ProgramRules, Refusals, Rules
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

# A program's rules end with it, with its right, and with the version that set them.
_HOLDS: Final = """
    (r.program_id is null
        or (p.status = 'running' and p.version = r.version and 'moderate' = any(p.allowed)))
"""

_IN_FORCE_SQL: Final = f"""
select r.room_id, r.program_id, r.revision
from chat.room_rules r left join chat.programs p on p.id = r.program_id
where r.room_id = any($1) and {_HOLDS}
order by r.room_id, r.program_id nulls first
"""

_OF_PROGRAMS_SQL: Final = f"""
select r.program_id, p.name, r.rules
from chat.room_rules r join chat.programs p on p.id = r.program_id
where r.room_id = $1 and {_HOLDS}
order by r.program_id
"""

_LAST_SQL: Final = """
select a.room_id, a.sender_id,
    (select e.created_at from chat.events e
        where e.room_id = a.room_id and e.sender_id = a.sender_id and e.kind = 'message'
        order by e.number desc limit 1) as at,
    coalesce((select m.is_key from chat.members m
        where m.room_id = a.room_id and m.member_id = a.sender_id), false) as is_key
from unnest($1::uuid[], $2::uuid[]) as a (room_id, sender_id)
"""

_PUT_SQL: Final = """
insert into chat.room_rules (organisation_id, room_id, program_id, version, revision, rules)
select $1, $2, $3::uuid,
    (select run.version from chat.program_runs run where run.program_id = $3::uuid), $4, $5
on conflict (room_id, program_id) do update
set version = excluded.version, revision = excluded.revision, rules = excluded.rules
where (room_rules.version, room_rules.rules)
    is distinct from (excluded.version, excluded.rules)
returning true
"""

_MARK_HEAD_SQL: Final = """
update chat.heads h
set has_rules = exists (select from chat.room_rules r where r.room_id = h.room_id)
where h.room_id = $1
"""

_COUNT_SQL: Final = """
insert into chat.rule_refusals (organisation_id, room_id, program_id, rule, refused, refused_at)
values ($1, $2, $3, $4, 1, clock_timestamp())
on conflict (room_id, program_id, rule) do update
set refused = rule_refusals.refused + 1, refused_at = excluded.refused_at
"""


class InForce(Struct, frozen=True):
    """Rules that are in force in a room; equal `revision`s are equal rules."""

    room_id: UUID
    program_id: UUID | None
    revision: UUID


async def in_force(tx: Tx, room_ids: Sequence[UUID]) -> list[InForce]:
    """Which rules are in force in these rooms, those of people first."""
    return [InForce(*row) for row in await tx.fetch(_IN_FORCE_SQL, list(room_ids))]


async def read_revisions(
    tx: Tx, room_ids: Sequence[UUID], revisions: Sequence[UUID]
) -> dict[UUID, tuple[UUID | None, Rules]]:
    """The rules of these revisions in these rooms, and whose they are."""
    rows = await tx.fetch(
        "select revision, program_id, rules from chat.room_rules"
        " where room_id = any($1) and revision = any($2)",
        list(room_ids),
        list(revisions),
    )
    return {row[0]: (row[1], msgspec.convert(row[2], Rules)) for row in rows}


async def last_sent(
    tx: Tx, senders: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], LastSent]:
    """When these senders, each with their room before, last sent a message there."""
    rooms, people = [each[0] for each in senders], [each[1] for each in senders]
    rows = await tx.fetch(_LAST_SQL, rooms, people)
    return {(row["room_id"], row["sender_id"]): LastSent(row["at"], row["is_key"]) for row in rows}


async def read_rules(tx: Tx, room_id: UUID) -> Rules:
    """The rules that people put in force in a room."""
    rules = await tx.fetchval(
        "select rules from chat.room_rules where room_id = $1 and program_id is null", room_id
    )
    return Rules() if rules is None else msgspec.convert(rules, Rules)


async def rules_of_programs(tx: Tx, room_id: UUID) -> list[ProgramRules]:
    """The rules of a room's programs that are in force."""
    rows = await tx.fetch(_OF_PROGRAMS_SQL, room_id)
    return [
        ProgramRules(program_id=row[0], name=row[1], rules=msgspec.convert(row[2], Rules))
        for row in rows
    ]


async def put(tx: Tx, room_id: UUID, program_id: UUID | None, rules: Rules) -> bool:
    """Put rules of people or of a program in force, whose room's head is held.

    Returns whether that changed anything.
    """
    if rules == Rules():
        return await take_off(tx, room_id, program_id)
    changed = await tx.fetchval(_PUT_SQL, tx.organisation_id, room_id, program_id, new_id(), rules)
    await tx.execute(_MARK_HEAD_SQL, room_id)
    return bool(changed)


async def take_off(tx: Tx, room_id: UUID, program_id: UUID | None) -> bool:
    """Take off the rules of people or of a program; return whether there were any."""
    was = await tx.fetchval(
        "delete from chat.room_rules where room_id = $1 and program_id is not distinct from $2"
        " returning true",
        room_id,
        program_id,
    )
    await tx.execute(_MARK_HEAD_SQL, room_id)
    return bool(was)


async def count(tx: Tx, refused: Sequence[Broken]) -> None:
    """Count what rules refused, but neither what it said nor who did."""
    rows = [(tx.organisation_id, each.room_id, each.program_id, each.rule) for each in refused]
    await tx.execute_many(_COUNT_SQL, rows)


async def read_refusals(tx: Tx, room_id: UUID) -> list[Refusals]:
    """How often rules refused something in a room, the latest first."""
    rows = await tx.fetch(
        "select rule, program_id, refused, refused_at from chat.rule_refusals where room_id = $1"
        " order by refused_at desc limit 100",
        room_id,
    )
    return [Refusals(**dict(row.items())) for row in rows]
