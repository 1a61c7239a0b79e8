"""What the DeepL contract says about glossaries: fields in, shapes out. No I/O."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.language.glossaries.entries import FORMATS, parse_entries
from hanse.language.glossaries.service import NewDictionary
from hanse.language.glossaries.store import DictionaryRow, GlossaryRow
from hanse.language.wire import InvalidParameter, parse_root, single

DICTIONARIES_MAX: Final = 100
"""Directions that one request may write."""

_FORM_FIELD: Final = re.compile(r"dictionaries\[(\d{1,9})\]\.(\w+)")


class GlossaryV2(Struct):
    """A glossary of one direction, as v2 shows it."""

    glossary_id: UUID
    name: str
    ready: bool
    source_lang: str
    target_lang: str
    creation_time: str
    entry_count: int


class GlossariesV2(Struct):
    """All glossaries of one direction."""

    glossaries: list[GlossaryV2]


class DictionaryV3(Struct):
    """One direction of a glossary, without its entries."""

    source_lang: str
    target_lang: str
    entry_count: int


class GlossaryV3(Struct):
    """A glossary of any number of directions, as v3 shows it."""

    glossary_id: UUID
    name: str
    dictionaries: list[DictionaryV3]
    creation_time: str


class GlossariesV3(Struct):
    """All glossaries."""

    glossaries: list[GlossaryV3]


class DictionaryEntries(Struct):
    """One direction with its entries."""

    source_lang: str
    target_lang: str
    entries: str
    entries_format: str


class GlossaryEntries(Struct):
    """The entries that were asked for: always one dictionary."""

    dictionaries: list[DictionaryEntries]


class LanguagePair(Struct):
    """A direction that a dictionary may have."""

    source_lang: str
    target_lang: str


class LanguagePairs(Struct):
    """All directions that a dictionary may have."""

    supported_languages: list[LanguagePair]


def parse_pair(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return the root languages of `source_lang` and `target_lang`. Raises InvalidParameter."""
    source, target = (parse_root(fields, name) for name in ("source_lang", "target_lang"))
    if source == target:
        raise InvalidParameter("Source and target language of a dictionary are equal.")
    return source, target


def parse_dictionary(fields: Mapping[str, Any]) -> NewDictionary:
    """Return one direction with its entries. Raises InvalidParameter, InvalidEntries."""
    source, target = parse_pair(fields)
    entries = single(fields, "entries")
    if entries is None:
        raise InvalidParameter("Parameter 'entries' not specified.")
    form = (single(fields, "entries_format") or "tsv").lower()
    if form not in FORMATS:
        raise InvalidParameter("Value for 'entries_format' not supported.")
    return NewDictionary(source, target, parse_entries(entries, form, source, target))


def parse_dictionaries(fields: Mapping[str, Any]) -> list[NewDictionary]:
    """Return the `dictionaries` of a request, none of a direction twice.

    Raises InvalidParameter, InvalidEntries.
    """
    given = fields.get("dictionaries")
    if given is None and (given := _of_form(fields)) is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise InvalidParameter("Parameter 'dictionaries' must be an array of objects.")
    if len(given) > DICTIONARIES_MAX:
        raise InvalidParameter(f"At most {DICTIONARIES_MAX} dictionaries fit into a request.")
    dictionaries = [parse_dictionary(each) for each in given]
    pairs = {(each.source_language, each.target_language) for each in dictionaries}
    if len(pairs) != len(dictionaries):
        raise InvalidParameter("Parameter 'dictionaries' has a language pair twice.")
    return dictionaries


def _of_form(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return dictionaries that come as `dictionaries[0].entries`, as a form has no objects."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in fields.items():
        if match := _FORM_FIELD.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[number] for number in sorted(found)] or None


def is_v2(glossary: GlossaryRow) -> bool:
    """Say whether v2, which knows one direction a glossary, can show it."""
    return len(glossary.dictionaries) == 1


def glossary_v2(glossary: GlossaryRow) -> GlossaryV2:
    """Return the form of v2; the glossary has one dictionary."""
    (dictionary,) = glossary.dictionaries
    return GlossaryV2(
        glossary_id=glossary.id,
        name=glossary.name,
        ready=True,
        source_lang=dictionary.source_language,
        target_lang=dictionary.target_language,
        creation_time=_time(glossary),
        entry_count=dictionary.entry_count,
    )


def dictionary_v3(dictionary: DictionaryRow) -> DictionaryV3:
    """Return the form of v3."""
    return DictionaryV3(
        dictionary.source_language, dictionary.target_language, dictionary.entry_count
    )


def glossary_v3(glossary: GlossaryRow) -> GlossaryV3:
    """Return the form of v3."""
    return GlossaryV3(
        glossary_id=glossary.id,
        name=glossary.name,
        dictionaries=[dictionary_v3(each) for each in glossary.dictionaries],
        creation_time=_time(glossary),
    )


def _time(glossary: GlossaryRow) -> str:
    # The official clients parse no time without a fraction of a second.
    return glossary.created_at.isoformat(timespec="microseconds")
