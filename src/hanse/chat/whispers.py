"""What is told and never kept: who writes, who is there, how far somebody has read.

Plain NATS messages, which may be lost: the next one makes up for it.
"""

from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.gateway.presence import Seen
from hanse.platform.bus import Bus, BusUnavailable

SUBJECT: Final = "chat.whisper"


class TypingNow(Struct, frozen=True, tag=True):
    """Somebody writes in a room."""

    organisation_id: UUID
    room_id: UUID
    member_id: UUID


class MarkerMoved(Struct, frozen=True, tag=True):
    """Somebody has read a room up to a number."""

    organisation_id: UUID
    room_id: UUID
    member_id: UUID
    read_number: int


class Here(Struct, frozen=True, tag=True):
    """A gateway tells who is there."""

    seen: Seen


class Came(Struct, frozen=True, tag=True):
    """A gateway has begun, and asks the others to tell who is at them."""


Whisper = TypingNow | MarkerMoved | Here | Came

_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final[msgspec.msgpack.Decoder[Whisper]] = msgspec.msgpack.Decoder(Whisper)


async def whisper(bus: Bus | None, what: Whisper) -> None:
    """Tell all gateways; a bus that is away is no error."""
    if bus is not None:
        with suppress(BusUnavailable):
            await bus.publish(SUBJECT, _encode(what))


def decoded(data: bytes) -> Whisper:
    """Return what was told. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
