"""Programs of rooms as they are kept. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.programs.guests import Language
from hanse.chat.programs.sandbox import Fault

GRANTS: Final = ("delete", "http", "moderate", "translate")
"""What whoever puts a program into a room may let it do beyond it."""

FAULTS_MAX: Final = 20
"""Events in a row at which a program may fail before it is stopped."""
LIMITS_MAX: Final = 3
"""The same, of those at which it runs into a limit of the sandbox."""
LIMIT_CODES: Final = frozenset({"fuel", "memory", "stack", "crashed"})

FUEL_PER_MINUTE: Final = 1_000_000_000
"""Of one program: some 100 ms of a core. Beyond it, its events wait."""
FUEL_AT_ONCE: Final = FUEL_PER_MINUTE // 4
"""Of that, so much in a row."""
EFFECTS_PER_MINUTE: Final = 240


class Status(StrEnum):
    """What is with a program."""

    RUNNING = "running"
    PAUSED = "paused"
    """Somebody lets it stand still."""
    STOPPED = "stopped"
    """It ran into a limit, or failed again and again."""
    DELETED = "deleted"


class RoomProgram(Struct, frozen=True, kw_only=True):
    """A program of a room. `id` is the sender of what it posts.

    `version` is the one that runs or did last, of `versions`; `reason` says why it was stopped.
    """

    id: UUID
    room_id: UUID
    name: str
    status: Status
    reason: str | None
    version: int
    versions: int
    allowed: list[str]
    created_by: UUID
    created_at: datetime


class Progress(Struct, frozen=True, kw_only=True):
    """How far a program is: handled up to event `cursor` of its room's log, whose end is `head`.

    `events` counts those that it was given, `fuel` the instructions that they took.
    """

    cursor: int
    head: int
    state_hash: str | None
    events: int
    fuel: int


class Version(Struct, frozen=True, kw_only=True):
    """A version of a program, without its source."""

    number: int
    language: Language
    created_by: UUID
    created_at: datetime


class Entry(Struct, frozen=True, kw_only=True):
    """A line of a program's log: what went wrong at which event, in which version."""

    id: int
    number: int
    version: int | None
    at: datetime
    code: str
    detail: str
    line: int | None
    column: int | None


class Due(Struct, frozen=True):
    """A program that may have something to do."""

    program_id: UUID
    organisation_id: UUID
    room_id: UUID


class Standing(Struct, frozen=True, kw_only=True):
    """All that a turn of a program begins from."""

    name: str
    owner_id: UUID
    allowed: list[str]
    hosts: list[str]
    cursor: int
    version: int | None
    state: str | None
    faults: int
    limits: int
    source: str | None
    language: Language
    head: int


class Budget:
    """What a program may use. It fills up bit by bit, so that nobody disturbs much at any time.

    Times are seconds of any clock that never goes back.
    """

    def __init__(self, now_s: float) -> None:
        self._filled_s = now_s
        self._fuel = float(FUEL_AT_ONCE)
        self._effects = float(EFFECTS_PER_MINUTE)

    def use(self, now_s: float, fuel: int, effects: int) -> None:
        """Take note of what a turn used, which may be more than was left."""
        self._fill(now_s)
        self._fuel -= fuel
        self._effects -= effects

    def left_fuel(self, now_s: float) -> int:
        """Instructions that are left; 0 if the program must wait."""
        self._fill(now_s)
        return 0 if self._effects < 1 else max(int(self._fuel), 0)

    def _fill(self, now_s: float) -> None:
        minutes = (now_s - self._filled_s) / 60
        self._filled_s = now_s
        self._fuel = min(self._fuel + minutes * FUEL_PER_MINUTE, FUEL_AT_ONCE)
        self._effects = min(self._effects + minutes * EFFECTS_PER_MINUTE, EFFECTS_PER_MINUTE)


def entry_of(fault: Fault) -> tuple[str, str, int | None, int | None]:
    """Return what a fault says in a line of the log."""
    detail = fault.detail.replace("\0", "\N{REPLACEMENT CHARACTER}")[:2_000]
    return fault.code, detail, fault.line, fault.column
