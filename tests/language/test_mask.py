"""Code words stand in for what is copied, and only come back whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.mask import Masked, mask, unmask
from hanse.language.segment import SplitMode, sentences

SENTENCE = "Hello {name}, you have %d new files in $HOME today."


def masked(text: str) -> Masked | None:
    [pieces] = sentences(text, "en", SplitMode.NONE)
    return mask(text, pieces)


def test_each_copied_part_gets_a_code_word() -> None:
    found = masked(SENTENCE)
    assert found is not None
    assert found.text == "Hello XQ1, you have XQ2 new files in XQ3 today."
    assert found.codes == (("XQ1", "{name}"), ("XQ2", "%d"), ("XQ3", "$HOME"))
    assert unmask("Olá XQ1, hoje há XQ2 em XQ3.", found) == "Olá {name}, hoje há %d em $HOME."


@pytest.mark.parametrize(
    "answer",
    [
        "Olá XQ1, há XQ2.",
        "Olá XQ1, há XQ2 e XQ2 em XQ3.",
        "Olá XQ1, há XQ23.",
        "Olá xq1, há XQ2 em XQ3.",
        "Olá XQ1, há XQ2 em XQ3 e XQ4.",
    ],
)
def test_an_answer_that_lost_or_made_up_a_code_word_is_none(answer: str) -> None:
    found = masked(SENTENCE)
    assert found is not None
    assert unmask(answer, found) is None


def test_a_text_that_has_the_code_word_gets_another() -> None:
    found = masked("The XQ1 costs {price} today.")
    assert found is not None
    assert found.text == "The XQ1 costs QX1 today."


def test_what_touches_a_word_is_not_masked() -> None:
    assert masked("The pre{name}fix is wrong") is None


@given(st.lists(st.sampled_from(["word", "{x}", "%s", "and", "🍕", "`a b`"]), max_size=12))
def test_an_answer_equal_to_the_question_gives_the_text_back(words: list[str]) -> None:
    text = " ".join(words)
    for pieces in sentences(text, "en", SplitMode.NONE):
        found = mask(text, pieces)
        if found is not None:
            assert unmask(found.text, found) == text[pieces[0][0] : pieces[-1][1]]
