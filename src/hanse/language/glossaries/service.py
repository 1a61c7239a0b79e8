"""What can be done with glossaries: make, read, change, delete. Each takes one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.language.glossaries import store
from hanse.language.glossaries.entries import DICTIONARY_BYTES_MAX, InvalidEntries
from hanse.language.glossaries.store import DictionaryRow, GlossaryRow
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, NotFound

GLOSSARIES_MAX: Final = 1000
"""Glossaries of one organisation."""


class GlossaryNotFound(NotFound):
    """The organisation has no glossary of this id, or it has no dictionary of this direction."""

    code = "glossary_not_found"
    title = "Glossary not found"


class TooManyGlossaries(BadRequest):
    """The organisation has as many glossaries as it may have."""

    code = "too_many_glossaries"
    title = "Too many glossaries"


class NewDictionary(msgspec.Struct, frozen=True):
    """One direction to write: root languages, and its entries."""

    source_language: str
    target_language: str
    entries: Mapping[str, str]


async def create(tx: Tx, name: str, dictionaries: Sequence[NewDictionary]) -> GlossaryRow:
    """Make a glossary. Raises TooManyGlossaries, InvalidEntries."""
    if await store.count_glossaries(tx) >= GLOSSARIES_MAX:
        raise TooManyGlossaries(f"There may be {GLOSSARIES_MAX} glossaries. Delete one first.")
    glossary_id = new_id()
    await store.insert_glossary(tx, glossary_id, name, datetime.now(UTC))
    for dictionary in dictionaries:
        await _write(tx, glossary_id, dictionary, replace=True)
    return await get(tx, glossary_id)


async def get(tx: Tx, glossary_id: UUID, *, for_update: bool = False) -> GlossaryRow:
    """Return a glossary. Raises GlossaryNotFound."""
    glossary = await store.get_glossary(tx, glossary_id, for_update=for_update)
    if glossary is None:
        raise GlossaryNotFound(f"There is no glossary {glossary_id}.")
    return glossary


async def merge(
    tx: Tx, glossary_id: UUID, *, name: str | None, dictionaries: Sequence[NewDictionary]
) -> GlossaryRow:
    """Rename a glossary and add entries to its dictionaries; same sources get the new target.

    A direction that is not there yet is made. Raises GlossaryNotFound, InvalidEntries.
    """
    await get(tx, glossary_id, for_update=True)
    if name is not None:
        await store.rename_glossary(tx, glossary_id, name)
    for dictionary in dictionaries:
        await _write(tx, glossary_id, dictionary, replace=False)
    return await get(tx, glossary_id)


async def replace_dictionary(tx: Tx, glossary_id: UUID, dictionary: NewDictionary) -> DictionaryRow:
    """Put one direction in place of what it was. Raises GlossaryNotFound, InvalidEntries."""
    await get(tx, glossary_id, for_update=True)
    await _write(tx, glossary_id, dictionary, replace=True)
    return _of(await get(tx, glossary_id), dictionary.source_language, dictionary.target_language)


async def delete(tx: Tx, glossary_id: UUID) -> None:
    """Delete a glossary. Raises GlossaryNotFound."""
    if not await store.delete_glossary(tx, glossary_id):
        raise GlossaryNotFound(f"There is no glossary {glossary_id}.")


async def delete_dictionary(tx: Tx, glossary_id: UUID, source: str, target: str) -> None:
    """Delete one direction of a glossary. Raises GlossaryNotFound."""
    await get(tx, glossary_id, for_update=True)
    if not await store.delete_dictionary(tx, glossary_id, source, target):
        raise GlossaryNotFound(f"The glossary has no dictionary from {source} to {target}.")


async def read(tx: Tx, glossary_id: UUID, source: str, target: str) -> dict[str, str]:
    """Return the entries of one direction. Raises GlossaryNotFound."""
    return await store.read_entries(tx, _of(await get(tx, glossary_id), source, target).id)


def find(glossary: GlossaryRow, source: str, target: str) -> DictionaryRow | None:
    """Return the dictionary of this direction, if the glossary has it."""
    for dictionary in glossary.dictionaries:
        if (dictionary.source_language, dictionary.target_language) == (source, target):
            return dictionary
    return None


def _of(glossary: GlossaryRow, source: str, target: str) -> DictionaryRow:
    found = find(glossary, source, target)
    if found is None:
        raise GlossaryNotFound(f"The glossary has no dictionary from {source} to {target}.")
    return found


async def _write(tx: Tx, glossary_id: UUID, new: NewDictionary, *, replace: bool) -> None:
    row = await store.put_dictionary(
        tx, glossary_id, new.source_language, new.target_language, datetime.now(UTC)
    )
    size = await store.write_entries(tx, row.id, new.entries, replace=replace)
    if size > DICTIONARY_BYTES_MAX:
        raise InvalidEntries(
            f"The dictionary would have {size} bytes; {DICTIONARY_BYTES_MAX} are allowed."
        )
