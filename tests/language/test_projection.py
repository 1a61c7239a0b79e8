"""Marks are carried over to the words that translate theirs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.pipeline import Assembled, Place
from hanse.language.projection import Marked, moved, phrases, project


def carried(source: str, target: str, alone: dict[str, str]) -> list[str]:
    """Mark what stands in brackets, and return the words that are marked in the translation."""
    marks = []
    text = ""
    for character in source:
        if character == "[":
            marks.append((len(text), len(text)))
        elif character == "]":
            marks[-1] = (marks[-1][0], len(text))
        else:
            text += character
    marked = Marked(text, tuple(marks))
    place = Place((0, len(text)), (0, len(target)))
    assert set(phrases(marked, [place.source])) == set(alone)
    return [
        target[start:end] for start, end in project(marked, Assembled(target, 0, (place,)), alone)
    ]


@pytest.mark.parametrize(
    ("source", "target", "alone", "expected"),
    [
        ("Click [here] now.", "Clique aqui agora.", {"here": "Aqui."}, ["aqui"]),
        (
            "The [old house] fell.",
            "A casa velha caiu.",
            {"old house": "velha casa"},
            ["casa velha"],
        ),
        ("Press [{key}] now.", "Pressione {key} agora.", {"{key}": "{ chave"}, ["{key}"]),
        ("[Warning:] hot", "Aviso: quente", {"Warning": "Aviso"}, ["Aviso:"]),
        ("[All of it.]", "Tudo isso.", {}, ["Tudo isso."]),
        ("a [cat] and a [cat]", "um gato e um gato", {"cat": "gato"}, ["gato", "gato"]),
    ],
)
def test_a_mark_stands_around_the_same_words(
    source: str, target: str, alone: dict[str, str], expected: list[str]
) -> None:
    assert carried(source, target, alone) == expected


def test_marks_outside_of_sentences_move_with_the_text_between() -> None:
    marked = Marked("One. {x} Two.", ((5, 8),))
    done = Assembled("Um. {x} Dois.", 0, (Place((0, 4), (0, 3)), Place((9, 13), (8, 13))))
    assert project(marked, done, {}) == [(4, 7)]


spans = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: tuple(sorted(pair)))


@given(
    st.text("ab .", min_size=20, max_size=20),
    st.text("cd .", max_size=20),
    st.lists(spans, max_size=5),
    st.text("cd", max_size=4),
)
def test_projected_marks_lie_in_the_text_and_never_cross(
    source: str, target: str, marks: list[tuple[int, int]], answer: str
) -> None:
    nested = [
        mark
        for number, mark in enumerate(marks)
        if all(not _cross(mark, other) for other in marks[:number])
    ]
    marked = Marked(source, tuple(nested))
    done = Assembled(target, 0, (Place((0, 20), (0, len(target))),))
    answers = dict.fromkeys(phrases(marked, [(0, 20)]), answer)
    projected = project(marked, done, answers)
    for start, end in projected:
        assert 0 <= start <= end <= len(target)
    for number, mark in enumerate(projected):
        assert all(not _cross(mark, other) for other in projected[:number])


def _cross(one: tuple[int, int], other: tuple[int, int]) -> bool:
    first, second = sorted((one, other))
    return first[0] < second[0] < first[1] < second[1]


@given(
    st.lists(st.tuples(st.text("ab “”…", max_size=6), st.booleans()), max_size=6),
    st.sampled_from([("…", "..."), ("“", '"'), ("a", ""), ("b", "bb")]),
)
def test_marks_move_with_a_text_that_changes_a_little(
    parts: list[tuple[str, bool]], change: tuple[str, str]
) -> None:
    before = "".join(text for text, _ in parts)
    marks = []
    done = 0
    for text, is_marked in parts:
        if is_marked:
            marks.append((done, done + len(text)))
        done += len(text)
    after = before.replace(*change)
    found = moved(marks, before, after)
    assert moved(marks, before, before) == tuple(marks)
    assert all(0 <= start <= end <= len(after) for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_a_marked_word_is_still_marked_after_a_change_before_it() -> None:
    [(start, end)] = moved([(12, 16)], "Espere…  já aqui!", "Espere...  já aqui!")
    assert "Espere...  já aqui!"[start:end] == "aqui"
