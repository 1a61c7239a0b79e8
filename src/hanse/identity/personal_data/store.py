"""All SQL of archives and erasures."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from hanse.identity.personal_data.model import Erasure, ExportStatus, PersonalExport
from hanse.platform.database import Tx

_EXPORT = "id, person_id, status, bytes, error, created_at, finished_at, expires_at"


class Begun(Struct, frozen=True):
    """An archive that somebody waited for, and who: None if it was no person."""

    requested_by: UUID | None


def _export(row: Any) -> PersonalExport:
    return PersonalExport(**{**row, "status": ExportStatus(row["status"])})


async def put_export(
    tx: Tx, person_id: UUID, id: UUID, requested_by: UUID | None
) -> PersonalExport:
    """Begin an archive in the place of one that has come to its end, or return what is begun."""
    row = await tx.fetchrow(
        f"""
        insert into identity.personal_exports as e (person_id, organisation_id, id, requested_by)
        values ($2, $1, $3, $4)
        on conflict (person_id) do update set
            id = case when e.status = 'queued' then e.id else excluded.id end,
            requested_by = excluded.requested_by, status = 'queued', archive = null, bytes = null,
            error = null, finished_at = null, expires_at = null,
            created_at = case when e.status = 'queued' then e.created_at else now() end
        returning {_EXPORT}
        """,
        tx.organisation_id,
        person_id,
        id,
        requested_by,
    )
    return _export(row)


async def get_export(tx: Tx, person_id: UUID) -> PersonalExport | None:
    """The archive of a person, unless it has expired."""
    row = await tx.fetchrow(
        f"""
        select {_EXPORT} from identity.personal_exports
        where organisation_id = $1 and person_id = $2
            and (expires_at is null or expires_at > now())
        """,
        tx.organisation_id,
        person_id,
    )
    return None if row is None else _export(row)


async def finish_export(
    tx: Tx, person_id: UUID, id: UUID, archive: bytes | None, error: str | None, keep: timedelta
) -> Begun | None:
    """Keep a finished archive, or why there is none; None if nobody waits for it any more."""
    row = await tx.fetchrow(
        """
        update identity.personal_exports
        set status = case when $4::bytea is null then 'failed' else 'done' end, archive = $4,
            bytes = length($4::bytea), error = $5, finished_at = now(), expires_at = now() + $6
        where organisation_id = $1 and person_id = $2 and id = $3 and status = 'queued'
        returning requested_by
        """,
        tx.organisation_id,
        person_id,
        id,
        archive,
        error,
        keep,
    )
    return None if row is None else Begun(row["requested_by"])


async def read_archive(tx: Tx, person_id: UUID, id: UUID, start: int, length: int) -> bytes | None:
    """Some bytes of an archive from `start` (0 is the first) on; None if it is no longer there."""
    part: bytes | None = await tx.fetchval(
        """
        select substring(archive from $4::integer + 1 for $5::integer)
        from identity.personal_exports
        where organisation_id = $1 and person_id = $2 and id = $3 and status = 'done'
        """,
        tx.organisation_id,
        person_id,
        id,
        start,
        length,
    )
    return part


async def insert_erasure(tx: Tx, person_id: UUID, requested_by: UUID | None) -> Erasure:
    """Note that somebody is erased."""
    row: Any = await tx.fetchrow(
        """
        insert into identity.erasures (person_id, organisation_id, requested_by)
        values ($2, $1, $3) returning person_id, requested_at, completed_at
        """,
        tx.organisation_id,
        person_id,
        requested_by,
    )
    return Erasure(**row)


async def get_erasure(tx: Tx, person_id: UUID) -> Erasure | None:
    """The erasure of a person."""
    row = await tx.fetchrow(
        """
        select person_id, requested_at, completed_at from identity.erasures
        where organisation_id = $1 and person_id = $2
        """,
        tx.organisation_id,
        person_id,
    )
    return None if row is None else Erasure(**row)


async def complete_erasure(tx: Tx, person_id: UUID) -> None:
    """Note that nothing is left to forget."""
    await tx.execute(
        """
        update identity.erasures set completed_at = now()
        where organisation_id = $1 and person_id = $2
        """,
        tx.organisation_id,
        person_id,
    )


async def purge_exports(tx: Tx, limit: int) -> int:
    """Delete up to `limit` archives that have expired; return how many.

    Needs a system transaction of `hanse_jobs`, which sees no others.
    """
    tag = await tx.execute(
        """
        delete from identity.personal_exports where person_id in (
            select person_id from identity.personal_exports
            where expires_at < now() order by expires_at limit $1
        )
        """,
        limit,
    )
    return int(tag.split()[-1])
