"""The way of events through a consumer's handler: applied, tried again later, or laid aside."""

import asyncio
from itertools import groupby
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from nats.aio.msg import Msg
from prometheus_client import Counter

from hanse.platform.bus import Envelope
from hanse.platform.consumers import store
from hanse.platform.consumers.model import Consumer
from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.problems import NotFound
from hanse.platform.telemetry import bound, log
from hanse.platform.waiting import backoff_s, is_outage, passed

DATABASE_POLL_S = 0.5

_consumed = Counter(
    "hanse_events_consumed_total",
    "Deliveries of events, by what came of them.",
    ["consumer", "outcome"],
)


async def retry_dead_letter(tx: Tx, consumer: Consumer, event_id: UUID) -> None:
    """Apply a dead letter of the organisation now, in this transaction, and remove it.

    Raises NotFound, what the handler raises (then nothing has changed once the caller rolls back),
    and msgspec.DecodeError if the message is no event.
    """
    message = await store.take_dead_letter(tx, consumer.name, event_id)
    if message is None:
        raise NotFound(f"There is no dead letter {event_id} of {consumer.name}.")
    envelope = msgspec.json.decode(message, type=Envelope)
    if await store.note_consumed(tx, consumer.name, [event_id]):
        await consumer.handler(tx, [envelope])


class Work:
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
        if any(each.organisation_id != organisation_id for each in envelopes) or any(
            message.metadata.num_delivered > 1 for message in messages
        ):
            raise ValueError("an event that must be taken alone")
        async with self._db.tx(organisation_id) as tx:
            return await self._run(tx, envelopes)

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
            outcome = await self._apply(envelope)
        except Exception as error:
            if is_outage(error):
                raise
            return await self._failed(message, envelope, error)
        await message.ack()
        return outcome

    async def _apply(self, envelope: Envelope) -> str:
        """Run the handler unless the event has been applied before; return what came of it."""
        async with self._db.tx(envelope.organisation_id) as tx:
            [outcome] = await self._run(tx, [envelope])
            return outcome

    async def _run(self, tx: Tx, envelopes: list[Envelope]) -> list[str]:
        """Run the handler for the events that have not been applied before; return the outcomes."""
        consumer = self._consumer
        if consumer.concerns is not None and not await consumer.concerns(tx):
            return ["ignored"] * len(envelopes)
        new = await store.note_consumed(tx, consumer.name, [each.id for each in envelopes])
        outcomes, left = [], []
        for envelope in envelopes:
            is_new = envelope.id in new
            outcomes.append("applied" if is_new else "repeated")
            if is_new:
                new.remove(envelope.id)  # the same event may have come twice
                left.append(envelope)
        if left:
            with bound(organisation_id=str(tx.organisation_id), consumer=consumer.name):
                await consumer.handler(tx, left)
        return outcomes

    async def _was_applied(self, envelope: Envelope) -> bool:
        async with self._db.tx(envelope.organisation_id) as tx:
            return await store.was_consumed(tx, self._consumer.name, envelope.id)

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
                await store.insert_dead_letter(
                    tx,
                    self._consumer.name,
                    event_id,
                    subject=message.subject,
                    message=message.data,
                    error=error,
                    deliveries=message.metadata.num_delivered,
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
