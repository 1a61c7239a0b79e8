"""All SQL of glossaries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.platform.database import Tx
from hanse.platform.ids import new_id


class DictionaryRow(msgspec.Struct, frozen=True):
    """One direction of a glossary, without its entries; languages are roots."""

    id: UUID
    glossary_id: UUID
    source_language: str
    target_language: str
    version: UUID
    entry_count: int
    updated_at: datetime


class GlossaryRow(msgspec.Struct, frozen=True):
    """A glossary with its dictionaries."""

    id: UUID
    name: str
    created_at: datetime
    dictionaries: tuple[DictionaryRow, ...]


DICTIONARY_COLUMNS: Final = (
    "id, glossary_id, source_language, target_language, version, entry_count, updated_at"
)

INSERT_GLOSSARY: Final = """
insert into language.glossaries (id, organisation_id, name, created_at)
values ($1, $2, $3, $4)
"""
COUNT_GLOSSARIES: Final = "select count(*) from language.glossaries where organisation_id = $1"
LIST_GLOSSARIES: Final = """
select id, name, created_at from language.glossaries where organisation_id = $1 order by id
"""
GET_GLOSSARY: Final = """
select id, name, created_at from language.glossaries where organisation_id = $1 and id = $2
"""
LOCK_GLOSSARY: Final = f"{GET_GLOSSARY} for update"
RENAME_GLOSSARY: Final = """
update language.glossaries set name = $3 where organisation_id = $1 and id = $2
"""
DELETE_GLOSSARY: Final = "delete from language.glossaries where organisation_id = $1 and id = $2"
LIST_DICTIONARIES: Final = f"""
select {DICTIONARY_COLUMNS} from language.dictionaries
where organisation_id = $1 and ($2::uuid[] is null or glossary_id = any ($2))
order by glossary_id, source_language, target_language
"""
PUT_DICTIONARY: Final = f"""
insert into language.dictionaries as dictionary (
    id, organisation_id, glossary_id, source_language, target_language, version, entry_count,
    entry_bytes, updated_at
) values ($1, $2, $3, $4, $5, $6, 0, 0, $7)
on conflict (glossary_id, source_language, target_language) do update
set version = excluded.version, updated_at = excluded.updated_at
returning {DICTIONARY_COLUMNS}
"""
DELETE_DICTIONARY: Final = """
delete from language.dictionaries
where organisation_id = $1 and glossary_id = $2 and source_language = $3 and target_language = $4
"""
CLEAR_ENTRIES: Final = """
delete from language.dictionary_entries where organisation_id = $1 and dictionary_id = $2
"""
PUT_ENTRIES: Final = """
insert into language.dictionary_entries (organisation_id, dictionary_id, source, target)
select $1, $2, source, target from unnest($3::text[], $4::text[]) as entry (source, target)
on conflict (dictionary_id, source) do update set target = excluded.target
"""
COUNT_ENTRIES: Final = """
update language.dictionaries
set (entry_count, entry_bytes) = (
    select count(*), coalesce(sum(octet_length(source) + octet_length(target)), 0)
    from language.dictionary_entries where organisation_id = $1 and dictionary_id = $2
)
where organisation_id = $1 and id = $2
returning entry_bytes
"""
READ_ENTRIES: Final = """
select source, target from language.dictionary_entries
where organisation_id = $1 and dictionary_id = $2
"""


async def insert_glossary(tx: Tx, glossary_id: UUID, name: str, now: datetime) -> None:
    """Make a glossary without dictionaries."""
    await tx.execute(INSERT_GLOSSARY, glossary_id, tx.organisation_id, name, now)


async def count_glossaries(tx: Tx) -> int:
    """Return how many glossaries the organisation has."""
    row = await tx.fetchrow(COUNT_GLOSSARIES, tx.organisation_id)
    return int(row[0]) if row else 0


async def list_glossaries(tx: Tx) -> list[GlossaryRow]:
    """Return all glossaries of the organisation, oldest first."""
    rows = await tx.fetch(LIST_GLOSSARIES, tx.organisation_id)
    dictionaries = await _dictionaries(tx, None)
    return [
        GlossaryRow(row["id"], row["name"], row["created_at"], dictionaries.get(row["id"], ()))
        for row in rows
    ]


async def get_glossary(
    tx: Tx, glossary_id: UUID, *, for_update: bool = False
) -> GlossaryRow | None:
    """Return one glossary; `for_update` keeps others from changing it in this transaction."""
    query = LOCK_GLOSSARY if for_update else GET_GLOSSARY
    row = await tx.fetchrow(query, tx.organisation_id, glossary_id)
    if row is None:
        return None
    dictionaries = await _dictionaries(tx, [glossary_id])
    return GlossaryRow(row["id"], row["name"], row["created_at"], dictionaries.get(glossary_id, ()))


async def rename_glossary(tx: Tx, glossary_id: UUID, name: str) -> None:
    """Give a glossary another name."""
    await tx.execute(RENAME_GLOSSARY, tx.organisation_id, glossary_id, name)


async def delete_glossary(tx: Tx, glossary_id: UUID) -> bool:
    """Delete a glossary with all it holds; tell whether it was there."""
    return await tx.execute(DELETE_GLOSSARY, tx.organisation_id, glossary_id) != "DELETE 0"


async def put_dictionary(
    tx: Tx, glossary_id: UUID, source: str, target: str, now: datetime
) -> DictionaryRow:
    """Return the dictionary of a direction, in a new version; make it if it is not there."""
    row = await tx.fetchrow(
        PUT_DICTIONARY, new_id(), tx.organisation_id, glossary_id, source, target, new_id(), now
    )
    assert row is not None, "an upsert returns its row"
    return DictionaryRow(*row)


async def delete_dictionary(tx: Tx, glossary_id: UUID, source: str, target: str) -> bool:
    """Delete one direction; tell whether it was there."""
    done = await tx.execute(DELETE_DICTIONARY, tx.organisation_id, glossary_id, source, target)
    return done != "DELETE 0"


async def write_entries(
    tx: Tx, dictionary_id: UUID, entries: Mapping[str, str], *, replace: bool
) -> int:
    """Put entries into a dictionary, in place of or among its own; return its bytes then."""
    if replace:
        await tx.execute(CLEAR_ENTRIES, tx.organisation_id, dictionary_id)
    await tx.execute(
        PUT_ENTRIES, tx.organisation_id, dictionary_id, list(entries), list(entries.values())
    )
    row = await tx.fetchrow(COUNT_ENTRIES, tx.organisation_id, dictionary_id)
    assert row is not None, "the dictionary is there"
    return int(row["entry_bytes"])


async def read_entries(tx: Tx, dictionary_id: UUID) -> dict[str, str]:
    """Return all entries of a dictionary."""
    rows = await tx.fetch(READ_ENTRIES, tx.organisation_id, dictionary_id)
    return {row["source"]: row["target"] for row in rows}


async def _dictionaries(
    tx: Tx, glossary_ids: Sequence[UUID] | None
) -> dict[UUID, tuple[DictionaryRow, ...]]:
    rows = await tx.fetch(LIST_DICTIONARIES, tx.organisation_id, glossary_ids)
    grouped: dict[UUID, tuple[DictionaryRow, ...]] = {}
    for row in rows:
        known = grouped.get(row["glossary_id"], ())
        grouped[row["glossary_id"]] = (*known, DictionaryRow(*row))
    return grouped
