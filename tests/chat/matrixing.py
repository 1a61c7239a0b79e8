"""People who use `matrix-nio`, and the server that they reach."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import nio
import pytest
import uvicorn
from nio import AsyncClient

from tests.chat.conftest import Person
from tests.identity.conftest import PASSWORD, House, Tenant

CLIENT = "/_matrix/client/v3"
SERVER = "localhost:8080"


@asynccontextmanager
async def serving_app(app: Any) -> AsyncIterator[str]:
    """Serve a web application at a real address, for clients that open sockets; yield it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture(scope="module", name="url")
async def make_url(house: House) -> AsyncIterator[str]:
    async with serving_app(house.app) as url:
        yield url


@pytest.fixture(scope="module", name="clients")
async def make_clients(url: str) -> AsyncIterator[list[AsyncClient]]:
    made: list[AsyncClient] = []
    yield made
    for each in made:
        await each.close()


class Somebody:
    """A person in a browser and in matrix-nio."""

    def __init__(self, person: Person, client: AsyncClient) -> None:
        self.person = person
        self.client = client

    async def sync(self, since: str | None = None) -> nio.SyncResponse:
        answer = await self.client.sync(timeout=0, since=since)
        assert isinstance(answer, nio.SyncResponse), answer
        return answer

    async def create(self, *invite: "Somebody", **facts: Any) -> str:
        made = await self.client.room_create(
            name="Quay", invite=[each.client.user_id for each in invite], **facts
        )
        assert isinstance(made, nio.RoomCreateResponse), made
        return made.room_id

    async def send(self, room: str, text: str, tx_id: str | None = None, **content: Any) -> str:
        sent = await self.client.room_send(
            room, "m.room.message", {"msgtype": "m.text", "body": text, **content}, tx_id
        )
        assert isinstance(sent, nio.RoomSendResponse), sent
        return sent.event_id

    async def raw(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.client.access_token}"}
        async with httpx.AsyncClient(base_url=self.client.homeserver, headers=headers) as http:
            return await http.request(method, path, json=body)


async def somebody(
    tenant: Tenant, url: str, clients: list[AsyncClient], *languages: str
) -> Somebody:
    email = f"{uuid4()}@example.org"
    browser = await tenant.with_password(email=email)
    me = (await browser.get("/v1/me")).json()
    person = Person(me["person"]["id"], browser)
    if languages:
        await person.ask("PATCH", "/me", {"languages": list(languages)})
    client = AsyncClient(url, email)
    clients.append(client)
    answer = await client.login(PASSWORD)
    assert isinstance(answer, nio.LoginResponse), answer
    assert answer.user_id == f"@{person.id}:{SERVER}"
    return Somebody(person, client)


@pytest.fixture(scope="module", name="iva")
async def make_iva(tenant: Tenant, url: str, clients: list[AsyncClient]) -> Somebody:
    return await somebody(tenant, url, clients, "en")


@pytest.fixture(scope="module", name="rui")
async def make_rui(tenant: Tenant, url: str, clients: list[AsyncClient]) -> Somebody:
    return await somebody(tenant, url, clients, "pt")


def bodies(answer: nio.SyncResponse, room: str) -> list[str]:
    events = answer.rooms.join[room].timeline.events
    return [each.body for each in events if isinstance(each, nio.RoomMessageText)]
