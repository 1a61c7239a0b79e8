"""The guest: QuickJS compiled to WebAssembly, one instance after another of the same module.

Everything that could differ between two machines is fixed here: instructions are counted as fuel,
NaNs have one form, there are no threads, and the clock stands at the time of the event. A program
reaches nothing outside of its memory; the few imports that the guest calls answer from constants.
"""

import ctypes
import hashlib
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final, cast

import wasmtime
from wasmtime import _ffi as ffi

GUEST_SHA256: Final = "647ab11ae29cc6d39a6d17d3aa1e7a6a0b5fb9c44b4864475a18bc644f926050"
"""Of the guest in quickjs-rs 0.2.6. Another guest counts fuel otherwise: change it on purpose."""

_IMPORT_FUEL: Final = 50_000
"""What a call out of the guest costs: some microseconds, as long as so many instructions."""

_NATIVE_STACK_BYTES: Final = 1024 * 1024
_RESERVED_BYTES: Final = 16 * 1024 * 1024
_OK, _THROWN = 0, 1
_clock = threading.local()


class GuestTrap(Exception):
    """The guest was stopped; `reason` is `fuel`, `stack` or `memory`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Thrown(Exception):
    """JavaScript threw: the error's name, message and stack, as far as they are text."""

    def __init__(self, name: str, message: str, stack: str) -> None:
        super().__init__(message)
        self.name, self.message, self.stack = name, message, stack


class Instance:
    """One guest with a memory of at most `memory_bytes_max`. One thread at a time may use it."""

    def __init__(self, memory_bytes_max: int) -> None:
        linker, module = _linked()
        self._store = wasmtime.Store(module[0])
        self._store.set_limits(memory_size=memory_bytes_max)
        self.refuel(_IMPORT_FUEL)
        self._exports = linker.instantiate(self._store, module[1]).exports(self._store)
        self._memory = cast(wasmtime.Memory, self._exports["memory"])
        pointer = cast(wasmtime.Global, self._exports["__stack_pointer"])
        self._stack_end = cast(int, pointer.value(self._store))
        """Where the stack begins, growing downwards; above it lie data and heap."""
        self._functions: dict[str, Any] = {}
        self._values = (ffi.wasmtime_val_raw_t * 5)()
        self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        self._trap_reference = ctypes.byref(self._trap)
        self._context = self._store._context()
        self._address = ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def close(self) -> None:
        """Give the memory back; the instance is of no use afterwards."""
        self._store.close()

    def refuel(self, fuel: int) -> None:
        """Let the guest run for so many instructions from now on."""
        self._store.set_fuel(fuel)

    @property
    def fuel(self) -> int:
        """Instructions that are left."""
        return self._store.get_fuel()

    @property
    def memory_bytes(self) -> int:
        """How large the memory is by now; it never shrinks."""
        return self._memory.data_len(self._store)

    def set_clock(self, now_ns: int) -> None:
        """Set what the guest's clocks say on this thread, in nanoseconds since 1970."""
        _clock.now_ns = now_ns

    def image(self) -> bytes:
        """Return all memory but the stack, which holds nothing between calls."""
        return self.read(self._stack_end, self.memory_bytes - self._stack_end)

    def restore(self, image: bytes) -> None:
        """Set all memory but the stack to an image of an instance that was not larger."""
        missing = self._stack_end + len(image) - self.memory_bytes
        if missing > 0:
            self._memory.grow(self._store, -(-missing // 65536))
        ctypes.memmove(self._address + self._stack_end, image, len(image))

    def call(self, name: str, *arguments: int) -> int:
        """Call an export with 32-bit numbers. Raises GuestTrap.

        Past the checks of `wasmtime.Func`, which take longer than a handler does.
        """
        function = self._functions.get(name)
        if function is None:
            export = cast(wasmtime.Func, self._exports[name])
            function = self._functions[name] = ctypes.byref(export._func)
        for place, argument in enumerate(arguments):
            self._values[place].i32 = argument
        error = ffi.wasmtime_func_call_unchecked(
            self._context, function, self._values, len(self._values), self._trap_reference
        )
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if self._trap:
            trap = wasmtime.Trap._from_ptr(self._trap)
            self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
            self._trap_reference = ctypes.byref(self._trap)
            raise GuestTrap(_reason(trap)) from None
        return self._values[0].i32

    def read(self, start: int, length: int) -> bytes:
        """Copy out of the memory; what the guest says about places is not believed."""
        if not (start >= 0 and length >= 0 and start + length <= self.memory_bytes):
            raise GuestTrap("memory")
        return ctypes.string_at(self._address + start, length)

    def put(self, data: bytes) -> int:
        """Copy into memory that the guest allocates, and return where."""
        start = self.call("qjs_alloc", len(data))
        if start <= 0 or start + len(data) > self.memory_bytes:
            raise GuestTrap("memory")
        ctypes.memmove(self._address + start, data, len(data))
        return start

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
        ctypes.memmove(self._address + place, packed, len(packed))
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


def _reason(trap: wasmtime.Trap) -> str:
    code = trap.trap_code
    if code is wasmtime.TrapCode.OUT_OF_FUEL:
        return "fuel"
    # QuickJS does not watch its stack here: either the host's ends, or the guest's falls below 0.
    if code in (wasmtime.TrapCode.STACK_OVERFLOW, wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS):
        return "stack"
    # Whatever else stops it is an allocation that failed where Rust does not go on.
    return "memory"


@cache
def _linked() -> tuple[wasmtime.Linker, tuple[wasmtime.Engine, wasmtime.Module]]:
    """Compile the guest, once a process; later processes find it in wasmtime's cache.

    Imports are registered here alone: wasmtime keeps them in a table of the process without a lock.
    """
    wasm = Path(str(distribution("quickjs-rs").locate_file("quickjs_rs/_guest.wasm"))).read_bytes()
    found = hashlib.sha256(wasm).hexdigest()
    if found != GUEST_SHA256:
        raise RuntimeError(f"The JavaScript guest has the hash {found}, not {GUEST_SHA256}.")
    engine = wasmtime.Engine(_configuration())
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


def _configuration() -> wasmtime.Config:
    config = wasmtime.Config()
    # Where the home folder cannot be written, each process compiles the guest itself.
    with suppress(wasmtime.WasmtimeError):
        config.cache = True
    config.consume_fuel = True
    config.cranelift_nan_canonicalization = True
    config.wasm_threads = False
    config.wasm_relaxed_simd = False
    config.max_wasm_stack = _NATIVE_STACK_BYTES
    # By default an instance reserves 4 GiB of addresses, so that it need not check bounds.
    config.memory_reservation = _RESERVED_BYTES
    config.memory_reservation_for_growth = 0
    config.memory_guard_size = 65536
    config.memory_may_move = False  # its address is asked for once
    return config


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
