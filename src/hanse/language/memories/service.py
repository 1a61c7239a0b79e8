"""What can be done with translation memories: fill, read, use, import and export them."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.language.languages import root
from hanse.language.memories import store
from hanse.language.memories.match import Match, MemoryIndex
from hanse.language.memories.store import JobRow, MemoryRow
from hanse.language.memories.tmx import SEGMENTS_MAX
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from hanse.platform.problems import BadRequest, Conflict, NotFound, PayloadTooLarge

MEMORIES_MAX: Final = 1000
"""Memories of one organisation."""
FILES_MAX: Final = 100
"""Files of imports and exports of one organisation that are kept at a time."""
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
LIFETIME: Final = timedelta(hours=24)
"""An import or export, with its file, is deleted after this time."""
RUN: Final = "language.run_memory_job"

_KEY_BYTES: Final = 32


class MemoryNotFound(NotFound):
    """The organisation has no translation memory of this id."""

    code = "translation_memory_not_found"
    title = "Translation memory not found"


class MemoryJobNotFound(NotFound):
    """There is no such import or export, or it has expired."""

    code = "translation_memory_job_not_found"
    title = "Import or export not found"


class TooManyMemories(BadRequest):
    """The organisation has as many memories, or files of them, as it may have."""

    code = "too_many_translation_memories"
    title = "Too many translation memories"


class MemoryFull(BadRequest):
    """The memory would have more segments than it may have."""

    code = "translation_memory_full"
    title = "Translation memory full"


class FileRefused(Conflict):
    """The job takes no file, or has taken one already."""

    code = "file_refused"
    title = "File refused"


class FileTooLarge(PayloadTooLarge):
    """The file is larger than files may be."""

    code = "file_too_large"
    title = "File too large"


class Run(msgspec.Struct, frozen=True):
    """The payload of the job that imports or exports."""

    job_id: UUID


async def create(tx: Tx, name: str, source_language: str) -> MemoryRow:
    """Make an empty memory for texts of a root language. Raises TooManyMemories."""
    if await store.count(tx) >= MEMORIES_MAX:
        raise TooManyMemories(f"There may be {MEMORIES_MAX} memories. Delete one first.")
    memory_id = new_id()
    await store.insert(tx, memory_id, name, source_language)
    return await get(tx, memory_id)


async def get(tx: Tx, memory_id: UUID) -> MemoryRow:
    """Return a memory. Raises MemoryNotFound."""
    memory = await store.get(tx, memory_id)
    if memory is None:
        raise MemoryNotFound(f"There is no translation memory {memory_id}.")
    return memory


async def delete(tx: Tx, memory_id: UUID) -> None:
    """Delete a memory with its segments. Raises MemoryNotFound."""
    if not await store.delete(tx, memory_id):
        raise MemoryNotFound(f"There is no translation memory {memory_id}.")


async def add(tx: Tx, memory_id: UUID, units: Mapping[str, Mapping[str, str]]) -> MemoryRow:
    """Add translations by language, by source; one that is there is replaced.

    Raises MemoryNotFound, MemoryFull.
    """
    await get(tx, memory_id)
    if await store.put_units(tx, memory_id, units) > SEGMENTS_MAX:
        raise MemoryFull(f"A memory may have {SEGMENTS_MAX} segments.")
    return await get(tx, memory_id)


async def begin_import(tx: Tx, name: str, content_type: str | None, length: int) -> JobRow:
    """Make an import that waits for its file. Raises FileTooLarge, TooManyMemories."""
    if length > FILE_BYTES_MAX:
        raise FileTooLarge(f"The file has {length} bytes; {FILE_BYTES_MAX} are allowed.")
    job = _new_job("import", name=name, content_type=content_type, content_length=length)
    await store.insert_job(tx, job)
    return job


async def take_file(tx: Tx, job_id: UUID, key: bytes, data: bytes) -> None:
    """Take the file of an import; it is read once the transaction commits.

    Raises MemoryJobNotFound, FileRefused, FileTooLarge, TooManyMemories.
    """
    job = await get_job(tx, job_id, key=key, for_update=True)
    if job.status != "awaiting_input":
        raise FileRefused("This address takes no file, or has taken it already.")
    if len(data) > FILE_BYTES_MAX:
        raise FileTooLarge(f"The file has {len(data)} bytes; {FILE_BYTES_MAX} are allowed.")
    if await store.count_files(tx) >= FILES_MAX:
        raise TooManyMemories(f"{FILES_MAX} files of memories are kept already. Try later.")
    await store.set_job(tx, job.id, "processing", data=data)
    await enqueue(tx, RUN, Run(job.id), key=str(job.id))


async def begin_export(tx: Tx, memory_id: UUID) -> tuple[JobRow, bool]:
    """Return an export of a memory, and whether it is one made before of the same segments.

    Raises MemoryNotFound, TooManyMemories.
    """
    memory = await get(tx, memory_id)
    if (job := await store.last_export(tx, memory)) is not None:
        return job, job.status != "processing"
    if await store.count_files(tx) >= FILES_MAX:
        raise TooManyMemories(f"{FILES_MAX} files of memories are kept already. Try later.")
    job = _new_job("export", memory_id=memory.id, memory_version=memory.version)
    await store.insert_job(tx, job)
    await enqueue(tx, RUN, Run(job.id), key=str(job.id))
    return job, False


async def get_job(
    tx: Tx, job_id: UUID, *, key: bytes | None = None, for_update: bool = False
) -> JobRow:
    """Return an import or export; with `key` only to whom has it. Raises MemoryJobNotFound."""
    job = await store.get_job(tx, job_id, for_update=for_update)
    if job is None or (key is not None and not hmac.compare_digest(job.key, key)):
        raise MemoryJobNotFound("There is no such import or export, or it has expired.")
    return job


async def read_file(tx: Tx, job_id: UUID, key: bytes) -> bytes:
    """Return the file of a finished export. Raises MemoryJobNotFound."""
    job = await get_job(tx, job_id, key=key)
    if job.operation != "export" or job.status not in ("completed", "downloaded"):
        raise MemoryJobNotFound("There is no file here.")
    await store.mark_downloaded(tx, job.id)
    return await store.read_data(tx, job.id)


def token_of(job: JobRow, organisation_id: UUID) -> str:
    """Return what stands in the address of a job's file: all that is needed to find it."""
    return base64.urlsafe_b64encode(organisation_id.bytes + job.id.bytes + job.key).decode()


