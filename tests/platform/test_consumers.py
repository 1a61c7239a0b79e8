"""A consumer applies each event exactly once, and no event can stop it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from hanse.platform.bus import STREAM, Bus, Envelope, StreamLimits, connect_bus, subject
from hanse.platform.consumers import (
    Consumer,
    list_dead_letters,
    one_by_one,
    purge_consumed,
    retry_dead_letter,
    run_consumers,
)
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import NotFound
from tests.conftest import Database
from tests.eventing import (
    LEDGER_SQL,
    POISON,
    Breakable,
    Paid,
    balance,
    breakable_nats,
    child,
    going,
    on_paid,
    pay,
    until,
)

PATIENCE: dict[str, Any] = {"ack_wait_s": 5.0, "retry_first_s": 0.02, "retry_max_s": 0.1}


@pytest.fixture(scope="module")
async def nats_server() -> AsyncIterator[Breakable]:
    async with breakable_nats() as server:
        yield server


@pytest.fixture(scope="module")
async def bus(nats_server: Breakable) -> AsyncIterator[Bus]:
    bus = await connect_bus(nats_server.url)
    await bus.ensure_stream(StreamLimits())
    yield bus
    await bus.close()


@pytest.fixture(scope="module")
async def db(database: Database) -> AsyncIterator[Db]:
    owner = await asyncpg.connect(database.url("hanse"))
    await owner.execute(LEDGER_SQL)
    await owner.close()
    db = await Db.open(database.url("hanse_jobs"), size_max=12)
    yield db
    await db.close()


@pytest.fixture
def consuming(
    db: Db, nats_server: Breakable
) -> Callable[[Consumer], AbstractAsyncContextManager[None]]:
    return lambda consumer: going(lambda stop: run_consumers([consumer], db, nats_server.url, stop))


async def publish(
    bus: Bus, amount: int, organisation_id: UUID, *, event_id: UUID | None = None, times: int = 1
) -> UUID:
    """Put an event on the stream, `times` times although it is one."""
    event_id = event_id or new_id()
    body = {
        "id": event_id,
        "type": Paid.type,
        "organisation_id": organisation_id,
        "created_at": "2026-01-01T00:00:00Z",
        "data": Paid(amount=amount),
    }
    for _ in range(times):
        await bus.jetstream.publish(subject(organisation_id, Paid.type), msgspec.json.encode(body))
    return event_id


async def test_an_event_that_is_delivered_three_times_is_applied_once(
    bus: Bus, database: Database, consuming: Any
) -> None:
    organisation_id, end = new_id(), new_id()
    await publish(bus, 5, organisation_id, times=3)
    await publish(bus, 1, end)
    async with consuming(Consumer("once", (Paid.type,), one_by_one(on_paid), **PATIENCE)):
        await until(lambda: balance(database.url("hanse"), end), "the last event")
    assert await balance(database.url("hanse"), organisation_id) == 5


async def test_consumers_of_different_names_each_get_the_event(
    bus: Bus, database: Database, consuming: Any
) -> None:
    organisation_id = new_id()
    await publish(bus, 5, organisation_id)

    async def both() -> bool:
        return await balance(database.url("hanse"), organisation_id) == 10

    async with (
        consuming(Consumer("left", (Paid.type,), one_by_one(on_paid), **PATIENCE)),
        consuming(Consumer("right", (Paid.type,), one_by_one(on_paid), **PATIENCE)),
    ):
        await until(both, "both effects")


async def test_a_handler_that_fails_is_called_again_and_leaves_nothing_of_its_failure(
    bus: Bus, database: Database, consuming: Any
) -> None:
    organisation_id = new_id()
    calls = 0

    async def third_time_lucky(tx: Tx, envelope: Envelope) -> None:
        nonlocal calls
        if envelope.organisation_id != organisation_id:
            return
        await pay(tx, envelope.decode(Paid).amount)
        calls += 1
        if calls < 3:
            raise RuntimeError("not yet")

    await publish(bus, 7, organisation_id)
    async with consuming(
        Consumer("retrying", (Paid.type,), one_by_one(third_time_lucky), **PATIENCE)
    ):
        await until(lambda: balance(database.url("hanse"), organisation_id), "the third call")
    assert calls == 3
    assert await balance(database.url("hanse"), organisation_id) == 7


async def test_events_that_share_a_transaction_count_once_each_though_one_of_them_fails(
    bus: Bus, database: Database, consuming: Any
) -> None:
    one, other, end = new_id(), new_id(), new_id()
    transactions: set[str] = set()

    async def watch(tx: Tx, envelope: Envelope) -> None:
        amount = envelope.decode(Paid).amount
        if envelope.organisation_id in (one, other, end):
            await pay(tx, amount)
            transactions.add(await tx.fetchval("select pg_current_xact_id()::text"))
        if envelope.organisation_id == other and amount == 13:
            raise RuntimeError("never")

    for _ in range(30):
        await publish(bus, 1, one)
    for amount in (1, 1, 13, 1, 1):
        await publish(bus, amount, other)
    await publish(bus, 1, end)
    async with consuming(
        Consumer("together", (Paid.type,), one_by_one(watch), deliveries_max=2, **PATIENCE)
    ):
        await until(lambda: balance(database.url("hanse"), end), "the last event")
        await until(lambda: balance(database.url("hanse"), other), "those beside the failing one")
    assert await balance(database.url("hanse"), one) == 30
    assert await balance(database.url("hanse"), other) == 4
    assert len(transactions) < 30


async def test_events_of_an_organisation_that_a_consumer_does_not_care_for_leave_no_trace(
    bus: Bus, database: Database, consuming: Any
) -> None:
    dull, other = new_id(), new_id()
    for _ in range(3):
        await publish(bus, 1, dull)
    await publish(bus, 1, other)

    async def concerns(tx: Tx) -> bool:
        return tx.organisation_id != dull

    async with consuming(
        Consumer("choosing", (Paid.type,), one_by_one(on_paid), concerns=concerns, **PATIENCE)
    ):
        await until(lambda: balance(database.url("hanse"), other), "the last event")
    owner = await asyncpg.connect(database.url("hanse"))
    noted = await owner.fetchval(
        "select count(*) from platform.consumed where organisation_id = $1", dull
    )
    await owner.close()
    assert (noted, await balance(database.url("hanse"), dull)) == (0, 0)


async def test_an_event_that_always_fails_is_laid_aside_and_those_after_it_go_on(
    bus: Bus, db: Db, database: Database, consuming: Any
) -> None:
    bad, good = new_id(), new_id()
    broken = True

    async def refuse(tx: Tx, envelope: Envelope) -> None:
        if envelope.organisation_id == bad and broken:
            raise RuntimeError("I do not like this one")
        await pay(tx, envelope.decode(Paid).amount)

    consumer = Consumer("picky", (Paid.type,), one_by_one(refuse), deliveries_max=3, **PATIENCE)
    event_id = await publish(bus, 2, bad)
    await publish(bus, 3, good)

    async def dead() -> list[Any]:
        async with db.tx(bad) as tx:
            return await list_dead_letters(tx)

    async with consuming(consumer):
        await until(lambda: balance(database.url("hanse"), good), "the event after it")
        [letter] = await until(dead, "a dead letter")
    assert (letter.event_id, letter.consumer, letter.deliveries) == (event_id, "picky", 3)
    assert "I do not like this one" in letter.error
    async with db.tx(good) as tx:
        assert await list_dead_letters(tx) == []
        with pytest.raises(NotFound):
            await retry_dead_letter(tx, consumer, event_id)

    broken = False
    async with db.tx(bad) as tx:
        await retry_dead_letter(tx, consumer, event_id)
    assert await balance(database.url("hanse"), bad) == 2
    assert await dead() == []


async def test_a_message_that_is_no_event_is_laid_aside_without_a_crash(
    bus: Bus, db: Db, database: Database, consuming: Any
) -> None:
    organisation_id, end = new_id(), new_id()
    strange = [b"", b"\xff\x00", b"{}", b'{"id": 1}', b"[" * 500]
    for body in strange:
        await bus.jetstream.publish(subject(organisation_id, Paid.type), body)
    await bus.jetstream.publish(subject("nobody", Paid.type), b"no organisation at all")
    await publish(bus, 1, end)
    async with consuming(Consumer("robust", (Paid.type,), one_by_one(on_paid), **PATIENCE)):
        await until(lambda: balance(database.url("hanse"), end), "the event after them")
    async with db.tx(organisation_id) as tx:
        letters = [each for each in await list_dead_letters(tx) if each.consumer == "robust"]
    assert len(letters) == len(strange)
    assert all("no event" in letter.error for letter in letters)


async def test_events_of_other_types_are_not_delivered(
    bus: Bus, database: Database, consuming: Any
) -> None:
    organisation_id = new_id()
    heard: list[str] = []

    async def note(tx: Tx, envelope: Envelope) -> None:
        heard.append(envelope.type)

    await bus.jetstream.publish(subject(organisation_id, "test.other.v1"), b"{}")
    await publish(bus, 1, organisation_id)
    async with consuming(Consumer("choosy", (Paid.type,), one_by_one(note), **PATIENCE)):

        async def heard_it() -> bool:
            return bool(heard)

        await until(heard_it, "an event")
    assert set(heard) == {Paid.type}


async def test_a_consumer_that_is_stopped_leaves_the_rest_to_the_next_at_once(
    bus: Bus, db: Db, database: Database, nats_server: Breakable
) -> None:
    organisation_id = new_id()
    calls: list[UUID] = []
    stop = asyncio.Event()

    async def stop_after_first(tx: Tx, envelope: Envelope) -> None:
        if envelope.organisation_id == organisation_id:
            await pay(tx, envelope.decode(Paid).amount)
            calls.append(envelope.id)
            stop.set()

    for _ in range(4):
        await publish(bus, 1, organisation_id)
    consumer = Consumer("stopped", (Paid.type,), one_by_one(stop_after_first), ack_wait_s=3600.0)
    await run_consumers([consumer], db, nats_server.url, stop)
    assert len(calls) == 1

    async def all_of_them() -> bool:
        return await balance(database.url("hanse"), organisation_id) == 4

    async with going(lambda stop: run_consumers([consumer], db, nats_server.url, stop)):
        await until(all_of_them, "the other three")


async def test_what_was_consumed_is_forgotten_only_when_it_cannot_come_back(db: Db) -> None:
    organisation_id = new_id()
    async with db.tx(organisation_id) as tx:
        await tx.execute(
            "insert into platform.consumed (consumer, event_id, consumed_at) "
            "select 'x', gen_random_uuid(), now() - make_interval(days => d) "
            "from generate_series(1, 20) d"
        )
    async with db.system_tx() as tx:
        assert await purge_consumed(tx) == 6  # those of 15 to 20 days ago
    async with db.tx(organisation_id) as tx:
        assert await tx.fetchval("select count(*) from platform.consumed") == 14


async def test_consumers_killed_in_the_middle_apply_every_event_exactly_once(
    bus: Bus, database: Database, nats_server: Breakable
) -> None:
    organisation_id = new_id()
    for _ in range(300):
        await publish(bus, 1, organisation_id)
    url = database.url("hanse")

    async def more_than(amount: int) -> bool:
        return await balance(url, organisation_id) > amount

    for _ in range(3):
        before = await balance(url, organisation_id)
        assert before < 300, "nothing is left to be killed in the middle of"
        async with child("consumer", database.url("hanse_jobs"), nats_server.url):
            await until(lambda before=before: more_than(before + 10), "some effects")

    async def settled() -> bool:
        info = await bus.jetstream.consumer_info(STREAM, "payments")
        return info.num_pending == 0 and info.num_ack_pending == 0

    async with child("consumer", database.url("hanse_jobs"), nats_server.url):
        await until(settled, "nothing left to deliver")
    assert await balance(database.url("hanse"), organisation_id) == 300


async def test_an_event_that_kills_its_process_is_laid_aside_and_takes_no_other_with_it(
    bus: Bus, db: Db, database: Database, nats_server: Breakable
) -> None:
    good, bad = new_id(), new_id()
    for number in range(20):
        if number == 10:
            await publish(bus, POISON, bad)
        await publish(bus, 1, good)

    async def laid_aside() -> bool:
        async with db.tx(bad) as tx:
            return any(each.consumer == "victim" for each in await list_dead_letters(tx))

    async def all_good() -> bool:
        return await balance(database.url("hanse"), good) == 20

    deaths = 0
    arguments = ("consumer", database.url("hanse_jobs"), nats_server.url, "victim")
    while not await laid_aside():
        async with child(*arguments) as process:

            async def over(process: asyncio.subprocess.Process = process) -> bool:
                return process.returncode is not None or await laid_aside()

            await until(over, "a death or a dead letter")
            deaths += process.returncode == 137
    async with child(*arguments):
        await until(all_good, "all the others")
    assert deaths == 2
    async with db.tx(good) as tx:
        assert await list_dead_letters(tx) == []
