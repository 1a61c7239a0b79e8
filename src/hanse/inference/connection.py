"""One end of a connection in an event loop (see `frames` for what travels on it)."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import msgspec

from hanse.inference.addresses import Role, has_role, watch_peer
from hanse.inference.frames import FrameError, FrameReader, encode

M = TypeVar("M")


class Connection(asyncio.Protocol, Generic[M]):
    """One end of a connection in an event loop.

    `receive` gets all messages that came in together, so that they can be handled as one. What is
    sent during one turn of the loop leaves in one write. `lost` is called once at the end, with the
    reason if there is one. A peer that leaves more than `buffer_bytes_max` unread is cut off, and
    so is, over TLS, one whose certificate does not name `peer_role`.
    """

    def __init__(
        self,
        decoder: "msgspec.msgpack.Decoder[M]",
        *,
        frame_bytes_max: int,
        buffer_bytes_max: int,
        made: Callable[["Connection[M]"], None],
        receive: Callable[["Connection[M]", list[M]], None],
        lost: Callable[["Connection[M]", str], None],
        peer_role: Role,
    ) -> None:
        self._peer_role = peer_role
        self._reader = FrameReader(decoder, frame_bytes_max)
        self._frame_bytes_max = frame_bytes_max
        self._buffer_bytes_max = buffer_bytes_max
        self._made = made
        self._receive = receive
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._reason = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        # A cast: the transports of uvloop are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        if transport.get_extra_info("sslcontext") is not None:
            watch_peer(transport.get_extra_info("socket"))
            if not has_role(transport.get_extra_info("peercert"), self._peer_role):
                self._reason = f"Its certificate is not that of a {self._peer_role.value}."
                self._transport.abort()
                self._transport = None
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        try:
            messages = self._reader.feed(data)
        except FrameError as error:
            self.cut(str(error))
            return
        if messages and self._transport is not None:
            self._receive(self, messages)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._transport = None
        self._outgoing.clear()
        self._lost(self, self._reason or (str(exc) if exc else "The peer closed the connection."))

    def send(self, message: Any) -> None:
        """Send a message at the end of this turn; without effect once the connection is lost.

        Raises FrameError if it is too large, and UnicodeEncodeError for lone surrogates.
        """
        frame = encode(message, self._frame_bytes_max)
        if self._transport is None:
            return
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing.append(frame)

    def cut(self, reason: str) -> None:
        """Close at once, without sending what waits; `lost` is called with `reason`."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Send what waits, then close."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        if self._transport is None or not self._outgoing:
            return
        self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()
        if self._transport.get_write_buffer_size() > self._buffer_bytes_max:
            self.cut("The peer does not read its answers.")
