"""What gateways are told of messages besides the log: translations, and previews of links.

Plain NATS messages, which may be lost: what was told stands in the history as well.
"""

from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.previews.model import Previewed
from hanse.chat.translations.model import Translated
from hanse.platform.bus import Bus, BusUnavailable

SUBJECT: Final = "chat.annotated"


class Translation(Struct, frozen=True, tag=True):
    """A message in another language."""

    organisation_id: UUID
    translated: Translated


class Previews(Struct, frozen=True, tag=True):
    """What stands behind the links of a message."""

    organisation_id: UUID
    previewed: Previewed


Annotation = Translation | Previews

_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final[msgspec.msgpack.Decoder[Annotation]] = msgspec.msgpack.Decoder(Annotation)


async def tell(bus: Bus, annotation: Annotation) -> None:
    """Tell all gateways; a bus that is away is no error."""
    with suppress(BusUnavailable):
        await bus.publish(SUBJECT, _encode(annotation))


def decoded(data: bytes) -> Annotation:
    """Return what was told. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
