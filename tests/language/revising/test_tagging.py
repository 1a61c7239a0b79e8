"""Tags for a language model say the same as the marks that they were made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.revising.tagging import tag_name, tagged, untagged
from hanse.language.segment import Span


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, dict[int, Span]]:
    """A text in which stand-ins stand once, and marks that are nested or apart."""
    text = draw(st.text("ab <>/t1", max_size=30))
    for sign in draw(st.sampled_from(["", "\ue000", "\ue000\ue001"])):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + sign + text[place:]
    marks: dict[int, Span] = {}

    def put(start: int, end: int, depth: int) -> None:
        while start < end and depth < 4 and draw(st.booleans()):
            first = draw(st.integers(start, end))
            last = draw(st.integers(first, end))
            marks[len(marks)] = (first, last)
            put(first, last, depth + 1)
            start = last + 1

    put(0, len(text), 0)
    return text, marks


@given(marked())
def test_what_comes_back_unchanged_is_the_same(example: tuple[str, dict[int, Span]]) -> None:
    text, marks = example
    name = tag_name(text)
    assert name is not None
    shown = tagged(text, marks, name)
    assert "\ue000" not in shown.text
    assert untagged(shown.text, shown) == (text, marks)


@pytest.mark.parametrize(
    "answer",
    [
        "A <t0>very old</t0> house",
        "A <t0>very <t1>old</t0></t1> house<t57344/>",
        "A <t0>very</t0> <t1>old</t1> house<t57344/>",
        "A <t0>very <t1>old</t1></t0> house<t57344/><t57344/>",
        "A <t0>very <t1>old</t1></t0> <t0>house</t0><t57344/>",
        "A <t0>very <t1>old</t1></t0> house\ue000<t57344/>",
        "A <t0>very <t1>old house<t57344/>",
    ],
)
def test_an_answer_with_other_tags_is_none(answer: str) -> None:
    shown = tagged("A very old house\ue000", {0: (2, 10), 1: (7, 10)}, "t")
    assert shown.text == "A <t0>very <t1>old</t1></t0> house<t57344/>"
    assert untagged(answer, shown) is None


def test_marks_are_where_the_model_has_put_them() -> None:
    shown = tagged("A very old house", {0: (7, 10)}, "t")
    assert untagged("The house, <t0>ancient</t0>", shown) == ("The house, ancient", {0: (11, 18)})


def test_a_text_that_has_such_tags_itself_gets_others() -> None:
    assert tag_name("write <t1> here") == "m"
    assert tag_name("<t", "<m", "<q", "<z") is None
