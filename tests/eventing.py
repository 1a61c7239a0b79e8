"""What the tests of events and jobs share: a NATS to break, processes to kill, things to count."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import msgspec
import nats

from hanse.platform.bus import STREAM, Envelope
from hanse.platform.consumers import Consumer, one_by_one, run_consumers
from hanse.platform.database import Db, Tx
from hanse.platform.embedded import NatsServer
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.outbox import Event
from hanse.platform.process import spawn, stop, wait_ready
from hanse.platform.relay import run_relay

ROOT = Path(__file__).parent.parent
DEADLINE_S = 40.0
POISON = 666
"""The amount whose event kills the process that handles it."""

LEDGER_SQL = """
create table if not exists platform.ledger (
    organisation_id uuid not null default platform.current_organisation(),
    amount integer not null, note text
);
grant select, insert on platform.ledger to hanse_app;
"""


class Paid(Event, frozen=True, kw_only=True):
    """The event of these tests."""

    type: ClassVar[str] = "test.paid.v1"

    amount: int


class Pay(msgspec.Struct, frozen=True):
    """The job of these tests."""

    amount: int
    note: str = ""


class Breakable:
    """A NATS server that a test may kill and start again on the same port and store."""

    def __init__(self, home: Path) -> None:
        self.server = NatsServer.prepare(home)
        self._log = home / "nats.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = await spawn(self.server.process(), output=output.fileno())
        await wait_ready(self._process, self.server.process())

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        assert self._process is not None
        await stop(self._process, self.server.process())


@asynccontextmanager
async def breakable_nats() -> AsyncIterator[Breakable]:
    """A NATS of one test's own, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="hanse-test-") as folder:
        server = Breakable(Path(folder))
        await server.start()
        yield server
        await server.stop()


async def forget_the_past(owner_url: str) -> None:
    """Leave the outbox empty, and its cursor knowing no stream."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        "truncate platform.outbox; update platform.relay_cursors "
        "set cluster_id = null, stream_created_at = null, stream_seq = 0"
    )
    await owner.close()


async def until(
    condition: Callable[[], Awaitable[Any]], what: str, *, pause_s: float = 0.02
) -> Any:
    """Poll until the condition is true; fail after DEADLINE_S, naming what did not happen."""
    deadline = time.monotonic() + DEADLINE_S
    while not (result := await condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        await asyncio.sleep(pause_s)
    return result


@asynccontextmanager
async def going(start: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    """Run something that takes a stop event for the length of a block, and let it end properly."""
    stop_it = asyncio.Event()
    task = asyncio.ensure_future(start(stop_it))
    try:
        yield
        assert not task.done(), "it ended by itself"
    finally:
        stop_it.set()
        async with asyncio.timeout(DEADLINE_S):
            await task


@asynccontextmanager
async def followed(
    relay_url: str, nats_url: str, consumers: Sequence[Consumer], db: Db
) -> AsyncIterator[None]:
    """Events reach these consumers for the length of a block."""
    async with (
        going(lambda stop: run_relay(relay_url, nats_url, stop)),
        going(lambda stop: run_consumers(consumers, db, nats_url, stop)),
    ):
        yield


@asynccontextmanager
async def child(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m tests.eventing ...` for the length of a block; killed with -9 at its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.eventing", *arguments, cwd=ROOT, env={**os.environ}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def stream_messages(nats_url: str) -> list[Envelope]:
    """Everything on the stream, in its order."""
    client = await nats.connect(nats_url)
    try:
        jetstream = client.jetstream()
        try:
            state = (await jetstream.stream_info(STREAM)).state
        except nats.js.errors.NotFoundError:
            return []
        messages = []
        if state.messages:
            subscription = await jetstream.subscribe(f"{STREAM}.>", ordered_consumer=True)
            while len(messages) < state.messages:
                message = await subscription.next_msg(timeout=DEADLINE_S)
                messages.append(msgspec.json.decode(message.data, type=Envelope))
        return messages
    finally:
        await client.close()


async def stream_count(nats_url: str) -> int:
    """How many messages the stream has had so far; 0 while there is none."""
    client = await nats.connect(nats_url)
    try:
        return int((await client.jetstream().stream_info(STREAM)).state.last_seq)
    except nats.js.errors.NotFoundError:
        return 0
    finally:
        await client.close()


async def balance(database_url: str, organisation_id: UUID) -> int:
    """The sum of the organisation's ledger."""
    connection = await asyncpg.connect(database_url)
    try:
        return int(
            await connection.fetchval(
                "select coalesce(sum(amount), 0) from platform.ledger where organisation_id = $1",
                organisation_id,
            )
        )
    finally:
        await connection.close()


async def count_jobs(db: Db, where: str = "true") -> int:
    """How many jobs there are that this database sees."""
    async with db.system_tx() as tx:
        return int(await tx.fetchval(f"select count(*) from queue.jobs where {where}"))


def queue_is_empty(db: Db) -> Callable[[], Awaitable[bool]]:
    """The condition that every job has come to its end."""

    async def empty() -> bool:
        return await count_jobs(db) == 0

    return empty


async def pay(tx: Tx, amount: int, note: str = "") -> None:
    """The effect of these tests."""
    await tx.execute("insert into platform.ledger (amount, note) values ($1, $2)", amount, note)


async def on_paid(tx: Tx, envelope: Envelope) -> None:
    """A consumer's handler that takes a moment, so that a kill is likely to hit it."""
    amount = envelope.decode(Paid).amount
    if amount == POISON:
        os._exit(137)
    await pay(tx, amount)
    await asyncio.sleep(0.005)


def paying_jobs(*, attempts_max: int = 5) -> Jobs:
    """A registry with a job that pays slowly, and one that kills its worker."""
    jobs = Jobs()

    @jobs.task("pay", Pay, attempts_max=attempts_max)
    async def run_pay(tx: Tx, payload: Pay) -> None:
        await pay(tx, payload.amount, payload.note)
        await asyncio.sleep(0.02)

    @jobs.task("poison", Pay, attempts_max=2)
    async def run_poison(tx: Tx, payload: Pay) -> None:
        await pay(tx, payload.amount, payload.note)
        os._exit(137)

    return jobs


SHORT_LEASE = WorkerLimits(lease_s=0.6, poll_s=0.05, tick_s=0.2)


async def _main(what: str, database_url: str, nats_url: str = "", *consumer_name: str) -> None:
    stop_it = asyncio.Event()
    if what == "relay":
        await run_relay(database_url, nats_url, stop_it)
        return
    if what == "consumer":
        db = await Db.open(database_url)
        # The kills of the test may hit the same event each time; the poison's are to count.
        name, deliveries_max = (consumer_name[0], 2) if consumer_name else ("payments", 8)
        consumer = Consumer(
            name, (Paid.type,), one_by_one(on_paid), ack_wait_s=1.0, deliveries_max=deliveries_max
        )
        await run_consumers([consumer], db, nats_url, stop_it)
    else:
        await run_jobs(paying_jobs(), database_url, stop_it, limits=SHORT_LEASE)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
