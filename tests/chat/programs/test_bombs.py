"""Programs that would stop or fill the process that runs them: each is stopped, and harms none."""

import resource
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hanse.chat.programs.guests import Language
from hanse.chat.programs.sandbox import MEMORY_BYTES_MAX, Program, ProgramFault, state_hash
from tests.chat.programs.bombs import BOMBS, source_of
from tests.chat.programs.lua_bombs import LUA_BOMBS, lua_source_of

COUNTER = """
export const initialState = { events: 0 };
export const onEvent = (event, state) => ({ state: { events: state.events + 1 } });
"""
COUNTERS = {
    Language.JAVASCRIPT: COUNTER,
    Language.LUA: """
    initial_state = { events = 0 }
    function on_event(event, state) return { state = { events = state.events + 1 } } end
    """,
}
JAVASCRIPT, LUA = Language


def _run(program: Program, state: bytes) -> bytes:
    return program.run(b'{"kind":"message"}', state, now_ns=0, seed=bytes(16)).state


@pytest.mark.parametrize(
    ("language", "source", "codes"),
    [
        *(
            pytest.param(JAVASCRIPT, source_of(body), codes, id=n)
            for n, (body, codes) in BOMBS.items()
        ),
        *(
            pytest.param(LUA, lua_source_of(body), codes, id=f"lua: {name}")
            for name, (body, codes) in LUA_BOMBS.items()
        ),
    ],
)
def test_a_bomb_is_stopped_and_the_next_program_does_not_notice(
    language: Language, source: str, codes: set[str]
) -> None:
    with Program(COUNTERS[language], language) as other, Program(source, language) as bomb:
        state = _run(other, other.initial_state)
        used = other.fuel_used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        reports = []
        for _ in range(2):  # the second time, on an instance that a bomb went off in
            with pytest.raises(ProgramFault) as stopped:
                _run(bomb, bomb.initial_state)
            reports.append((stopped.value.fault, bomb.fuel_used))
        assert time.perf_counter() - began < 5  # some ms each on a quiet machine
        assert reports[0] == reports[1]
        fault, _ = reports[0]
        assert fault.code in codes, fault
        assert len(fault.detail) > 20
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        assert grown * 1024 < 3 * MEMORY_BYTES_MAX
        assert _run(other, other.initial_state) == state
        assert other.fuel_used == used


def test_promises_never_run_on() -> None:
    source = """
    export function onEvent(event, state) {
      const again = () => { Promise.resolve().then(again); };
      again();
      return { state: "answered" };
    }"""
    with Program(source) as program:
        assert _run(program, program.initial_state) == b'"answered"'


def test_a_bomb_that_goes_off_while_loading_is_reported_too() -> None:
    with pytest.raises(ProgramFault, match="instructions") as stopped:
        Program("for (;;) ; export const onEvent = () => {};")
    assert stopped.value.fault.code == "fuel"


def test_nothing_outside_of_the_state_survives_an_event() -> None:
    source = """
    let hidden = 0;
    export function onEvent(event, state) {
      hidden += 1;
      Array.prototype.hidden = (Array.prototype.hidden ?? 0) + 1;
      return { state: [hidden, Array.prototype.hidden] };
    }"""
    with Program(source) as program:
        first = _run(program, b"null")
        assert first == _run(program, b"null") == b"[1,1]"


def test_time_and_chance_come_from_the_event() -> None:
    source = """
    export function onEvent(event, state) {
      const chance = [Math.random(), Math.random()];
      return { state: { now: Date.now(), date: new Date().toISOString(), chance } };
    }"""
    with Program(source) as one, Program(source) as other:

        def hashed(program: Program, now_ns: int, seed: bytes) -> str:
            return state_hash(program.run(b"{}", b"null", now_ns=now_ns, seed=seed).state)

        now_ns = 1_790_000_000_123_000_000
        expected = hashed(one, now_ns, b"a" * 16)
        assert hashed(one, now_ns, b"a" * 16) == hashed(other, now_ns, b"a" * 16) == expected
        assert hashed(one, now_ns, b"b" * 16) != expected
        assert hashed(one, now_ns + 1_000_000, b"a" * 16) != expected
        state = one.run(b"{}", b"null", now_ns=now_ns, seed=b"a" * 16).state
        assert b'"now":1790000000123}' in state
        assert b'"date":"2026-09-21T' in state
        used = one.fuel_used
        assert other.run(b"{}", b"null", now_ns=now_ns, seed=b"a" * 16).state == state
        assert other.fuel_used == used


