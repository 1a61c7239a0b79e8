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
from hanse.chat.programs.guests import Language
from hanse.chat.programs.replay import replay, run
from hanse.chat.programs.templates import NEEDS, TEMPLATES, read_template
from hanse.chat.programs.typescript import declarations
from hanse.cli import main
from tests.chat.programs.recording import ADA, BEA, CEM, Recording

FOLDER = Path(programs.__file__).parent / "templates"
FILES = [*FOLDER.glob("*.js"), *FOLDER.glob("*.lua")]


def _effects(
    name: str, recording: Recording, language: Language = Language.JAVASCRIPT
) -> list[list[dict[str, Any]]]:
    """Return the effects of each event; a template fails at none, and replays exactly."""
    source = read_template(name, language)
    rights = Rights(allowed=frozenset(NEEDS.get(name, ())))
    events = recorded(recording.lines)
    steps = [step for step, _ in run(source, events, rights, language)]
    assert [step.fault for step in steps] == [None] * len(steps)
    assert replay(source, events, rights, language) is None
    return [json.loads(msgspec.json.encode(step.effects)) for step in steps]


@pytest.mark.parametrize("language", Language)
def test_a_poll_counts_one_vote_of_each_and_ends_when_its_author_says_so(
    language: Language,
) -> None:
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
    made = _effects("poll", recording, language)
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
    made = _effects("standup", recording)
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
    made = _effects("on_call", recording)
    posts = [next((each["text"] for each in one if each["type"] == "post"), "") for one in made]
    assert posts[0].startswith("Nobody")
    assert posts[1].endswith(f"2026-03-09: <@{ADA}>")
    assert made[1][0]["at"] == "2026-03-09T08:02:00Z"
    assert posts[2].endswith(f"<@{BEA}>")
    assert posts[3].endswith(f"<@{CEM}>")
    assert posts[4].endswith(f"<@{ADA}>")
    assert posts[5] == posts[4]
    assert posts[6] == posts[7] == posts[0]


def _texts(effects: list[dict[str, Any]]) -> list[str]:
    return [each["text"] for each in effects if "text" in each]


def test_expenses_are_summed_for_each_person_and_settled() -> None:
    lunch = {"sum": "12.5", "what": "Lunch", "kind": "Meals", "day": "2026-03-01"}
    recording = (
        Recording()
        .say("/expenses")
        .add("press", ADA, key="form-1", button="send", values=lunch)
        .add("press", BEA, key="form-1", button="send", values={"sum": "0.1", "what": "Stamp"})
        .add("press", BEA, key="form-1", button="send", values={"sum": "0.2", "what": "Pen"})
        .add("press", CEM, key="form-1", button="send", values={"sum": "-3", "what": "Luck"})
        .add("press", CEM, key="form-1", button="send", values={"sum": "10001", "what": "Boat"})
        .add("press", CEM, key="sums-1", button="settle")
        .add("press", CEM, key="sums-1", button="settle")
        .say("/expenses")
        .add("press", ADA, key="form-1", button="send", values=lunch)
        .say("/expenses please")
        .say("What do we do about /expenses?")
    )
    made = _effects("expenses", recording)
    form, sums = made[0]
    assert [each["name"] for each in form["fields"]] == ["sum", "what", "kind", "day"]
    assert (sums["text"], "buttons" in sums) == ("Nothing has been spent.", False)
    assert _texts(made[1]) == [
        f"<@{ADA}> spent 12.50 EUR: Lunch, Meals, 2026-03-01",
        f"- <@{ADA}>: 12.50 EUR (1)\n- Together: 12.50 EUR",
    ]
    assert made[3][1]["text"] == (
        f"- <@{ADA}>: 12.50 EUR (1)\n- <@{BEA}>: 0.30 EUR (2)\n- Together: 12.80 EUR"
    )
    assert made[3][1]["buttons"] == [{"name": "settle", "label": "Settle up"}]
    for each in made[4:6]:
        assert _texts(each) == [f"<@{CEM}>: a sum is above 0 and up to 10000.00 EUR."]
    settled, emptied = made[6]
    assert settled["text"].startswith(f"Settled on 2026-03-02 by <@{CEM}>:\n\n- <@{ADA}>: 12.50")
    assert emptied["text"] == "Nothing has been spent."
    assert _texts(made[7]) == ["There is nothing to settle."]
    assert [each["key"] for each in made[8]] == ["form-1", "sums-1", "form-2", "sums-2"]
    assert "buttons" not in made[8][0]
    assert made[9] == made[11] == []
    assert _texts(made[10])[0].startswith("So: ")


