"""What has expired is thrown away by a periodic job; what somebody must decide on is kept."""

import asyncpg

from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.purge import register_purge
from tests.conftest import Database
from tests.eventing import going, until

KEYS_SQL = """
insert into platform.idempotency_keys
    (organisation_id, caller, key, request_hash, status, created_at)
select $1, 'c', d::text, '', 200, now() - d * interval '7 hours' from generate_series(0, 7) d
"""

HELD_JOB_SQL = """
insert into queue.jobs (organisation_id, name, payload, due_at, held_at)
values ($1, 'x', '{}', now() - interval '1 year', now() - interval '1 year')
"""

DEAD_LETTER_SQL = """
insert into platform.dead_letters
    (organisation_id, consumer, event_id, subject, message, error, deliveries, failed_at)
values ($1, 'x', $1, '', '', '', 1, now() - interval '1 year')
"""


async def test_the_periodic_job_forgets_old_keys_and_keeps_held_jobs_and_dead_letters(
    database: Database,
) -> None:
    owner = await asyncpg.connect(database.url("hanse"))
    organisation_id = new_id()
    for sql in (KEYS_SQL, HELD_JOB_SQL, DEAD_LETTER_SQL):
        await owner.execute(sql, organisation_id)
    jobs = Jobs()
    register_purge(jobs)
    url = database.url("hanse_jobs")

    async def keys_left() -> bool:
        sql = "select array_agg(key order by key) from platform.idempotency_keys"
        return bool(await owner.fetchval(sql) == ["0", "1", "2", "3"])

    async def planned() -> bool:
        return bool(await owner.fetchval("select count(*) from queue.periodic"))

    limits = WorkerLimits(poll_s=0.02, tick_s=0.05)
    async with going(lambda stop: run_jobs(jobs, url, stop, limits=limits)):
        await until(planned, "the schedule")
        await owner.execute("update queue.periodic set next_at = now()")
        await until(keys_left, "only the keys of the last day")
    assert await owner.fetchval("select count(*) from queue.jobs where held_at is not null") == 1
    assert await owner.fetchval("select count(*) from platform.dead_letters") == 1
    await owner.close()
