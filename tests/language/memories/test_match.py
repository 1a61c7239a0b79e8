"""Finding sentences again."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.language.memories.match import MemoryIndex, with_numbers_of

PAIRS = {
    "The house is very old.": "A casa é muito antiga.",
    "Pay 30 euros before 5 May.": "Pague 30 euros antes de 5 de maio.",
    "Close the door.": "Feche a porta.",
}


def test_the_same_sentence_is_found_whatever_its_white_space() -> None:
    match = MemoryIndex(PAIRS).find("The house  is very old .", 100)
    assert match is not None
    assert (match.percent, match.applied) == (100, "A casa é muito antiga.")


def test_other_numbers_are_put_into_the_translation() -> None:
    match = MemoryIndex(PAIRS).find("Pay 45 euros before 7 May.", 70)
    assert match is not None
    assert match.percent == 71
    assert match.applied == "Pague 45 euros antes de 7 de maio."


def test_a_like_sentence_is_told_and_not_applied() -> None:
    match = MemoryIndex(PAIRS).find("The house is very new.", 75)
    assert match is not None
    assert (match.source, match.percent, match.applied) == ("The house is very old.", 83, None)
    assert MemoryIndex(PAIRS).find("The house is very new.", 84) is None


def test_numbers_in_doubt_are_not_touched() -> None:
    assert with_numbers_of("2 of 3", "5 of 5", "5 de 5") is None
    assert with_numbers_of("Page 4", "Page 3", "Página três") is None
    assert with_numbers_of("Page 4", "Line 3", "Página 3") is None


def test_capitals_make_a_difference() -> None:
    match = MemoryIndex(PAIRS).find("CLOSE the door.", 50)
    assert match is not None
    assert match.applied is None


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=10), st.text())
def test_any_text_is_looked_up(pairs: dict[str, str], asked: str) -> None:
    match = MemoryIndex(pairs).find(asked, 0)
    if match is not None:
        assert pairs[match.source] == match.target
        assert 0 <= match.percent <= 100
