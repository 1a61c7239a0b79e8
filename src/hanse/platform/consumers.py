"""Consumers: each event is applied exactly once, although it may be delivered more often.

A consumer's effect and the note that it was applied are one transaction, so a process killed
between the two has done neither or both. Events of one organisation that came together share a
transaction; if it fails, none of them was applied, and each is taken alone. A failing event is
delivered again with growing pauses and in the end laid aside as a dead letter, so that it cannot
block those after it; a handler must therefore not rely on the order of events once one has failed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingNew
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError
from prometheus_client import Counter

from hanse.platform.bus import STREAM, Bus, Envelope, connect_bus, subject
from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.problems import NotFound
from hanse.platform.relay import OUTBOX_KEEP
from hanse.platform.telemetry import bound, log, span
from hanse.platform.waiting import Backoff, backoff_s, is_outage, passed

CONSUMED_KEEP = 2 * OUTBOX_KEEP + timedelta(days=1)
"""Longer than an event can come back: it may be published again when it leaves the outbox, and
then stays in the stream for as long once more."""

PURGE_ROWS_MAX = 10_000
ERROR_CHARACTERS_MAX = 4_000
FETCH_TIMEOUT_S = 1.0
CHECK_EVERY = 5
RESTART_FIRST_S = 0.2
RESTART_MAX_S = 5.0
DATABASE_POLL_S = 0.5

Handler = Callable[[Tx, Envelope], Awaitable[None]]

_consumed = Counter(
    "hanse_events_consumed_total",
    "Deliveries of events, by what came of them.",
    ["consumer", "outcome"],
)

_CONSUME_SQL = """
insert into platform.consumed (organisation_id, consumer, event_id) values ($1, $2, $3)
on conflict do nothing returning true
"""

_WAS_CONSUMED_SQL = """
select exists (
    select from platform.consumed where organisation_id = $1 and consumer = $2 and event_id = $3
)
"""

_BURY_SQL = """
insert into platform.dead_letters
    (organisation_id, consumer, event_id, subject, message, error, deliveries)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (organisation_id, consumer, event_id)
do update set error = excluded.error, deliveries = excluded.deliveries, failed_at = now()
"""

_LIST_SQL = """
select organisation_id, consumer, event_id, subject, error, deliveries, failed_at
from platform.dead_letters order by failed_at desc limit $1
"""

_EXHUME_SQL = """
delete from platform.dead_letters
where organisation_id = $1 and consumer = $2 and event_id = $3 returning message
"""

_PURGE_SQL = """
delete from platform.consumed where (organisation_id, consumer, event_id) in (
    select organisation_id, consumer, event_id from platform.consumed
    where consumed_at < now() - $1::interval order by consumed_at limit $2
)
"""


class Consumer(msgspec.Struct, frozen=True):
    """Something that follows events: `handler(tx, envelope)` is called once for each of `types`.

    `name` (letters, digits, `_`, `-`) identifies it for ever: what it has consumed is kept under
    it. `tx` belongs to the event's organisation; raising rolls it back. A new consumer begins with
    the oldest event of the stream. Times in seconds: a handler that shows no sign of life for
    `ack_wait_s` loses the event to another process; pauses between deliveries grow from
    `retry_first_s` to `retry_max_s`. With `concurrency` over 1 events overtake each other.
    """

    name: str
    types: tuple[str, ...]
    handler: Handler
    concurrency: int = 1
    batch: int = 32
    deliveries_max: int = 8
    ack_wait_s: float = 30.0
    retry_first_s: float = 1.0
    retry_max_s: float = 300.0


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that a consumer gave up, and why."""

    organisation_id: UUID
    consumer: str
    event_id: UUID
    subject: str
    error: str
    deliveries: int
    failed_at: datetime


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


async def list_dead_letters(tx: Tx, *, limit: int = 100) -> list[DeadLetter]:
    """Return the newest dead letters: the organisation's, or in a system transaction all."""
    return [DeadLetter(**row) for row in await tx.fetch(_LIST_SQL, limit)]