def test_with_an_approver_expenses_count_once_approved() -> None:
    taxi = {"sum": "30", "what": "Taxi"}
    recording = (
        Recording()
        .say("/expenses approver")
        .say("/expenses approver @Cem", mentions=[CEM])
        .say("/expenses approver @Ada", mentions=[ADA])
        .say("/expenses")
        .add("press", ADA, key="form-1", button="send", values=taxi)
        .add("press", ADA, key="expense-1", button="approve")
        .say("/expenses approver off", CEM)
        .add("press", CEM, key="expense-1", button="approve")
        .add("press", CEM, key="expense-1", button="approve")
        .add("press", BEA, key="form-1", button="send", values=taxi)
        .add("press", CEM, key="expense-2", button="refuse")
        .add("press", CEM, key="form-1", button="send", values=taxi)
        .add("press", ADA, key="sums-1", button="settle")
        .add("press", CEM, key="sums-1", button="settle")
        .say("/expenses approver off", CEM)
    )
    made = _effects("expenses", recording)
    assert _texts(made[0])[0].startswith("So: ")
    assert _texts(made[2]) == [f"Only <@{CEM}> may change that."]
    [card] = made[4]
    assert [each["name"] for each in card["buttons"]] == ["approve", "refuse"]
    assert _texts(made[5]) == [f"<@{ADA}>: that is for <@{CEM}> to decide."]
    assert "wait" in _texts(made[6])[0]
    approved, _, sums = made[7]
    assert (approved["title"], "buttons" in approved) == ("Approved", False)
    assert sums["text"].startswith(f"- <@{ADA}>: 30.00 EUR (1)")
    assert made[8] == []
    [refused] = made[10]
    assert refused["title"] == "Refused"
    assert made[11][1]["text"].endswith("- Together: 60.00 EUR")
    assert _texts(made[12]) == [f"<@{ADA}>: <@{CEM}> settles."]
    assert _texts(made[13])[0].startswith("Settled")
    assert _texts(made[14]) == ["Expenses count at once from now on."]


def test_a_glossary_keeps_what_it_is_told_and_translates_what_it_is_not() -> None:
    recording = (
        Recording()
        .say("quay = cais")
        .say("Quay?", BEA)
        .say("quay = doca", BEA)
        .say("tide?")
        .add("translation", key="4", text="maré", language="pt")
        .add("translation", key="4", text="maré", language="pt")
        .say("brigantine?")
        .add("translation", key="7", text="")
        .say("Where do we meet tomorrow?")
        .say("constructor =")
        .say("__proto__ = protótipo")
        .say("/glossary")
        .say("quay =")
        .say("/glossary")
        .say("a == b")
    )
    made = _effects("glossary", recording)
    assert made[0] == [{"type": "react", "target": 1, "emoji": "📖"}]
    assert made[1] == [{"type": "post", "text": "quay = cais", "thread": 2}]
    assert _texts(made[2]) == [f"It was “cais” until now, by <@{ADA}>."]
    assert made[3] == [{"type": "translate", "key": "4", "text": "tide", "to": "pt"}]
    assert _texts(made[4]) == ["tide: maré (by machine; “tide = ...” tells a better one)"]
    assert made[4][0]["thread"] == 4
    assert made[5] == made[8] == made[14] == []
    assert _texts(made[7]) == [
        "“brigantine” could not be translated: “brigantine = ...” tells how."
    ]
    assert _texts(made[9]) == ["The glossary does not have “constructor”."]
    assert _texts(made[11]) == ["- __proto__ = protótipo\n- quay = doca"]
    assert made[12][0]["emoji"] == "🗑️"
    assert _texts(made[13]) == ["- __proto__ = protótipo"]


def test_a_glossary_that_is_full_says_so_and_goes_on() -> None:
    recording = Recording()
    for number in range(140):
        recording.say(f"{number} {'ж' * 50} = {'щ' * 100}")
    made = _effects("glossary", recording.say("0 " + "ж" * 50 + "?"))
    assert "full" in _texts(made[139])[0]
    assert _texts(made[140]) == [f"0 {'ж' * 50} = {'щ' * 100}"]


@pytest.mark.parametrize("template", sorted(FILES), ids=lambda path: path.name)
def test_templates_load(template: Path) -> None:
    assert template.stem in TEMPLATES
    assert CliRunner().invoke(main, ["program", "check", str(template)]).exit_code == 0


def test_the_types_for_authors_are_current() -> None:
    printed = CliRunner().invoke(main, ["program", "types"]).output
    assert printed == declarations() == (FOLDER / "hanse.d.ts").read_text("utf-8")
