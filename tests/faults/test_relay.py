"""Eight writers at once, and a relay that is killed: no event is lost, none comes out of order."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from hanse.platform.bus import Envelope
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.relay import run_relay
from tests.conftest import Database
from tests.eventing import (
    Breakable,
    Paid,
    breakable_nats,
    child,
    forget_the_past,
    going,
    stream_count,
    stream_messages,
    until,
)

WRITERS = 8
KILLS = 5


@pytest.fixture
async def nats_server() -> AsyncIterator[Breakable]:
    async with breakable_nats() as server:
        yield server


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    await forget_the_past(database.url("hanse"))
    db = await Db.open(database.url("hanse_app"), size_max=WRITERS)
    yield db
    await db.close()


async def write(db: Db, transactions: int, done: list[UUID], rng: random.Random) -> None:
    """Announce in transactions that stay open for a random while, some of which fail."""
    for number in range(transactions):
        try:
            async with db.tx(new_id()) as tx:
                ids = [await announce(tx, Paid(amount=number)) for _ in range(rng.randint(1, 3))]
                await asyncio.sleep(rng.random() * 0.02)
                assert rng.random() > 0.1
        except AssertionError:  # this one is rolled back
            continue
        done += ids


async def naive_reader(url: str, seen: list[UUID], stop: asyncio.Event) -> None:
    """The usual way: remember the highest sequence number, ask for what is beyond it."""
    connection = await asyncpg.connect(url)
    last = 0
    stopping = False
    while not stopping:
        stopping = stop.is_set()
        rows = await connection.fetch(
            "select seq, id from platform.outbox where seq > $1 order by seq", last
        )
        seen += [row["id"] for row in rows]
        last = rows[-1]["seq"] if rows else last
        await asyncio.sleep(0.001)
    await connection.close()


async def in_order(database: Database) -> list[UUID]:
    connection = await asyncpg.connect(database.url("hanse_relay"))
    rows = await connection.fetch("select id from platform.outbox order by xid, seq")
    await connection.close()
    return [row["id"] for row in rows]


async def everything(nats_server: Breakable, count: int) -> list[Envelope]:
    async def arrived() -> bool:
        return await stream_count(nats_server.url) >= count

    await until(arrived, f"{count} events on the stream")
    return await stream_messages(nats_server.url)


async def publishing(watcher: asyncpg.Connection) -> bool:
    """Whether a relay holds the cursor and waits for NATS: the moment to kill it."""
    sql = (
        "select exists (select from pg_stat_activity where usename = 'hanse_relay' "
        "and datname = current_database() and state = 'idle in transaction' "
        "and query like '%payload::text%')"
    )
    return bool(await watcher.fetchval(sql))


async def gone(watcher: asyncpg.Connection) -> bool:
    sql = (
        "select not exists (select from pg_stat_activity where usename = 'hanse_relay' "
        "and datname = current_database())"
    )
    return bool(await watcher.fetchval(sql))


async def test_concurrent_writers_lose_events_to_the_usual_reader_and_none_to_the_relay(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    written: list[UUID] = []
    seen: list[UUID] = []
    relay_url = database.url("hanse_relay")
    rngs = [random.Random(number) for number in range(WRITERS)]
    async with (
        going(lambda stop: run_relay(relay_url, nats_server.url, stop)),
        going(lambda stop: naive_reader(relay_url, seen, stop)),
    ):
        await asyncio.gather(*(write(db, 40, written, rng) for rng in rngs))
        messages = await everything(nats_server, len(written))
    lost = set(written) - set(seen)
    assert lost, "the usual reader got away with it: this run has not shown the hole"
    assert sorted(message.id for message in messages) == sorted(written)
    assert [message.id for message in messages] == await in_order(database)


async def test_a_transaction_that_stays_open_delays_events_and_loses_none(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    async with going(lambda stop: run_relay(database.url("hanse_relay"), nats_server.url, stop)):
        async with db.tx(new_id()) as before:
            first = await announce(before, Paid(amount=0))
        await everything(nats_server, 1)
        async with db.tx(new_id()) as slow:
            early = await announce(slow, Paid(amount=1))
            async with db.tx(new_id()) as quick:
                late = await announce(quick, Paid(amount=2))
            # Committed, and yet it must wait: whoever told it now could never tell the early one.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await everything(nats_server, 2)
        messages = await everything(nats_server, 3)
    assert [message.id for message in messages] == [first, early, late]


async def test_a_relay_that_is_killed_again_and_again_loses_and_repeats_nothing(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    written: list[UUID] = []
    relay = ("relay", database.url("hanse_relay"), nats_server.url)
    stop_writing = asyncio.Event()

    async def keep_writing(rng: random.Random) -> None:
        while not stop_writing.is_set():
            await write(db, 5, written, rng)

    writers = [asyncio.create_task(keep_writing(random.Random(n))) for n in range(WRITERS)]
    watcher = await asyncpg.connect(database.url("hanse"))
    for _ in range(KILLS):
        async with child(*relay):  # which ends with kill -9
            await until(lambda: publishing(watcher), "a relay at work", pause_s=0)
        await until(lambda: gone(watcher), "the end of its sessions")
    stop_writing.set()
    await asyncio.gather(*writers)
    await watcher.close()
    async with child(*relay):
        messages = await everything(nats_server, len(written))
    assert sorted(message.id for message in messages) == sorted(written)
    assert [message.id for message in messages] == await in_order(database)
