"""The programs that come with Hanse, each over a recorded conversation."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from hanse.chat import programs
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import recorded
from hanse.chat.programs.guests import language_of
from hanse.chat.programs.replay import replay, run
from hanse.chat.programs.typescript import declarations
from hanse.cli import main
from tests.chat.programs.recording import ADA, BEA, CEM, Recording

TEMPLATES = Path(programs.__file__).parent / "templates"
FILES = [*TEMPLATES.glob("*.js"), *TEMPLATES.glob("*.lua")]


def _effects(name: str, recording: Recording) -> list[list[dict[str, Any]]]:
    """Return the effects of each event; a template fails at none, and replays exactly."""
    source = (TEMPLATES / name).read_text("utf-8")
    events = recorded(recording.lines)
    language = language_of(name)
    steps = [step for step, _ in run(source, events, Rights(), language)]
    assert [step.fault for step in steps] == [None] * len(steps)
    assert replay(source, events, Rights(), language) is None
    return [json.loads(msgspec.json.encode(step.effects)) for step in steps]


@pytest.mark.parametrize("ending", ["js", "lua"])
def test_a_poll_counts_one_vote_of_each_and_ends_when_its_author_says_so(ending: str) -> None:
    recording = (
        Recording()
        .say("Good morning")
        .say("/poll Where do we eat? | Canteen | Harbour")
        .add("press", ADA, key="poll-1", button="0")
        .add("press", BEA, key="poll-1", button="0")
        .add("press", BEA, key="poll-1", button="1")
        .add("press", CEM, key="poll-1", button="1")
        .add("press", CEM, key="poll-1", button="7")
        .say("/poll Another? | a | b")
        .say("/poll close", BEA)
        .say("/poll close", ADA)
        .add("press", CEM, key="poll-1", button="0")
    )
    made = _effects(f"poll.{ending}", recording)
    assert made[0] == made[6] == made[10] == []
    assert made[1][0]["buttons"] == [
        {"name": "0", "label": "Canteen"},
        {"name": "1", "label": "Harbour"},
    ]
    assert [made[at][0]["text"] for at in (1, 2, 3, 4, 5)] == [
        "0 · Canteen\n0 · Harbour",
        "1 · Canteen\n0 · Harbour",
        "2 · Canteen\n0 · Harbour",
        "1 · Canteen\n1 · Harbour",
        "1 · Canteen\n2 · Harbour",
    ]
    assert "open already" in made[7][0]["text"]
    assert "began the poll" in made[8][0]["text"]
    assert made[9][0]["text"] == "1 · Canteen\n2 · Harbour"
    assert "buttons" not in made[9][0]


def test_a_stand_up_asks_at_its_time_and_tells_two_hours_later() -> None:
    recording = (
        Recording()
        .say("/standup half-past")
        .say("/standup 08:30")
        .add("timer", key="ask", minutes=28)
        .add(
            "press", ADA, key="standup-2026-03-02", button="send", values={"did": "a", "will": "b"}
        )
        .add(
            "press", BEA, key="standup-2026-03-02", button="send", values={"did": "c", "will": "d"}
        )
        .add(
            "press", ADA, key="standup-2026-03-02", button="send", values={"did": "e", "will": "f"}
        )
        .add("timer", key="tell", minutes=117)
        .add(
            "press", CEM, key="standup-2026-03-02", button="send", values={"did": "g", "will": "h"}
        )
        .say("/standup off")
    )
    made = _effects("standup.js", recording)
    assert made[0][0]["text"].startswith("So:")
    assert made[1][0] == {"type": "timer", "key": "ask", "at": "2026-03-02T08:30:00Z"}
    card, tell, ask = made[2]
    assert [field["name"] for field in card["fields"]] == ["did", "will"]
    assert tell["at"] == "2026-03-02T10:30:00Z"
    assert ask["at"] == "2026-03-03T08:30:00Z"
    assert made[6][0]["text"] == "Stand-up of 2026-03-02: 2 reports\n• e → f\n• c → d"
    assert made[7] == []
    assert made[8] == [{"type": "timer", "key": "ask"}, {"type": "timer", "key": "tell"}]


def test_a_rota_hands_over_every_week_and_passes_over_who_left() -> None:
    recording = (
        Recording()
        .say("/oncall")
        .say("/oncall @Ada @Bea @Cem", mentions=[ADA, BEA, CEM])
        .add("timer", key="turn", minutes=7 * 24 * 60)
        .add("members", members=[BEA])
        .say("/oncall skip")
        .say("/oncall")
        .add("members", members=[ADA, CEM])
        .add("timer", key="turn", minutes=7 * 24 * 60)
    )
    made = _effects("on_call.js", recording)
    posts = [next((each["text"] for each in one if each["type"] == "post"), "") for one in made]
    assert posts[0].startswith("Nobody")
    assert posts[1].endswith(f"2026-03-09: <@{ADA}>")
    assert made[1][0]["at"] == "2026-03-09T08:02:00Z"
    assert posts[2].endswith(f"<@{BEA}>")
    assert posts[3].endswith(f"<@{CEM}>")
    assert posts[4].endswith(f"<@{ADA}>")
    assert posts[5] == posts[4]
    assert posts[6] == posts[7] == posts[0]


@pytest.mark.parametrize("template", sorted(FILES), ids=lambda path: path.name)
def test_templates_load(template: Path) -> None:
    assert CliRunner().invoke(main, ["program", "check", str(template)]).exit_code == 0


def test_the_types_for_authors_are_current() -> None:
    printed = CliRunner().invoke(main, ["program", "types"]).output
    assert printed == declarations() == (TEMPLATES / "hanse.d.ts").read_text("utf-8")
