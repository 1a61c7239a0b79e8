"""What can be done with documents: hand one in, ask how far it is, fetch the translation."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity import Access
from hanse.language.documents import store
from hanse.language.documents.formats import BILINGUAL_KINDS, InvalidFile, kind_of
from hanse.language.documents.store import DocumentRow
from hanse.language.languages import root
from hanse.language.wire import DocumentRequest, InvalidParameter
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from hanse.platform.problems import (
    BadRequest,
    NotFound,
    PayloadTooLarge,
    TooManyRequests,
    Unavailable,
)

LIFETIME: Final = timedelta(hours=24)
"""A document, its translation and all of its texts are deleted after this time."""
OPEN_MAX: Final = 1000
"""Documents of one organisation that may wait for their translation."""
FILENAME_CHARACTERS_MAX: Final = 255
STEP: Final = "language.translate_document"


class DocumentNotFound(NotFound):
    """There is no such document, it has expired, or the key is not its key."""

    code = "document_not_found"
    title = "Document not found"


class DocumentNotReady(Unavailable):
    """The translation is not finished."""

    code = "document_not_ready"
    title = "Document not ready"


class DocumentFailed(BadRequest):
    """The document could not be translated; the text says why."""

    code = "document_failed"
    title = "Document failed"


class DocumentTooLarge(PayloadTooLarge):
    """The file is larger than files of its kind may be."""

    code = "document_too_large"
    title = "Document too large"


class TooManyDocuments(TooManyRequests):
    """Too many documents of the organisation wait already."""

    code = "too_many_documents"
    title = "Too many documents"


class SameLanguage(BadRequest):
    """The document is to be translated into its own language."""

    code = "same_language"
    title = "Source and target language are equal"


class Step(msgspec.Struct, frozen=True):
    """The payload of the job that translates the next part of a document."""

    document_id: UUID


class Handle(msgspec.Struct, frozen=True):
    """How to ask for a document: by its id and a key that only its sender has."""

    document_id: UUID
    document_key: str


async def hand_in(
    tx: Tx,
    access: Access,
    *,
    filename: str,
    data: bytes,
    asked: DocumentRequest,
    output_format: str | None,
    not_applied: Sequence[str],
    reporting_tag: str | None,
) -> Handle:
    """Keep a document and let it be translated once the transaction commits.

    `output_format` is one of `bilingual`, or None for that of the file; `not_applied` names what
    was asked for and has no effect.
    Raises InvalidFile, InvalidParameter, DocumentTooLarge, SameLanguage, TooManyDocuments.
    """
    kind = kind_of(filename)
    if asked.is_bilingual and not kind.is_bilingual:
        raise InvalidParameter(f"Parameter 'bilingual' is for {', '.join(BILINGUAL_KINDS)}.")
    if asked.is_bilingual and output_format is not None:
        raise InvalidParameter("Send 'bilingual' or 'output_format', not both.")
    source, target = asked.source, asked.target
    if not data:
        raise InvalidFile("Invalid file: it is empty.")
    if len(data) > kind.bytes_max:
        raise DocumentTooLarge(
            f"The file has {len(data)} bytes; {kind.bytes_max} are allowed for {kind.extension}."
        )
    if source is not None and root(source) == root(target):
        raise SameLanguage("Source and target language are equal.")
    if await store.count_open(tx) >= OPEN_MAX:
        raise TooManyDocuments("Too many documents wait already. Try again.", retry_after_s=10.0)
    key = secrets.token_hex(32).upper()
    now = datetime.now(UTC)
    row = DocumentRow(
        id=new_id(),
        api_key_id=access.api_key_id,
        person_id=access.person_id,
        key_hash=_hashed(key),
        filename=filename[-FILENAME_CHARACTERS_MAX:],
        source_language=source,
        target_language=target,
        glossary_ids=list(asked.glossary_ids),
        output_format=output_format,
        style_id=asked.style_id,
        memory_id=asked.memory_id,
        memory_percent_min=asked.memory_percent_min,
        formality=asked.wishes.formality,
        context=asked.wishes.context,
        custom_instructions=list(asked.wishes.instructions),
        is_bilingual=asked.is_bilingual,
        not_applied=list(not_applied),
        reporting_tag=reporting_tag,
        status="queued",
        error=None,
        characters=0,
        segments=0,
        segments_done=0,
        models=[],
        created_at=now,
        started_at=None,
        expires_at=now + LIFETIME,
    )
    await store.insert(tx, row, data)
    await enqueue(tx, STEP, Step(row.id), key=str(row.id))
    return Handle(row.id, key)


async def find(tx: Tx, document_id: UUID, key: str) -> DocumentRow:
    """Return a document to whom has its key. Raises DocumentNotFound."""
    row = await store.get(tx, document_id)
    if row is None or not hmac.compare_digest(row.key_hash, _hashed(key)):
        raise DocumentNotFound("There is no such document, or the key is not its key.")
    return row


async def fetch(tx: Tx, document_id: UUID, key: str) -> tuple[DocumentRow, bytes]:
    """Return a document with its translated file, as often as wanted until it expires.

    Raises DocumentNotFound, DocumentNotReady, DocumentFailed.
    """
    row = await find(tx, document_id, key)
    if row.status == "error":
        raise DocumentFailed(row.error or "The document could not be translated.")
    if row.status != "done":
        raise DocumentNotReady("The document is not translated yet.", retry_after_s=2.0)
    return row, await store.read_result(tx, document_id)


def seconds_remaining(row: DocumentRow, now: datetime) -> int | None:
    """Return how long the rest should take, by what is done; None before it has begun."""
    if row.status != "translating" or row.started_at is None:
        return None
    done = max(row.segments_done, 1)
    took_s = max((now - row.started_at).total_seconds(), 1.0)
    return max(1, round(took_s / done * (row.segments - row.segments_done)))


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.upper().encode()).digest()
