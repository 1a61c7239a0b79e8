"""What asks for translations, and how they are told."""

from contextlib import suppress
from typing import ClassVar, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.translations.model import Translated
from hanse.platform.bus import Bus, BusUnavailable
from hanse.platform.outbox import Event

SUBJECT: Final = "chat.translated"


class TranslationsWanted(Event, frozen=True, kw_only=True):
    """Somebody came to messages that are not there in what they read."""

    type: ClassVar[str] = "chat.translations_wanted.v1"

    room_id: UUID
    numbers: list[int]
    languages: list[str]


class Told(Struct, frozen=True):
    """A translation on its way to the gateways."""

    organisation_id: UUID
    translated: Translated


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Told)


async def tell(bus: Bus, told: Told) -> None:
    """Tell all gateways; who misses it finds the translation in the history."""
    with suppress(BusUnavailable):
        await bus.publish(SUBJECT, _encode(told))


def decoded(data: bytes) -> Told:
    """Return what was told. Raises msgspec.DecodeError."""
    return _decoder.decode(data)
