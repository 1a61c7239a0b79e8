"""PostgreSQL and NATS are killed under load: relay, consumers and jobs wait and lose nothing."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hanse.platform.consumers import Consumer, one_by_one, run_consumers
from hanse.platform.database import DatabaseUnavailable, Db
from hanse.platform.embedded import PostgresServer
from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import enqueue
from hanse.platform.migrate import migrate
from hanse.platform.outbox import announce
from hanse.platform.process import spawn, stop, wait_ready
from hanse.platform.relay import RelayLimits, run_relay
from tests.conftest import make_test_home
from tests.eventing import (
    LEDGER_SQL,
    Breakable,
    Paid,
    Pay,
    balance,
    going,
    on_paid,
    paying_jobs,
    until,
)

ROUNDS = 2
EACH = 20


class Engines:
    """A PostgreSQL and a NATS that both keep what they acknowledged."""

    def __init__(self) -> None:
        self.home = make_test_home()
        self.postgres = PostgresServer.prepare(self.home)
        self.nats = Breakable(self.home)

    async def start_postgres(self) -> None:
        self.spec = self.postgres.process()
        with (self.home / "postgres.log").open("ab") as output:
            self.process = await spawn(self.spec, output=output.fileno())
        await wait_ready(self.process, self.spec)

    async def kill_postgres(self) -> None:
        self.process.kill()
        await self.process.wait()


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    await engines.start_postgres()
    await engines.nats.start()
    await engines.postgres.ensure_database()
    await migrate(engines.postgres.url("hanse"))
    owner = await asyncpg.connect(engines.postgres.url("hanse"))
    await owner.execute(LEDGER_SQL)
    await owner.close()
    yield engines
    await engines.nats.stop()
    await stop(engines.process, engines.spec)
    shutil.rmtree(engines.home)


async def test_all_that_was_promised_comes_true_exactly_once_whatever_is_killed(
    engines: Engines,
) -> None:
    url = engines.postgres.url
    app = await Db.open(url("hanse_app"))
    jobs_db = await Db.open(url("hanse_jobs"))
    by_event, by_job = new_id(), new_id()
    promised = 0
    # One attempt each: an outage must not count as one.
    jobs = paying_jobs(attempts_max=1)
    consumer = Consumer(
        "payments", (Paid.type,), one_by_one(on_paid), deliveries_max=2, ack_wait_s=2.0
    )
    relay_limits = RelayLimits(ack_timeout_s=1.0, retry_max_s=0.3)
    worker_limits = WorkerLimits(lease_s=15.0, poll_s=0.02, retry_max_s=0.3)

    async def promise() -> int:
        kept = 0
        for _ in range(EACH):
            try:
                async with app.tx(by_event) as tx:
                    await announce(tx, Paid(amount=1))
                async with app.tx(by_job) as tx:
                    await enqueue(tx, "pay", Pay(amount=1))
            except DatabaseUnavailable:
                pytest.fail("the database was up")
            kept += 1
        return kept

    async def kept() -> bool:
        return (
            await balance(url("hanse"), by_event) == promised
            and await balance(url("hanse"), by_job) == promised
        )

    async with (
        going(
            lambda stop: run_relay(url("hanse_relay"), engines.nats.url, stop, limits=relay_limits)
        ),
        going(lambda stop: run_consumers([consumer], jobs_db, engines.nats.url, stop)),
        going(lambda stop: run_jobs(jobs, url("hanse_jobs"), stop, limits=worker_limits)),
    ):
        for _ in range(ROUNDS):
            promised += await promise()
            await engines.kill_postgres()
            await asyncio.sleep(0.3)  # an outage lasts
            await engines.start_postgres()
            promised += await promise()
            await engines.nats.kill()
            promised += await promise()
            await engines.nats.start()
        await until(kept, "every promise kept")
    owner = await asyncpg.connect(url("hanse"))
    assert await owner.fetchval("select count(*) from platform.dead_letters") == 0
    assert await owner.fetchval("select count(*) from queue.jobs") == 0
    await owner.close()
    assert await balance(url("hanse"), by_event) == promised
    assert await balance(url("hanse"), by_job) == promised
    await app.close()
    await jobs_db.close()
