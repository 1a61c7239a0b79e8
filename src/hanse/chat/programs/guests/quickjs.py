"""The guest for JavaScript: QuickJS as it comes in the package `quickjs-rs`.

The clock stands at the time of the event. The few imports that the guest calls answer from
constants.
"""

import ctypes
import hashlib
import re
import struct
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import ClassVar, Final, cast

import wasmtime
from wasmtime import _ffi as ffi

from hanse.chat.programs.guests.instance import (
    Entry,
    Failed,
    GuestTrap,
    Instance,
    configuration,
)

GUEST_SHA256: Final = "647ab11ae29cc6d39a6d17d3aa1e7a6a0b5fb9c44b4864475a18bc644f926050"
"""Of the guest in quickjs-rs 0.2.6. Another guest counts fuel otherwise: change it on purpose."""

_IMPORT_FUEL: Final = 50_000
"""What a call out of the guest costs: some microseconds, as long as so many instructions."""

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
"""
_OK, _THROWN = 0, 1
_clock = threading.local()


class Thrown(Failed):
    """JavaScript threw: the error's name, message and stack, as far as they are text."""

    def __init__(self, name: str, message: str, stack: str) -> None:
        place = _PLACE.search(stack)
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        if name == "InternalError" and "out of memory" in message:
            code = "memory"
        else:
            code = "syntax" if name == "SyntaxError" else "threw"
        super().__init__(code, f"{name}: {message}", line, column)


class JavaScript(Instance):
    """A QuickJS with a memory of at most `memory_bytes_max`."""

    ALLOCATE: ClassVar[str] = "qjs_alloc"
    PLAIN: ClassVar[str] = "export const onEvent = () => {};"

    def __init__(self, memory_bytes_max: int) -> None:
        linker, (engine, module) = _linked()
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=memory_bytes_max)
        store.set_fuel(_IMPORT_FUEL)
        super().__init__(store, linker.instantiate(store, module))
        pointer = cast(wasmtime.Global, self._exports["__stack_pointer"])
        self._stack_end = cast(int, pointer.value(store))
        """Where the stack begins, growing downwards; above it lie data and heap."""

    def image(self) -> bytes:
        return self.read(self._stack_end, self.memory_bytes - self._stack_end)

    def restore(self, image: bytes) -> None:
        self._grow_to(self._stack_end + len(image))
        self._write(self._stack_end, image)

    def load(
        self, code: bytes, *, state_bytes_max: int, answer_characters_max: int
    ) -> tuple[Entry, bytes | None]:
        _clock.now_ns = 0
        prepared = self.prepare_call()
        handle = self.evaluate(_HANDLE.replace("LIMIT", str(answer_characters_max)))
        prepare = self.evaluate(_PREPARE)
        exports = self.evaluate_module(_SOURCE_NAME, code + _END)
        state = self.call_function(prepared, prepare, exports)
        text = self.text_of(state, bytes_max=state_bytes_max)
        if text is None and self.is_undefined(state):
            raise self._stopped_half_way(code)
        return (*prepared, handle, exports), text

    def handle(
        self, entry: Entry, event: bytes, state: bytes, *, now_ns: int, seed: bytes, bytes_max: int
    ) -> bytes | None:
        this, place, handle, exports = entry
        _clock.now_ns = now_ns
        numbers = ",".join(str(int.from_bytes(seed[at : at + 4])) for at in (0, 4, 8, 12))
        text = self.new_string(
            b'{"seed":[%b],"event":%b,"state":%b}' % (numbers.encode(), event, state)
        )
        answer = self.call_function((this, place), handle, exports, text)
        return self.text_of(answer, bytes_max=bytes_max)

    def _stopped_half_way(self, code: bytes) -> Failed:
        """Say why a module did not reach its end, by running it again where that is told."""
        thrown = self.rejection_of_module(_SOURCE_NAME, code)
        return thrown or Failed("threw", "The program awaits something while it is loaded.")

    def new_string(self, text: bytes) -> int:
        """Make a string of UTF-8 and return its handle."""
        return self.call("new_string", self.put(text), len(text))

    def text_of(self, handle: int, *, bytes_max: int) -> bytes | None:
        """Return the UTF-8 of a string; None if the value is none, or longer."""
        if self.call("get_string", handle) != _OK:
            return None
        length = self.call("qjs_last_len")
        return self.read(self.call("qjs_last_ptr"), length) if length <= bytes_max else None

    def is_undefined(self, handle: int) -> bool:
        """Tell whether a value is `undefined`."""
        self.call("type_of", handle)
        length = self.call("qjs_last_len")
        return self.read(self.call("qjs_last_ptr"), length) == b"undefined"

    def evaluate(self, script: str) -> int:
        """Run a script and return the handle of its value. Raises Thrown, GuestTrap."""
        source = script.encode()
        return self._result("eval_code", self.put(source), len(source))

    def evaluate_module(self, name: str, source: bytes) -> int:
        """Run a module and return the handle of what it exports. Raises Thrown, GuestTrap."""
        named = name.encode()
        return self._result(
            "eval_module", self.put(source), len(source), self.put(named), len(named)
        )

    def rejection_of_module(self, name: str, source: bytes) -> Thrown | None:
        """Run a module and return what it threw; None if it did not, or not yet."""
        named = name.encode()
        promise = self._result(
            "eval_module_async", self.put(source), len(source), self.put(named), len(named)
        )
        out = self.put(bytes(4))
        if self.call("promise_result", promise, out) != _THROWN:
            return None
        return self._described(self._handle_at(out))

    def prepare_call(self) -> tuple[int, int]:
        """Return what `call_function` needs, once for all calls: `this`, and a place for values."""
        return self.call("new_undefined"), self.put(bytes(12))

    def call_function(self, prepared: tuple[int, int], function: int, *arguments: int) -> int:
        """Call a function with at most two arguments, all by handles, and return that of its value.

        Raises Thrown, GuestTrap.
        """
        this, place = prepared
        packed = struct.pack(f"<{len(arguments)}i", *arguments)
        self._write(place, packed)
        return self._result_at(place + 8, "call_function", function, this, place, len(arguments))

    def _result(self, export: str, *arguments: int) -> int:
        return self._result_at(self.put(bytes(4)), export, *arguments)

    def _result_at(self, out: int, export: str, *arguments: int) -> int:
        status = self.call(export, *arguments, out)
        if status == _THROWN:
            raise self._thrown()
        if status != _OK:
            raise GuestTrap("memory")
        return self._handle_at(out)

    def _handle_at(self, out: int) -> int:
        return cast(int, struct.unpack("<i", self.read(out, 4))[0])

    def _thrown(self) -> Thrown:
        out = self.put(bytes(4))
        self.call("last_exception", out)
        return self._described(self._handle_at(out))

    def _described(self, error: int) -> Thrown:
        if (text := self._text(error)) is not None:  # `throw "so"`
            return Thrown("Error", text, "")
        name = self._property(error, "name") or "Error"
        message = self._property(error, "message") or "what was thrown has no message"
        return Thrown(name, message, self._property(error, "stack") or "")

    def _property(self, of: int, name: str) -> str | None:
        out = self.put(bytes(4))
        named = name.encode()
        if self.call("get_prop", of, self.put(named), len(named), out) != _OK:
            return None
        return self._text(self._handle_at(out))

    def _text(self, handle: int) -> str | None:
        text = self.text_of(handle, bytes_max=4096)
        return None if text is None else text.decode(errors="replace")


