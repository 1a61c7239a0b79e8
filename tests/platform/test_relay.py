"""The relay brings the outbox to the stream, whatever breaks in between."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import asyncpg
import msgspec
import nats
import pytest

from hanse.platform.bus import STREAM, Envelope, StreamLimits, connect_bus, subject
from hanse.platform.consumers import Consumer, one_by_one, run_consumers
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.relay import RelayLimits, purge_outbox, run_relay
from tests.conftest import Database
from tests.eventing import (
    LEDGER_SQL,
    Breakable,
    Paid,
    balance,
    breakable_nats,
    forget_the_past,
    going,
    on_paid,
    stream_count,
    stream_messages,
    until,
)

LIMITS = RelayLimits(standby_poll_s=0.05, ack_timeout_s=2.0, retry_max_s=0.5)


@pytest.fixture
async def nats_server() -> AsyncIterator[Breakable]:
    async with breakable_nats() as server:
        yield server


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    """The application's database, with an empty outbox and a cursor that knows no stream."""
    await forget_the_past(database.url("hanse"))
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


def relay(database: Database, nats_server: Breakable) -> AbstractAsyncContextManager[None]:
    return going(
        lambda stop: run_relay(database.url("hanse_relay"), nats_server.url, stop, limits=LIMITS)
    )


async def announce_all(db: Db, amounts: range, organisation_id: UUID | None = None) -> list[UUID]:
    ids = []
    for amount in amounts:
        async with db.tx(organisation_id or new_id()) as tx:
            ids.append(await announce(tx, Paid(amount=amount)))
    return ids


async def arrived(nats_server: Breakable, count: int) -> list[Envelope]:
    async def enough() -> bool:
        return await stream_count(nats_server.url) >= count

    await until(enough, f"{count} events on the stream")
    return await stream_messages(nats_server.url)


