"""What sends messages of rooms out and posts the answers, and a receiver.

`python -m tests.chat.sending ...` sends until somebody kills it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from hanse import chat, identity
from hanse.identity import Seal
from hanse.platform.bus import connect_bus
from hanse.platform.consumers import run_consumers
from hanse.platform.database import Db
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.outbound import OutboundClient, parse_rules
from hanse.platform.relay import run_relay
from tests.chat.conftest import Person, person_of
from tests.eventing import going, until
from tests.identity.conftest import WEBHOOK_KEY, House, Tenant
from tests.receiving import Received, Receiver, Reply, receiving
from tests.webhooking import QUICK

JOBS = WorkerLimits(poll_s=0.02, tick_s=60.0, lease_s=2.0)


class Sending:
    """Somebody else's program, and what came to it."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def webhook(self, who: Person, room: str, status: int = 201, **facts: Any) -> Any:
        """Make an outgoing webhook at a path of its own."""
        body = {"name": "Robot", "url": f"{self.receiver.url}/{uuid4()}", "sends": "all", **facts}
        return await who.ask("POST", f"/rooms/{room}/outgoing-webhooks", body, status)

    def answering(self, made: Any, answer: Any, status: int = 200) -> None:
        """Let the program answer so."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        reply = Reply(status, (("Content-Type", "application/json"),), body)
        self.receiver.replies[path_of(made)] = lambda _request: reply

    async def arrival(self, made: Any, count: int = 1) -> list[Received]:
        """What came, once that is so much."""

        async def enough() -> bool:
            return len(self.receiver.at(path_of(made))) >= count

        await until(enough, f"{count} messages")
        return self.receiver.at(path_of(made))

    async def settled(self, who: Person, room: str, made: Any, count: int = 1) -> Any:
        """The deliveries, once so many are settled."""
        path = f"/rooms/{room}/outgoing-webhooks/{made['webhook']['bot_id']}/deliveries"

        async def enough() -> Any:
            items = (await who.ask("GET", path))["items"]
            done = [each for each in items if each["status"] != "pending"]
            return done if len(done) >= count else None

        return await until(enough, f"{count} deliveries")


async def answers(who: Person, room: str, thread: int, count: int = 1) -> Any:
    """The replies to a message, once there are so many."""

    async def enough() -> Any:
        found = [each for each in await who.messages(room) if each["thread"] == thread]
        return found if len(found) >= count else None

    return await until(enough, f"{count} answers")


def path_of(made: Any) -> str:
    return "/" + str(made["webhook"]["url"]).rpartition("/")[2]


def data_of(request: Received) -> Any:
    """What was sent."""
    return json.loads(request.body)["data"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
async def sending(house: House, receiver: Receiver) -> Sending:
    place = receiver.place
    house.app = house.build(
        secret_key=WEBHOOK_KEY, webhook_allowed_hosts=place, webhook_allow_http=True
    )
    return Sending(receiver)


@pytest.fixture(scope="module")
def wires(house: House, nats_url: str, receiver: Receiver) -> tuple[str, ...]:
    """What a process needs to know that sends."""
    urls = (house.database.url("hanse_jobs"), house.database.url("hanse_relay"), nats_url)
    return (*urls, receiver.place)


@pytest.fixture(scope="module")
async def going_out(sending: Sending, wires: tuple[str, ...]) -> AsyncIterator[None]:
    """Everything is sent and answered, by this process."""
    async with going(lambda stop: send_out(*wires, stop)):  # type: ignore[call-arg, arg-type]
        yield


async def send_out(
    jobs_url: str, relay_url: str, nats_url: str, place: str, stop: asyncio.Event
) -> None:
    """Do what the role `jobs` does for outgoing webhooks, until stopped."""
    db = await Db.open(jobs_url)
    bus = await connect_bus(nats_url)
    client = OutboundClient(parse_rules(place, allow_http=True))
    jobs = Jobs()
    chat.register_answers(jobs, db, bus)
    consumer = msgspec.structs.replace(chat.outgoing_consumer(), ack_wait_s=1.0)
    heard = chat.webhook_answers()
    seal = Seal(WEBHOOK_KEY)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(relay_url, nats_url, stop))
            tasks.create_task(run_consumers([consumer], db, nats_url, stop))
            tasks.create_task(run_jobs(jobs, jobs_url, stop, limits=JOBS))
            tasks.create_task(
                identity.run_deliverer(db, seal, client, stop, limits=QUICK, heard=heard)
            )
    finally:
        await client.close()
        await bus.close()
        await db.close()


@pytest.fixture(scope="module")
async def ana(tenant: Tenant, sending: Sending, going_out: None) -> Person:
    return await person_of(tenant, name="Ana")


@pytest.fixture(scope="module")
async def ben(tenant: Tenant, sending: Sending, going_out: None) -> Person:
    return await person_of(tenant, name="Ben")


if __name__ == "__main__":
    asyncio.run(send_out(*sys.argv[1:], asyncio.Event()))  # type: ignore[call-arg, arg-type]
