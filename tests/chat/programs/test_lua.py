"""Programs in Lua: what they are given, what they may answer, and what is told of their errors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.chat.programs.guests import Language
from hanse.chat.programs.sandbox import (
    MEMORY_BYTES_MAX,
    Answer,
    Fault,
    Program,
    ProgramFault,
    state_hash,
)
from hanse.cli import main
from tests.chat.programs.lua_bombs import lua_source_of
from tests.chat.programs.recording import BEA, Recording

COUNTER = """
initial_state = { said = 0 }
function on_event(event, state)
  local said = state.said + 1
  return {
    state = { said = said, chance = math.random(), before = state.chance },
    effects = { { type = "post", text = said .. " at " .. os.time() } },
  }
end
"""
ECHO = "function on_event(event, state) return { state = event } end"
NOW_NS = 1_790_000_000_123_000_000


def _run(
    source: str, event: Any = None, state: bytes = b"null", *, seed: bytes = bytes(16)
) -> Answer:
    with Program(source, Language.LUA) as program:
        return program.run(_json(event), state, now_ns=NOW_NS, seed=seed)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _state(body: str, event: Any = None) -> Any:
    return json.loads(_run(lua_source_of(body), event).state)


def _fault(source: str) -> Fault:
    with pytest.raises(ProgramFault) as found:
        _run(source)
    return found.value.fault


def test_nothing_outside_of_the_state_survives_an_event() -> None:
    source = """
    local hidden = 0
    function on_event()
      hidden = hidden + 1
      string.hidden = (string.hidden or 0) + 1
      return { state = { hidden, string.hidden } }
    end"""
    with Program(source, Language.LUA) as program:
        states = [program.run(b"{}", b"null", now_ns=0, seed=bytes(16)).state for _ in range(3)]
    assert states == [b"[1,1]"] * 3


def test_time_and_chance_come_from_the_event() -> None:
    source = lua_source_of(
        "return { state = { os.time(), os.date('%Y-%m-%dT%H:%M:%SZ'), math.random(), {} == {},"
        " tostring({}) } }"
    )
    with Program(source, Language.LUA) as one, Program(source, Language.LUA) as other:

        def made(program: Program, now_ns: int, seed: bytes) -> tuple[str, int]:
            state = program.run(b"{}", b"null", now_ns=now_ns, seed=seed).state
            return state_hash(state), program.fuel_used

        expected = made(one, NOW_NS, b"a" * 16)
        assert made(one, NOW_NS, b"a" * 16) == made(other, NOW_NS, b"a" * 16) == expected
        assert made(one, NOW_NS, b"b" * 16)[0] != expected[0]
        assert made(one, NOW_NS + 10**9, b"a" * 16)[0] != expected[0]
    time, date, *_ = json.loads(_run(source).state)
    assert (time, date) == (1_790_000_000, "2026-09-21T14:13:20Z")


def test_pairs_has_the_same_order_in_every_process() -> None:
    script = (
        "from hanse.chat.programs.guests import Language\n"
        "from hanse.chat.programs.sandbox import Program\n"
        "source = '''function on_event(event)\n"
        "local keys = {} for key in pairs(event) do keys[#keys + 1] = key end\n"
        "return { state = keys } end'''\n"
        "event = b'{' + b','.join(b'\"k%d\":1' % at for at in range(200)) + b'}'\n"
        "with Program(source, Language.LUA) as program:\n"
        "    made = program.run(event, b'null', now_ns=0, seed=bytes(16))\n"
        "    print(made.state, program.fuel_used)\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(printed) == 1
    assert "k199" in printed.pop()


_values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=30,
)


@pytest.fixture(scope="module")
def echo() -> Any:
    with Program(ECHO, Language.LUA) as program:
        yield program


@given(_values)
@settings(max_examples=300, deadline=None)
def test_what_is_given_can_be_returned_as_it_is(echo: Program, value: Any) -> None:
    answer = echo.run(_json(value), b"0", now_ns=0, seed=bytes(16))
    assert json.loads(answer.state) == value


def test_null_is_nothing_in_an_object_and_null_in_an_array() -> None:
    assert _state("return { state = event }", {"a": None, "b": [None, 1]}) == {"b": [None, 1]}
    assert _state("return { state = { a = null, b = event[1] == null } }", [None]) == {
        "a": None,
        "b": True,
    }
    source = lua_source_of("return { state = null }")
    assert _run(source, state=b"3").state == b"null"


def test_empty_tables_are_objects_unless_they_are_told_to_be_arrays() -> None:
    given_too = {"object": {}, "array": []}
    assert _state("event.new, event.made = {}, array() return { state = event }", given_too) == {
        "object": {},
        "array": [],
        "new": {},
        "made": [],
    }
    assert _state("event[1] = 'a' return { state = event }", []) == ["a"]
    assert _state("event.a = 'b' return { state = event }", []) == {"a": "b"}
    assert _run(lua_source_of("return { effects = {} }")).effects == ()


def test_what_a_program_does_not_return_stays_as_it_was() -> None:
    for answer in ("", "return nil", "return {}", "return { effects = {} }"):
        assert _run(lua_source_of(f"state.n = 2 {answer}"), state=b'{"n":1}').state == b'{"n":1}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 3", "on_event returned a number, not a table"),
        ("return { 1 }", 'on_event returned "1" beside state and effects'),
        ("return { effect = {} }", 'on_event returned "effect" beside state and effects'),
        ("return { effects = 3 }", "effects"),
        ("return { state = print or on_event }", "state is a function, which has no form in JSON"),
        ("return { state = { a = coroutine.create(on_event) } }", "state.a is a thread"),
        ("return { state = { 1, nil, 3 } }", "state is a table of 2 with nothing at 2"),
        ("return { state = { [0] = 1 } }", "the key 0"),
        ("return { state = { votes = { [7] = 1 } } }", "state.votes is a table of 1 with nothing"),
        ("return { state = { 1, a = 2 } }", "state is a table with the key"),
        ("return { state = 1 / 0 }", "state is no finite number"),
        ("return { state = { a = '\\xff' } }", "state.a has a string that is not in UTF-8"),
        ("return { state = { ['\\xff'] = 1 } }", "a string that is not in UTF-8"),
        ("local a = {} a.a = a return { state = a }", "nests more than 100 deep"),
        ("return { state = ('x'):rep(14e4) }", "140012 characters of JSON: 131072 at most"),
        ("return { state = ('x'):rep(70e3) }", "The state has 70002 bytes"),
    ],
)
def test_what_a_program_answers_wrongly_is_said(body: str, said: str) -> None:
    fault = _fault(lua_source_of(body))
    assert said in fault.detail
    assert (fault.code, fault.line) == ("bad_answer", None)


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("error('no')", "threw", "no"),
        ("error('no', 0)", "threw", "no"),
        ("error({ message = 'told' })", "threw", "told"),
        ("error({})", "threw", "what was thrown has no message"),
        ("error()", "threw", "what was thrown has no message"),
        ("return event.body.text", "threw", "attempt to index a nil value (field 'body')"),
        ("return {} .. 'x'", "threw", "attempt to concatenate a table value"),
        ("return missing()", "threw", "attempt to call a nil value (global 'missing')"),
        ("local f = function(f) return f(f) .. '' end f(f)", "fuel", "instructions"),
        ("return ('x'):rep(1e9)", "memory", "16 MiB"),
    ],
)
def test_an_error_is_told_with_its_line(body: str, code: str, said: str) -> None:
    fault = _fault(f"function on_event(event, state)\n\n{body}\nend")
    assert fault.code == code
    assert said in fault.detail
    assert fault.line == (3 if code == "threw" else None)
    assert fault.column is None


def test_a_program_that_cannot_be_loaded_says_where_and_why() -> None:
    cases = {
        "function on_event()\n  return 1 +* 2\nend": ("syntax", 2, "unexpected symbol near '*'"),
        "function on_event(": ("syntax", 1, "expected near <eof>"),
        "other = 1": ("threw", None, "defines no function on_event"),
        "local function on_event() end": ("threw", None, "defines no function on_event"),
        "\n\nnull.x.y = 1": ("threw", 3, "attempt to index a nil value (field 'x')"),
        "function on_event() end\nerror('not today')": ("threw", 2, "not today"),
        "while true do end": ("fuel", None, "100000000 instructions"),
        "coroutine.yield()": ("threw", 1, "attempt to yield from outside a coroutine"),
        "\x1bLua": ("syntax", None, "attempt to load a binary chunk"),
        "-- " + "x" * 300_000: ("memory", None, "300003 bytes"),
        "initial_state = ('x'):rep(1e9)": ("memory", None, "16 MiB"),
        "on_event = error initial_state = ('x'):rep(3e5)": ("bad_answer", None, "initial state"),
        "on_event = error initial_state = { 0, on_event }": ("bad_answer", None, "initial_state"),
    }
    for source, (code, line, said) in cases.items():
        with pytest.raises(ProgramFault) as found:
            Program(source, Language.LUA)
        fault = found.value.fault
        assert (fault.code, fault.line) == (code, line), found.value
        assert said in fault.detail


@pytest.mark.parametrize(
    "name",
    [
        *("io", "debug", "require", "package", "dofile", "loadfile", "print", "warn"),
        *("collectgarbage", "os.execute", "os.getenv", "os.remove", "os.clock", "string.dump"),
    ],
)
def test_what_reaches_out_is_not_there(name: str) -> None:
    assert _state(f"return {{ state = {name} == nil }}") is True


def test_precompiled_code_is_not_loaded_but_source_is() -> None:
    assert _state(
        "local f, why = load('\\27Lua', 'c', 'b') return { state = { f == nil, why } }"
    ) == [
        True,
        "attempt to load a binary chunk (mode is 't')",
    ]
    body = (
        "local box = { x = 2 } return { state = load('y = x return x', 'c', 't', box)() + box.y }"
    )
    assert _state(body) == 4


@given(st.integers(-(10**11), 10**11))
@settings(max_examples=100, deadline=None)
def test_dates_are_those_of_the_calendar(calendar: Program, time: int) -> None:
    answer = calendar.run(_json(time), b"0", now_ns=0, seed=bytes(16))
    back, week_day, text = json.loads(answer.state)
    assert back == time
    days, seconds = divmod(time, 86_400)
    assert week_day == (days + 4) % 7 + 1
    assert text.endswith(f"T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}")
    if -62_135_596_800 <= time < 253_402_300_800:
        from datetime import UTC, datetime, timedelta

        expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
        assert text.removesuffix(text[-9:]).zfill(10) == expected.strftime("%Y-%m-%d").zfill(10)


@pytest.fixture(scope="module")
def calendar() -> Any:
    source = lua_source_of(
        "local date = os.date('*t', event)\n"
        "return { state = { os.time(date), date.wday, os.date('!%Y-%m-%dT%T', event) } }"
    )
    with Program(source, Language.LUA) as program:
        yield program


def test_memory_ends_at_its_limit_and_what_was_used_is_given_back() -> None:
    source = lua_source_of("return { state = #('x'):rep(1024):rep(event // 1024) }")
    with Program(source, Language.LUA) as program:

        def takes(size: int) -> bytes:
            return program.run(b"%d" % size, b"0", now_ns=0, seed=bytes(16)).state

        assert takes(MEMORY_BYTES_MAX // 4) == b"%d" % (MEMORY_BYTES_MAX // 4)
        small = program.fuel_used
        with pytest.raises(ProgramFault, match="want of memory: 16 MiB at most"):
            takes(MEMORY_BYTES_MAX)
        takes(MEMORY_BYTES_MAX // 4)
        assert program.fuel_used == small


def test_a_suspended_program_goes_on_as_if_it_had_not_been() -> None:
    grown = "table_of = {} for at = 1, 60000 do table_of[at] = 1.5 end initial_state = { said = 7 }"
    for source in (COUNTER, grown + COUNTER.replace("initial_state", "local unused")):
        with Program(source, Language.LUA) as one, Program(source, Language.LUA) as other:
            for _ in range(3):
                one.suspend()
                one.suspend()
                states = [
                    each.run(b"{}", each.initial_state, now_ns=0, seed=bytes(16)).state
                    for each in (one, other)
                ]
                assert states[0] == states[1]
                assert one.fuel_used == other.fuel_used


def _hanse(command: str, file: Path, *arguments: object) -> Any:
    return CliRunner().invoke(main, ["program", command, str(file), *map(str, arguments)])


def test_the_commands_take_files_in_lua(tmp_path: Path) -> None:
    file, room = tmp_path / "counter.lua", tmp_path / "room.jsonl"
    file.write_text(COUNTER, "utf-8")
    room.write_text("\n".join(Recording().say("one").say("two", BEA).say("three").lines), "utf-8")
    assert _hanse("check", file).exit_code == 0
    ran = _hanse("run", file, "--events", room)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["state"]["said"] for line in lines] == [1, 2, 3]
    assert lines[0]["effects"] == [{"type": "post", "text": "1 at 1772438460"}]
    replayed = _hanse("replay", file, "--events", room)
    assert "the same states, effects and fuel for 3 events" in replayed.stdout
    file.write_text("function on_event()\n  error('no')\nend", "utf-8")
    failed = _hanse("run", file, "--events", room)
    assert failed.exit_code == 1
    for line in failed.stdout.splitlines():
        assert json.loads(line)["fault"] == {"code": "threw", "detail": "no", "line": 2}
    file.write_text("function on_event(\n  ]", "utf-8")
    assert f"{file}:2: <name> or '...' expected near ']' (syntax)" in _hanse("check", file).stderr
