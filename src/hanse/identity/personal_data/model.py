"""Archives of everything about a person, and erasures."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

ARCHIVE_KEEP = timedelta(days=7)
ARCHIVE_BYTES_MAX = 128 * 1024 * 1024


class ExportStatus(StrEnum):
    """How far an archive is."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class PersonalExport(Struct, frozen=True):
    """An archive of everything about a person; it can be fetched until `expires_at`."""

    id: UUID
    person_id: UUID
    status: ExportStatus
    bytes: int | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class Erasure(Struct, frozen=True):
    """That somebody was erased: at once as a person, and by `completed_at` everywhere else."""

    person_id: UUID
    requested_at: datetime
    completed_at: datetime | None


class ExportPerson(Struct, frozen=True):
    """The job that makes an archive."""

    person_id: UUID
    export_id: UUID


class ErasePerson(Struct, frozen=True):
    """The job that forgets somebody in all systems."""

    person_id: UUID
