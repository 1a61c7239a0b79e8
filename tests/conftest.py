"""Real engines for every test: one PostgreSQL and one NATS a session, a database a module."""

import asyncio
import gc
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from hanse.platform.collecting import THRESHOLDS
from hanse.platform.embedded import NatsServer, PostgresServer
from hanse.platform.process import ProcessSpec, spawn, stop, wait_ready
from tests.serving import Hanse, free_port, serving

TEMPLATE = "hanse_template"


def pytest_collection_finish() -> None:
    """What has been imported stays: collections need not look at all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    # A shell lets what it runs in the background ignore SIGINT, and what that starts as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Database:
    """A freshly migrated database of its own; `url(role)` says how to reach it."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name

    def url(self, role: str) -> str:
        return self.server.url(role, self.name)


def make_test_home() -> Path:
    """A temporary home that PostgreSQL's account can reach (pytest's own are private to root)."""
    home = Path(tempfile.mkdtemp(prefix="hanse-test-"))
    home.chmod(0o711)
    return home


Running = Callable[[ProcessSpec, Path], AbstractAsyncContextManager[asyncio.subprocess.Process]]


@asynccontextmanager
async def _running(spec: ProcessSpec, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The child of this spec for the length of a block, its output in `log`."""
    with log.open("ab") as output:
        process = await spawn(spec, output=output.fileno())
    try:
        await wait_ready(process, spec)
        yield process
    finally:
        await stop(process, spec)


@pytest.fixture
def running() -> Running:
    """`async with running(spec, log) as process:` runs a child for the length of the block."""
    return _running


@pytest.fixture
def home() -> Iterator[Path]:
    """A temporary home for one test."""
    home = make_test_home()
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def session_home() -> Iterator[Path]:
    home = make_test_home()
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def hanse() -> Iterator[Hanse]:
    """A whole running Hanse, shared by all tests that do not break it."""
    with serving(
        HANSE_PSEUDO_ENGINE="true",
        HANSE_SIGN_IN_LIMIT_PER_MINUTE="0",
        HANSE_RPC_ADDRESS=f"127.0.0.1:{free_port()}",
    ) as hanse:
        yield hanse


@pytest.fixture(scope="session")
async def postgres(session_home: Path) -> AsyncIterator[PostgresServer]:
    """A running PostgreSQL 18 without durability, as root under an unprivileged account."""
    server = PostgresServer.prepare(session_home, durable=False)
    async with _running(server.process(), session_home / "postgres.log"):
        yield server


@pytest.fixture(scope="session")
async def nats_url(session_home: Path) -> AsyncIterator[str]:
    """The URL of a running NATS with JetStream."""
    server = NatsServer.prepare(session_home)
    async with _running(server.process(), session_home / "nats.log"):
        yield server.url


@pytest.fixture(scope="session")
async def template(postgres: PostgresServer) -> str:
    """The name of a migrated database that nobody connects to."""
    from hanse.platform.migrate import migrate

    await postgres.ensure_database(TEMPLATE)
    await migrate(postgres.url("hanse", TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="module")
async def database(postgres: PostgresServer, template: str) -> AsyncIterator[Database]:
    """A migrated database for one test module."""
    database = Database(postgres, f"hanse_test_{uuid4().hex[:12]}")
    admin = await asyncpg.connect(postgres.url("hanse", "postgres"))
    try:
        await admin.execute(f"create database {database.name} template {template} strategy wal_log")
        yield database
        await admin.execute(f"drop database {database.name} with (force)")
    finally:
        await admin.close()
