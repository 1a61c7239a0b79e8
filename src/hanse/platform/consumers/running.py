"""Taking events off the stream, through outages and restarts."""

import asyncio
from collections.abc import Sequence

from nats.errors import TimeoutError as NothingNew
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from hanse.platform.bus import STREAM, Bus, connect_bus, subject
from hanse.platform.consumers.model import Consumer
from hanse.platform.consumers.work import Work
from hanse.platform.database import Db
from hanse.platform.telemetry import log
from hanse.platform.waiting import Backoff, passed

FETCH_TIMEOUT_S = 1.0
CHECK_EVERY = 5
RESTART_FIRST_S = 0.2
RESTART_MAX_S = 5.0


async def run_consumers(
    consumers: Sequence[Consumer],
    db: Db,
    nats_url: str,
    stop: asyncio.Event,
) -> None:
    """Run the consumers until `stop` is set; events in work are finished first.

    Any number of processes may run the same ones and share the work. `db` is of `hanse_jobs`, with
    a connection for each concurrent handler. Outages of PostgreSQL and NATS are waited out, and so
    is a stream that the relay has yet to create.
    """
    async with asyncio.TaskGroup() as group:
        for consumer in consumers:
            group.create_task(_keep_consuming(consumer, db, nats_url, stop))


async def _keep_consuming(consumer: Consumer, db: Db, nats_url: str, stop: asyncio.Event) -> None:
    backoff = Backoff(RESTART_FIRST_S, RESTART_MAX_S)
    while not stop.is_set():
        bus = await connect_bus(nats_url, name=f"hanse-{consumer.name}")
        try:
            await _consume(consumer, db, bus, stop, backoff)
        except Exception as error:  # the edge of the process: nothing may end a consumer
            pause_s = backoff.next_s()
            # On a first start the relay has yet to make the stream: nothing to worry about.
            early = isinstance(error, NotFoundError)
            (log.debug if early else log.warning)(
                "consumer_interrupted",
                consumer=consumer.name,
                error=repr(error),
                retry_in_s=round(pause_s, 2),
            )
            await passed(stop, pause_s)
        finally:
            await bus.close()


async def _consume(
    consumer: Consumer, db: Db, bus: Bus, stop: asyncio.Event, backoff: Backoff
) -> None:
    subscription = await _subscribe(consumer, bus.jetstream)
    work = Work(consumer, db, stop)
    batch = 1
    idle = 0
    while not stop.is_set():
        try:
            messages = await subscription.fetch(batch, timeout=FETCH_TIMEOUT_S)
        except NothingNew:
            idle += 1
            if idle % CHECK_EVERY == 0:
                # A consumer that is gone is as silent as one that has no news.
                await subscription.consumer_info()
            continue
        backoff.reset()
        # An event that kills its process takes down, and counts against, all that were fetched
        # with it. So redeliveries travel alone, and so does whatever comes first after a start.
        repeated = any(message.metadata.num_delivered > 1 for message in messages)
        batch = 1 if repeated else min(batch * 2, consumer.batch)
        await work.on(messages)


async def _subscribe(
    consumer: Consumer, jetstream: JetStreamContext
) -> JetStreamContext.PullSubscription:
    await jetstream.add_consumer(
        STREAM,
        ConsumerConfig(
            durable_name=consumer.name,
            filter_subjects=[subject("*", each) for each in consumer.types],
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=consumer.ack_wait_s,
            deliver_policy=DeliverPolicy.ALL,
            # NATS would drop the event silently; we count ourselves and lay it aside.
            max_deliver=-1,
            max_ack_pending=consumer.batch * 16,
        ),
    )
    return await jetstream.pull_subscribe_bind(consumer=consumer.name, stream=STREAM)
