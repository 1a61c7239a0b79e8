"""The job that imports and exports translation memories."""

import asyncio
from typing import Final

from hanse.language.memories import service, store, tmx
from hanse.language.memories.service import RUN, MemoryFull, MemoryNotFound, Run, TooManyMemories
from hanse.language.memories.store import JobRow
from hanse.language.memories.tmx import InvalidTmx
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs

TIMEOUT_S: Final = 300.0
ATTEMPTS_MAX: Final = 10
RETRY_LAST_S: Final = 30.0
PURGED_ROWS_MAX: Final = 1000


def register_memories(jobs: Jobs) -> None:
    """Add the jobs of translation memories: imports, exports, deleting what has expired."""
    jobs.task(RUN, Run, attempts_max=ATTEMPTS_MAX, timeout_s=TIMEOUT_S, retry_max_s=RETRY_LAST_S)(
        run
    )

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("language.purge_memory_jobs", "*/10 * * * *")(purge)


async def run(tx: Tx, payload: Run) -> None:
    """Import or export; a file that is no good ends the job, with the reason."""
    job = await store.get_job(tx, payload.job_id, for_update=True)
    if job is None or job.status != "processing":
        return
    try:
        if job.operation == "import":
            await _import(tx, job)
        else:
            await _export(tx, job)
    except (InvalidTmx, MemoryFull, MemoryNotFound, TooManyMemories) as problem:
        await store.set_job(tx, job.id, "failed", error=problem.detail)


async def _import(tx: Tx, job: JobRow) -> None:
    units = await asyncio.to_thread(tmx.read, await store.read_data(tx, job.id))
    memory = await service.create(tx, job.name or "Translation memory", units.source_language)
    await service.add(tx, memory.id, units.units)
    await store.set_job(tx, job.id, "completed", skipped=units.skipped, memory_id=memory.id)


async def _export(tx: Tx, job: JobRow) -> None:
    assert job.memory_id is not None, "an export is of a memory"
    memory = await service.get(tx, job.memory_id)
    segments = await store.list_segments(tx, memory.id, limit=tmx.SEGMENTS_MAX)
    units = [
        (segment.source, {target.language: target.text for target in segment.targets})
        for segment in segments
    ]
    data = await asyncio.to_thread(tmx.write, memory.source_language, units)
    await store.set_job(tx, job.id, "completed", data=data)
