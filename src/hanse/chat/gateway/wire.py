"""What is written to sockets: to one, or the same to many."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from picows import WSMsgType, WSTransport

from hanse.chat.gateway.frames import Frame

Send = Callable[[WSMsgType, bytes], Any]

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY


class Wire:
    """A socket of picows as the wire of a connection."""

    __slots__ = ("_transport", "is_msgpack")

    def __init__(self, transport: WSTransport, *, is_msgpack: bool) -> None:
        self._transport = transport
        self.is_msgpack = is_msgpack

    @property
    def send(self) -> Send:
        """What sends bytes as a frame of a type."""
        return self._transport.send

    def write(self, frame: Frame) -> None:
        """Send a frame in the socket's own form."""
        if self.is_msgpack:
            self._transport.send(WSMsgType.BINARY, frame.msgpack)
        else:
            self._transport.send(WSMsgType.TEXT, frame.json)

    def close(self, code: int, reason: str) -> None:
        """Say why, and close."""
        self._transport.send_close(code, reason.encode()[:120])  # type: ignore[arg-type]
        self._transport.disconnect()

    def ping(self) -> None:
        """Ask whether the client is there."""
        self._transport.send_ping()

    def abort(self) -> None:
        """Close without a word."""
        self._transport.disconnect(graceful=False)


class Audience:
    """Sockets that are sent the same. Each costs one call of the library and nothing besides.

    What is touched for each of thousands is not in the processor's cache any more, so the state of
    their connections is left alone.
    """

    __slots__ = ("_by_json", "_by_msgpack")

    def __init__(self, wires: Iterable[Wire]) -> None:
        self._by_json: list[Send] = []
        self._by_msgpack: list[Send] = []
        for wire in wires:
            (self._by_msgpack if wire.is_msgpack else self._by_json).append(wire.send)

    def write(self, frame: Frame) -> None:
        """Send a frame to each in its own form."""
        if self._by_json:
            text = frame.json
            for send in self._by_json:
                send(_TEXT, text)
        if self._by_msgpack:
            binary = frame.msgpack
            for send in self._by_msgpack:
                send(_BINARY, binary)
