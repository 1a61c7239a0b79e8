"""The client of the scheduler: many requests at once over one connection."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.inference.addresses import Address, AddressError, Role, TlsFiles, UnixAddress
from hanse.inference.connection import Connection
from hanse.inference.errors import (
    InferenceUnavailable,
    InvalidItem,
    ItemFailed,
    Outcome,
    RequestTooLarge,
    TextOutcome,
    to_problem,
)
from hanse.inference.frames import FrameError
from hanse.inference.job import Limits, ModelInfo, Output, ServiceClass
from hanse.inference.messages import (
    Answer,
    AskStatus,
    Cancel,
    Failure,
    Load,
    Models,
    Partial,
    Refused,
    Status,
    Submit,
    ToClient,
    unwrapped,
)
from hanse.inference.registry import Locate, located
from hanse.inference.transport import connect
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

RECONNECT_FIRST_S = 0.05
RECONNECT_LAST_S = 1.0
GRACE_S = 30.0
"""Time beyond its deadline after which a request is taken for lost."""
STATUS_TIMEOUT_S = 5.0
READ_S = 0.5
SILENCE_S = 4.0
"""A scheduler that reported nothing for so long is gone."""
GREETING_TIMEOUT_S = 5.0
"""Time in which a scheduler must tell its models after it took a connection."""

_LIMITS = Limits()


class Ended(Struct, frozen=True):
    """The last of a stream: why the model's answer ended."""

    reason: str


class InferenceClient:
    """A connection to the scheduler, which is made again whenever it is lost.

    Requests that are under way when it is lost raise InferenceUnavailable; they may be sent again,
    since computing something twice harms nobody.
    """

    def __init__(self, locate: Locate, tls: TlsFiles | None = None) -> None:
        self._locate = locate
        self._tls = tls
        self.load: Load | None = None
        """What the scheduler last reported, at `load_at` on the clock of the loop."""
        self.load_at = 0.0
        self._heard = 0.0
        self._connection: Connection[ToClient] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, asyncio.Queue[str | None]] = {}
        self._ids = count(1)
        self._models: list[ModelInfo] | None = None
        self._tried = asyncio.Event()
        self._greeted = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, where: Path | Address | Locate, tls: TlsFiles | None = None) -> Self:
        """Connect to the scheduler at a Unix socket, an address, or wherever it is at the time.

        If it is not there yet, this succeeds all the same, and the connection is made when it is.
        A TLS address needs `tls`.
        """
        if isinstance(where, Path):
            where = UnixAddress(where)
        client = cls(where if callable(where) else located(where), tls)
        client._keeper = asyncio.create_task(client._keep_connected())
        await client._tried.wait()
        return client

    async def close(self) -> None:
        """End the connection; whatever waits raises InferenceUnavailable."""
        self._connection = None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        self._fail_waiting("The client was closed.")

    async def models(self) -> list[ModelInfo]:
        """Return the models that can be asked for, as last told by the scheduler.

        Raises InferenceUnavailable as long as it was never reached.
        """
        if self._models is None:
            raise InferenceUnavailable("Inference is not reachable yet. Try again.")
        return self._models

    async def run(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        then: Sequence[str] = (),
    ) -> list[str]:
        """Return the results of all items, in order; `deadline_s` counts from now.

        Results go through the models of `then`, one after the other, without coming back in
        between; an empty one goes no further, and is the answer.

        Cancelling the caller takes the work out of the queue.

        Raises InferenceUnavailable, Overloaded, OrganisationOverloaded, DeadlineExceeded,
        UnknownModel, ModelTooLarge, ModelFailed, ItemTooLong, InvalidItem, RequestTooLarge, and, if
        a single item could not be computed, its ItemFailed or ModelFailed.
        """
        outcomes = await self.run_each(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=service_class,
            deadline_s=deadline_s,
            then=then,
        )
        results: list[str] = []
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                raise outcome
            results.append(outcome)
        return results

    async def run_each(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        then: Sequence[str] = (),
    ) -> list[TextOutcome]:
        """Like `run`, but return the error of a single item in its place (see there)."""
        outcomes = await self.compute(
            organisation_id=organisation_id,
            model=model,
            items=items,
            service_class=service_class,
            deadline_s=deadline_s,
            then=then,
        )
        return [
            ItemFailed("The result is no text.") if isinstance(one, bytes) else one
            for one in outcomes
        ]

    async def compute(
        self,
        *,
        organisation_id: UUID,
        model: str,
        items: Sequence[str],
        service_class: ServiceClass,
        deadline_s: float,
        output: Output = Output.TEXT,
        then: Sequence[str] = (),
    ) -> list[Outcome]:
        """Like `run_each`, for models whose results are text or bytes, and other outputs.

        An engine that does not give `output` fails the items.
        """
        if not items:
            return []
        request = next(self._ids)
        submit = Submit(
            request,
            organisation_id,
            model,
            tuple(items),
            service_class,
            deadline_s,
            output,
            tuple(then),
        )
        answer = await self._ask(request, submit, timeout_s=max(0.0, deadline_s) + GRACE_S)
        if isinstance(answer, Refused):
            raise to_problem(answer.failure)
        assert isinstance(answer, Answer)
        return [
            to_problem(one) if isinstance(one, Failure) else unwrapped(one)
            for one in answer.outcomes
        ]

    async def stream(
        self,
        *,
        organisation_id: UUID,
        model: str,
        item: str,
        service_class: ServiceClass,
        deadline_s: float,
    ) -> AsyncGenerator[str | Ended, None]:
        """Yield the pieces of the answer to one item as they come, and at last why it ended.

        Closing the generator ends the work, wherever it is. Raises what `run` raises, possibly
        after the first pieces.
        """
        request = next(self._ids)
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._streams[request] = pieces
        asking = asyncio.create_task(
            self._ask(
                request,
                Submit(
                    request,
                    organisation_id,
                    model,
                    (item,),
                    service_class,
                    deadline_s,
                    Output.STREAMED,
                ),
                timeout_s=max(0.0, deadline_s) + GRACE_S,
            )
        )
        asking.add_done_callback(lambda _task: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            answer = asking.result()
            if isinstance(answer, Refused):
                raise to_problem(answer.failure)
            assert isinstance(answer, Answer)
            [outcome] = answer.outcomes
            if isinstance(outcome, Failure):
                raise to_problem(outcome)
            yield Ended(str(unwrapped(outcome)))
        finally:
            del self._streams[request]
            # This tells the scheduler, unless the answer is there.
            asking.cancel()

    async def status(self) -> dict[str, Any]:
        """Return how the fleet is, in plain values. Raises InferenceUnavailable."""
        request = next(self._ids)
        answer = await self._ask(request, AskStatus(request), timeout_s=STATUS_TIMEOUT_S)
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
                self._models = message.models
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
