"""Copies and endless repetitions are noticed, and something better is put in their place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.guards import Flaw, attempts, best, doubted, repetitions

WORDS = st.lists(
    st.sampled_from(["the", "house", "stands", "on", "a", "green", "hill", "near", "our", "town"])
)


@pytest.mark.parametrize(
    ("source", "answer", "flaw"),
    [
        ("The house is very old.", "A casa é muito antiga.", None),
        ("The house is very old.", "The house is very old.", Flaw.COPIED),
        ("Ana Maria de Souza Lima", "Ana Maria de Souza Lima", None),
        ("Wi-Fi", "Wi-Fi", None),
        ("It is late.", "É tarde, é tarde, é tarde.", Flaw.REPEATED),
        ("no no no no", "não não não não", None),
        ("It is late.", "hahahahahaha", Flaw.REPEATED),
        ("Very, very good.", "Muito, muito bom.", None),
        ("In 2000 2000 2000.", "Em 2000 2000 2000.", None),
    ],
)
def test_what_is_no_translation_is_doubted(source: str, answer: str, flaw: Flaw | None) -> None:
    assert doubted(source, answer) is flaw


def test_the_sentence_with_another_end_is_taken_first_and_keeps_its_own_end() -> None:
    source, copy = "the house is very old", "the house is very old"
    asked = attempts(source)
    assert asked.whole == "the house is very old."
    choice = best(source, copy, asked, ["A casa é muito antiga."])
    assert (choice.text, choice.used) == ("A casa é muito antiga", (0,))


def test_pieces_are_taken_when_the_whole_fails_again() -> None:
    source = "the house is old, and the garden is green."
    asked = attempts(source)
    assert asked.pieces == ("the house is old,", "and the garden is green.")
    choice = best(source, source, asked, [asked.whole, "a casa é velha,", "e o jardim é verde."])
    assert choice.text == "a casa é velha, e o jardim é verde."
    assert choice.used == (1, 2)


def test_at_last_a_repetition_is_cut_to_one() -> None:
    choice = best("It is late.", "É tarde, é tarde, é tarde.", attempts("It is late."), [""])
    assert choice.text == "É tarde."


@given(WORDS, WORDS)
def test_whatever_models_answer_a_translation_is_left(words: list[str], said: list[str]) -> None:
    source, answer = " ".join(words) or "a", " ".join(said)
    asked = attempts(source)
    choice = best(source, answer, asked, [answer for _ in asked.items])
    assert bool(choice.text) == bool(answer)
    if any(repetitions(source, answer)):
        assert len(choice.text) < len(answer)


@given(WORDS)
def test_pieces_are_the_sentence(words: list[str]) -> None:
    source = ", ".join(words) or "a"
    asked = attempts(source)
    assert not asked.pieces or " ".join(asked.pieces) == source


@given(st.text(alphabet="aé .,", max_size=300))
def test_a_text_is_judged_in_bounded_time(text: str) -> None:
    doubted("x", text)


_WORDS_THRICE = re.compile(r"\b(\w+(?:\W+\w+){0,5})(?:\W+\1\b){2,}", re.IGNORECASE)
_LETTERS_FOUR_TIMES = re.compile(r"([^\W\d_]{2,12}?)\1{3,}", re.IGNORECASE)


@given(
    st.lists(
        st.sampled_from(["ab", "Ab ", "no, ", "a-", "ha", "haha ", "1 ", "\u00e9", "\u00c9. "])
    ).map("".join)
)
def test_what_is_said_again_and_again_is_found_whatever_stands_around_it(text: str) -> None:
    is_repeated = bool(_WORDS_THRICE.search(text) or _LETTERS_FOUR_TIMES.search(text))
    assert any(repetitions("", text)) == is_repeated


@given(
    st.text("abcdE", min_size=2, max_size=12),
    st.integers(4, 9),
    st.sampled_from(["", "x ", "Hier ist "]),
)
def test_a_piece_of_a_word_that_comes_again_and_again_is_seen(
    piece: str, times: int, before: str
) -> None:
    assert any(repetitions("It is late.", f"{before}{piece * times}"))


@given(st.lists(st.sampled_from(["de", "a", "Casa", "nova"]), min_size=1, max_size=6), WORDS)
def test_words_that_come_three_times_in_a_row_are_seen(said: list[str], around: list[str]) -> None:
    target = " ".join([*around, *said, *said, *said, *around])
    assert any(repetitions("It is late.", target))
