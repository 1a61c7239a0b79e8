"""The web application in this process, over a real database, with organisations to sign in to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

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
from tests.eventing import breakable_nats, until
from tests.receiving import Received, Receiver, Reply, receiving

ADDRESS = "http://localhost:8080"
PASSWORD = "correct horse battery staple"
WEBHOOK_KEY = "a key of these tests that is long enough"
GROUP_CHANGED = "identity.group_changed.v1"


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

    def build(self, *, bus: Any = None, **settings: Any) -> Any:
        """The application under other settings; with an SMTP server, it writes its own letters."""
        unlimited = {"sign_in_limit_per_minute": 0, "matrix_initial_syncs_per_minute": 0}
        given = {"home": self.home, **unlimited, **settings}
        return create_app(
            Settings(**given),
            self.db,
            bus,
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


class Post:
    """A house with an organisation whose administrator sets webhooks up, and a receiver."""

    def __init__(
        self, house: House, tenant: Tenant, admin: httpx.AsyncClient, receiver: Receiver
    ) -> None:
        self.house = house
        self.tenant = tenant
        self.admin = admin
        self.receiver = receiver

    async def webhook(self, **more: Any) -> dict[str, Any]:
        """A new webhook, at a path of its own."""
        body = {"url": f"{self.receiver.url}/{uuid4()}", "event_types": [GROUP_CHANGED], **more}
        answer = await self.admin.post("/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def happen(self) -> str:
        """Let something happen; return the id of the group that it is about."""
        answer = await self.admin.post("/v1/groups", json={"name": str(uuid4())})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def received(self, webhook: dict[str, Any]) -> list[Received]:
        """What came for one webhook so far."""
        return self.receiver.at(_path(webhook))

    def answering(self, webhook: dict[str, Any], *replies: Reply) -> None:
        """Let the receiver answer one webhook so, the last reply again and again."""
        left = list(replies)

        def reply(_request: Received) -> Reply:
            return left.pop(0) if len(left) > 1 else left[0]

        self.receiver.replies[_path(webhook)] = reply

    async def arrival(self, webhook: dict[str, Any], count: int = 1) -> list[Received]:
        """What came for one webhook, once that are so many."""

        async def enough() -> bool:
            return len(self.received(webhook)) >= count

        await until(enough, f"{count} messages")
        return self.received(webhook)

    async def log(self, webhook: dict[str, Any], **params: str) -> list[dict[str, Any]]:
        """The log of one webhook, newest first."""
        answer = await self.admin.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def settled(self, webhook: dict[str, Any], status: str, count: int = 1) -> Any:
        """The deliveries of that status, once there are so many."""

        async def enough() -> list[dict[str, Any]] | None:
            found = await self.log(webhook, status=status)
            return found if len(found) >= count else None

        return await until(enough, f"{count} deliveries {status}")

    async def get(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """The webhook as it is now."""
        found: dict[str, Any] = (await self.admin.get(f"/v1/webhooks/{webhook['id']}")).json()
        return found

    async def post(self, webhook: dict[str, Any], path: str, body: Any = None) -> Any:
        """Do something to the webhook."""
        answer = await self.admin.post(f"/v1/webhooks/{webhook['id']}/{path}", json=body)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    async def audited(self, webhook: dict[str, Any]) -> list[tuple[str, str]]:
        """(action, kind of actor) of what was noted about the webhook, newest first."""
        answer = await self.admin.get("/v1/audit-events", params={"target_id": webhook["id"]})
        return [(each["action"], each["actor_kind"]) for each in answer.json()["items"]]


def _path(webhook: dict[str, Any]) -> str:
    return "/" + str(webhook["url"]).rpartition("/")[2]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
async def wires(database: Database, receiver: Receiver) -> AsyncIterator[tuple[str, ...]]:
    """What a deliverer needs to know, with a NATS of this module."""
    async with breakable_nats() as nats:
        urls = (database.url("hanse_jobs"), database.url("hanse_relay"), nats.url)
        yield (*urls, WEBHOOK_KEY, receiver.place)


@pytest.fixture(scope="module")
async def post(house: House, receiver: Receiver) -> Post:
    house.app = house.build(
        secret_key=WEBHOOK_KEY, webhook_allowed_hosts=receiver.place, webhook_allow_http=True
    )
    tenant = await house.organisation("Post office")
    return Post(house, tenant, await tenant.signed_in(Role.ADMIN), receiver)


MakeTenant = Callable[[str], Any]
