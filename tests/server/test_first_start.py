"""The first start makes one organisation, however many machines start at once."""

import asyncio

import asyncpg
import pytest

from hanse.platform.embedded import PostgresServer
from hanse.platform.migrate import MigrationError
from hanse.server.first_start import prepare_database
from hanse.server.settings import Settings


async def test_two_first_starts_at_once_make_one_organisation(postgres: PostgresServer) -> None:
    await postgres.ensure_database("first_start")
    url = postgres.url("hanse", "first_start")
    tokens = await asyncio.gather(*(prepare_database(Settings(), url) for _ in range(3)))
    assert sum(token is not None for token in tokens) == 1
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from identity.organisations") == 1
    assert await connection.fetchval("select count(*) from identity.people") == 1
    await connection.close()


async def test_an_unreachable_database_is_told_in_words() -> None:
    with pytest.raises(MigrationError, match="cannot be reached"):
        await prepare_database(Settings(), "postgresql://hanse@/hanse?host=/nowhere")
