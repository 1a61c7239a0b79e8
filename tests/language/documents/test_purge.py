"""Documents are deleted, with their texts, when their time is over."""

from typing import Any

import asyncpg

from hanse.language.documents.jobs import register_documents
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from tests.conftest import Database
from tests.eventing import going, until

DOCUMENT_SQL = """
insert into language.documents (id, organisation_id, key_hash, filename, target_language,
    glossary_ids, status, original, created_at, expires_at)
values ($1, $2, '', 'a.txt', 'pt', '{}', 'translating', 'x', now(), now() + $3 * interval '1 hour')
"""
SEGMENT_SQL = """
insert into language.document_segments (organisation_id, document_id, number, source)
values ($2, $1, 0, '{}')
"""


async def test_what_has_expired_is_deleted_and_nothing_else(database: Database) -> None:
    owner = await asyncpg.connect(database.url("hanse"))
    old, young = new_id(), new_id()
    for document_id, hours in ((old, -1), (young, 1)):
        organisation_id = new_id()
        await owner.execute(DOCUMENT_SQL, document_id, organisation_id, hours)
        await owner.execute(SEGMENT_SQL, document_id, organisation_id)
    jobs = Jobs()
    inference: Any = None  # deleting needs none
    register_documents(jobs, inference)
    url = database.url("hanse_jobs")

    async def deleted() -> bool:
        left = await owner.fetchval("select array_agg(id) from language.documents")
        return bool(left == [young])

    async def planned() -> bool:
        return bool(await owner.fetchval("select count(*) from queue.periodic"))

    limits = WorkerLimits(poll_s=0.02, tick_s=0.05)
    async with going(lambda stop: run_jobs(jobs, url, stop, limits=limits)):
        await until(planned, "the schedule")
        await owner.execute("update queue.periodic set next_at = now()")
        await until(deleted, "the old document is gone")
    texts = await owner.fetchval("select array_agg(document_id) from language.document_segments")
    assert texts == [young]
    await owner.close()


async def test_nobody_but_the_job_reaches_documents_of_others(database: Database) -> None:
    owner = await asyncpg.connect(database.url("hanse"))
    document_id, organisation_id = new_id(), new_id()
    await owner.execute(DOCUMENT_SQL, document_id, organisation_id, -1)
    await owner.close()
    count = "select count(*) from language.documents where id = $1"
    for role in ("hanse_app", "hanse_jobs"):
        db = await Db.open(database.url(role), size_max=1, application_name="test")
        async with db.tx(new_id()) as tx:
            assert await tx.fetchval(count, document_id) == 0
        async with db.tx(organisation_id) as tx:
            assert await tx.fetchval(count, document_id) == 1
        await db.close()
