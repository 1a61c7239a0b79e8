"""All SQL of translation memories."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from hanse.platform.database import Tx
from hanse.platform.ids import new_id

Status = Literal["awaiting_input", "processing", "completed", "downloaded", "failed"]


class MemoryRow(msgspec.Struct, frozen=True):
    """A memory without its segments."""

    id: UUID
    name: str
    source_language: str
    version: UUID
    segment_count: int
    created_at: datetime
    updated_at: datetime
    target_languages: list[str]


class TargetRow(msgspec.Struct, frozen=True):
    """A translation of a segment."""

    id: UUID
    language: str
    text: str
    created_at: datetime
    updated_at: datetime


class SegmentRow(msgspec.Struct, frozen=True):
    """A segment with its translations."""

    id: UUID
    source: str
    created_at: datetime
    targets: tuple[TargetRow, ...]


class JobRow(msgspec.Struct, frozen=True):
    """An import or an export, without its file."""

    id: UUID
    operation: Literal["import", "export"]
    status: Status
    memory_id: UUID | None
    name: str | None
    content_type: str | None
    content_length: int | None
    key: bytes
    error: str | None
    skipped: int | None
    memory_version: UUID | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


MEMORY: Final = """
select id, name, source_language, version, segment_count, created_at, updated_at, array(
    select distinct target_language from language.memory_targets target
    join language.memory_segments segment on segment.id = target.segment_id
    where segment.memory_id = memory.id order by target_language
) as target_languages
from language.memories memory where organisation_id = $1
"""
GET: Final = f"{MEMORY} and id = $2"
LIST: Final = f"{MEMORY} order by id limit $2 offset $3"
LOCK: Final = "select 1 from language.memories where organisation_id = $1 and id = $2 for update"
COUNT: Final = "select count(*) from language.memories where organisation_id = $1"
INSERT: Final = """
insert into language.memories (
    id, organisation_id, name, source_language, version, created_at, updated_at
) values ($1, $2, $3, $4, $5, now(), now())
"""
DELETE: Final = """
delete from language.memories where organisation_id = $1 and id = $2 returning id
"""
PUT_SEGMENTS: Final = """
insert into language.memory_segments as segment (id, organisation_id, memory_id, source)
select id, $1, $2, source from unnest($3::uuid[], $4::text[]) as given (id, source)
on conflict (memory_id, md5(source)) do update set source = excluded.source
returning id, source
"""
PUT_TARGETS: Final = """
insert into language.memory_targets (id, organisation_id, segment_id, target_language, target)
select id, $1, segment_id, language, target
from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[])
    as given (id, segment_id, language, target)
on conflict (segment_id, target_language) do update
set target = excluded.target, updated_at = now()
"""
TOUCH: Final = """
update language.memories
set version = $3, updated_at = now(), segment_count = (
    select count(*) from language.memory_segments where memory_id = $2
)
where organisation_id = $1 and id = $2
returning segment_count
"""
PAIRS: Final = """
select source, target from language.memory_segments segment
join language.memory_targets target on target.segment_id = segment.id
where segment.organisation_id = $1 and memory_id = $2 and target_language = $3
"""
SEGMENTS: Final = """
select segment.id, source, segment.created_at, target.id as target_id, target_language, target,
       target.created_at as target_created_at, target.updated_at as target_updated_at
from (
    select id, source, created_at from language.memory_segments outer_segment
    where organisation_id = $1 and memory_id = $2 and ($3::uuid is null or id > $3)
      and ($4::text is null or exists (
        select 1 from (
            select outer_segment.source as text
            union all
            select target from language.memory_targets where segment_id = outer_segment.id
        ) texts
        where case when $5 then strpos(text, $4) else strpos(lower(text), lower($4)) end > 0
      ))
    order by id limit $6
) segment
left join language.memory_targets target on target.segment_id = segment.id
order by segment.id, target_language
"""
JOB_COLUMNS: Final = (
    "id, operation, status, memory_id, name, content_type, content_length, key, error, skipped, "
    "memory_version, created_at, updated_at, expires_at"
)
INSERT_JOB: Final = """
insert into language.memory_jobs (
    id, organisation_id, operation, status, memory_id, name, content_type, content_length, key,
    memory_version, created_at, updated_at, expires_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now(), now(), $11)
"""
GET_JOB: Final = f"""
select {JOB_COLUMNS} from language.memory_jobs
where organisation_id = $1 and id = $2 and expires_at > now()
"""
LAST_EXPORT: Final = f"""
select {JOB_COLUMNS} from language.memory_jobs
where organisation_id = $1 and memory_id = $2 and operation = 'export' and memory_version = $3
  and status <> 'failed' and expires_at > now() + interval '1 hour'
order by id desc limit 1
"""
SET_JOB: Final = """
update language.memory_jobs
set status = $3, error = $4, skipped = $5, memory_id = coalesce($6, memory_id), data = $7,
    updated_at = now()
where organisation_id = $1 and id = $2
"""
GET_DATA: Final = "select data from language.memory_jobs where organisation_id = $1 and id = $2"
MARK_DOWNLOADED: Final = """
update language.memory_jobs set status = 'downloaded', updated_at = now()
where organisation_id = $1 and id = $2 and status = 'completed'
"""
COUNT_JOBS: Final = """
select count(*) from language.memory_jobs
where organisation_id = $1 and expires_at > now() and data is not null
"""
PURGE: Final = """
delete from language.memory_jobs where id in (
    select id from language.memory_jobs where expires_at < now() limit $1
)
"""


async def get(tx: Tx, memory_id: UUID) -> MemoryRow | None:
    """Return a memory of the transaction's organisation."""
    row = await tx.fetchrow(GET, tx.organisation_id, memory_id)
    return None if row is None else MemoryRow(**row)