def parse_token(token: str) -> tuple[UUID, UUID, bytes]:
    """Return the organisation, the job and the key. Raises MemoryJobNotFound."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 2 * 16 + _KEY_BYTES:
        raise MemoryJobNotFound("There is no such import or export, or it has expired.")
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:]


def _new_job(operation: str, **fields: object) -> JobRow:
    now = datetime.now(UTC)
    empty = dict.fromkeys(
        ("memory_id", "name", "content_type", "content_length", "error", "skipped")
    )
    return msgspec.convert(
        {
            **empty,
            "memory_version": None,
            **fields,
            "id": new_id(),
            "operation": operation,
            "status": "awaiting_input" if operation == "import" else "processing",
            "key": secrets.token_bytes(_KEY_BYTES),
            "created_at": now,
            "updated_at": now,
            "expires_at": now + LIFETIME,
        },
        JobRow,
        builtin_types=(bytes, UUID, datetime),
    )


class Recall:
    """Finds the sentences of one request in a memory; keeps what it found."""

    def __init__(self, index: MemoryIndex, source_language: str, percent_min: int) -> None:
        self._index = index
        self._source_language = source_language
        self._percent_min = percent_min
        self.matches: dict[str, Match] = {}
        """What was found for each sentence."""

    async def __call__(
        self, texts: Sequence[tuple[str | None, Sequence[str]]]
    ) -> list[Mapping[str, str]]:
        """Return what to take, by sentence, for each text: its language, its sentences."""
        return await asyncio.to_thread(lambda: [self._known(*text) for text in texts])

    def _known(self, language: str | None, sentences: Sequence[str]) -> Mapping[str, str]:
        if language is None or root(language) != self._source_language:
            return {}
        known = {}
        for sentence in sentences:
            match = self._index.find(sentence, self._percent_min)
            if match is not None:
                self.matches[sentence] = match
                if match.applied is not None:
                    known[sentence] = match.applied
        return known


class Memories:
    """The indexes of the memories that were used last."""

    KEPT_MAX: Final = 16

    def __init__(self) -> None:
        self._indexes: OrderedDict[tuple[UUID, str], MemoryIndex] = OrderedDict()

    async def recall(self, tx: Tx, memory_id: UUID, target: str, percent_min: int) -> Recall:
        """Return how to find sentences in a memory. Raises MemoryNotFound, BadRequest."""
        memory = await get(tx, memory_id)
        language = target_language(memory, target)
        if language is None:
            raise MemoryNotFound(f"The translation memory has nothing in {target}.")
        key = memory.version, language
        index = self._indexes.get(key)
        if index is None:
            pairs = await store.read_pairs(tx, memory.id, language)
            index = await asyncio.to_thread(MemoryIndex, pairs)
            self._indexes[key] = index
        self._indexes.move_to_end(key)
        while len(self._indexes) > self.KEPT_MAX:
            self._indexes.popitem(last=False)
        return Recall(index, memory.source_language, percent_min)


def target_language(memory: MemoryRow, target: str) -> str | None:
    """Return the language of the memory that serves `target`: itself, or one of the same root."""
    if target in memory.target_languages:
        return target
    same = [each for each in memory.target_languages if root(each) == root(target)]
    return same[0] if same else None
