"""Programs in their sandbox: one event and one state in, one state and effects out.

Every event runs on the same memory, the one that loading left: what a program keeps outside of its
state is gone before the next event. So a run depends on nothing but program, event, state and
seed, takes exactly as much fuel wherever and whenever it is repeated, and whatever stops it - an
error, a limit - leaves nothing behind.
"""

import hashlib
import json
import zlib
from functools import cache
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hanse.chat.programs.guests import GUESTS, Language, new_instance
from hanse.chat.programs.guests.instance import Failed, GuestTrap, Instance

FUEL_PER_EVENT: Final = 50_000_000
"""WebAssembly instructions for one event: 5 to 25 ms, and some hundred times what most need.
The largest state takes half of it, to be parsed and written."""
FUEL_TO_LOAD: Final = 100_000_000
MEMORY_BYTES_MAX: Final = 16 * 1024 * 1024
SOURCE_BYTES_MAX: Final = 256 * 1024
ANSWER_CHARACTERS_MAX: Final = 128 * 1024
STATE_BYTES_MAX: Final = 64 * 1024


class Fault(Struct, frozen=True, omit_defaults=True):
    """Why a program could not be loaded, or an event not be handled; nothing came of it.

    `code` is one of: `syntax`, `threw`, `fuel`, `memory`, `stack`, `bad_answer`, `bad_effect`,
    `not_allowed`. Lines and columns count from 1; Lua tells no columns.
    """

    code: str
    detail: str
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """Line and column as they are put behind the name of a file: `3:9`, `3`, or nothing."""
        return ":".join(str(each) for each in (self.line, self.column) if each)

    def __str__(self) -> str:
        place = f"{self.place}: " if self.line else ""
        return f"{place}{self.detail} ({self.code})"


