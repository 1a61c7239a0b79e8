"""The web application in this process, over a real database, with organisations to sign in to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from argon2.profiles import CHEAPEST

from hanse import identity
from hanse.identity import Access, Mailer, Passwords, Person, Role
from hanse.inference import InferenceClient
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.server.app import create_app
from hanse.server.settings import Settings
from tests.conftest import Database, make_test_home

ADDRESS = "http://localhost:8080"
PASSWORD = "correct horse battery staple"


class House:
    """A web application, its database, and browsers that visit it."""

    def __init__(self, db: Db, database: Database, inference: InferenceClient) -> None:
        self.db = db
        self.database = database
        self.inference = inference
        self.mailer = Letters()
        self.home = str(make_test_home())
        # Its transport waits for the end of an answer: here, streams end after what there is.
        self._stopping = asyncio.Event()
        self._stopping.set()
        self.app = self.build()

    def build(self, **settings: Any) -> Any:
        """The application under other settings; with an SMTP server, it writes its own letters."""
        given = {"home": self.home, "sign_in_limit_per_minute": 0, **settings}
        return create_app(
            Settings(**given),
            self.db,
            None,  # type: ignore[arg-type]
            self.inference,
            mailer=None if "smtp_url" in settings else self.mailer,
            hasher=Passwords(parameters=CHEAPEST),
            stopping=self._stopping,
        )

    def browser(
        self, app: Any = None, *, address: str = "192.0.2.1", url: str = ADDRESS
    ) -> httpx.AsyncClient:
        """A browser on one of our own pages, as somebody at that network address has it."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app or self.app, client=(address, 4711)),
            base_url=url,
            headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "Test browser"},
        )

    async def organisation(self, name: str) -> "Tenant":
        """A new organisation with an owner."""
        tenant = Tenant(self, new_id(), name)
        async with self.db.tx(tenant.id) as tx:
            await identity.create_organisation(tx, name)
        return tenant


class Letters(Mailer):
    """The outside world's mail: what was sent, for the test to read."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    async def sign_in_link(self, tx: Tx, person: Person, *, organisation: str, url: str) -> None:
        """Take a letter."""
        self.sent.append({"email": person.email, "url": url})

    async def invitation(
        self, tx: Tx, person: Person, *, locale: str, organisation: str, url: str
    ) -> None:
        """Take a letter."""
        self.sent.append({"email": person.email, "url": url})


class Tenant:
    """An organisation, and what its operator does for a test."""

    def __init__(self, house: House, id: UUID, name: str) -> None:
        self.house = house
        self.id = id
        self.name = name

    @property
    def operator(self) -> Access:
        """All permissions."""
        return identity.operator(self.id)

    async def person(self, role: Role = Role.MEMBER, email: str = "", name: str = "") -> UUID:
        """Somebody new."""
        email = email or f"{new_id()}@example.org"
        async with self.house.db.tx(self.id) as tx:
            person = await identity.create_person(
                tx, self.operator, email=email, name=name or "Ana Souza", role=role
            )
        return person.id

    async def signed_in(
        self, role: Role = Role.MEMBER, email: str = "", name: str = "", person_id: Any = None
    ) -> httpx.AsyncClient:
        """A browser in which somebody, new unless named, has used a sign-in link."""
        person_id = person_id or await self.person(role, email, name)
        async with self.house.db.tx(self.id) as tx:
            token = await identity.create_sign_in_link(tx, self.operator, person_id)
        browser = self.house.browser()
        answer = await browser.post("/v1/auth/link", json={"token": token})
        assert answer.status_code == 200, answer.text
        return browser

    async def with_password(
        self, role: Role = Role.MEMBER, email: str = "", password: str = PASSWORD
    ) -> httpx.AsyncClient:
        """A browser of somebody new who has given themselves a password."""
        browser = await self.signed_in(role, email)
        answer = await browser.put("/v1/me/password", json={"new": password})
        assert answer.status_code == 204, answer.text
        return browser


@pytest.fixture(scope="module")
async def house(database: Database) -> AsyncIterator[House]:
    """The application, over a database of this module."""
    db = await Db.open(database.url("hanse_app"))
    inference = await InferenceClient.open(make_test_home() / "nobody.sock")
    yield House(db, database, inference)
    await inference.close()
    await db.close()


@pytest.fixture(scope="module")
async def tenant(house: House) -> Tenant:
    """An organisation for the tests of this module."""
    return await house.organisation("Aldeia")


MakeTenant = Callable[[str], Any]
