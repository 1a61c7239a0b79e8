"""What follows events, and what became of events that nobody could take."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hanse.platform.bus import Envelope
from hanse.platform.database import Tx
from hanse.platform.telemetry import bound, span

Handler = Callable[[Tx, Sequence[Envelope]], Awaitable[None]]


def one_by_one(handle: Callable[[Tx, Envelope], Awaitable[None]]) -> Handler:
    """Return a handler that takes the events of a transaction one after the other."""
    name = getattr(handle, "__qualname__", repr(handle))

    async def handler(tx: Tx, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            with (
                span("consume", traceparent=envelope.traceparent, handler=name),
                bound(event_id=str(envelope.id)),
            ):
                await handle(tx, envelope)

    return handler


class Consumer(msgspec.Struct, frozen=True):
    """Something that follows events: `handler(tx, envelopes)` gets each of `types` once.

    `name` (letters, digits, `_`, `-`) identifies it for ever: what it has consumed is kept under
    it. `tx` belongs to the organisation of the events; raising rolls it back. Where `concerns(tx)`
    is false, the events that came are nothing to it, and not even a note is made of them. A new
    consumer begins with the oldest event of the stream. Times in seconds: a handler that shows no
    sign of life for `ack_wait_s` loses the event to another process; pauses between deliveries grow
    from `retry_first_s` to `retry_max_s`. With `concurrency` over 1 events overtake each other.
    """

    name: str
    types: tuple[str, ...]
    handler: Handler
    concerns: Callable[[Tx], Awaitable[bool]] | None = None
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
