"""The jobs that make archives and forget people."""

from collections.abc import Sequence

from hanse.identity.events import PersonalExportReady
from hanse.identity.personal_data import store
from hanse.identity.personal_data.archive import ArchiveTooLarge, write_archive
from hanse.identity.personal_data.model import (
    ARCHIVE_BYTES_MAX,
    ARCHIVE_KEEP,
    ErasePerson,
    ExportPerson,
)
from hanse.identity.personal_data.service import ERASE_JOB, EXPORT_JOB
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs
from hanse.platform.outbox import announce
from hanse.platform.personal_data import Erasing, Holding

TIMEOUT_S = 1800.0
ATTEMPTS_MAX = 20
"""With growing pauses up to ten minutes, a job waits out some two hours of trouble."""


def register_personal_data(jobs: Jobs, holdings: Sequence[Holding]) -> None:
    """Add the jobs of archives and erasures over what all systems hold."""

    @jobs.task(EXPORT_JOB, ExportPerson, attempts_max=ATTEMPTS_MAX, timeout_s=TIMEOUT_S)
    async def export(tx: Tx, job: ExportPerson) -> None:
        archive, error = None, None
        try:
            archive = await write_archive(tx, job.person_id, holdings)
        except ArchiveTooLarge:
            error = f"There are more than {ARCHIVE_BYTES_MAX // 2**20} MiB about this person."
        begun = await store.finish_export(
            tx, job.person_id, job.export_id, archive, error, ARCHIVE_KEEP
        )
        if begun is not None and archive is not None:
            ready = PersonalExportReady(person_id=job.person_id, requested_by=begun.requested_by)
            await announce(tx, ready)

    @jobs.task(ERASE_JOB, ErasePerson, attempts_max=ATTEMPTS_MAX, timeout_s=TIMEOUT_S)
    async def erase(tx: Tx, job: ErasePerson) -> None:
        for holding in holdings:
            for erasing in holding.erasing:
                await _run(tx, erasing, job)
        await store.complete_erasure(tx, job.person_id)


async def _run(tx: Tx, erasing: Erasing, job: ErasePerson) -> None:
    if erasing.rows_max is None:
        await tx.execute(erasing.sql, tx.organisation_id, job.person_id)
        return
    touched = erasing.rows_max
    while touched >= erasing.rows_max:
        tag = await tx.execute(erasing.sql, tx.organisation_id, job.person_id, erasing.rows_max)
        touched = int(tag.split()[-1])
