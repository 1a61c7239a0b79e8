"""A job runs after the transaction that asked for it, until it has succeeded or is given up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs, JobTooLarge, enqueue, list_dead, retry_dead
from hanse.platform.problems import Conflict, NotFound
from tests.conftest import Database
from tests.eventing import (
    LEDGER_SQL,
    Pay,
    balance,
    count_jobs,
    going,
    pay,
    queue_is_empty,
    until,
)

QUICK = WorkerLimits(poll_s=0.02, tick_s=0.1)


@pytest.fixture(scope="module")
async def db(database: Database) -> AsyncIterator[Db]:
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute(LEDGER_SQL)
    await owner.close()
    db = await Db.open(database.url("hanse_jobs"), size_max=12)
    yield db
    await db.close()


@pytest.fixture(scope="module")
async def app(database: Database) -> AsyncIterator[Db]:
    """The database as those see it who enqueue."""
    db = await Db.open(database.url("hanse_app"), size_max=12)
    yield db
    await db.close()


@pytest.fixture(scope="module")
def working(database: Database) -> Callable[..., AbstractAsyncContextManager[None]]:
    """Run a worker with these jobs for the length of a block."""

    def working(jobs: Jobs, limits: WorkerLimits = QUICK) -> AbstractAsyncContextManager[None]:
        url = database.url("hanse_jobs")
        return going(lambda stop: run_jobs(jobs, url, stop, limits=limits))

    return working


@pytest.fixture(autouse=True)
async def empty_queue(database: Database, db: Db) -> None:
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute("truncate queue.jobs, queue.periodic")
    await owner.close()


def noting(name: str = "note", **options: Any) -> tuple[Jobs, list[str]]:
    """A registry with one task that notes what it was given."""
    jobs, notes = Jobs(), []

    @jobs.task(name, Pay, **options)
    async def run(tx: Tx, payload: Pay) -> None:
        notes.append(payload.note)

    return jobs, notes


async def add(db: Db, note: str, organisation_id: UUID | None = None, **options: Any) -> int | None:
    async with db.tx(organisation_id or new_id()) as tx:
        return await enqueue(tx, "note", Pay(amount=0, note=note), **options)


async def test_a_job_runs_in_a_transaction_of_its_organisation(
    app: Db, db: Db, database: Database, working: Any
) -> None:
    jobs, seen = Jobs(), []

    @jobs.task("pay", Pay)
    async def run(tx: Tx, payload: Pay) -> None:
        seen.append((tx.organisation_id, payload))
        await pay(tx, payload.amount)

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "pay", Pay(amount=5, note="five"))
    async with working(jobs):
        await until(queue_is_empty(db), "the end of the job")
    assert seen == [(organisation_id, Pay(amount=5, note="five"))]
    assert await balance(database.url("hanse"), organisation_id) == 5


async def test_a_transaction_that_fails_has_enqueued_nothing(app: Db, db: Db) -> None:
    async def fail() -> None:
        async with app.tx(new_id()) as tx:
            await enqueue(tx, "note", Pay(amount=0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await count_jobs(db) == 0


async def test_an_organisation_sees_neither_the_jobs_of_others_nor_those_of_the_server(
    app: Db, db: Db
) -> None:
    one, other = new_id(), new_id()
    await add(app, "one", one)
    await add(app, "other", other)
    async with db.system_tx() as tx:
        await enqueue(tx, "note", Pay(amount=0))
    for database in (app, db):
        async with database.tx(one) as tx:
            rows = await tx.fetch("select organisation_id from queue.jobs")
            assert [row["organisation_id"] for row in rows] == [one]
    assert await count_jobs(app) == 0
    assert await count_jobs(db) == 3


async def test_the_application_can_neither_delete_a_job_nor_forge_one_of_the_server(
    app: Db,
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app.tx(new_id()) as tx:
            await tx.execute("delete from queue.jobs")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app.system_tx() as tx:
            await enqueue(tx, "note", Pay(amount=0))


async def test_a_key_admits_one_waiting_job_an_organisation(app: Db, db: Db, working: Any) -> None:
    organisation_id = new_id()
    assert await add(app, "first", organisation_id, key="k") is not None
    assert await add(app, "second", organisation_id, key="k") is None
    assert await add(app, "another key", organisation_id, key="l") is not None
    assert await add(app, "another organisation", key="k") is not None
    jobs, notes = noting()
    async with working(jobs):
        await until(queue_is_empty(db), "the end of all")
        assert await add(app, "afterwards", organisation_id, key="k") is not None
        await until(queue_is_empty(db), "the end of the last")
    assert "second" not in notes
    assert len(notes) == 4


async def test_a_delayed_job_waits_and_a_more_urgent_one_goes_first(
    app: Db, db: Db, working: Any
) -> None:
    await add(app, "ordinary")
    await add(app, "urgent", priority=5)
    await add(app, "much later", delay_s=3600.0, priority=9)
    jobs, notes = noting()

    async def two() -> bool:
        return len(notes) == 2

    async with working(jobs, WorkerLimits(concurrency=1, poll_s=0.02)):
        await until(two, "two jobs")
    assert notes == ["urgent", "ordinary"]
    assert await count_jobs(db) == 1


async def test_a_failing_job_is_tried_again_and_nothing_of_its_failures_stays(
    app: Db, db: Db, database: Database, working: Any
) -> None:
    jobs, attempts = Jobs(), []

    @jobs.task("flaky", Pay, retry_first_s=0.02)
    async def run(tx: Tx, payload: Pay) -> None:
        attempts.append(asyncio.get_running_loop().time())
        await pay(tx, payload.amount)
        if len(attempts) < 4:
            raise RuntimeError("not yet")

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "flaky", Pay(amount=5))
    async with working(jobs):
        await until(queue_is_empty(db), "the fourth attempt")
    assert len(attempts) == 4
    # 0.02, 0.04, 0.08 seconds, less the jitter of a quarter
    pauses = [after - before for before, after in pairwise(attempts)]
    assert all(pause >= least for pause, least in zip(pauses, (0.015, 0.03, 0.06), strict=True))
    assert await balance(database.url("hanse"), organisation_id) == 5


async def test_a_job_that_always_fails_is_held_with_its_error_and_can_be_tried_again(
    app: Db, db: Db, working: Any
) -> None:
    jobs, broken, notes = Jobs(), True, []

    @jobs.task("note", Pay, attempts_max=3, retry_first_s=0.01)
    async def run(tx: Tx, payload: Pay) -> None:
        notes.append(payload.note)
        if broken:
            raise RuntimeError("this will never do")

    organisation_id = new_id()
    job_id = await add(app, "x", organisation_id, key="k")
    assert job_id is not None

    async def held() -> Any:
        async with app.tx(organisation_id) as tx:
            return await list_dead(tx)

    async with working(jobs):
        [dead] = await until(held, "the job being given up")
        assert (dead.id, dead.attempts, dead.payload) == (job_id, 3, {"amount": 0, "note": "x"})
        assert "this will never do" in dead.error
        async with app.tx(new_id()) as other:
            assert await list_dead(other) == []
            with pytest.raises(NotFound):
                await retry_dead(other, job_id)
        broken = False
        async with app.tx(organisation_id) as tx:
            await retry_dead(tx, job_id)
        await until(queue_is_empty(db), "the new chance")
    assert len(notes) == 4


async def test_a_held_job_cannot_come_back_beside_one_with_its_key(app: Db, db: Db) -> None:
    organisation_id = new_id()
    job_id = await add(app, "x", organisation_id, key="k")
    assert job_id is not None
    async with db.system_tx() as tx:
        await tx.execute("update queue.jobs set held_at = now()")
    assert await add(app, "y", organisation_id, key="k") is not None
    with pytest.raises(Conflict):
        async with app.tx(organisation_id) as tx:
            await retry_dead(tx, job_id)


async def test_a_payload_that_does_not_fit_is_held_at_once(app: Db, db: Db, working: Any) -> None:
    class Other(msgspec.Struct):
        wrong: str

    async with app.tx(new_id()) as tx:
        await enqueue(tx, "note", Other(wrong="x"))
    jobs, notes = noting()

    async def held() -> bool:
        return await count_jobs(db, "held_at is not null and attempts = 1") == 1

    async with working(jobs):
        await until(held, "the job being given up")
    assert notes == []


async def test_a_payload_of_over_the_limit_is_refused(app: Db) -> None:
    with pytest.raises(JobTooLarge):
        await add(app, "x" * 1024 * 1024)


async def test_a_job_that_takes_too_long_has_failed(app: Db, db: Db, working: Any) -> None:
    jobs = Jobs()

    @jobs.task("note", Pay, attempts_max=1, timeout_s=0.05)
    async def run(tx: Tx, payload: Pay) -> None:
        await asyncio.sleep(3600)

    await add(app, "x")

    async def held() -> bool:
        return await count_jobs(db, "held_at is not null") == 1

    async with working(jobs):
        await until(held, "the job being given up")


async def test_a_job_that_nobody_here_knows_waits_for_somebody_who_does(
    app: Db, db: Db, working: Any
) -> None:
    await add(app, "x")
    other, _ = noting("other")
    async with app.tx(new_id()) as tx:
        await enqueue(tx, "other", Pay(amount=0))
    async with working(other):

        async def one_left() -> bool:
            return await count_jobs(db) == 1

        await until(one_left, "the known job")
    assert await count_jobs(db, "name = 'note' and attempts = 0") == 1


async def test_a_worker_that_was_overtaken_changes_nothing(
    app: Db, db: Db, database: Database, working: Any
) -> None:
    """It hung for longer than its lease, and another has taken its job since."""
    jobs, started, go_on = Jobs(), asyncio.Event(), asyncio.Event()

    @jobs.task("pay", Pay)
    async def run(tx: Tx, payload: Pay) -> None:
        await pay(tx, payload.amount)
        started.set()
        await go_on.wait()

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "pay", Pay(amount=5))
    async with working(jobs):
        await started.wait()
        async with db.system_tx() as tx:
            await tx.execute("update queue.jobs set attempts = attempts + 1")
        go_on.set()
    assert await balance(database.url("hanse"), organisation_id) == 0
    assert await count_jobs(db) == 1


async def test_a_worker_that_stops_lets_its_job_finish(
    app: Db, db: Db, database: Database, working: Any
) -> None:
    jobs, started = Jobs(), asyncio.Event()

    @jobs.task("pay", Pay)
    async def run(tx: Tx, payload: Pay) -> None:
        started.set()
        await asyncio.sleep(0.3)
        await pay(tx, payload.amount)

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "pay", Pay(amount=5))
    async with working(jobs):
        await started.wait()
    assert await balance(database.url("hanse"), organisation_id) == 5


async def test_a_job_cut_off_by_the_end_of_its_worker_is_due_again_with_all_its_attempts(
    app: Db, db: Db, database: Database, working: Any
) -> None:
    jobs, started = Jobs(), asyncio.Event()

    @jobs.task("pay", Pay)
    async def run(tx: Tx, payload: Pay) -> None:
        await pay(tx, payload.amount)
        started.set()
        await asyncio.sleep(3600)

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "pay", Pay(amount=5))
    async with working(jobs, WorkerLimits(drain_s=0.05)):
        await started.wait()
    assert await count_jobs(db, "attempts = 0 and due_at <= now() and held_at is null") == 1
    assert await balance(database.url("hanse"), organisation_id) == 0


async def test_whoever_waits_for_a_job_is_told_once_when_it_is_given_up(
    app: Db, db: Db, working: Any, database: Database
) -> None:
    jobs = Jobs()

    async def told(tx: Tx, payload: Pay) -> None:
        await pay(tx, payload.amount)

    @jobs.task("fails", Pay, attempts_max=2, retry_first_s=0.01, given_up=told)
    async def fail(tx: Tx, payload: Pay) -> None:
        await pay(tx, 1_000)
        raise RuntimeError("no")

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "fails", Pay(amount=7))

    async def held() -> bool:
        async with db.tx(organisation_id) as tx:
            return bool(await list_dead(tx))

    async with working(jobs):
        await until(held, "the job is held")
    assert await balance(database.url("hanse"), organisation_id) == 7


async def test_a_job_is_held_even_if_nobody_can_be_told(app: Db, db: Db, working: Any) -> None:
    jobs = Jobs()

    async def told(tx: Tx, payload: Pay) -> None:
        raise RuntimeError("not told")

    @jobs.task("fails", Pay, attempts_max=1, given_up=told)
    async def fail(tx: Tx, payload: Pay) -> None:
        raise RuntimeError("the reason")

    organisation_id = new_id()
    async with app.tx(organisation_id) as tx:
        await enqueue(tx, "fails", Pay(amount=0))

    async def held() -> Any:
        async with db.tx(organisation_id) as tx:
            return await list_dead(tx)

    async with working(jobs):
        [dead] = await until(held, "the job is held")
    assert "the reason" in (dead.error or "")