@cache
def _linked() -> tuple[wasmtime.Linker, tuple[wasmtime.Engine, wasmtime.Module]]:
    """Compile the guest, once a process; later processes find it in wasmtime's cache.

    Imports are registered here alone: wasmtime keeps them in a table of the process without a lock.
    """
    wasm = Path(str(distribution("quickjs-rs").locate_file("quickjs_rs/_guest.wasm"))).read_bytes()
    found = hashlib.sha256(wasm).hexdigest()
    if found != GUEST_SHA256:
        raise RuntimeError(f"The JavaScript guest has the hash {found}, not {GUEST_SHA256}.")
    engine = wasmtime.Engine(configuration())
    module = wasmtime.Module(engine, wasm)
    linker = wasmtime.Linker(engine)
    for each in module.imports:
        answer = _IMPORTS.get(each.name or "")
        if answer is not None:
            assert isinstance(each.type, wasmtime.FuncType)
            linker.define_func(
                each.module, each.name or "", each.type, _charged(answer), access_caller=True
            )
    linker.define_unknown_imports_as_traps(module)
    return linker, (engine, module)


def _charged(answer: Callable[..., int]) -> Callable[..., int]:
    """Let a call out of the guest cost fuel for its time."""

    def called(caller: wasmtime.Caller, *arguments: int) -> int:
        left = ctypes.c_uint64(0)
        ffi.wasmtime_context_get_fuel(caller._context(), ctypes.byref(left))
        ffi.wasmtime_context_set_fuel(caller._context(), max(left.value - _IMPORT_FUEL, 0))
        return answer(caller, *arguments)

    return called


def _clock_time_get(caller: wasmtime.Caller, _clock_id: int, _precision: int, out: int) -> int:
    return _write(caller, struct.pack("<Q", _clock.now_ns), out)


def _random_get(caller: wasmtime.Caller, start: int, length: int) -> int:
    # It seeds hash tables within the guest; programs get their randomness from the event.
    return _write(caller, bytes(length), start)


def _write(caller: wasmtime.Caller, data: bytes, start: int) -> int:
    cast(wasmtime.Memory, caller["memory"]).write(caller, data, start)
    return 0


def _no(_caller: wasmtime.Caller, *_arguments: int) -> int:
    return 0


_IMPORTS: Final[dict[str, Callable[..., int]]] = {
    "clock_time_get": _clock_time_get,
    "random_get": _random_get,
    "host_interrupt": _no,
    "host_module_normalize": _no,
    "host_module_load": _no,
}
