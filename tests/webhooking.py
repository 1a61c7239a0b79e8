"""What delivers webhooks in a process of Hanse: the relay, the consumer and the deliverer.

`python -m tests.webhooking ...` runs them until somebody kills it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from hanse import identity
from hanse.identity import DeliveryLimits, Seal
from hanse.platform.catalogue import Catalogue
from hanse.platform.consumers import run_consumers
from hanse.platform.database import Db
from hanse.platform.outbound import OutboundClient, parse_rules
from hanse.platform.relay import run_relay
from tests.eventing import going

QUICK = DeliveryLimits(
    poll_s=0.02, lease_s=1.0, timeout_s=0.7, retry_first_s=0.05, drain_s=1.0, each=4
)


async def deliver(
    jobs_url: str, relay_url: str, nats_url: str, key: str, place: str, stop: asyncio.Event
) -> None:
    """Run all three until stopped; `place` is the receiver that may be called."""
    db = await Db.open(jobs_url, size_max=8)
    client = OutboundClient(parse_rules(place, allow_http=True))
    consumer = msgspec.structs.replace(
        identity.webhook_consumer(Catalogue(identity.event_examples)), ack_wait_s=1.0
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(relay_url, nats_url, stop))
            tasks.create_task(run_consumers([consumer], db, nats_url, stop))
            tasks.create_task(identity.run_deliverer(db, Seal(key), client, stop, limits=QUICK))
    finally:
        await client.close()
        await db.close()


@asynccontextmanager
async def delivering(*arguments: str) -> AsyncIterator[None]:
    """The same in this process, for the length of a block."""
    async with going(lambda stop: deliver(*arguments, stop)):  # type: ignore[call-arg, arg-type]
        yield


if __name__ == "__main__":
    asyncio.run(deliver(*sys.argv[1:], asyncio.Event()))  # type: ignore[arg-type, call-arg]
