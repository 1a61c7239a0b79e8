"""One connection to one scheduler: made again whenever it is lost, with many requests at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from itertools import count
from typing import Any

import msgspec

from hanse.inference.addresses import AddressError, Role, TlsFiles
from hanse.inference.connection import Connection
from hanse.inference.errors import InferenceUnavailable, InvalidItem, RequestTooLarge
from hanse.inference.frames import FrameError
from hanse.inference.job import Limits, ModelInfo
from hanse.inference.messages import (
    Answer,
    AskStatus,
    Cancel,
    Load,
    Models,
    Partial,
    Refused,
    Status,
    Submit,
    ToClient,
)
from hanse.inference.registry import Locate
from hanse.inference.transport import connect
from hanse.platform.telemetry import log

RECONNECT_FIRST_S = 0.05
RECONNECT_LAST_S = 1.0
STATUS_TIMEOUT_S = 5.0
READ_S = 0.5
SILENCE_S = 4.0
"""A scheduler that reported nothing for so long is gone."""
GREETING_TIMEOUT_S = 5.0
"""Time in which a scheduler must tell its models after it took a connection."""

_LIMITS = Limits()


class Link:
    """The connection to the scheduler that `locate` finds. `models` are those it last told.

    Requests that are under way when it is lost raise InferenceUnavailable. `load` is what the
    scheduler last reported, at `load_at` on the clock of the loop; None while it is away.
    """

    def __init__(self, locate: Locate, tls: TlsFiles | None) -> None:
        self.models: list[ModelInfo] | None = None
        self.load: Load | None = None
        self.load_at = 0.0
        self._locate = locate
        self._tls = tls
        self._heard = 0.0
        self._connection: Connection[ToClient] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, asyncio.Queue[str | None]] = {}
        self._ids = count(1)
        self._tried = asyncio.Event()
        self._greeted = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, locate: Locate, tls: TlsFiles | None = None) -> "Link":
        """Try to connect once, and keep on trying."""
        link = cls(locate, tls)
        link._keeper = asyncio.create_task(link._keep_connected())
        await link._tried.wait()
        return link

    async def close(self) -> None:
        """End the connection; whatever waits raises InferenceUnavailable."""
        self._connection = None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        self._fail_waiting("The client was closed.")

    async def submit(
        self, message: Callable[[int], Submit], *, timeout_s: float
    ) -> Answer | Refused:
        """Send the message that is made for an id; return the answer.

        Cancelling the caller takes the request back. Raises InferenceUnavailable, RequestTooLarge,
        InvalidItem.
        """
        request = next(self._ids)
        answer = await self._ask(request, message(request), timeout_s=timeout_s)
        assert isinstance(answer, Answer | Refused)
        return answer

    async def submit_streamed(
        self, message: Callable[[int], Submit], *, timeout_s: float
    ) -> AsyncGenerator[str | Answer | Refused, None]:
        """Like `submit`, but yield the pieces of the answer first, as they come.

        Closing the generator takes the request back.
        """
        request = next(self._ids)
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._streams[request] = pieces
        asking = asyncio.create_task(self._ask(request, message(request), timeout_s=timeout_s))
        asking.add_done_callback(lambda _task: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            answer = asking.result()
            assert isinstance(answer, Answer | Refused)
            yield answer
        finally:
            del self._streams[request]
            # This tells the scheduler, unless the answer is there.
            asking.cancel()

    async def status(self, message: Callable[[int], AskStatus]) -> dict[str, Any]:
        """Send the question that is made for an id; return the answer, in plain values."""
        request = next(self._ids)
        answer = await self._ask(request, message(request), timeout_s=STATUS_TIMEOUT_S)
        assert isinstance(answer, Status)
        return answer.status

    async def _ask(self, request: int, message: Submit | AskStatus, *, timeout_s: float) -> Any:
        connection = self._connection
        if connection is None:
            raise InferenceUnavailable("Inference is not reachable. Send the request again.")
        try:
            connection.send(message)
        except FrameError as error:
            raise RequestTooLarge(f"The request is too large to send. {error}") from error
        except UnicodeEncodeError as error:
            raise InvalidItem("An item is no valid Unicode text: it has half a pair.") from error
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[request] = future
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            connection.send(Cancel(request))
            raise InferenceUnavailable("Inference does not answer.") from None
        except asyncio.CancelledError:
            connection.send(Cancel(request))
            raise
        finally:
            del self._waiting[request]

    async def _keep_connected(self) -> None:
        pause_s = RECONNECT_FIRST_S
        while True:
            self._greeted.clear()
            self._lost.clear()
            try:
                connection = await self._connect()
            except (OSError, AddressError) as error:
                log.debug("inference not reachable", error=str(error))
            else:
                if await self._hold(connection):
                    pause_s = RECONNECT_FIRST_S
            self._tried.set()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RECONNECT_LAST_S)

    async def _connect(self) -> Any:
        address = await self._locate()
        if address is None:
            raise OSError("No scheduler is active.")
        return await connect(address, self._protocol, self._tls)

    async def _hold(self, connection: Connection[ToClient]) -> bool:
        """Stay until this connection is lost; return whether it could be used at all."""
        try:
            # Not wait_for, which before Python 3.12 loses a cancellation that comes with the event.
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                await self._greeted.wait()
            usable = self._connection is connection
            await self._until_lost(connection)
        except TimeoutError:
            return False
        finally:
            connection.cut("The client leaves.")
        return usable

    async def _until_lost(self, connection: Connection[ToClient]) -> None:
        # A scheduler reports in a rhythm: one that is silent is gone, though TCP may not know.
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self._lost.wait()
            except TimeoutError:
                # If this process itself was held up, what was sent meanwhile is yet to be read.
                await asyncio.sleep(READ_S)
                if loop.time() - self._heard > SILENCE_S:
                    connection.cut("Inference is silent.")
                    await self._lost.wait()

    def _protocol(self) -> Connection[ToClient]:
        return Connection(
            msgspec.msgpack.Decoder(ToClient),
            frame_bytes_max=_LIMITS.frame_bytes_max,
            buffer_bytes_max=_LIMITS.peer_buffer_bytes_max,
            made=lambda _connection: None,
            receive=self._received,
            lost=self._disconnected,
            peer_role=Role.SCHEDULER,
        )

    def _received(self, connection: Connection[ToClient], messages: list[ToClient]) -> None:
        self._heard = asyncio.get_running_loop().time()
        for message in messages:
            if isinstance(message, Load):
                self.load, self.load_at = message, self._heard
                continue
            if isinstance(message, Models):
                # The first message of all: from here on the connection may be used.
                self.models = message.models
                self._connection = connection
                self._greeted.set()
                self._tried.set()
                continue
            if isinstance(message, Partial):
                pieces = self._streams.get(message.id)
                if pieces is not None:
                    pieces.put_nowait(message.text)
                continue
            future = self._waiting.get(message.id)
            if future is not None and not future.done():
                future.set_result(message)

    def _disconnected(self, connection: Connection[ToClient], reason: str) -> None:
        if self._connection is connection:
            self._connection = None
            self.load = None
            log.warning("inference lost", reason=reason)
        self._greeted.set()
        self._lost.set()
        self._fail_waiting("Inference went away meanwhile. Send the request again.")

    def _fail_waiting(self, detail: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(InferenceUnavailable(detail))
