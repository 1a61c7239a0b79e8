"""An event is part of the transaction that makes it true."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import asyncpg
import pytest

from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.outbox import EVENT_BYTES_MAX, Event, EventTooLarge, announce
from tests.conftest import Database
from tests.eventing import Paid


class Noted(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "test.noted.v2"

    text: str


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


async def outbox(database: Database, role: str = "hanse_relay") -> list[Any]:
    connection = await asyncpg.connect(database.url(role))
    try:
        return await connection.fetch("select * from platform.outbox order by seq")
    finally:
        await connection.close()


async def test_a_committed_event_is_in_the_outbox(db: Db, database: Database) -> None:
    organisation_id = new_id()
    async with db.tx(organisation_id) as tx:
        event_id = await announce(tx, Paid(amount=7))
    row = (await outbox(database))[-1]
    assert (row["id"], row["organisation_id"], row["type"]) == (
        event_id,
        organisation_id,
        Paid.type,
    )
    assert row["payload"] == '{"amount": 7}'


async def test_a_transaction_that_fails_has_announced_nothing(db: Db, database: Database) -> None:
    async def fail() -> None:
        async with db.tx(new_id()) as tx:
            await announce(tx, Paid(amount=1))
            raise RuntimeError

    before = len(await outbox(database))
    with pytest.raises(RuntimeError):
        await fail()
    assert len(await outbox(database)) == before


async def test_an_organisation_sees_only_its_own_events(db: Db, database: Database) -> None:
    one, other = new_id(), new_id()
    for organisation_id in (one, other):
        async with db.tx(organisation_id) as tx:
            await announce(tx, Paid(amount=1))
    async with db.tx(one) as tx:
        rows = await tx.fetch("select organisation_id from platform.outbox")
    assert {row["organisation_id"] for row in rows} == {one}
    assert await outbox(database, "hanse_app") == []


@pytest.mark.parametrize(
    "statement",
    ["delete from platform.outbox", "update platform.outbox set type = 'x'"],
)
async def test_the_application_cannot_take_back_what_was_announced(db: Db, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.tx(new_id()) as tx:
            await tx.execute(statement)


async def test_an_event_of_another_organisation_cannot_be_announced(db: Db) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.tx(new_id()) as tx:
            await tx.execute(
                "insert into platform.outbox (id, organisation_id, type, payload) "
                "values ($1, $1, 'test.paid.v1', '{}')",
                new_id(),
            )


async def test_an_event_of_over_the_limit_is_refused_and_one_at_the_limit_is_not(db: Db) -> None:
    frame = len('{"text":""}')
    with pytest.raises(EventTooLarge):
        async with db.tx(new_id()) as tx:
            await announce(tx, Noted(text="x" * (EVENT_BYTES_MAX - frame + 1)))
    async with db.tx(new_id()) as tx:
        await announce(tx, Noted(text="x" * (EVENT_BYTES_MAX - frame)))


def test_an_event_whose_type_has_no_version_cannot_be_written_down() -> None:
    with pytest.raises(AssertionError, match="versioned"):
        type("Bare", (Event,), {"type": "test.bare", "__annotations__": {}})
