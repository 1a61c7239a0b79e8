"""How previews are told to the gateways."""

from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.previews.model import Previewed
from hanse.platform.bus import Bus, BusUnavailable

SUBJECT: Final = "chat.previewed"


class Told(Struct, frozen=True):
    """Previews on their way to the gateways."""

    organisation_id: UUID
    previewed: Previewed


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Told)


async def tell(bus: Bus, told: Told) -> None:
    """Tell all gateways; who misses it finds the previews in the history."""
    with suppress(BusUnavailable):
        await bus.publish(SUBJECT, _encode(told))


def decoded(data: bytes) -> Told:
    """Return what was told. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
