"""Length-prefixed MessagePack frames, and the blocking end of a connection.

A frame is a u32 (big endian) with the length of its body, then the body: one message (`messages`).
A body larger than `frame_bytes_max` is refused before it is read, so a peer cannot make this
process hold more than that. The end for an event loop is in `connection`, since workers do without
asyncio.
"""

import socket
import struct
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

M = TypeVar("M")

_LENGTH = struct.Struct(">I")
_RECEIVE_BYTES = 256 * 1024


class FrameError(Exception):
    """The peer sent something that is no frame or no message: the connection must be closed."""


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")


def encode(message: Any, frame_bytes_max: int) -> bytes:
    """Return the frame of a message.

    Raises FrameError if its body is larger than `frame_bytes_max`, and UnicodeEncodeError for text
    with lone surrogates.
    """
    body = _encoder.encode(message)
    if len(body) > frame_bytes_max:
        raise FrameError(f"A message of {len(body)} bytes; at most {frame_bytes_max} are sent.")
    return _LENGTH.pack(len(body)) + body


class FrameReader(Generic[M]):
    """Turns a stream of bytes into messages of one union type."""

    def __init__(self, decoder: "msgspec.msgpack.Decoder[M]", frame_bytes_max: int) -> None:
        self._decoder = decoder
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> list[M]:
        """Return the messages that are complete with `data`; the rest is kept.

        Raises FrameError if they cannot be; the reader is of no use after that.
        """
        buffer = self._buffer
        buffer += data
        messages: list[M] = []
        start = 0
        try:
            with memoryview(buffer) as view:
                while len(buffer) - start >= _LENGTH.size:
                    (length,) = _LENGTH.unpack_from(buffer, start)
                    if length > self._frame_bytes_max:
                        raise FrameError(f"A frame of {length} bytes is announced.")
                    end = start + _LENGTH.size + length
                    if end > len(buffer):
                        break
                    with view[start + _LENGTH.size : end] as body:
                        messages.append(self._decoder.decode(body))
                    start = end
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FrameError(f"No message of this protocol: {error}") from error
        del buffer[:start]
        return messages


class BlockingConnection(Generic[M]):
    """One end of a connection for a process that does one thing after the other."""

    def __init__(
        self,
        peer: socket.socket,
        decoder: "msgspec.msgpack.Decoder[M]",
        *,
        frame_bytes_max: int,
    ) -> None:
        self._socket = peer
        self._reader = FrameReader(decoder, frame_bytes_max)
        self._frame_bytes_max = frame_bytes_max
        # Kept: a new one of this size is mapped into memory, and unmapped, every time.
        self._received = memoryview(bytearray(_RECEIVE_BYTES))

    def fileno(self) -> int:
        """Return the descriptor, to wait on."""
        return self._socket.fileno()

    def receive(self) -> list[M] | None:
        """Return what arrived, possibly no whole message yet; None at the end of the stream.

        Blocks until something arrives. Raises FrameError.
        """
        size = self._socket.recv_into(self._received)
        if not size:
            return None
        messages = self._reader.feed(self._received[:size])
        # TLS may have taken more off the socket than it gave: nobody would be told to read that.
        pending: Callable[[], int] = getattr(self._socket, "pending", lambda: 0)
        while (left := pending()) and (data := self._socket.recv(left)):
            messages += self._reader.feed(data)
        return messages

    def send(self, message: Any) -> None:
        """Send a message. Raises FrameError if it is too large, OSError if the peer is gone."""
        self._socket.sendall(encode(message, self._frame_bytes_max))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
