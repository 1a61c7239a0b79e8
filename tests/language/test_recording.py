"""Records of requests that are written together, each as if it were alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hanse.language.recording import Recorder
from hanse.language.store import TranslationRow
from hanse.platform.database import DatabaseUnavailable, Db
from hanse.platform.ids import new_id
from tests.conftest import Database


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


def row(organisation_id: UUID, **more: Any) -> TranslationRow:
    return msgspec.structs.replace(
        TranslationRow(
            id=new_id(),
            organisation_id=organisation_id,
            api_key_id=None,
            person_id=None,
            source_languages=["en"],
            target_language="pt",
            texts=1,
            characters=10,
            sentences=1,
            models=["en-pt"],
            duration_ms=1,
            reporting_tag=None,
            created_at=datetime.now(UTC),
        ),
        **more,
    )


async def kept(db: Db, organisation_id: UUID) -> tuple[set[UUID], int]:
    """The ids of the records, and the number of transactions that wrote them."""
    async with db.tx(organisation_id) as tx:
        rows = await tx.fetch("select id, xmin::text from language.translations")
    return {each["id"] for each in rows}, len({each["xmin"] for each in rows})


async def test_many_at_once_are_all_there_when_they_return_in_few_transactions(db: Db) -> None:
    recorder, one, other = Recorder(db), new_id(), new_id()
    rows = [row(organisation) for _ in range(100) for organisation in (one, other)]
    await asyncio.gather(*map(recorder.keep, rows))
    for organisation in (one, other):
        ids, transactions = await kept(db, organisation)
        assert ids == {each.id for each in rows if each.organisation_id == organisation}
        assert transactions <= 3


async def test_each_is_announced_once(db: Db, database: Database) -> None:
    import asyncpg

    recorder, organisation_id = Recorder(db), new_id()
    rows = [row(organisation_id, characters=number) for number in range(20)]
    await asyncio.gather(*map(recorder.keep, rows))
    connection = await asyncpg.connect(database.url("hanse_relay"))
    try:
        told = await connection.fetch(
            "select payload from platform.outbox where organisation_id = $1", organisation_id
        )
    finally:
        await connection.close()
    events = [msgspec.json.decode(each["payload"]) for each in told]
    assert sorted(event["characters"] for event in events) == list(range(20))
    assert {event["translation_id"] for event in events} == {str(each.id) for each in rows}


async def test_a_record_that_cannot_be_kept_fails_alone(db: Db) -> None:
    recorder, organisation_id = Recorder(db), new_id()
    good = [row(organisation_id) for _ in range(9)]
    bad = row(organisation_id, reporting_tag="no\x00text")
    outcomes = await asyncio.gather(
        *map(recorder.keep, [*good[:5], bad, *good[5:]]), return_exceptions=True
    )
    assert [number for number, outcome in enumerate(outcomes) if outcome] == [5]
    assert (await kept(db, organisation_id))[0] == {each.id for each in good}


async def test_without_a_database_all_are_told(database: Database) -> None:
    db = await Db.open("postgresql://hanse_app@127.0.0.1:9/none")
    try:
        organisation_id = new_id()
        recorder = Recorder(db)
        outcomes = await asyncio.gather(
            *(recorder.keep(row(organisation_id)) for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes)
    finally:
        await db.close()


async def test_a_caller_who_goes_away_disturbs_nobody(db: Db) -> None:
    recorder, organisation_id = Recorder(db), new_id()
    rows = [row(organisation_id) for _ in range(10)]
    tasks = [asyncio.create_task(recorder.keep(each)) for each in rows]
    await asyncio.sleep(0)
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {each.id for each in rows} - {rows[3].id} <= (await kept(db, organisation_id))[0]
