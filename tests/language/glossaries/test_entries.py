"""Entries are read from TSV and CSV, or refused by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.glossaries.entries import InvalidEntries, parse_entries, write_tsv

phrases = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20).map(
    lambda text: "x" + text
)


@given(st.dictionaries(phrases, phrases, min_size=1, max_size=20))
def test_what_is_written_is_read_back(entries: dict[str, str]) -> None:
    once = (
        parse_entries("\n".join(f"{a}\t{b}" for a, b in entries.items()), "tsv", "en", "pt")
        if (len({_nfc(a) for a in entries}) == len(entries))
        else {}
    )
    if once:
        assert parse_entries(write_tsv(once), "tsv", "en", "pt") == once


def _nfc(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


def test_blanks_around_phrases_and_empty_lines_do_not_count() -> None:
    text = "\ufeff house \t  casa\r\n\r\n   \nriver\trio \n"
    assert parse_entries(text, "tsv", "en", "pt") == {"house": "casa", "river": "rio"}


def test_csv_may_quote_and_name_the_pair() -> None:
    text = 'house,casa\n"salt, fine","sal, fino",en,pt-BR\nhouse,Haus,en,de\n'
    assert parse_entries(text, "csv", "en", "pt") == {"house": "casa", "salt, fine": "sal, fino"}


@pytest.mark.parametrize(
    ("text", "form", "complaint"),
    [
        ("house", "tsv", "Line 1 has 1 columns"),
        ("a\tb\tc", "tsv", "Line 1 has 3 columns"),
        ("a\tb\na\tc", "tsv", "Line 2 has the source 'a' a second time"),
        ("a\t ", "tsv", "Line 1 has an empty"),
        ("a\tb\x07", "tsv", "Line 1 has a control character"),
        ("a\t" + "b" * 1025, "tsv", "Line 1 has a phrase of more than"),
        ("", "tsv", "no entries"),
        ('a,"b', "csv", "not valid CSV"),
        ("a,b,en", "csv", "Line 1 has 3 columns"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line(text: str, form: str, complaint: str) -> None:
    with pytest.raises(InvalidEntries, match=complaint):
        parse_entries(text, form, "en", "pt")
