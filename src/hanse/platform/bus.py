"""The bus: NATS JetStream, which delivers events. It is a bell; PostgreSQL is the record.

Everything that is on the stream is also in the outbox for as long, so a stream that was lost is
filled again by the relay.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import (
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.client import JetStreamContext

from hanse.platform.outbox import Event
from hanse.platform.problems import Unavailable
from hanse.platform.telemetry import log

STREAM = "events"
STREAM_MAX_AGE_S = 7 * 24 * 3600

FIRST_CONNECT_TIMEOUT_S = 2.0
RECONNECT_PAUSE_S = 0.25
PING_INTERVAL_S = 10
PING_TIMEOUT_S = 1
CLOSE_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 5.0

AnEvent = TypeVar("AnEvent", bound=Event)
_ClassOf = type[AnEvent]  # inside Envelope, `type` is its field


class StreamLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream keeps: the oldest events give way first, whether consumed or not.

    `max_age_s` and `duplicate_window_s` in seconds. Within the duplicate window NATS itself drops
    an event that is published twice; beyond it the consumers do.
    """

    max_age_s: int = STREAM_MAX_AGE_S
    max_bytes: int = 1024**3
    duplicate_window_s: int = 120
    replicas: int = 1


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event on the wire: the JSON body of a message on `events.<organisation_id>.<type>`."""

    id: UUID
    type: str
    organisation_id: UUID
    created_at: datetime
    data: msgspec.Raw
    traceparent: str | None = None

    def decode(self, event: _ClassOf[AnEvent]) -> AnEvent:
        """Return the data as the given Struct. Raises msgspec.ValidationError if it is another."""
        return msgspec.json.decode(self.data, type=event)


class BusUnavailable(Unavailable):
    """NATS cannot be reached at the moment."""

    code = "bus_unavailable"
    title = "Event bus unavailable"


class Listening:
    """A subscription to plain messages, which outlives the connection that it was made on."""

    def __init__(self, subject: str, callback: Callable[[Msg], Awaitable[None]]) -> None:
        self._subject = subject
        self._callback = callback
        self._client: Client | None = None
        self._subscription: Any = None

    async def begin(self, client: Client) -> None:
        """Ask this connection for the messages, once."""
        if client is self._client:
            return
        self._client = client
        self._subscription = await client.subscribe(self._subject, cb=self._callback)

    async def end(self) -> None:
        """Ask for no more of them."""
        if self._subscription is not None:
            # A connection that is gone has nothing left to end.
            with suppress(nats.errors.Error, OSError):
                await self._subscription.unsubscribe()


class Bus:
    """A connection to NATS that is kept up for as long as the process lives."""

    def __init__(self, nats_url: str, name: str) -> None:
        self._url = nats_url
        self._name = name
        self._closing = False
        self._told: set[str] = set()
        self._listening: list[Listening] = []
        self._beginning: set[asyncio.Task[None]] = set()
        self._client = Client()
        self._connecting = asyncio.create_task(self._connect(self._client))

    async def _connect(self, client: Client) -> None:
        await client.connect(
            self._url,
            name=self._name,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnect,
            closed_cb=self._on_closed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_PAUSE_S,  # type: ignore[arg-type]  # any number of seconds
            ping_interval=PING_INTERVAL_S,
        )
        for each in self._listening:
            await each.begin(client)

    def follow(self, subject: str, handle: Callable[[bytes], None]) -> None:
        """Give every message on a subject that comes by while connected to `handle`.

        For what may be missed: each process gets it, nothing is kept for one that is away, and
        nothing is acknowledged. What must not be missed is for `hanse.platform.consumers`.
        """

        async def on_message(message: Msg) -> None:
            try:
                handle(message.data)
            except Exception as error:  # the edge: one message must not end the following
                log.warning("bus_message_not_handled", subject=message.subject, exc_info=error)

        task = asyncio.create_task(self._begin(Listening(subject, on_message)))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, listening: Listening) -> None:
        self._listening.append(listening)
        if self._client.is_connected:
            with suppress(nats.errors.Error, OSError):  # then it begins with the next connection
                await listening.begin(self._client)

    async def _on_error(self, error: Exception) -> None:
        # Each attempt of a long outage fails in the same words: say them once.
        text = f"{type(error).__name__}: {error}"
        if text not in self._told:
            self._told.add(text)
            log.warning("bus_error", error=text)

    async def _on_reconnect(self) -> None:
        self._told.clear()
        log.info("bus_reconnected")

    async def _on_closed(self) -> None:
        # The client closes itself for good on any error but a lost connection (too many
        # connections, credentials being changed, ...).
        if not self._closing:
            await asyncio.sleep(RECONNECT_PAUSE_S)
            self._client = Client()
            self._connecting = asyncio.create_task(self._connect(self._client))

    async def first_attempt(self) -> None:
        """Wait until connected, for at most FIRST_CONNECT_TIMEOUT_S. Raises ValueError."""
        await asyncio.wait({self._connecting}, timeout=FIRST_CONNECT_TIMEOUT_S)
        if self._connecting.done():
            self._connecting.result()

    @property
    def jetstream(self) -> JetStreamContext:
        """The JetStream side of the connection. Raises BusUnavailable while there is none."""
        if not self._client.is_connected:
            raise BusUnavailable("The event bus cannot be reached.")
        return self._client.jetstream(timeout=REQUEST_TIMEOUT_S)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send a plain message to whoever listens now; it may be lost. Raises BusUnavailable."""
        if not self._client.is_connected:
            raise BusUnavailable("The event bus cannot be reached.")
        try:
            await self._client.publish(subject, data)
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"The event bus cannot be reached: {error}") from error

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes | None:
        """Send a plain message and return the first answer; None if nobody listens.

        Raises BusUnavailable, and TimeoutError if whoever listens does not answer.
        """
        if not self._client.is_connected:
            raise BusUnavailable("The event bus cannot be reached.")
        try:
            message = await self._client.request(subject, data, timeout=timeout_s)
        except nats.errors.NoRespondersError:
            return None
        except (nats.errors.TimeoutError, TimeoutError):
            raise TimeoutError from None
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"The event bus cannot be reached: {error}") from error
        return message.data

    async def subscribe(
        self, subject: str, callback: Callable[[Msg], Awaitable[None]]
    ) -> Listening:
        """Call `callback` for each plain message that comes from now on, one after the other.

        Messages of a time without connection are lost.
        """
        listening = Listening(subject, callback)
        await self._begin(listening)
        return listening

    async def unsubscribe(self, listening: Listening) -> None:
        """End a subscription."""
        self._listening.remove(listening)
        await listening.end()

    async def ping(self) -> None:
        """Raise BusUnavailable unless NATS answers within PING_TIMEOUT_S."""
        if not self._client.is_connected:
            raise BusUnavailable("The event bus cannot be reached.")
        try:
            await self._client.flush(timeout=PING_TIMEOUT_S)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusUnavailable("The event bus does not answer.") from error

    async def ensure_stream(self, limits: StreamLimits) -> StreamInfo:
        """Create the stream of events, or give it these limits; return what it is now.

        Raises BusUnavailable.
        """
        jetstream = self.jetstream
        config = StreamConfig(
            name=STREAM,
            subjects=[f"{STREAM}.>"],
            storage=StorageType.FILE,
            retention=RetentionPolicy.LIMITS,
            # A full stream forgets its oldest events rather than refusing new ones.
            discard=DiscardPolicy.OLD,
            max_age=limits.max_age_s,
            max_bytes=limits.max_bytes,
            duplicate_window=limits.duplicate_window_s,
            num_replicas=limits.replicas,
        )
        try:
            try:
                return await jetstream.update_stream(config)
            except nats.js.errors.NotFoundError:
                return await jetstream.add_stream(config)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusUnavailable(f"The event stream cannot be had: {error}") from error

    async def close(self) -> None:
        """Close the connection, or stop trying to make one."""
        self._closing = True
        self._connecting.cancel()
        await asyncio.wait({self._connecting})
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._client.close()
        except (nats.errors.Error, OSError, TimeoutError) as error:
            log.debug("bus_close_failed", error=str(error))


async def connect_bus(nats_url: str, *, name: str = "hanse") -> Bus:
    """Connect to NATS, for at most FIRST_CONNECT_TIMEOUT_S; then go on trying in the background.

    Returns in either case, so that a process starts while NATS is away: `Bus.ping` tells.
    Raises ValueError when the URL is none.
    """
    bus = Bus(nats_url, name)
    await bus.first_attempt()
    return bus


def subject(organisation_id: UUID | str, event_type: str) -> str:
    """Return the subject of an event; `*` as the organisation stands for all of them."""
    return f"{STREAM}.{organisation_id}.{event_type}"
