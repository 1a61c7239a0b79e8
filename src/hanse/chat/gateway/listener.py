"""The sockets themselves, by picows: bytes in, operations out."""

import time
from typing import Final

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from hanse.chat.gateway import frames
from hanse.chat.gateway.connection import TOO_SLOW, UNREADABLE, Connection
from hanse.chat.gateway.frames import FRAME_BYTES_MAX
from hanse.chat.gateway.hub import Hub
from hanse.chat.gateway.operations import Operations
from hanse.chat.gateway.wire import Wire
from hanse.chat.log.rules import InvalidEvent
from hanse.chat.tickets import Credentials

WRITE_BUFFER_BYTES: Final = 256 * 1024
"""What may wait for a client; beyond it the socket is sent nothing until it has read."""
READ_BUFFER_BYTES: Final = 1024
SLOW_S: Final = 15.0
"""Time in which a client must have read that, or it loses the socket."""
ABORT_S: Final = 5.0
PING_S: Final = 30.0
"""Silence after which a client is asked whether it is there, and the time that it has to answer."""

_DATA: Final = (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION)


class SocketListener(WSListener):
    """Calls of picows for one socket."""

    __slots__ = (
        "_connection",
        "_credentials",
        "_hub",
        "_is_msgpack",
        "_operations",
        "_parts",
        "_transport",
    )

    def __init__(
        self,
        hub: Hub,
        operations: Operations,
        credentials: Credentials | None,
        *,
        is_msgpack: bool,
    ) -> None:
        self._hub = hub
        self._operations = operations
        self._credentials = credentials
        self._is_msgpack = is_msgpack
        self._parts: list[bytes] = []
        self._connection: Connection
        self._transport: WSTransport

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._transport = transport
        # They are kept as long as the socket, with the caller's secret among them.
        transport.request.headers.clear()
        transport.response.headers.clear()
        transport.underlying_transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        wire = Wire(transport, is_msgpack=self._is_msgpack)
        self._connection = Connection(wire, self._credentials)
        self._hub.opened(self._connection)
        if self._credentials is not None:
            self._connection.enter_first(
                self._operations.enter(self._connection, self._credentials)
            )

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Something came from the client."""
        self._connection.heard_at = time.monotonic()
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.msg_type in _DATA:
            self._data(frame)

    def _data(self, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if not frame.fin or self._parts:
            self._parts.append(payload)
            if sum(map(len, self._parts)) > FRAME_BYTES_MAX:
                self._connection.close(UNREADABLE, "too long")
            if not frame.fin:
                return
            payload = b"".join(self._parts)
            self._parts.clear()
        try:
            asked = frames.decoded(payload, is_text=not self._is_msgpack)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem = InvalidEvent(f"This frame cannot be read: {error}")
            self._connection.say(frames.failed(problem))
            return
        self._connection.take(asked, self._operations.run)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """The socket is gone."""
        self._hub.closed(self._connection)

    def pause_writing(self) -> None:
        """The client does not read: send it nothing more, and take nothing from it."""
        self._connection.paused_at = time.monotonic()
        self._hub.paused(self._connection)
        self._transport.underlying_transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read what waited."""
        self._transport.underlying_transport.resume_reading()
        self._hub.resumed(self._connection)


def cut_if_slow(connection: Connection, now: float) -> None:
    """Close a socket whose client has not read for too long; it may resume with another."""
    if connection.paused_at is None:
        return
    waited_s = now - connection.paused_at
    if waited_s > SLOW_S + ABORT_S:
        connection.abort()
    elif waited_s > SLOW_S:
        connection.close(TOO_SLOW, "read faster, and resume")


def cut_if_silent(connection: Connection, now: float) -> None:
    """Ask a client that says nothing whether it is there; one that does not answer is cut off.

    A ping of our own each: a timer of the library for each socket takes kilobytes.
    """
    is_asked = connection.pinged_at > connection.heard_at
    if is_asked and now - connection.pinged_at > PING_S:
        connection.abort()
    elif not is_asked and now - connection.heard_at > PING_S:
        connection.pinged_at = now
        connection.ping()
