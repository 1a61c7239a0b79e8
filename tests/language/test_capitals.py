"""Sentences in capitals come out in capitals, and translated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.capitals import in_sentence_case, is_in_capitals, with_first_capital
from hanse.language.pipeline import assemble, plan
from hanse.language.segment import SplitMode


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EMERGENCY EXIT", True),
        ("WARNING!", True),
        ("SAÍDA Nº 5", False),  # the ordinal sign has no capital
        ("NASA", False),
        ("US, EU", False),
        ("Emergency EXIT", False),
        ("東京都庁舎前駅", False),
        ("12345 67", False),
    ],
)
def test_what_is_in_capitals(text: str, expected: bool) -> None:
    assert is_in_capitals(text) is expected


@pytest.mark.parametrize(
    ("source", "answer", "expected"),
    [
        ("North house", "casa norte", "Casa norte"),
        ("North house", "Casa norte", "Casa norte"),
        ("north house", "casa norte", "casa norte"),
        ("The pH value", "pH-Wert", "pH-Wert"),
        ("A house", "ß", "ß"),
        ("House", "", ""),
    ],
)
def test_what_begins_with_a_capital_begins_with_one_afterwards(
    source: str, answer: str, expected: str
) -> None:
    assert with_first_capital(source, answer) == expected


def test_code_words_stay() -> None:
    assert in_sentence_case("PRESS XQ1, THEN XQ2!", frozenset({"XQ1", "XQ2"})) == (
        "Press XQ1, then XQ2!"
    )


@given(st.text(st.sampled_from("ABCÇÉ .,"), min_size=1, max_size=40))
def test_an_engine_that_changes_nothing_gives_capitals_back(text: str) -> None:
    planned = plan([text], ["pt"], "en", SplitMode("1"), lambda a, b: [f"{a}-{b}"])
    results = {route: list(sentences) for route, sentences in planned.sentences.items()}
    [done] = assemble(planned, results)
    assert done.text == text


def test_a_sentence_in_capitals_with_a_placeholder_keeps_it() -> None:
    planned = plan(
        ["PRESS {key} TO OPEN THE DOOR"], ["en"], "pt", SplitMode("1"), lambda a, b: [f"{a}-{b}"]
    )
    [[asked]] = planned.sentences.values()
    assert asked == "Press XQ1 to open the door"
    [done] = assemble(planned, {("en-pt",): ["Pressione XQ1 para abrir a porta"]})
    assert done.text == "PRESSIONE {key} PARA ABRIR A PORTA"
