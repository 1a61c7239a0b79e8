"""The web application in this process, people who chat, and owners of rooms."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from hanse import identity
from hanse.identity import Permission, Role
from hanse.platform.bus import Bus, connect_bus
from tests.identity.conftest import House, Tenant, house, tenant

__all__ = ["house", "tenant"]


class Person:
    """Somebody at a browser, and what they do in rooms."""

    def __init__(self, id: UUID, browser: httpx.AsyncClient) -> None:
        self.id = id
        self.browser = browser

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Call a route under /v1 and expect a status."""
        answer = await self.browser.request(method, f"/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def channel(self, **facts: Any) -> str:
        """Make a channel; return its id."""
        room = await self.ask("POST", "/rooms", {"name": "Lunch", **facts}, 201)
        return str(room["id"])

    async def send(self, room: str, text: str = "", status: int = 201, **event: Any) -> Any:
        """Append an event, a message unless it says something else."""
        event = {"client_key": str(uuid4()), **({"text": text} if text else {}), **event}
        return await self.ask("POST", f"/rooms/{room}/events", event, status)

    async def unread(self, room: str) -> tuple[int, int]:
        """What is unread, and how much of it mentions them."""
        found = await self.ask("GET", f"/rooms/{room}")
        return found["unread"], found["mentions"]

    async def read(self, room: str, number: int, **more: Any) -> int:
        """Move the marker."""
        body = {"number": number, **more}
        return int((await self.ask("PUT", f"/rooms/{room}/read", body))["read_number"])

    async def messages(self, room: str, query: str = "") -> list[Any]:
        """The messages as they stand."""
        return list((await self.ask("GET", f"/rooms/{room}/messages{query}"))["messages"])


async def person_of(tenant: Tenant, role: Role = Role.MEMBER, name: str = "") -> Person:
    """Somebody new, signed in."""
    id = await tenant.person(role, name=name)
    return Person(id, await tenant.signed_in(person_id=id))


async def key_of(house: House, tenant: Tenant, scopes: list[str] | None = None) -> Person:
    """A machine with an API key."""
    async with house.db.tx(tenant.id) as tx:
        key, secret = await identity.create_api_key(
            tx, tenant.operator, name="bot", scopes=scopes or [*Permission]
        )
    browser = house.browser()
    browser.headers["Authorization"] = f"Bearer {secret}"
    return Person(key.id, browser)


@pytest.fixture(scope="module")
async def ana(tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ana")


@pytest.fixture(scope="module")
async def ben(tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ben")


@pytest.fixture(scope="module")
async def eve(tenant: Tenant) -> Person:
    """Somebody of the organisation who is in none of the rooms."""
    return await person_of(tenant, name="Eve")


@pytest.fixture(scope="module")
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    bus = await connect_bus(nats_url)
    yield bus
    await bus.close()
