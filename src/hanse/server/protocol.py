"""uvicorn as we run it: our signals, and bounds that its fast parser does not have."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 16 * 1024
"""Request line and headers, as in the contract of the text API."""
CHUNK_BYTES_MAX = 256 * 1024
"""The event loop reads at most this much at a time, so a body's start may come with the head."""
RECEIVE_TIMEOUT_S = 60.0
"""Time for a whole request to arrive."""


class Server(uvicorn.Server):
    """A server that leaves signals to its caller, who sets `should_exit`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: uvicorn would send the signal again, and a good end look like a bad one."""
        yield


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses a head that is too large (431) and closes on a request that does not end (408)."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_bytes = 0
        self._in_head = True
        self._refused = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Called by the event loop."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._waited()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX + CHUNK_BYTES_MAX:
                self._refuse(b"431 Request Header Fields Too Large")
        if not self._refused:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Called by the parser."""
        super().on_message_begin()
        self._in_head = True
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for the head and for trailers, which nobody here reads."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_head = False
        self._head_bytes = 0
        fields = sum(len(name) + len(value) for name, value in self.headers)
        if len(self.url) + fields > HEAD_BYTES_MAX:
            self._refuse(b"431 Request Header Fields Too Large")
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._in_head = True
        self._waited()
        if not self._refused:
            super().on_message_complete()

    def _wait(self) -> None:
        self._waited()
        self._patience = self.loop.call_later(
            RECEIVE_TIMEOUT_S, self._refuse, b"408 Request Timeout"
        )

    def _waited(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, status: bytes) -> None:
        self._refused = True
        self.transport.write(
            b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        self.transport.close()
