"""The language API in this process: real PostgreSQL, NATS, scheduler, workers and models."""

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import deepl
import httpx
import pytest
import uvicorn

from hanse import identity, language
from hanse.inference import InferenceClient, Limits, serve, serve_generation
from hanse.platform.bus import connect_bus
from hanse.platform.consumers import run_consumers
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.relay import run_relay
from hanse.server.app import create_app
from hanse.server.settings import Settings
from tests.eventing import going
from tests.language.chat_server import chat_server
from tests.language.contract.checked import Checked

IMPATIENCE = 50
"""The official clients look every five seconds whether a job is done; here so many times sooner."""


@pytest.fixture(scope="session", autouse=True)
def impatient_clients() -> Iterator[None]:
    """Let the clocks of the official client for Python go faster while it sleeps."""
    faster = SimpleNamespace(time=time.time, sleep=lambda s: time.sleep(s / IMPATIENCE))
    with pytest.MonkeyPatch.context() as patch:
        for module in (deepl.translator, deepl.deepl_client):
            patch.setattr(module, "time", faster)
        yield


class LanguageServer:
    """A served API: its `url`, its `db` as the application's role, and keys to call it with.

    All of its answers are held against the contract of the DeepL API.
    """

    def __init__(self, url: str, db: Db, inference: InferenceClient, checked: Checked) -> None:
        self.url = url
        self.checked = checked
        self.db = db
        self.inference = inference
        self.organisation_id = new_id()

    async def make_organisation(self) -> UUID:
        organisation_id = new_id()
        async with self.db.tx(organisation_id) as tx:
            await identity.create_organisation(tx, "Test")
        return organisation_id

    async def make_key(
        self, scopes: Sequence[str] | None = None, organisation_id: UUID | None = None
    ) -> str:
        organisation_id = organisation_id or self.organisation_id
        access = identity.operator(organisation_id)
        async with self.db.tx(organisation_id) as tx:
            _, secret = await identity.create_api_key(tx, access, name="test", scopes=scopes)
        return secret

    def client(self, key: str | None) -> httpx.AsyncClient:
        headers = {"Authorization": f"DeepL-Auth-Key {key}"} if key else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)


@asynccontextmanager
async def infer(
    *,
    pseudo: bool = False,
    engines: Sequence[str] = (),
    models: Path | None = None,
    workers: int = 1,
    socket: Path | None = None,
) -> AsyncIterator[InferenceClient]:
    """A scheduler with its worker processes, at `socket` if others need it."""
    with tempfile.TemporaryDirectory(prefix="hanse-test-") as folder:
        address = socket or Path(folder) / "inference.sock"

        async def run(stop: asyncio.Event) -> None:
            await serve(
                socket=address,
                models_directory=models or Path(folder) / "models",
                workers=workers,
                pseudo=pseudo,
                limits=Limits(),
                stop=stop,
                engines=engines,
            )

        async with going(run):
            async with asyncio.timeout(30):
                while not address.exists():
                    await asyncio.sleep(0.02)
            client = await InferenceClient.open(address)
            try:
                yield client
            finally:
                await client.close()


@asynccontextmanager
async def generate(url: str) -> AsyncIterator[InferenceClient]:
    """A scheduler of generation with two slots for the language model at `url`."""
    with (
        tempfile.TemporaryDirectory(prefix="hanse-test-") as folder,
        environment(
            HANSE_GENERATION_URL=url, HANSE_GENERATION_MODEL="small", HANSE_GENERATION_KEY="secret"
        ),
    ):
        address = Path(folder) / "generation.sock"
        limits = Limits(item_chars_max=20_000)

        async def run(stop: asyncio.Event) -> None:
            await serve_generation(socket=address, model="small", slots=2, limits=limits, stop=stop)

        async with going(run):
            async with asyncio.timeout(30):
                while not address.exists():
                    await asyncio.sleep(0.02)
            client = await InferenceClient.open(address)
            try:
                yield client
            finally:
                await client.close()


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """These variables in the environment of this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@asynccontextmanager
async def _uvicorn(app: Any) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def served(
    database: Any,
    nats_url: str,
    inference: InferenceClient,
    generation: InferenceClient | None = None,
) -> AsyncIterator[LanguageServer]:
    """The whole web application on a port of its own, with relay and consumers beside it."""
    async with AsyncExitStack() as stack:
        db = await Db.open(database.url("hanse_app"))
        stack.push_async_callback(db.close)
        jobs_db = await Db.open(database.url("hanse_jobs"))
        stack.push_async_callback(jobs_db.close)
        bus = await connect_bus(nats_url)
        stack.push_async_callback(bus.close)
        relay_url = database.url("hanse_relay")
        await stack.enter_async_context(going(lambda stop: run_relay(relay_url, nats_url, stop)))
        await stack.enter_async_context(
            going(lambda stop: run_consumers(language.consumers, jobs_db, nats_url, stop))
        )
        app = Checked(create_app(Settings(), db, bus, inference, generation))
        url = await stack.enter_async_context(_uvicorn(app))
        server = LanguageServer(url, db, inference, app)
        server.organisation_id = await server.make_organisation()
        yield server
        assert not app.violations, "\n".join(app.violations)


@asynccontextmanager
async def everything(
    database: Any, nats_url: str, inference: InferenceClient
) -> AsyncIterator[LanguageServer]:
    """The web application with its background jobs and a language model that repeats its text."""
    jobs = Jobs()
    language.register_documents(jobs, inference)
    language.register_memories(jobs)
    language.register_quality(jobs, inference)
    with chat_server() as model:
        async with (
            generate(model.url) as generation,
            going(lambda stop: run_jobs(jobs, database.url("hanse_jobs"), stop)),
            served(database, nats_url, inference, generation) as server,
        ):
            yield server


@pytest.fixture(scope="package")
async def inference() -> AsyncIterator[InferenceClient]:
    """The models that are installed with Hanse, in one worker process."""
    async with infer(pseudo=False) as client:
        yield client


@pytest.fixture(scope="module")
async def server(
    database: Any, nats_url: str, inference: InferenceClient
) -> AsyncIterator[LanguageServer]:
    async with served(database, nats_url, inference) as server:
        yield server


@pytest.fixture(scope="module")
async def pseudo_server(database: Any, nats_url: str) -> AsyncIterator[LanguageServer]:
    async with infer(pseudo=True) as inference, served(database, nats_url, inference) as it:
        yield it


@pytest.fixture(scope="module")
async def key(server: LanguageServer) -> str:
    return await server.make_key()


@pytest.fixture
async def client(server: LanguageServer, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with server.client(key) as client:
        yield client