async def retry_dead_letter(tx: Tx, consumer: Consumer, event_id: UUID) -> None:
    """Apply a dead letter of the organisation now, in this transaction, and remove it.

    Raises NotFound, what the handler raises (then nothing has changed once the caller rolls back),
    and msgspec.DecodeError if the message is no event.
    """
    args = (tx.organisation_id, consumer.name, event_id)
    message = await tx.fetchval(_EXHUME_SQL, *args)
    if message is None:
        raise NotFound(f"There is no dead letter {event_id} of {consumer.name}.")
    envelope = msgspec.json.decode(message, type=Envelope)
    if await tx.fetchval(_CONSUME_SQL, *args):
        await consumer.handler(tx, envelope)


async def purge_consumed(tx: Tx, *, keep: timedelta = CONSUMED_KEEP) -> int:
    """Forget up to PURGE_ROWS_MAX events consumed longer than `keep` ago; return how many.

    Needs a system transaction of `hanse_jobs`.
    """
    tag = await tx.execute(_PURGE_SQL, keep, PURGE_ROWS_MAX)
    return int(tag.split()[-1])


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
    work = _Work(consumer, db, stop)
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


class _Work:
    """The messages of one batch on their way through a consumer's handler."""

    def __init__(self, consumer: Consumer, db: Db, stop: asyncio.Event) -> None:
        self._consumer = consumer
        self._db = db
        self._stop = stop
        self._slots = asyncio.Semaphore(consumer.concurrency)

    async def on(self, messages: list[Msg]) -> None:
        """Settle all messages; meanwhile tell NATS that they are being worked on."""
        alive = asyncio.create_task(self._show_life(messages))
        try:
            if self._consumer.concurrency == 1:
                messages = await self._settle_together(messages)
            async with asyncio.TaskGroup() as group:
                for message in messages:
                    group.create_task(self._settle(message))
        finally:
            alive.cancel()

    async def _settle_together(self, messages: list[Msg]) -> list[Msg]:
        """Apply events of one organisation that follow each other in one transaction.

        Returns the messages for which that is not possible, or failed; nothing of those was kept.
        """
        left: list[Msg] = []
        for organisation_id, group in groupby(messages, _organisation_of):
            together = list(group)
            if left or organisation_id is None or len(together) == 1:
                # What comes after one that was left must not overtake it.
                left += together
                continue
            try:
                outcomes = await self._apply_all(organisation_id, together)
            except Exception as error:  # alone each of them shows what is wrong with it
                log.debug("events_apart", consumer=self._consumer.name, error=repr(error))
                left += together
                continue
            for message, outcome in zip(together, outcomes, strict=True):
                await message.ack()
                _consumed.labels(self._consumer.name, outcome).inc()
        return left

    async def _apply_all(self, organisation_id: UUID, messages: list[Msg]) -> list[str]:
        envelopes = [msgspec.json.decode(message.data, type=Envelope) for message in messages]
        outcomes = []
        async with self._db.tx(organisation_id) as tx:
            for message, envelope in zip(messages, envelopes, strict=True):
                if (
                    message.metadata.num_delivered > 1
                    or envelope.organisation_id != organisation_id
                ):
                    raise ValueError("an event that must be taken alone")
                applied = await self._run(tx, envelope)
                outcomes.append("applied" if applied else "repeated")
        return outcomes

    async def _show_life(self, messages: list[Msg]) -> None:
        while True:
            await asyncio.sleep(self._consumer.ack_wait_s / 3)
            for message in messages:
                if not message.is_acked:
                    await message.in_progress()

    async def _settle(self, message: Msg) -> None:
        """Apply one message and acknowledge it, ask for it again later, or lay it aside."""
        async with self._slots:
            while not self._stop.is_set():
                try:
                    outcome = await self._attempt(message)
                except DatabaseUnavailable:
                    # An outage is not the event's fault and must not use up its deliveries.
                    await self._database_is_back()
                else:
                    _consumed.labels(self._consumer.name, outcome).inc()
                    return
            # Stopping: give it back for another process to take at once.
            await message.nak()

    async def _attempt(self, message: Msg) -> str:
        deliveries = message.metadata.num_delivered
        try:
            envelope = msgspec.json.decode(message.data, type=Envelope)
        except msgspec.DecodeError as error:
            return await self._bury(message, None, f"This is no event: {error}")
        if deliveries > self._consumer.deliveries_max and not await self._was_applied(envelope):
            # Only a process that dies or hangs with the event in hand leaves it unsettled.
            return await self._bury(message, envelope, "Its handler never came to an end.")
        try:
            applied = await self._apply(envelope)
        except Exception as error:
            if is_outage(error):
                raise
            return await self._failed(message, envelope, error)
        await message.ack()
        return "applied" if applied else "repeated"

    async def _apply(self, envelope: Envelope) -> bool:
        """Run the handler unless the event has been applied before; return whether it ran."""
        async with self._db.tx(envelope.organisation_id) as tx:
            return await self._run(tx, envelope)

    async def _run(self, tx: Tx, envelope: Envelope) -> bool:
        consumer = self._consumer
        with (
            span("consume", traceparent=envelope.traceparent, consumer=consumer.name),
            bound(
                organisation_id=str(envelope.organisation_id),
                event_id=str(envelope.id),
                consumer=consumer.name,
            ),
        ):
            if not await tx.fetchval(
                _CONSUME_SQL, envelope.organisation_id, consumer.name, envelope.id
            ):
                return False
            await consumer.handler(tx, envelope)
            return True

    async def _was_applied(self, envelope: Envelope) -> bool:
        async with self._db.tx(envelope.organisation_id) as tx:
            args = (envelope.organisation_id, self._consumer.name, envelope.id)
            return bool(await tx.fetchval(_WAS_CONSUMED_SQL, *args))

    async def _failed(self, message: Msg, envelope: Envelope, error: Exception) -> str:
        consumer, deliveries = self._consumer, message.metadata.num_delivered
        facts = {"consumer": consumer.name, "event_id": str(envelope.id), "type": envelope.type}
        if deliveries >= consumer.deliveries_max:
            log.error("event_failed_for_good", **facts, exc_info=error)
            return await self._bury(message, envelope, f"{type(error).__name__}: {error}")
        pause_s = backoff_s(deliveries, consumer.retry_first_s, consumer.retry_max_s)
        log.warning("event_failed", **facts, error=repr(error), retry_in_s=round(pause_s, 2))
        await message.nak(delay=pause_s)
        return "failed"

    async def _bury(self, message: Msg, envelope: Envelope | None, error: str) -> str:
        """Lay the message aside as a dead letter of its organisation, and be done with it."""
        organisation_id = envelope.organisation_id if envelope else _organisation_of(message)
        event_id = envelope.id if envelope else uuid5(NAMESPACE_OID, repr(message.data))
        log.error(
            "event_dead",
            consumer=self._consumer.name,
            subject=message.subject,
            event_id=str(event_id),
            error=error,
        )
        if organisation_id is not None:
            async with self._db.tx(organisation_id) as tx:
                await tx.execute(
                    _BURY_SQL,
                    organisation_id,
                    self._consumer.name,
                    event_id,
                    message.subject,
                    message.data,
                    error.replace("\x00", "")[:ERROR_CHARACTERS_MAX],
                    message.metadata.num_delivered,
                )
        await message.term()
        return "dead"

    async def _database_is_back(self) -> None:
        while not await passed(self._stop, DATABASE_POLL_S):
            try:
                await self._db.ping()
            except DatabaseUnavailable:
                continue
            return


def _organisation_of(message: Msg) -> UUID | None:
    """The organisation that the subject names; None when it names none."""
    try:
        return UUID(message.subject.split(".")[1])
    except (IndexError, ValueError):
        return None
