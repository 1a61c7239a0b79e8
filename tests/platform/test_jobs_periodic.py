"""Periodic jobs fire when their cron expression says so, once for all workers together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from hanse.platform.database import Db, Tx
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from tests.conftest import Database
from tests.eventing import going, queue_is_empty, until

Working = Callable[[Jobs], AbstractAsyncContextManager[None]]


@pytest.fixture(scope="module")
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_jobs"))
    yield db
    await db.close()


@pytest.fixture(scope="module")
def working(database: Database) -> Working:
    """Run a worker with these jobs for the length of a block."""
    url, limits = database.url("hanse_jobs"), WorkerLimits(poll_s=0.02, tick_s=0.1)
    return lambda jobs: going(lambda stop: run_jobs(jobs, url, stop, limits=limits))


async def test_a_periodic_job_fires_once_however_many_workers_there_are(
    db: Db, working: Working
) -> None:
    fired = []

    def registry() -> Jobs:
        jobs = Jobs()

        @jobs.periodic("tick", "0 0 1 1 *")
        async def run(tx: Tx) -> None:
            fired.append(await tx.fetchval("select platform.current_organisation()"))

        return jobs

    async with working(registry()), working(registry()), working(registry()):

        async def known() -> Any:
            async with db.system_tx() as tx:
                return await tx.fetchval(
                    "select next_at > now() from queue.periodic where name = 'tick'"
                )

        await until(known, "the schedule")
        for firing in (1, 2):
            async with db.system_tx() as tx:
                # Three missed years are made up for by one firing.
                await tx.execute("update queue.periodic set next_at = now() - interval '3 years'")
            await until(known, "the next date")

            async def ran(firing: int = firing) -> bool:
                return len(fired) >= firing

            await until(ran, "the firing")
            await until(queue_is_empty(db), "its end")
    assert fired == [None, None]


async def test_a_changed_cron_expression_takes_effect(db: Db, working: Working) -> None:
    async def minutes() -> Any:
        async with db.system_tx() as tx:
            return await tx.fetchval(
                "select extract(minute from next_at) from queue.periodic where name = 'nightly'"
            )

    for expression, minute in (("7 3 * * *", 7), ("8 3 * * *", 8)):
        jobs = Jobs()
        jobs.periodic("nightly", expression)(lambda tx: asyncio.sleep(0))

        async def planned(minute: int = minute) -> bool:
            return await minutes() == minute

        async with working(jobs):
            await until(planned, "the new date")