def test_memory_ends_at_its_limit() -> None:
    source = """
    export const onEvent = (event) => ({ state: new ArrayBuffer(event.bytes).byteLength });
    """
    with Program(source) as program:

        def takes(size: int) -> bytes:
            return program.run(b'{"bytes":%d}' % size, b"0", now_ns=0, seed=bytes(16)).state

        assert takes(MEMORY_BYTES_MAX // 2) == b"%d" % (MEMORY_BYTES_MAX // 2)
        with pytest.raises(ProgramFault, match="want of memory: 16 MiB at most"):
            takes(MEMORY_BYTES_MAX)


def test_fuel_does_not_depend_on_what_came_before() -> None:
    source = """
    export function onEvent(event, state) {
      const all = Array.from({ length: event.buffers }, () => new ArrayBuffer(1e6));
      return { state: all.length };
    }"""
    with Program(source) as used, Program(source) as fresh:

        def fuel(program: Program, buffers: int) -> int:
            program.run(b'{"buffers":%d}' % buffers, b"0", now_ns=0, seed=bytes(16))
            return program.fuel_used

        expected = fuel(fresh, 9)
        assert [fuel(used, 9) for _ in range(4)] == [expected] * 4
        assert fuel(used, 1) == fuel(fresh, 1)


def test_asking_for_the_time_costs_what_it_takes() -> None:
    source = """
    export function onEvent(event) { for (let i = 0; i < event.times; i++) Date.now(); }
    """
    with Program(source) as program:

        def fuel(times: int) -> int:
            program.run(b'{"times":%d}' % times, b"0", now_ns=0, seed=bytes(16))
            return program.fuel_used

        assert fuel(200) - fuel(100) > 100 * 40_000


def test_each_thread_has_its_own_time() -> None:
    source = "export const onEvent = () => { for (let i = 0; i < 50; i++) var now = Date.now();"
    source += " return { state: now }; };"

    def times(now_ms: int) -> set[bytes]:
        with Program(source) as program:
            now_ns = now_ms * 1_000_000
            return {
                program.run(b"{}", b"0", now_ns=now_ns, seed=bytes(16)).state for _ in range(30)
            }

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(times, range(1, 9))) == [{b"%d" % ms} for ms in range(1, 9)]


def test_what_a_program_answers_wrongly_is_said() -> None:
    cases = {
        "return 3;": "no object",
        "return [];": "no object",
        "return { effect: [] };": '"effect" beside state and effects',
        "return Promise.resolve({});": "promise",
        "return { effects: 3 };": "effects",
        "return { state: 3n };": "TypeError",
        "const a = {}; a.a = a; return { state: a };": "TypeError",
        "return { state: 'x'.repeat(14e4) };": "140012 characters of JSON",
        "return { state: 'x'.repeat(10e6) };": "instructions",
        "return { state: 'x'.repeat(70e3) };": "The state has 70002 bytes",
        "return { state: '\\ud800' };": "no answer",
        "return { toJSON() {} };": "toJSON",
        "throw 'no';": "Error: no",
        "throw null;": "no message",
        "null.x;": "cannot read property 'x' of null",
    }
    for body, said in cases.items():
        source = f"export function onEvent(event, state) {{\n  {body}\n}}"
        with Program(source) as program, pytest.raises(ProgramFault) as found:
            _run(program, b"null")
        assert said in found.value.fault.detail, body
    assert (found.value.fault.line, found.value.fault.column) == (2, 3)


def test_what_a_program_does_not_return_stays_as_it_was() -> None:
    with Program("export function onEvent(event, state) { state.n = 2; }") as program:
        assert _run(program, b'{"n":1}') == b'{"n":1}'


def test_a_program_that_cannot_be_loaded_says_where_and_why() -> None:
    cases = {
        "export function onEvent(event, state) {\n  return { state: 1 +* 2 };\n}": ("syntax", 2),
        "export const other = 1;": ("threw", None),
        "import { x } from 'y'; export const onEvent = x;": ("threw", None),
        "\n\nnull.x; export const onEvent = 1;": ("threw", 3),
        "export function onEvent() {}\nthrow new Error('not today');": ("threw", 2),
        "export function onEvent() {}; await 1;": ("threw", None),
        "// " + "x" * 300_000: ("memory", None),
        "export const onEvent = () => {}; export const initialState = 'x'.repeat(300000)": (
            "bad_answer",
            None,
        ),
    }
    for source, (code, line) in cases.items():
        with pytest.raises(ProgramFault) as found:
            Program(source)
        assert (found.value.fault.code, found.value.fault.line) == (code, line), found.value


def test_a_suspended_program_goes_on_as_if_it_had_not_been() -> None:
    grown = "const table = new Array(60000).fill(1.5); export const initialState = 0;"
    grown += "export const onEvent = (e, state) => ({ state: state + table[7] });"
    for source in (COUNTER, grown):
        with Program(source) as one, Program(source) as other:
            for _ in range(3):
                one.suspend()
                one.suspend()
                assert _run(one, one.initial_state) == _run(other, other.initial_state)
                assert one.fuel_used == other.fuel_used