async def list_memories(tx: Tx, limit: int, offset: int) -> list[MemoryRow]:
    """Return memories of the transaction's organisation, oldest first."""
    return [MemoryRow(**row) for row in await tx.fetch(LIST, tx.organisation_id, limit, offset)]


async def count(tx: Tx) -> int:
    """Return how many memories the transaction's organisation has."""
    number: int = await tx.fetchval(COUNT, tx.organisation_id)
    return number


async def insert(tx: Tx, memory_id: UUID, name: str, source_language: str) -> None:
    """Make an empty memory."""
    await tx.execute(INSERT, memory_id, tx.organisation_id, name, source_language, new_id())


async def delete(tx: Tx, memory_id: UUID) -> bool:
    """Delete a memory; say whether there was one."""
    return await tx.fetchval(DELETE, tx.organisation_id, memory_id) is not None


async def put_units(tx: Tx, memory_id: UUID, units: Mapping[str, Mapping[str, str]]) -> int:
    """Add translations by language, by source; return how many segments the memory has then."""
    await tx.execute(LOCK, tx.organisation_id, memory_id)
    sources = list(units)
    ids = [new_id() for _ in sources]
    rows = await tx.fetch(PUT_SEGMENTS, tx.organisation_id, memory_id, ids, sources)
    targets = [
        (new_id(), row["id"], language, text)
        for row in rows
        for language, text in units[row["source"]].items()
    ]
    columns = [list(column) for column in zip(*targets, strict=True)] or [[], [], [], []]
    await tx.execute(PUT_TARGETS, tx.organisation_id, *columns)
    number: int = await tx.fetchval(TOUCH, tx.organisation_id, memory_id, new_id())
    return number


async def read_pairs(tx: Tx, memory_id: UUID, language: str) -> dict[str, str]:
    """Return all sources with their translation into a language."""
    rows = await tx.fetch(PAIRS, tx.organisation_id, memory_id, language)
    return {row["source"]: row["target"] for row in rows}


async def list_segments(
    tx: Tx,
    memory_id: UUID,
    *,
    after: UUID | None = None,
    text: str | None = None,
    is_case_sensitive: bool = False,
    limit: int,
) -> list[SegmentRow]:
    """Return segments by id, those with `text` in the source or in a translation."""
    rows = await tx.fetch(
        SEGMENTS, tx.organisation_id, memory_id, after, text, is_case_sensitive, limit
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return [
        SegmentRow(
            segment_id,
            each[0]["source"],
            each[0]["created_at"],
            tuple(
                TargetRow(
                    row["target_id"],
                    row["target_language"],
                    row["target"],
                    row["target_created_at"],
                    row["target_updated_at"],
                )
                for row in each
                if row["target_id"] is not None
            ),
        )
        for segment_id, each in found.items()
    ]


async def insert_job(tx: Tx, job: JobRow) -> None:
    """Make an import or an export."""
    await tx.execute(
        INSERT_JOB,
        job.id,
        tx.organisation_id,
        job.operation,
        job.status,
        job.memory_id,
        job.name,
        job.content_type,
        job.content_length,
        job.key,
        job.memory_version,
        job.expires_at,
    )


async def get_job(tx: Tx, job_id: UUID, *, for_update: bool = False) -> JobRow | None:
    """Return a job that has not expired."""
    sql = f"{GET_JOB} for update" if for_update else GET_JOB
    row = await tx.fetchrow(sql, tx.organisation_id, job_id)
    return None if row is None else JobRow(**row)


async def last_export(tx: Tx, memory: MemoryRow) -> JobRow | None:
    """Return an export of the memory as it is now."""
    row = await tx.fetchrow(LAST_EXPORT, tx.organisation_id, memory.id, memory.version)
    return None if row is None else JobRow(**row)


async def set_job(
    tx: Tx,
    job_id: UUID,
    status: Status,
    *,
    error: str | None = None,
    skipped: int | None = None,
    memory_id: UUID | None = None,
    data: bytes | None = None,
) -> None:
    """Put a job into another state, with its file or without one."""
    await tx.execute(SET_JOB, tx.organisation_id, job_id, status, error, skipped, memory_id, data)


async def read_data(tx: Tx, job_id: UUID) -> bytes:
    """Return the file of a job."""
    data: bytes | None = await tx.fetchval(GET_DATA, tx.organisation_id, job_id)
    return data or b""


async def mark_downloaded(tx: Tx, job_id: UUID) -> None:
    """Note that a finished export was fetched."""
    await tx.execute(MARK_DOWNLOADED, tx.organisation_id, job_id)


async def count_files(tx: Tx) -> int:
    """Return how many files of the transaction's organisation are kept."""
    number: int = await tx.fetchval(COUNT_JOBS, tx.organisation_id)
    return number


async def purge(tx: Tx, rows_max: int) -> None:
    """Delete expired jobs of all organisations, from a system transaction."""
    await tx.execute(PURGE, rows_max)
