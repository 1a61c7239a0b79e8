"""Workers are killed with -9: their jobs run again, and each is applied exactly once."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from tests.conftest import Database
from tests.eventing import (
    LEDGER_SQL,
    Pay,
    balance,
    child,
    count_jobs,
    queue_is_empty,
    until,
)


@pytest.fixture(scope="module")
async def db(database: Database) -> AsyncIterator[Db]:
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute(LEDGER_SQL)
    await owner.close()
    db = await Db.open(database.url("hanse_jobs"))
    yield db
    await db.close()


@pytest.fixture(scope="module")
async def app(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


async def test_jobs_of_killed_workers_run_again_and_are_applied_exactly_once(
    app: Db, db: Db, database: Database
) -> None:
    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        for _ in range(200):
            await enqueue(tx, "pay", Pay(amount=1))
    url = database.url("hanse")

    async def more_than(amount: int) -> bool:
        return await balance(url, organisation_id) > amount

    for _ in range(3):
        before = await balance(url, organisation_id)
        assert before < 200, "nothing is left to be killed in the middle of"
        async with child("jobs", database.url("hanse_jobs")):
            await until(lambda before=before: more_than(before + 8), "some effects")
    async with child("jobs", database.url("hanse_jobs")):
        await until(queue_is_empty(db), "the end of all")
    assert await balance(url, organisation_id) == 200


async def test_a_job_that_kills_its_worker_each_time_is_given_up(
    app: Db, db: Db, database: Database
) -> None:
    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "poison", Pay(amount=5))
    for _ in range(2):
        async with child("jobs", database.url("hanse_jobs")) as process:
            assert await process.wait() == 137

    async def held() -> bool:
        return await count_jobs(db, "held_at is not null") == 1

    async with child("jobs", database.url("hanse_jobs")) as process:
        await until(held, "the job being given up")
        assert process.returncode is None
    assert await balance(database.url("hanse"), organisation_id) == 0
