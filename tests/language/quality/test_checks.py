"""What is seen to be wrong with a translation, and what is left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.quality.checks import Issue, inconsistencies, issues, score
from hanse.language.quality.meaning import likeness, mistranslation


def found(source: str, target: str) -> list[tuple[str, str]]:
    return [(each.sub_type, each.severity) for each in issues(source, target, "en", "pt")]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("The house is old.", "A casa é velha."),
        ("In 2024, 1,250.50 people came.", "Em 2024, 1.250,50 pessoas vieram."),
        ("I have 2 dogs.", "Tenho dois cães."),
        ("Hello {name}, see https://hanse.example/a", "Olá {name}, veja https://hanse.example/a"),
        ("OK", "OK"),
        ("Hanse Kontor Bergen", "Hanse Kontor Bergen"),
        ("No, no, no!", "Não, não, não!"),
        ("1) first", "1) primeiro"),
        ("", ""),
    ],
)
def test_a_good_translation_has_no_issue(source: str, target: str) -> None:
    assert found(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "issue"),
    [
        ("The house is old.", " ", ("Omission", "Critical")),
        ("The house is very old.", "The house is very old.", ("Untranslated text", "Major")),
        ("It costs 120 euros.", "Custa 210 euros.", ("Mistranslation", "Critical")),
        ("It costs 120 euros.", "Custa muitos euros.", ("Omission", "Major")),
        ("It costs a lot.", "Custa 500 euros.", ("Addition", "Major")),
        ("Hello {name}!", "Olá!", ("Omission", "Critical")),
        ("Hello!", "Olá {name}!", ("Addition", "Major")),
        ("A good day.", "Um bom bom bom bom dia.", ("Over-translation", "Major")),
        ("Is it open?", "Está aberto.", ("Punctuation", "Minor")),
        ("It is open.", "Está (aberto.", ("Punctuation", "Minor")),
        ("The coffee is hot.", "O cafÃ© está quente.", ("Character encoding", "Major")),
        ("The long meeting was moved to Monday.", "Movida.", ("Omission", "Major")),
    ],
)
def test_a_mistake_is_found(source: str, target: str, issue: tuple[str, str]) -> None:
    assert found(source, target) == [issue]


def test_an_issue_says_where_it_is() -> None:
    [issue] = issues("It costs 120 euros.", "Custa 210 euros.", "en", "pt")
    assert [(span.start, span.end) for span in issue.source_spans] == [(9, 12)]
    assert [(span.start, span.end) for span in issue.target_spans] == [(6, 9)]
    assert "120" in issue.explanation


@given(st.text(), st.text())
def test_spans_lie_within_their_texts(source: str, target: str) -> None:
    for issue in issues(source, target, "en", "pt"):
        assert all(0 <= each.start < each.end <= len(source) for each in issue.source_spans)
        assert all(0 <= each.start < each.end <= len(target) for each in issue.target_spans)


def test_the_score_is_the_mean_of_the_segments() -> None:
    critical = Issue("Accuracy", "Omission", "Critical", "")
    minor = Issue("Fluency", "Punctuation", "Minor", "")
    assert score([[], []]) == 100
    assert score([[critical], []]) == 80
    assert score([[critical] * 5, [minor]]) == 48


def test_one_text_translated_in_two_ways_is_inconsistent() -> None:
    pairs = [("Save", "Salvar"), ("Open", "Abrir"), ("Save", "Guardar"), ("Save", "Salvar ")]
    assert list(inconsistencies(pairs)) == [2]


@given(st.text(), st.text())
def test_likeness_is_symmetric_and_one_for_equals(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) == 1


def test_a_translation_in_other_words_is_no_mistranslation() -> None:
    source = "The meeting begins in ten minutes."
    ours = "A reunião começa em dez minutos."
    other_words = "O encontro tem início daqui a dez minutos."
    assert mistranslation(source, other_words, ours, "The meeting starts in ten minutes.") is None
    assert mistranslation(source, "O gato dorme.", ours, "The cat sleeps.") is not None
