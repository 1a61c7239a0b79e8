"""What is corrected by itself, and which answers are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.writing.parts import (
    PART_CHARACTERS_MAX,
    corrected,
    parts,
    put_together,
    rephrased,
)

TEXTS = st.text(st.sampled_from("ab .!\n\r\t1é")) | st.text()


@given(TEXTS)
def test_parts_are_disjoint_lines_without_blanks_around_them(text: str) -> None:
    done = 0
    for start, end in parts(text):
        part = text[start:end]
        assert done <= start < end
        assert part == part.strip()
        assert "\n" not in part
        assert len(part) <= PART_CHARACTERS_MAX
        done = end


@given(TEXTS)
def test_a_text_is_the_same_when_its_parts_are(text: str) -> None:
    places = list(parts(text))
    assert put_together(text, places, [text[start:end] for start, end in places]) == text


def test_a_long_line_is_cut_between_sentences() -> None:
    sentence = "The harbour was closed for the whole of the winter. "
    text = sentence * 60
    cut = [text[start:end] for start, end in parts(text)]
    assert len(cut) == 4
    assert all(part.endswith("winter.") for part in cut)
    assert " ".join(cut) == text.strip()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "  \n",
        "Hello!\nHello!",
        "Your order 13 is ready, {name}.",
        "Your order 12 is ready.",
        "Your order 12 is ready, {name}. {name}",
        "Sure! Here is the improved text that you have asked me for, word by word, as I "
        "understand it: Your order 12 is ready, {name}.",
    ],
)
def test_an_answer_that_loses_or_adds_is_not_taken(answer: str) -> None:
    assert rephrased("Your ordr 12 are ready, {name}.", answer) is None


def test_an_answer_is_taken_without_the_quotation_marks_around_it() -> None:
    source = "Your ordr 12 are ready, {name}."
    assert corrected(source, ' "Your order 12 is ready, {name}." ') == (
        "Your order 12 is ready, {name}."
    )
    assert corrected('"Yes", he said.', '"Yes", he said.') == '"Yes", he said.'


def test_a_correction_that_says_something_else_is_not_taken() -> None:
    source = "The ship leave the harbour on monday."
    assert corrected(source, "Monday is when it all begins, friends") is None
    assert rephrased(source, "Monday is when it all begins, friends") is not None
