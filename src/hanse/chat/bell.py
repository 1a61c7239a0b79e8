"""The bell: frames over NATS that say what was appended. PostgreSQL is the record.

A frame may be lost, come twice, or come late: whoever listens compares numbers and reads what is
missing from the log.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.log.model import Event, shard_of
from hanse.platform.bus import Bus, BusUnavailable

FRAME_BYTES_MAX: Final = 256 * 1024
"""A longer one goes without its events, which are then read from the log."""

ALL: Final = "chat.bell.*"


class Ring(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One frame: the log of a room reaches `head`; `events` are the last ones up to it, or none."""

    organisation_id: UUID
    room_id: UUID
    head: int
    events: tuple[Event, ...] = ()


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Ring)


async def ring(bus: Bus | None, organisation_id: UUID, events: Sequence[Event]) -> None:
    """Tell everybody who listens about events that were committed. A bus that is away is no error.

    Events of one room must follow each other in their order.
    """
    if bus is None:
        return
    rooms = sorted(events, key=lambda event: event.room_id)
    for room_id, group in groupby(rooms, lambda event: event.room_id):
        new = tuple(group)
        frame = Ring(
            organisation_id=organisation_id, room_id=room_id, head=new[-1].number, events=new
        )
        data = _encoder.encode(frame)
        if len(data) > FRAME_BYTES_MAX:
            data = _encoder.encode(msgspec.structs.replace(frame, events=()))
        try:
            await bus.publish(f"chat.bell.{shard_of(room_id)}", data)
        except BusUnavailable:
            return


def decoded(data: bytes) -> Ring:
    """Return the frame. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
