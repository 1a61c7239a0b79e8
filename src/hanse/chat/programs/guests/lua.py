"""The guest for Lua: Lua 5.4 as it comes in the npm package `wasmoon`.

It was compiled for a host that unwinds its errors and grows its memory. Two small modules, written
here, do that within WebAssembly, and nothing else that it imports is there: it has no host.
"""

import hashlib
import re
import struct
from functools import cache
from importlib.resources import files
from typing import ClassVar, Final, cast

import wasmtime

from hanse.chat.programs.guests.instance import (
    Entry,
    Failed,
    GuestTrap,
    Instance,
    configuration,
)

GUEST_SHA256: Final = "95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c"
"""Of the guest in wasmoon 1.16.0. Another guest counts fuel otherwise: change it on purpose."""

_MEMORY: Final = bytes.fromhex("05070101 8002 808002")
_SMALL_MEMORY: Final = bytes.fromhex("05070101 9200 808002")
"""The section that says how large the memory is at first: 18 pages of 64 KiB instead of 256."""

_STACK: Final = range(0x8940, 0x108940)
"""Below it lie data, above it the heap. Lua bounds its recursion long before its end."""

_NAME: Final = b"=program.lua\0"
_OK, _SYNTAX, _MEMORY_ERROR = 0, 3, 4
_EXPLAIN, _PREPARE, _HANDLE = 1, 2, 3
"""Where the functions of the prelude lie on Lua's stack."""

_BODIES: Final = {
    "invoke_vii": """
        (local $stack i32)
        (local.set $stack (call_indirect (type $save) (i32.const 1)))
        (block $thrown
          (try_table (catch $jump $thrown)
            (call_indirect (type $call) (local.get 0) (local.get 1) (local.get 2) (i32.const 0)))
          return)
        (call_indirect (type $restore) (local.get $stack) (i32.const 2))
        (call_indirect (type $threw) (i32.const 1) (i32.const 0) (i32.const 3))""",
    "_emscripten_throw_longjmp": "(throw $jump)",
    "emscripten_resize_heap": "(call_indirect (type $grow) (local.get 0) (i32.const 4))",
    # It seeds hash tables; programs get the time from the event.
    "emscripten_date_now": "(f64.const 0)",
    "environ_sizes_get": "(i32.const 1)",
}
"""What the guest's imports do. What is not here stops it."""

_HOST: Final = """
(module
  (tag $jump)
  (type $call (func (param i32 i32 i32)))
  (type $save (func (result i32)))
  (type $restore (func (param i32)))
  (type $threw (func (param i32 i32)))
  (type $grow (func (param i32) (result i32)))
  (table (export "later") 5 5 funcref)
  FUNCTIONS)
"""

_BACK: Final = """
(module
  (import "guest" "table" (table 0 funcref))
  (import "guest" "memory" (memory 0))
  (type $called (func (param i32 i32)))
  (func (export "call") (param i32 i32 i32)
    (call_indirect (type $called) (local.get 1) (local.get 2) (local.get 0)))
  (func (export "grow") (param $bytes i32) (result i32)
    (i32.ne (i32.const -1) (memory.grow (i32.sub
      (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))
      (memory.size))))))
"""
"""What the guest's imports need of the guest, and can be given once it is there."""

_LATER: Final = ("stackSave", "stackRestore", "setThrew")


