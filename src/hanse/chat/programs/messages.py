"""What a runner is asked, and what it answers: MessagePack in frames with their length before."""

import struct
from typing import Final

import msgspec
from msgspec import Struct

from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.reduction import Step
from hanse.chat.programs.sandbox import Fault

FRAME_BYTES_MAX: Final = 16 * 1024 * 1024
LENGTH: Final = struct.Struct(">I")


class Ready(Struct, frozen=True, tag=True):
    """The runner has shut itself in; `is_confined` if the system let it."""

    is_confined: bool


class Run(Struct, frozen=True, tag=True):
    """Feed events to a program, named by the hash of language and source, from a state on.

    `source` is left out if the runner should have it by now; without `state` it begins with its
    own. The runner stops early once more than `fuel_max` is used.
    """

    digest: bytes
    room_seed: bytes
    rights: Rights
    number: int
    state: bytes | None
    events: list[Event]
    fuel_max: int
    language: Language = Language.JAVASCRIPT
    source: str | None = None


class Ran(Struct, frozen=True, tag=True):
    """What came of the events, of the first ones at least, and the state after the last of them."""

    steps: list[Step]
    state: bytes


class Unknown(Struct, frozen=True, tag=True):
    """The runner does not have the source."""


class Unloadable(Struct, frozen=True, tag=True):
    """The program could not be loaded."""

    fault: Fault


Answer = Ready | Ran | Unknown | Unloadable

encode: Final = msgspec.msgpack.Encoder(uuid_format="bytes").encode
decode_run: Final = msgspec.msgpack.Decoder(Run).decode
_answers: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
decode_answer: Final = _answers.decode
