"""`hanse program`: what its author sees."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from hanse.chat.programs.reduction import Step
from hanse.chat.programs.replay import Difference, first_difference
from hanse.cli import main
from tests.chat.programs.recording import BEA, Recording

COUNTER = """
export const initialState = { said: 0 };
export function onEvent(event, state) {
  const said = state.said + 1;
  return { state: { said }, effects: [{ type: "post", text: `${said} at ${Date.now()}` }] };
}
"""


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    recording = tmp_path / "room.jsonl"
    lines = Recording().say("one").say("two", BEA).say("three").say("four\u2028").lines
    recording.write_text("\n".join([*lines, ""]), "utf-8")
    return recording


def _program(tmp_path: Path, source: str) -> Path:
    file = tmp_path / "program.js"
    file.write_text(source, "utf-8")
    return file


def _hanse(command: str, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["program", command, *map(str, arguments)])


def _lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_check_names_line_and_column(tmp_path: Path) -> None:
    file = _program(tmp_path, "export function onEvent() {\n  return {{;\n}")
    result = _hanse("check", file)
    assert result.exit_code == 1
    assert f"{file}:2:" in result.stderr
    assert "SyntaxError" in result.stderr
    assert "(syntax)" in result.stderr
    assert _hanse("check", _program(tmp_path, COUNTER)).exit_code == 0


def test_run_tells_what_came_of_each_event(tmp_path: Path, talk: Path) -> None:
    result = _hanse("run", _program(tmp_path, COUNTER), "--events", talk)
    assert result.exit_code == 0, result.output
    lines = _lines(result)
    assert [line["state"] for line in lines] == [{"said": said} for said in (1, 2, 3, 4)]
    assert lines[0]["effects"] == [{"type": "post", "text": "1 at 1772438460000"}]
    assert len({line["state_hash"] for line in lines}) == 4
    assert all(line["fuel"] > 10_000 and line["took_us"] > 0 for line in lines)


def test_a_program_that_fails_at_each_event_changes_nothing(tmp_path: Path, talk: Path) -> None:
    source = "export const initialState = [];\nexport function onEvent() {\n  throw Error('no');\n}"
    result = _hanse("run", _program(tmp_path, source), "--events", talk)
    assert result.exit_code == 1
    assert "failed at 4 of the events" in result.stderr
    for line in _lines(result):
        assert (line["state"], line["effects"]) == ([], [])
        assert line["fault"] == {"code": "threw", "detail": "Error: no", "line": 3, "column": 9}


def test_an_effect_without_a_right_to_it_stops_its_event_alone(tmp_path: Path, talk: Path) -> None:
    source = """
    export const initialState = 0;
    export function onEvent(event, state) {
      const away = { type: "delete", target: event.number };
      return { state: state + 1, effects: event.body.text === "two" ? [away] : [] };
    }"""
    file = _program(tmp_path, source)
    denied = _lines(_hanse("run", file, "--events", talk))
    assert [line["state"] for line in denied] == [1, 1, 2, 3]
    assert denied[1]["fault"]["code"] == "not_allowed"
    allowed = _lines(_hanse("run", file, "--events", talk, "--allow", "delete"))
    assert [line["state"] for line in allowed] == [1, 2, 3, 4]
    assert allowed[1]["effects"] == [{"type": "delete", "target": 2}]
    assert not any("fault" in line for line in allowed)


def test_an_event_after_a_bomb_goes_on_from_the_state_before_it(tmp_path: Path, talk: Path) -> None:
    source = """
    export const initialState = 0;
    export function onEvent(event, state) {
      if (event.body.text === "two") for (const all = []; ; ) all.push(new Array(1000).fill(0));
      return { state: state + 1 };
    }"""
    file = _program(tmp_path, source)
    lines = _lines(_hanse("run", file, "--events", talk))
    assert [line["state"] for line in lines] == [1, 1, 2, 3]
    assert lines[1]["fault"]["code"] in {"memory", "fuel"}
    assert _hanse("replay", file, "--events", talk).exit_code == 0


def test_replay_finds_the_same(tmp_path: Path, talk: Path) -> None:
    source = COUNTER.replace("{ said }", "{ said, chance: Math.random(), before: state.chance }")
    result = _hanse("replay", _program(tmp_path, source), "--events", talk)
    assert result.exit_code == 0, result.output
    assert "the same states, effects and fuel for 4 events" in result.stdout


def test_a_difference_between_runs_is_named() -> None:
    def steps(*states: str) -> list[Step]:
        return [Step(at, (), state, 10, float(at)) for at, state in enumerate(states, 1)]

    slower = [structs.replace(step, took_us=1e6) for step in steps("a", "b")]
    assert first_difference("again", steps("a", "b"), iter(slower)) is None
    found = first_difference("again", steps("a", "b", "c"), iter(steps("a", "x", "y")))
    assert found == Difference(2, "again", ("state_hash",))


def test_a_recording_that_is_none_is_refused_with_its_line(tmp_path: Path, talk: Path) -> None:
    file = _program(tmp_path, COUNTER)
    lines = talk.read_text("utf-8").split("\n")
    for broken, said in {
        "{": "Line 2 is no event",
        '{"number": 1}': "Line 2 is no event: Object missing required field",
        lines[0]: "Event 1 cannot follow event 1",
        lines[1].replace("+00:00", ""): "Line 2: created_at has no time zone",
    }.items():
        talk.write_text("\n".join([lines[0], broken]), "utf-8")
        result = _hanse("run", file, "--events", talk)
        assert result.exit_code == 1
        assert said in result.stderr
