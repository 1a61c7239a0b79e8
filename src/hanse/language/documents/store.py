"""All SQL of documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.language.documents.formats import Block
from hanse.language.projection import Marked
from hanse.platform.database import Tx


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document and how far its translation is, without the file."""

    id: UUID
    api_key_id: UUID | None
    person_id: UUID | None
    key_hash: bytes
    filename: str
    source_language: str | None
    target_language: str
    glossary_ids: list[UUID]
    output_format: str | None
    style_id: UUID | None
    memory_id: UUID | None
    memory_percent_min: int
    formality: str | None
    context: str | None
    custom_instructions: list[str]
    is_bilingual: bool
    not_applied: list[str]
    reporting_tag: str | None
    status: str
    error: str | None
    characters: int
    segments: int
    segments_done: int
    models: list[str]
    created_at: datetime
    started_at: datetime | None
    expires_at: datetime


_COLUMNS: Final = ", ".join(DocumentRow.__struct_fields__)

INSERT: Final = """
insert into language.documents (
    id, organisation_id, api_key_id, person_id, key_hash, filename, source_language,
    target_language, glossary_ids, reporting_tag, status, original, created_at, expires_at,
    output_format, style_id, memory_id, memory_percent_min, not_applied, formality, context,
    custom_instructions, is_bilingual
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11, $12, $13, $14, $15, $16, $17, $18,
    $19, $20, $21, $22
)
"""
COUNT_OPEN: Final = """
select count(*) from language.documents
where organisation_id = $1 and status in ('queued', 'translating')
"""
GET: Final = f"""
select {_COLUMNS} from language.documents
where organisation_id = $1 and id = $2 and expires_at > now()
"""
LOCK: Final = f"{GET} for update"
READ_ORIGINAL: Final = """
select original from language.documents where organisation_id = $1 and id = $2
"""
READ_RESULT: Final = """
select result from language.documents where organisation_id = $1 and id = $2
"""
START: Final = """
update language.documents
set status = 'translating', source_language = $3, characters = $4, segments = $5, started_at = now()
where organisation_id = $1 and id = $2
"""
INSERT_SEGMENTS: Final = """
insert into language.document_segments (organisation_id, document_id, number, source)
select $1, $2, number, source::jsonb
from unnest($3::integer[], $4::text[]) as segment (number, source)
"""
NEXT_SEGMENTS: Final = """
select number, source::text from language.document_segments
where organisation_id = $1 and document_id = $2 and target is null order by number limit $3
"""
FILL_SEGMENTS: Final = """
update language.document_segments as segment set target = filled.target::jsonb
from unnest($3::integer[], $4::text[]) as filled (number, target)
where organisation_id = $1 and document_id = $2 and segment.number = filled.number
"""
ADVANCE: Final = """
update language.documents
set segments_done = segments_done + $3,
    models = array(select distinct unnest(models || $4::text[]) order by 1)
where organisation_id = $1 and id = $2
"""
LEAVE: Final = """
update language.documents
set not_applied = not_applied || array(
    select name from unnest($3::text[]) as name where name <> all (not_applied)
)
where organisation_id = $1 and id = $2
"""
READ_TARGETS: Final = """
select source::text, target::text from language.document_segments
where organisation_id = $1 and document_id = $2 order by number
"""
FINISH: Final = """
update language.documents set status = 'done', result = $3 where organisation_id = $1 and id = $2
"""
FAIL: Final = """
update language.documents set status = 'error', error = $3 where organisation_id = $1 and id = $2
"""
CLEAR_SEGMENTS: Final = """
delete from language.document_segments where organisation_id = $1 and document_id = $2
"""
PURGE: Final = """
delete from language.documents where id in (
    select id from language.documents where expires_at < now() limit $1
)
"""


