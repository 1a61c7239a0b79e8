"""An instance of a guest: an interpreter in WebAssembly with its memory, and what it is given.

Everything that could differ between two machines is fixed here: instructions are counted as fuel,
NaNs have one form, and there are no threads. A program reaches nothing outside of its memory.
"""

import ctypes
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

import wasmtime
from wasmtime import _ffi as ffi

_NATIVE_STACK_BYTES: Final = 1024 * 1024
_RESERVED_BYTES: Final = 16 * 1024 * 1024
_VALUES_MAX: Final = 6

Entry = tuple[int, ...]
"""Where in the memory of a loaded program its guest finds what it calls for an event."""


class GuestTrap(Exception):
    """The guest was stopped; `reason` is `fuel`, `stack` or `memory`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failed(Exception):
    """The program failed, and its language says why: code, sentence and place of a fault."""

    def __init__(
        self, code: str, detail: str, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.line, self.column = code, detail, line, column


class Instance(ABC):
    """One guest and its memory. One thread at a time may use it; close it afterwards."""

    ALLOCATE: ClassVar[str]
    """The export that finds room for so many bytes."""
    PLAIN: ClassVar[str]
    """A program that does nothing."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        self._store = store
        self._exports = instance.exports(store)
        self._memory = cast(wasmtime.Memory, self._exports["memory"])
        self._functions: dict[str, Any] = {}
        self._values = (ffi.wasmtime_val_raw_t * _VALUES_MAX)()
        self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        self._trap_reference = ctypes.byref(self._trap)
        self._context = self._store._context()
        self._address = ctypes.addressof(self._memory.data_ptr(self._store).contents)

    @abstractmethod
    def load(
        self, code: bytes, *, state_bytes_max: int, answer_characters_max: int
    ) -> tuple[Entry, bytes | None]:
        """Load a program; return what `handle` needs, and the JSON of its initial state.

        None for a state that is longer. Raises Failed, GuestTrap.
        """

    @abstractmethod
    def handle(
        self, entry: Entry, event: bytes, state: bytes, *, now_ns: int, seed: bytes, bytes_max: int
    ) -> bytes | None:
        """Hand an event to a loaded program; return the JSON of its answer.

        None if there is none, or a longer one. Event and state are JSON without spaces. Raises
        Failed, GuestTrap.
        """

    @abstractmethod
    def image(self) -> bytes:
        """Return all memory but the stack, which holds nothing between calls."""

    @abstractmethod
    def restore(self, image: bytes) -> None:
        """Set all memory but the stack to an image of an instance that was not larger."""

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
            self._context, function, self._values, _VALUES_MAX, self._trap_reference
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
        start = self.call(self.ALLOCATE, len(data))
        if start <= 0 or start + len(data) > self.memory_bytes:
            raise GuestTrap("memory")
        self._write(start, data)
        return start

    def _write(self, start: int, data: bytes) -> None:
        ctypes.memmove(self._address + start, data, len(data))

    def _grow_to(self, memory_bytes: int) -> None:
        missing = memory_bytes - self.memory_bytes
        if missing > 0:
            self._memory.grow(self._store, -(-missing // 65536))


def configuration() -> wasmtime.Config:
    """Return what all guests have in common."""
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


def _reason(trap: wasmtime.Trap) -> str:
    code = trap.trap_code
    if code is wasmtime.TrapCode.OUT_OF_FUEL:
        return "fuel"
    # Guests do not watch their stack: either the host's ends, or the guest's falls below 0.
    if code in (wasmtime.TrapCode.STACK_OVERFLOW, wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS):
        return "stack"
    # Whatever else stops it is an allocation that failed where the guest does not go on.
    return "memory"
