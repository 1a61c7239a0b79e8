"""The entries of a dictionary, as the wire writes them: tab- or comma-separated. No I/O.

TSV has one entry a line, source and target with a tab between them; there is no quoting. CSV
follows RFC 4180, and may name the languages in two more columns: rows for another pair are passed
over. Blanks around a phrase do not count, empty lines neither.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from hanse.platform.problems import BadRequest

PHRASE_BYTES_MAX: Final = 1024
DICTIONARY_BYTES_MAX: Final = 10 * 1024 * 1024
"""UTF-8 bytes of all phrases of one dictionary."""
FORMATS: Final = ("tsv", "csv")


class InvalidEntries(BadRequest):
    """Entries cannot be read; the text names the line and what is wrong with it."""

    code = "invalid_glossary_entries"
    title = "Invalid glossary entries"


def parse_entries(text: str, form: str, source: str, target: str) -> dict[str, str]:
    """Return the entries of a dictionary from `source` to `target` (root languages).

    `form` is `tsv` or `csv`. Phrases come out trimmed and in NFC. Raises InvalidEntries.
    """
    rows = _tsv_rows(text) if form == "tsv" else _csv_rows(text)
    entries: dict[str, str] = {}
    for line, row in rows:
        if len(row) == 4 and form == "csv":
            if not _is_pair(row[2:], source, target):
                continue
        elif len(row) != 2:
            raise InvalidEntries(
                f"Line {line} has {len(row)} columns; an entry has a source and a target."
            )
        term, wanted = (_phrase(part, line) for part in row[:2])
        if term in entries:
            raise InvalidEntries(f"Line {line} has the source '{term}' a second time.")
        entries[term] = wanted
    if not entries:
        raise InvalidEntries("There are no entries. A dictionary needs at least one.")
    check_size(entries)
    return entries


def check_size(entries: Mapping[str, str]) -> int:
    """Return the bytes of all phrases. Raises InvalidEntries if they are too many."""
    size = sum(len(a.encode()) + len(b.encode()) for a, b in entries.items())
    if size > DICTIONARY_BYTES_MAX:
        raise InvalidEntries(
            f"The dictionary has {size} bytes; {DICTIONARY_BYTES_MAX} are allowed."
        )
    return size


def write_tsv(entries: Mapping[str, str]) -> str:
    """Return the entries as TSV, sorted by source."""
    return "\n".join(f"{source}\t{entries[source]}" for source in sorted(entries))


def _tsv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.lstrip("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        if line.strip():
            yield number, line.split("\t")


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise InvalidEntries(f"Line {reader.line_num} is not valid CSV: {error}.") from error


def _is_pair(languages: list[str], source: str, target: str) -> bool:
    roots = [language.strip().lower().partition("-")[0] for language in languages]
    return roots == [source, target]


def _phrase(text: str, line: int) -> str:
    phrase = unicodedata.normalize("NFC", text).strip()
    if not phrase:
        raise InvalidEntries(f"Line {line} has an empty source or target.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in phrase):
        raise InvalidEntries(f"Line {line} has a control character.")
    if len(phrase.encode()) > PHRASE_BYTES_MAX:
        raise InvalidEntries(f"Line {line} has a phrase of more than {PHRASE_BYTES_MAX} bytes.")
    return phrase