async def insert(tx: Tx, row: DocumentRow, original: bytes) -> None:
    """Keep a document that waits for its translation."""
    await tx.execute(
        INSERT,
        row.id,
        tx.organisation_id,
        row.api_key_id,
        row.person_id,
        row.key_hash,
        row.filename,
        row.source_language,
        row.target_language,
        row.glossary_ids,
        row.reporting_tag,
        original,
        row.created_at,
        row.expires_at,
        row.output_format,
        row.style_id,
        row.memory_id,
        row.memory_percent_min,
        row.not_applied,
        row.formality,
        row.context,
        row.custom_instructions,
        row.is_bilingual,
    )


async def count_open(tx: Tx) -> int:
    """Return how many documents of the organisation are not translated yet."""
    return int(await tx.fetchval(COUNT_OPEN, tx.organisation_id))


async def get(tx: Tx, document_id: UUID, *, for_update: bool = False) -> DocumentRow | None:
    """Return a document that has not expired."""
    row = await tx.fetchrow(LOCK if for_update else GET, tx.organisation_id, document_id)
    return None if row is None else DocumentRow(**row)


async def read_original(tx: Tx, document_id: UUID) -> bytes:
    """Return the file as it came."""
    return bytes(await tx.fetchval(READ_ORIGINAL, tx.organisation_id, document_id))


async def read_result(tx: Tx, document_id: UUID) -> bytes:
    """Return the translated file, which must be there."""
    return bytes(await tx.fetchval(READ_RESULT, tx.organisation_id, document_id))


async def start(
    tx: Tx, document_id: UUID, language: str | None, characters: int, texts: Sequence[Marked]
) -> None:
    """Keep the texts of a document, and what language it is in."""
    await tx.execute(START, tx.organisation_id, document_id, language, characters, len(texts))
    numbers = list(range(len(texts)))
    sources = [msgspec.json.encode(text).decode() for text in texts]
    await tx.execute(INSERT_SEGMENTS, tx.organisation_id, document_id, numbers, sources)


async def next_segments(tx: Tx, document_id: UUID, limit: int) -> list[tuple[int, Marked]]:
    """Return the first texts that are not translated yet, with their numbers."""
    rows = await tx.fetch(NEXT_SEGMENTS, tx.organisation_id, document_id, limit)
    return [(row["number"], msgspec.json.decode(row["source"], type=Marked)) for row in rows]


async def fill_segments(
    tx: Tx, document_id: UUID, numbers: Sequence[int], blocks: Sequence[Block], models: list[str]
) -> None:
    """Keep the translations of some texts."""
    targets = [msgspec.json.encode(block).decode() for block in blocks]
    await tx.execute(FILL_SEGMENTS, tx.organisation_id, document_id, list(numbers), targets)
    await tx.execute(ADVANCE, tx.organisation_id, document_id, len(blocks), models)


async def leave(tx: Tx, document_id: UUID, names: Sequence[str]) -> None:
    """Note what of the wishes was not heeded everywhere in a document."""
    await tx.execute(LEAVE, tx.organisation_id, document_id, list(names))


async def read_blocks(tx: Tx, document_id: UUID) -> list[tuple[Marked, Block]]:
    """Return all texts with their translations, which must be there."""
    rows = await tx.fetch(READ_TARGETS, tx.organisation_id, document_id)
    return [
        (
            msgspec.json.decode(row["source"], type=Marked),
            msgspec.json.decode(row["target"], type=Block),
        )
        for row in rows
    ]


async def finish(tx: Tx, document_id: UUID, result: bytes) -> None:
    """Keep the translated file; its single texts are not needed any more."""
    await tx.execute(FINISH, tx.organisation_id, document_id, result)
    await tx.execute(CLEAR_SEGMENTS, tx.organisation_id, document_id)


async def fail(tx: Tx, document_id: UUID, error: str) -> None:
    """Say why a document cannot be translated."""
    await tx.execute(FAIL, tx.organisation_id, document_id, error)
    await tx.execute(CLEAR_SEGMENTS, tx.organisation_id, document_id)


async def purge(tx: Tx, rows_max: int) -> int:
    """Delete documents that have expired; return how many. Needs a system transaction."""
    return int((await tx.execute(PURGE, rows_max)).split()[-1])
