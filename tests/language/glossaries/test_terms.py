"""Terms are found in texts, and got into translations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.glossaries.enforcement import TermOutcome, candidates, enforce
from hanse.language.glossaries.terms import Match, Terms, in_case_of, merged


def found(entries: dict[str, str], text: str) -> list[str]:
    return [text[match.start : match.end] for match in Terms(entries).find(text)]


def test_the_longest_term_wins() -> None:
    entries = {"tax": "imposto", "tax return": "declaração", "return": "volta"}
    assert found(entries, "The tax return and the tax") == ["tax return", "tax"]


def test_terms_end_where_words_end() -> None:
    assert found({"art": "arte"}, "The start of art, state-of-the-art.") == ["art", "art"]
    assert found({"art": "arte"}, "article arts d'art_x") == []


def test_a_term_without_capitals_is_found_in_any_case_and_others_as_written() -> None:
    assert found({"house": "casa"}, "House HOUSE house") == ["House", "HOUSE", "house"]
    assert found({"Mark": "Marcos"}, "Mark made a mark") == ["Mark"]


def test_scripts_without_blanks_need_no_boundary() -> None:
    assert found({"東京": "Tóquio"}, "私は東京に住む") == ["東京"]


def test_signs_can_be_terms() -> None:
    assert found({"C++": "C++"}, "He writes C++, not C.") == ["C++"]


def test_of_a_term_in_two_dictionaries_the_first_decides() -> None:
    assert merged([{"a": "1"}, {"a": "2", "b": "3"}]) == {"a": "1", "b": "3"}


@pytest.mark.parametrize(
    ("written", "put"), [("house", "casa"), ("House", "Casa"), ("HOUSE", "CASA")]
)
def test_the_target_takes_the_case_of_the_text(written: str, put: str) -> None:
    assert in_case_of(written, Match(0, 5, "house", "casa")) == put


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=5), st.text())
def test_matches_never_overlap_and_are_in_order(entries: dict[str, str], text: str) -> None:
    end = 0
    for match in Terms(entries).find(text):
        assert end <= match.start < match.end <= len(text)
        assert entries[match.source] == match.target
        end = match.end


def outcome(entries: dict[str, str], sentence: str, answers: dict[str, str]) -> tuple[str, str]:
    wanted = candidates(sentence, Terms(entries))
    enforced = enforce(wanted, [answers.get(item, "?") for item in wanted.items])
    [term] = enforced.terms
    return enforced.text, term.outcome


ENTRIES = {"invoice": "fatura"}
SENTENCE = "Send the invoice."


def test_a_sentence_that_is_a_term_needs_no_engine() -> None:
    wanted = candidates("invoice", Terms(ENTRIES))
    assert wanted.items == ()
    assert enforce(wanted, []).text == "fatura"


def test_a_plain_translation_that_has_the_term_is_taken() -> None:
    answers = {SENTENCE: "Envie a fatura."}
    assert outcome(ENTRIES, SENTENCE, answers) == ("Envie a fatura.", TermOutcome.EXACT)


def test_a_form_of_the_term_counts() -> None:
    answers = {SENTENCE: "Envie a nota.", "Send the fatura.": "Envie as faturas."}
    assert outcome(ENTRIES, SENTENCE, answers) == ("Envie as faturas.", TermOutcome.INFLECTED)


def test_else_the_word_of_the_model_is_replaced() -> None:
    answers = {
        SENTENCE: "Envie a nota.",
        "Send the fatura.": "Envie isso.",
        "invoice": "Nota.",
    }
    assert outcome(ENTRIES, SENTENCE, answers) == ("Envie a fatura.", TermOutcome.REPLACED)


def test_else_a_code_word_is_replaced() -> None:
    answers = {SENTENCE: "Envie isso.", "Send the XQ1Q.": "Envie o XQ1Q."}
    assert outcome(ENTRIES, SENTENCE, answers) == ("Envie o fatura.", TermOutcome.REPLACED)


def test_a_term_that_nothing_brings_in_is_reported_missing() -> None:
    answers = {SENTENCE: "Envie isso."}
    assert outcome(ENTRIES, SENTENCE, answers) == ("Envie isso.", TermOutcome.MISSING)


def test_two_of_the_same_term_need_two_places() -> None:
    sentence = "The invoice, the invoice!"
    wanted = candidates(sentence, Terms(ENTRIES))
    answers = ["A fatura!", "A fatura, a fatura!", "?", "nota", "nota"]
    assert enforce(wanted, answers).text == "A fatura, a fatura!"
