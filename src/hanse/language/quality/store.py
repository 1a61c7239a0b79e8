"""All SQL of quality evaluations."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.language.quality.checks import Issue
from hanse.platform.database import Tx


class Segment(msgspec.Struct, frozen=True):
    """A text and its translation."""

    source: str
    target: str


class EvaluationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation; `report` has the issues of each segment once it is done."""

    id: UUID
    source_language: str
    target_language: str
    segments: tuple[Segment, ...]
    report: tuple[tuple[Issue, ...], ...] | None
    error: str | None


INSERT: Final = """
insert into language.quality_evaluations (
    id, organisation_id, source_language, target_language, segments, created_at, expires_at
) values ($1, $2, $3, $4, $5::text::jsonb, now(), $6)
"""
GET: Final = """
select id, source_language, target_language, segments::text, report::text, error
from language.quality_evaluations
where organisation_id = $1 and id = $2 and expires_at > now()
"""
LOCK: Final = f"{GET} for update"
FINISH: Final = """
update language.quality_evaluations
set report = $3::text::jsonb, error = $4, expires_at = $5
where organisation_id = $1 and id = $2
"""
PURGE: Final = """
delete from language.quality_evaluations where id in (
    select id from language.quality_evaluations where expires_at < now() limit $1
)
"""
COUNT_OPEN: Final = """
select count(*) from language.quality_evaluations
where organisation_id = $1 and report is null and error is null and expires_at > now()
"""


async def insert(
    tx: Tx, id: UUID, source: str, target: str, segments: list[Segment], expires_at: datetime
) -> None:
    """Keep what is to be evaluated."""
    data = msgspec.json.encode(segments).decode()
    await tx.execute(INSERT, id, tx.organisation_id, source, target, data, expires_at)


async def get(tx: Tx, id: UUID, *, for_update: bool = False) -> EvaluationRow | None:
    """Return an evaluation, None if there is none or it has expired."""
    row = await tx.fetchrow(LOCK if for_update else GET, tx.organisation_id, id)
    if row is None:
        return None
    report = row["report"]
    return EvaluationRow(
        id=row["id"],
        source_language=row["source_language"],
        target_language=row["target_language"],
        segments=msgspec.json.decode(row["segments"], type=tuple[Segment, ...]),
        report=report and msgspec.json.decode(report, type=tuple[tuple[Issue, ...], ...]),
        error=row["error"],
    )


async def finish(
    tx: Tx,
    id: UUID,
    report: list[list[Issue]] | None,
    error: str | None,
    expires_at: datetime,
) -> None:
    """Keep the report, or why there is none."""
    data = None if report is None else msgspec.json.encode(report).decode()
    await tx.execute(FINISH, tx.organisation_id, id, data, error, expires_at)


async def count_open(tx: Tx) -> int:
    """Return how many evaluations of the organisation are not done."""
    count: int = await tx.fetchval(COUNT_OPEN, tx.organisation_id)
    return count


async def purge(tx: Tx, rows_max: int) -> None:
    """Delete what has expired, in a transaction of no organisation."""
    await tx.execute(PURGE, rows_max)