class Lua(Instance):
    """A Lua with a memory of at most `memory_bytes_max`."""

    ALLOCATE: ClassVar[str] = "malloc"
    PLAIN: ClassVar[str] = "function on_event() end"

    def __init__(self, memory_bytes_max: int) -> None:
        engine, guest, host, back = _modules()
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=memory_bytes_max)
        store.set_fuel(1_000_000)
        outside = wasmtime.Instance(store, host, []).exports(store)
        imports = [outside[each.name or ""] for each in guest.imports]
        super().__init__(store, wasmtime.Instance(store, guest, imports))
        table = self._exports["__indirect_function_table"]
        behind = wasmtime.Instance(store, back, [table, self._memory]).exports(store)
        later = cast(wasmtime.Table, outside["later"])
        functions = [behind["call"], *(self._exports[name] for name in _LATER), behind["grow"]]
        for place, function in enumerate(functions):
            later.set(store, place, function)
        self.call("__wasm_call_ctors")

    def image(self) -> bytes:
        data, heap = self.read(0, _STACK.start), self.memory_bytes - _STACK.stop
        return data + self.read(_STACK.stop, heap)

    def restore(self, image: bytes) -> None:
        self._grow_to(len(image) + len(_STACK))
        self._write(0, image[: _STACK.start])
        self._write(_STACK.stop, image[_STACK.start :])

    def load(
        self, code: bytes, *, state_bytes_max: int, answer_characters_max: int
    ) -> tuple[Entry, bytes | None]:
        lua = self.call("luaL_newstate")
        if not lua:
            raise GuestTrap("memory")
        self.call("luaL_openlibs", lua)
        out = self.put(bytes(4))
        entry = (lua, out)
        self._compile(entry, _prelude(answer_characters_max), b"=prelude.lua\0")
        self._run(entry, arguments=0, results=3, explain=0)
        self._compile(entry, code, _NAME)
        self._run(entry, arguments=0, results=0)
        self.call("lua_pushvalue", lua, _PREPARE)
        self._run(entry, arguments=0, results=1)
        state = self._text(entry, state_bytes_max)
        self.call("lua_settop", lua, _HANDLE)
        return entry, state

    def handle(
        self, entry: Entry, event: bytes, state: bytes, *, now_ns: int, seed: bytes, bytes_max: int
    ) -> bytes | None:
        lua, _ = entry
        given = struct.pack("<q16s", now_ns // 1_000_000_000, seed) + event + b" " + state
        self.call("lua_pushvalue", lua, _HANDLE)
        self.call("lua_pushlstring", lua, self.put(given), len(given))
        self._run(entry, arguments=1, results=1)
        return self._text(entry, bytes_max)

    def _compile(self, entry: Entry, code: bytes, name: bytes) -> None:
        lua, _ = entry
        places = [self.put(code), self.put(name), self.put(b"t\0")]
        source, named, text_alone = places
        status = self.call("luaL_loadbufferx", lua, source, len(code), named, text_alone)
        if status != _OK:
            said = (self._text(entry, 4096) or b"").decode(errors="replace")
            raise _fault_of_compiler(status, said)
        for place in places:
            self.call("free", place)

    def _run(self, entry: Entry, *, arguments: int, results: int, explain: int = _EXPLAIN) -> None:
        """Call what lies on the stack below its arguments. Raises Failed, GuestTrap."""
        lua, _ = entry
        status = self.call("lua_pcallk", lua, arguments, results, explain, 0, 0)
        if status == _MEMORY_ERROR:
            raise GuestTrap("memory")
        if status != _OK:
            said = (self._text(entry, 8192) or b"").decode(errors="replace")
            raise _fault_of_prelude(said)

    def _text(self, entry: Entry, bytes_max: int) -> bytes | None:
        """The string on top of the stack; None if there is none, or a longer one."""
        lua, out = entry
        start = self.call("lua_tolstring", lua, -1, out)
        length = int.from_bytes(self.read(out, 4), "little")
        return self.read(start, length) if start and length <= bytes_max else None


def _fault_of_compiler(status: int, said: str) -> Exception:
    if status != _SYNTAX:
        return GuestTrap("memory")
    place = re.match(r"program\.lua:(\d+): ", said)
    if place is None:
        return Failed("syntax", said)
    return Failed("syntax", said[place.end() :], int(place[1]))


def _fault_of_prelude(said: str) -> Failed:
    code, line, detail = (*said.split("\n", 2), "", "")[:3]
    if code not in ("threw", "stack", "bad_answer"):
        return Failed("stack", said)  # the handler of errors itself ran out of stack
    return Failed(code, detail, int(line) if line.isdigit() else None)


@cache
def _prelude(answer_characters_max: int) -> bytes:
    text = (files(__package__ or "") / "lua_prelude.lua").read_text("utf-8")
    return text.replace("LIMIT", str(answer_characters_max), 1).encode()


@cache
def _modules() -> tuple[wasmtime.Engine, wasmtime.Module, wasmtime.Module, wasmtime.Module]:
    """Compile the guest, once a process, and the modules before and behind it."""
    wasm = (files(__package__ or "") / "lua.wasm").read_bytes()
    found = hashlib.sha256(wasm).hexdigest()
    if found != GUEST_SHA256:
        raise RuntimeError(f"The Lua guest has the hash {found}, not {GUEST_SHA256}.")
    assert wasm.count(_MEMORY) == 1
    config = configuration()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    guest = wasmtime.Module(engine, wasm.replace(_MEMORY, _SMALL_MEMORY))
    functions = "\n".join(_function(each) for each in guest.imports)
    host = wasmtime.Module(engine, _HOST.replace("FUNCTIONS", functions))
    return engine, guest, host, wasmtime.Module(engine, _BACK)


def _function(wanted: wasmtime.ImportType) -> str:
    assert isinstance(wanted.type, wasmtime.FuncType)
    name = wanted.name or ""
    takes = "".join(f"(param {each})" for each in wanted.type.params)
    gives = "".join(f"(result {each})" for each in wanted.type.results)
    return f'(func (export "{name}") {takes} {gives} {_BODIES.get(name, "unreachable")})'