class ProgramFault(Exception):
    """The program did what `fault` says."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Answer(Struct, frozen=True):
    """What a program made of an event: its next state as canonical JSON, and effects as JSON."""

    state: bytes
    effects: tuple[Raw, ...]


class _Answered(Struct):
    state: Raw | UnsetType = UNSET
    effects: tuple[Raw, ...] = ()


class Program:
    """A loaded program; one thread at a time may use it. Close it, or use it in `with`.

    `initial_state` is the canonical JSON of its export of that name, `null` without one.
    Raises ProgramFault if it cannot be loaded.
    """

    def __init__(self, source: str, language: Language = Language.JAVASCRIPT) -> None:
        code = source.encode(errors="replace")
        if len(code) > SOURCE_BYTES_MAX:
            raise ProgramFault(
                Fault("memory", f"The program has {len(code)} bytes: {SOURCE_BYTES_MAX} at most.")
            )
        self.fuel_used = 0
        """Instructions of the last run, whatever became of it."""
        self._language = language
        self._instance: Instance | None = new_instance(language, MEMORY_BYTES_MAX)
        try:
            self.initial_state = self._load(self._instance, code)
        except ProgramFault:
            self.close()
            raise
        self._image: bytes | None = self._instance.image()
        self._packed = b""
        self._size = self._instance.memory_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def suspend(self) -> None:
        """Keep the program in a few KB. Its next event takes a millisecond longer."""
        self.close()
        if self._image is not None:
            self._packed = zlib.compress(_difference(self._image, _plain_image(self._language)), 1)
            self._image = None

    def run(self, event: bytes, state: bytes, *, now_ns: int, seed: bytes) -> Answer:
        """Handle an event (JSON), given the state (JSON), at a time in nanoseconds since 1970.

        `seed` is what Math.random starts from: 16 bytes. Raises ProgramFault.
        """
        instance = self._restored()
        try:
            text = self._handled(instance, event, state, now_ns, seed)
        except GuestTrap as trap:
            self.fuel_used = FUEL_PER_EVENT - instance.fuel
            self.close()
            raise ProgramFault(_trapped(trap, FUEL_PER_EVENT)) from None
        if text is None:
            raise ProgramFault(Fault("bad_answer", "onEvent returned what has no form in JSON."))
        return _answer(text, state)

    def _handled(
        self, instance: Instance, event: bytes, state: bytes, now_ns: int, seed: bytes
    ) -> bytes | None:
        instance.refuel(FUEL_PER_EVENT)
        try:
            found = instance.handle(
                self._entry,
                event,
                state,
                now_ns=now_ns,
                seed=seed,
                bytes_max=4 * ANSWER_CHARACTERS_MAX,
            )
        except Failed as failed:
            self.fuel_used = FUEL_PER_EVENT - instance.fuel
            raise ProgramFault(_failed(failed)) from None
        self.fuel_used = FUEL_PER_EVENT - instance.fuel
        return found

    def _load(self, instance: Instance, code: bytes) -> bytes:
        instance.refuel(FUEL_TO_LOAD)
        try:
            self._entry, text = instance.load(
                code,
                state_bytes_max=STATE_BYTES_MAX,
                answer_characters_max=ANSWER_CHARACTERS_MAX,
            )
        except Failed as failed:
            raise ProgramFault(_failed(failed)) from None
        except GuestTrap as trap:
            raise ProgramFault(_trapped(trap, FUEL_TO_LOAD)) from None
        finally:
            self.fuel_used = FUEL_TO_LOAD - instance.fuel
        if text is None:
            raise ProgramFault(
                Fault(
                    "bad_answer", f"The initial state has {STATE_BYTES_MAX} bytes of JSON at most."
                )
            )
        return _canonical(text)

    def _restored(self) -> Instance:
        """Return an instance with the memory that loading left, and no more of it."""
        if self._instance is not None and self._instance.memory_bytes > self._size:
            self.close()
        if self._instance is None:
            self._instance = new_instance(self._language, MEMORY_BYTES_MAX)
        if self._image is None:
            self._image = _difference(zlib.decompress(self._packed), _plain_image(self._language))
        self._instance.restore(self._image)
        return self._instance


@cache
def _plain_image(language: Language) -> bytes:
    """The memory of a program that does nothing: most of that of any other is the same."""
    with Program(GUESTS[language].PLAIN, language) as plain:
        assert plain._image is not None
        return plain._image


def _difference(image: bytes, other: bytes) -> bytes:
    """Return both by exclusive or, in the length of the first; twice, it is the first again."""
    other = other[: len(image)].ljust(len(image), b"\0")
    return (int.from_bytes(image) ^ int.from_bytes(other)).to_bytes(len(image))


def state_hash(state: bytes) -> str:
    """Return the SHA-256 of a state, which is canonical JSON."""
    return hashlib.sha256(state).hexdigest()


def seed_of(room_seed: bytes, number: int) -> bytes:
    """Return what Math.random starts from for the event of this number."""
    return hashlib.shake_256(room_seed + number.to_bytes(8)).digest(16)


def _answer(text: bytes, state: bytes) -> Answer:
    try:
        answered = msgspec.json.decode(text, type=_Answered)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProgramFault(Fault("bad_answer", f"onEvent returned no answer: {error}.")) from None
    if answered.state is not UNSET:
        state = _canonical(bytes(answered.state))
    return Answer(state, answered.effects)


def _canonical(state: bytes) -> bytes:
    """Return JSON with sorted keys and no spaces, so that equal states have equal bytes.

    With json rather than msgspec: JavaScript's numbers go beyond 64 bits.
    """
    try:
        value: Any = json.loads(state)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ProgramFault(Fault("bad_answer", f"The state cannot be kept: {error}.")) from None
    if len(text) > STATE_BYTES_MAX:
        raise ProgramFault(
            Fault("bad_answer", f"The state has {len(text)} bytes: {STATE_BYTES_MAX} at most.")
        )
    return text


def _failed(failed: Failed) -> Fault:
    detail = _TRAPS.get(failed.code, failed.detail)
    return Fault(failed.code, detail, failed.line, failed.column)


def _trapped(trap: GuestTrap, fuel: int) -> Fault:
    return Fault(trap.reason, _TRAPS[trap.reason].format(fuel=fuel))


_TRAPS: Final = {
    "fuel": "Stopped after {fuel} instructions.",
    "memory": f"Stopped for want of memory: {MEMORY_BYTES_MAX // 2**20} MiB at most.",
    "stack": "Stopped for want of stack: functions call each other, or data nest, too deeply.",
}
