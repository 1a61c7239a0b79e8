"""Programs in their sandbox: one event and one state in, one state and effects out.

Every event runs on the same memory, the one that loading left: what a program keeps outside of its
state is gone before the next event. So a run depends on nothing but program, event, state and
seed, takes exactly as much fuel wherever and whenever it is repeated, and whatever stops it - an
error, a limit - leaves nothing behind.
"""

import hashlib
import json
import re
import zlib
from functools import cache
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hanse.chat.programs.guest import GuestTrap, Instance, Thrown

FUEL_PER_EVENT: Final = 50_000_000
"""WebAssembly instructions for one event: 5 to 25 ms, and some hundred times what most need.
The largest state takes half of it, to be parsed and written."""
FUEL_TO_LOAD: Final = 100_000_000
MEMORY_BYTES_MAX: Final = 16 * 1024 * 1024
SOURCE_BYTES_MAX: Final = 256 * 1024
ANSWER_CHARACTERS_MAX: Final = 128 * 1024
STATE_BYTES_MAX: Final = 64 * 1024

_SOURCE_NAME: Final = "program.js"
_PLACE = re.compile(rf"{re.escape(_SOURCE_NAME)}:(\d+):(\d+)")

_PREPARE: Final = """
(program) => {
  try { program.$end } catch { return; }
  if (typeof program.onEvent !== "function")
    throw new TypeError("The program exports no function onEvent(event, state).");
  return JSON.stringify(program.initialState ?? null);
}
"""

_END: Final = b"\n;export const $end = true;"
"""Put after each program: the guest does not tell when a module stops half-way."""

_HANDLE: Final = """
(() => {
  const { parse, stringify } = JSON;
  let a = 0, b = 0, c = 0, d = 1;
  Math.random = function random() { // sfc32
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  return (program, input) => {
    const { seed, event, state } = parse(input);
    a = seed[0]; b = seed[1]; c = seed[2]; d = seed[3];
    const answer = program.onEvent(event, state) ?? {};
    if (typeof answer !== "object" || Array.isArray(answer))
      throw new TypeError("onEvent returned no object {state, effects}.");
    if (typeof answer.then === "function")
      throw new TypeError("onEvent returned a promise: it must answer at once.");
    for (const name in answer)
      if (name !== "state" && name !== "effects")
        throw new TypeError(`onEvent returned "${name}" beside state and effects.`);
    const text = stringify(answer);
    if (text.length > LIMIT)
      throw new RangeError(`onEvent returned ${text.length} characters of JSON: LIMIT at most.`);
    return text;
  };
})()
""".replace("LIMIT", str(ANSWER_CHARACTERS_MAX))


class Fault(Struct, frozen=True, omit_defaults=True):
    """Why a program could not be loaded, or an event not be handled; nothing came of it.

    `code` is one of: `syntax`, `threw`, `fuel`, `memory`, `stack`, `bad_answer`, `bad_effect`,
    `not_allowed`. Lines and columns count from 1.
    """

    code: str
    detail: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
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

    def __init__(self, source: str) -> None:
        code = source.encode(errors="replace")
        if len(code) > SOURCE_BYTES_MAX:
            raise ProgramFault(
                Fault("memory", f"The program has {len(code)} bytes: {SOURCE_BYTES_MAX} at most.")
            )
        self.fuel_used = 0
        """Instructions of the last run, whatever became of it."""
        self._instance: Instance | None = Instance(MEMORY_BYTES_MAX)
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
            self._packed = zlib.compress(_difference(self._image, _plain_image()), 1)
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
        numbers = ",".join(str(int.from_bytes(seed[at : at + 4])) for at in (0, 4, 8, 12))
        instance.set_clock(now_ns)
        instance.refuel(FUEL_PER_EVENT)
        try:
            text = instance.new_string(
                b'{"seed":[%b],"event":%b,"state":%b}' % (numbers.encode(), event, state)
            )
            answer = instance.call_function(self._prepared, self._handle, self._exports, text)
            found = instance.text_of(answer, bytes_max=4 * ANSWER_CHARACTERS_MAX)
        except Thrown as thrown:
            self.fuel_used = FUEL_PER_EVENT - instance.fuel
            raise ProgramFault(_thrown(thrown)) from None
        self.fuel_used = FUEL_PER_EVENT - instance.fuel
        return found

    def _load(self, instance: Instance, code: bytes) -> bytes:
        instance.set_clock(0)
        instance.refuel(FUEL_TO_LOAD)
        try:
            self._prepared = instance.prepare_call()
            self._handle = instance.evaluate(_HANDLE)
            prepare = instance.evaluate(_PREPARE)
            self._exports = instance.evaluate_module(_SOURCE_NAME, code + _END)
            state = instance.call_function(self._prepared, prepare, self._exports)
            text = instance.text_of(state, bytes_max=STATE_BYTES_MAX)
            if text is None and instance.is_undefined(state):
                raise ProgramFault(_stopped_half_way(instance, code))
        except Thrown as thrown:
            raise ProgramFault(_thrown(thrown)) from None
        except GuestTrap as trap:
            raise ProgramFault(_trapped(trap, FUEL_TO_LOAD)) from None
        finally:
            self.fuel_used = FUEL_TO_LOAD - instance.fuel
        if text is None:
            raise ProgramFault(
                Fault("bad_answer", f"initialState has {STATE_BYTES_MAX} bytes of JSON at most.")
            )
        return _canonical(text)

    def _restored(self) -> Instance:
        """Return an instance with the memory that loading left, and no more of it."""
        if self._instance is not None and self._instance.memory_bytes > self._size:
            self.close()
        if self._instance is None:
            self._instance = Instance(MEMORY_BYTES_MAX)
        if self._image is None:
            self._image = _difference(zlib.decompress(self._packed), _plain_image())
        self._instance.restore(self._image)
        return self._instance


@cache
def _plain_image() -> bytes:
    """The memory of a program that does nothing: most of that of any other is the same."""
    with Program("export const onEvent = () => {};") as plain:
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


def _stopped_half_way(instance: Instance, code: bytes) -> Fault:
    """Say why a module did not reach its end, by running it again where that is told."""
    thrown = instance.rejection_of_module(_SOURCE_NAME, code)
    if thrown is None:
        return Fault("threw", "The program awaits something while it is loaded.")
    return _thrown(thrown)


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


def _thrown(thrown: Thrown) -> Fault:
    place = _PLACE.search(thrown.stack)
    line, column = (int(place[1]), int(place[2])) if place else (None, None)
    if thrown.name == "InternalError" and "out of memory" in thrown.message:
        return Fault("memory", _TRAPS["memory"], line, column)
    code = "syntax" if thrown.name == "SyntaxError" else "threw"
    return Fault(code, f"{thrown.name}: {thrown.message}", line, column)


def _trapped(trap: GuestTrap, fuel: int) -> Fault:
    return Fault(trap.reason, _TRAPS[trap.reason].format(fuel=fuel))


_TRAPS: Final = {
    "fuel": "Stopped after {fuel} instructions.",
    "memory": f"Stopped for want of memory: {MEMORY_BYTES_MAX // 2**20} MiB at most.",
    "stack": "Stopped for want of stack: functions call each other, or data nest, too deeply.",
}
