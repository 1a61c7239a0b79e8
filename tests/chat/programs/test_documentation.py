"""docs/programs.md is true: its example does what it shows, and its limits are the limits."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hanse.chat.programs import effects, sandbox
from hanse.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "programs.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def _comparable(line: str) -> Any:
    if not line.startswith("{"):
        return line
    found = json.loads(line)
    assert found.pop("took_us") > 0
    return found


def test_the_example_does_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thanks.js").write_text(*_blocks("js"), "utf-8")
    Path("room.jsonl").write_text(*_blocks("json"), "utf-8")
    commands = _blocks("console")
    assert len(commands) == 3
    for command in commands:
        typed, *shown = command.splitlines()
        result = CliRunner().invoke(main, shlex.split(typed.removeprefix("$ hanse ")))
        assert result.exit_code == 0, result.output
        printed = [_comparable(line) for line in result.stdout.splitlines()]
        assert printed == [_comparable(line) for line in shown]


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("instructions for an event", f"{sandbox.FUEL_PER_EVENT:,}"),
        ("instructions to load", f"{sandbox.FUEL_TO_LOAD:,}"),
        ("memory", f"{sandbox.MEMORY_BYTES_MAX // 2**20} MiB"),
        ("source", f"{sandbox.SOURCE_BYTES_MAX // 2**10} KiB"),
        ("state, as JSON", f"{sandbox.STATE_BYTES_MAX // 2**10} KiB"),
        ("answer, as JSON", f"{sandbox.ANSWER_CHARACTERS_MAX:,} characters"),
        ("effects of an event", str(effects.EFFECTS_MAX)),
    ],
)
def test_the_limits_are_those_of_the_page(what: str, limit: str) -> None:
    assert re.search(rf"^\| {what} \| {re.escape(limit)}\b", PAGE, re.MULTILINE)


def test_all_effects_are_on_the_page() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == effects.EFFECT_TYPES
