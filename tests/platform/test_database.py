"""Transactions belong to one organisation, and the database itself keeps the others out."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hanse.platform.database import DatabaseUnavailable, Db
from hanse.platform.ids import new_id
from hanse.platform.migrate import MigrationError, migrate, migrations
from tests.conftest import Database


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


async def add_organisation(db: Db) -> object:
    organisation_id = new_id()
    async with db.tx(organisation_id) as tx:
        await tx.execute(
            "insert into identity.organisations (id, name) values ($1, 'A')", organisation_id
        )
    return organisation_id


async def count(db: Db, organisation_id: object) -> int:
    async with db.tx(organisation_id) as tx:  # type: ignore[arg-type]
        return await tx.fetchval("select count(*) from identity.organisations")


async def test_an_organisation_sees_its_own_rows_only(db: Db) -> None:
    one, other = await add_organisation(db), await add_organisation(db)
    assert await count(db, one) == 1
    assert await count(db, other) == 1
    assert await count(db, new_id()) == 0


async def test_a_transaction_of_no_organisation_sees_no_row(db: Db) -> None:
    await add_organisation(db)
    async with db.system_tx() as tx:
        assert await tx.fetchval("select count(*) from identity.organisations") == 0


async def test_a_row_of_another_organisation_cannot_be_written(db: Db) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.tx(new_id()) as tx:
            await tx.execute(
                "insert into identity.organisations (id, name) values ($1, 'B')", new_id()
            )


async def test_an_error_rolls_everything_back(db: Db) -> None:
    organisation_id = new_id()
    with pytest.raises(RuntimeError):
        async with db.tx(organisation_id) as tx:
            await tx.execute(
                "insert into identity.organisations (id, name) values ($1, 'C')", organisation_id
            )
            raise RuntimeError
    assert await count(db, organisation_id) == 0


async def test_a_pool_outlives_the_loss_of_its_connections(db: Db, database: Database) -> None:
    organisation_id = await add_organisation(db)
    admin = await asyncpg.connect(database.url("hanse"))
    with pytest.raises(DatabaseUnavailable):
        async with db.tx(organisation_id) as tx:  # type: ignore[arg-type]
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where usename = 'hanse_app' and datname = current_database()"
            )
            await tx.fetchval("select 1")
    await admin.close()
    assert await count(db, organisation_id) == 1


async def test_an_unreachable_server_is_unavailable_and_not_a_mistake_of_ours() -> None:
    db = await Db.open("postgresql://hanse_app@/hanse?host=/nowhere")
    with pytest.raises(DatabaseUnavailable):
        await db.ping()
    await db.close()


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    assert await migrate(database.url("hanse")) == []


async def test_a_changed_migration_is_refused(database: Database) -> None:
    first = migrations()[0]
    connection = await asyncpg.connect(database.url("hanse"))
    sql = "update platform.schema_migrations set sha256 = $3 where system = $1 and name = $2"
    await connection.execute(sql, first.system, first.name, "changed")
    with pytest.raises(MigrationError, match="was changed after"):
        await migrate(database.url("hanse"))
    await connection.execute(sql, first.system, first.name, first.sha256)
    await connection.close()