async def test_events_arrive_in_order_with_all_that_a_consumer_needs(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    organisation_id = new_id()
    ids = await announce_all(db, range(30), organisation_id)
    async with relay(database, nats_server):
        ids += await announce_all(db, range(30, 40), organisation_id)
        messages = await arrived(nats_server, 40)
    assert [message.id for message in messages] == ids
    assert [message.decode(Paid).amount for message in messages] == list(range(40))
    assert {message.organisation_id for message in messages} == {organisation_id}
    assert {message.type for message in messages} == {Paid.type}


async def test_an_event_travels_on_the_subject_of_its_organisation_and_type(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    organisation_id = new_id()
    async with relay(database, nats_server):
        [event_id] = await announce_all(db, range(1), organisation_id)
        await arrived(nats_server, 1)
    client = await nats.connect(nats_server.url)
    message = await client.jetstream().get_last_msg(STREAM, subject(organisation_id, Paid.type))
    await client.close()
    assert message.headers is not None
    assert message.headers["Nats-Msg-Id"] == str(event_id)


async def test_of_two_relays_one_stands_by_until_the_other_has_gone(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    async with relay(database, nats_server):
        async with relay(database, nats_server):
            ids = await announce_all(db, range(50))
            await arrived(nats_server, 50)
        ids += await announce_all(db, range(50, 60))
        messages = await arrived(nats_server, 60)
    assert [message.id for message in messages] == ids


async def test_events_wait_while_nats_is_away_and_arrive_when_it_is_back(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    async with relay(database, nats_server):
        ids = await announce_all(db, range(20))
        await arrived(nats_server, 20)
        await nats_server.kill()
        ids += await announce_all(db, range(20, 60))
        await nats_server.start()
        messages = await arrived(nats_server, 60)
    assert [message.id for message in messages] == ids


async def test_a_relay_whose_database_connections_are_cut_goes_on(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    owner = await asyncpg.connect(database.url("hanse"))
    async with relay(database, nats_server):
        ids = []
        for first in range(0, 40, 10):
            ids += await announce_all(db, range(first, first + 10))
            await owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where usename = 'hanse_relay' and datname = current_database()"
            )
        messages = await arrived(nats_server, 40)
    await owner.close()
    assert [message.id for message in messages] == ids


async def test_a_stream_that_was_lost_is_filled_again(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    async with relay(database, nats_server):
        ids = await announce_all(db, range(20))
        await arrived(nats_server, 20)
        client = await nats.connect(nats_server.url)
        await client.jetstream().delete_stream(STREAM)
        await client.close()
        ids += await announce_all(db, range(20, 25))
        messages = await arrived(nats_server, 25)
    assert [message.id for message in messages] == ids


async def test_a_stream_that_lost_its_end_is_filled_again(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    """As when the power fails after NATS has acknowledged what it had not yet written."""
    ids = await announce_all(db, range(5))
    async with relay(database, nats_server):
        await arrived(nats_server, 5)
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute("update platform.relay_cursors set stream_seq = 9")
    client = await nats.connect(nats_server.url)
    # Forget the ids, as a lost end does.
    await client.jetstream().update_stream(name=STREAM, subjects=["events.>"], duplicate_window=0.1)

    async def forgotten() -> bool:
        headers = {"Nats-Msg-Id": "probe"}
        ack = await client.jetstream().publish(subject(ids[0], "x"), b"", headers=headers)
        return ack.seq > 6

    await until(forgotten, "the end of the duplicate window")
    await client.jetstream().purge_stream(STREAM)
    await client.close()
    await owner.close()
    async with relay(database, nats_server):
        messages = await arrived(nats_server, 7 + len(ids))
    assert [message.id for message in messages] == ids


async def test_a_database_restored_into_another_cluster_loses_no_event(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    """There, transaction ids begin anew: the cursor and the waiting rows lie in the future."""
    ids = await announce_all(db, range(10))
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute("update platform.outbox set xid = '4000000000000'")
    await owner.execute(
        "update platform.relay_cursors set last_xid = '3999999999999', cluster_id = 1"
    )
    await owner.close()
    ids += await announce_all(db, range(10, 20))
    async with relay(database, nats_server):
        messages = await arrived(nats_server, 20)
    assert [message.id for message in messages] == ids


async def test_a_batch_of_which_nats_remembers_a_part_still_arrives_in_order(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    ids = await announce_all(db, range(6))
    bus = await connect_bus(nats_server.url)
    await bus.ensure_stream(StreamLimits())
    for event_id in [*ids[:3], new_id()]:
        envelope = {"id": event_id, "type": Paid.type, "organisation_id": event_id}
        body = msgspec.json.encode({**envelope, "created_at": "2026-01-01T00:00:00Z", "data": {}})
        headers = {"Nats-Msg-Id": str(event_id)}
        await bus.jetstream.publish(subject(event_id, Paid.type), body, headers=headers)
    await bus.close()
    async with relay(database, nats_server):
        messages = await arrived(nats_server, 7)
    assert [message.id for message in messages if message.id in ids] == ids


async def test_purging_takes_what_is_relayed_and_old_and_nothing_else(
    db: Db, database: Database, nats_server: Breakable
) -> None:
    ids = await announce_all(db, range(10))
    async with relay(database, nats_server):
        await arrived(nats_server, 10)

        async def moved() -> bool:
            owner = await asyncpg.connect(database.url("hanse"))
            seq = await owner.fetchval("select last_seq from platform.relay_cursors")
            last = await owner.fetchval("select max(seq) from platform.outbox")
            await owner.close()
            return bool(seq == last)

        await until(moved, "the cursor at the last event")
    waiting = await announce_all(db, range(10, 13))
    owner = await asyncpg.connect(database.url("hanse"))
    age = "update platform.outbox set created_at = now() - interval '8 days' where id = any($1)"
    await owner.execute(age, [*ids[:4], *waiting])
    jobs_db = await Db.open(database.url("hanse_jobs"))
    async with jobs_db.system_tx() as tx:
        assert await purge_outbox(tx) == 4
    await jobs_db.close()
    left = await owner.fetch("select id from platform.outbox order by seq")
    await owner.close()
    assert [row["id"] for row in left] == [*ids[4:], *waiting]


@pytest.mark.parametrize("left", [10, 0])
async def test_what_a_power_cut_took_from_the_stream_is_applied_all_the_same(
    db: Db, database: Database, nats_server: Breakable, left: int
) -> None:
    organisation_id = new_id()
    await (owner := await asyncpg.connect(database.url("hanse"))).execute(LEDGER_SQL)
    await owner.close()
    jobs_db = await Db.open(database.url("hanse_jobs"))
    consumer = Consumer(f"after-power-cut-{left}", (Paid.type,), one_by_one(on_paid))
    amounts = [*range(left), *range(100, 110), *range(1000, 1003)]

    async def paid(events: int) -> None:
        async def enough() -> bool:
            paid = await balance(database.url("hanse"), organisation_id)
            return paid >= sum(amounts[:events])

        await until(enough, f"{events} events paid")

    async with (
        relay(database, nats_server),
        going(lambda stop: run_consumers([consumer], jobs_db, nats_server.url, stop)),
    ):
        await announce_all(db, range(left), organisation_id)
        await paid(left)
        await asyncio.sleep(1.5)  # the server has written all to its files
        [messages] = nats_server.server.folder.glob("jetstream/*/streams/*/msgs")
        kept = messages.with_name("kept")
        shutil.copytree(messages, kept)
        await announce_all(db, range(100, 110), organisation_id)
        await paid(left + 10)
        await nats_server.kill()
        shutil.rmtree(messages)
        kept.rename(messages)
        await nats_server.start()
        await announce_all(db, range(1000, 1003), organisation_id)
        await paid(len(amounts))
        events = await arrived(nats_server, len(amounts))
    assert [each.decode(Paid).amount for each in events] == amounts
    assert await balance(database.url("hanse"), organisation_id) == sum(amounts)
    await jobs_db.close()
