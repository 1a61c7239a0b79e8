"""The job that translates documents, part by part.

Each run translates the next texts and keeps them in one transaction with the job for what is left:
whatever is killed when, a document goes on where it stood, and is billed once.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final, cast

from hanse.identity import Kind, notify
from hanse.inference import InferenceClient, UnknownModel
from hanse.language import service as language
from hanse.language.detect import Detector
from hanse.language.documents import bilingual, store
from hanse.language.documents.formats import (
    Block,
    InvalidFile,
    bilingual_format_of,
    format_of,
    kind_of,
)
from hanse.language.documents.kinds import DOCUMENT_FAILED, DOCUMENT_FINISHED
from hanse.language.documents.service import STEP, Step
from hanse.language.documents.store import DocumentRow
from hanse.language.glossaries.loading import TermsCache
from hanse.language.glossaries.service import GlossaryNotFound
from hanse.language.languages import root
from hanse.language.memories.service import Memories, MemoryNotFound
from hanse.language.projection import Marked
from hanse.language.quotas import QuotaExceeded, require_key_quota
from hanse.language.revising.service import reviser
from hanse.language.revising.wishes import Formality, Wishes
from hanse.language.routing import UnsupportedPair
from hanse.language.service import UnsupportedSource
from hanse.language.store import TranslationRow
from hanse.language.styles import service as styles
from hanse.language.styles.service import StyleNotFound
from hanse.language.wire import InvalidParameter
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.telemetry import log

SEGMENTS_PER_STEP: Final = 200
REVISED_SEGMENTS_PER_STEP: Final = 16
"""A language model takes a second and more for each."""
CHARACTERS_PER_STEP: Final = 20_000
CHARACTERS_MAX: Final = 1_000_000
DETECTED_CHARACTERS: Final = 5_000
STEP_TIMEOUT_S: Final = 120.0
ATTEMPTS_MAX: Final = 200
"""A document waits out an outage of inference of more than an hour."""
RETRY_LAST_S: Final = 30.0
PURGED_ROWS_MAX: Final = 1000

_ITS_OWN_FAULT: Final = (
    InvalidFile,
    UnsupportedPair,
    UnsupportedSource,
    UnknownModel,
    GlossaryNotFound,
    MemoryNotFound,
    StyleNotFound,
    InvalidParameter,
    QuotaExceeded,
)


def register_documents(
    jobs: Jobs, inference: InferenceClient, generation: InferenceClient | None = None
) -> None:
    """Add the jobs of documents: translating them, and deleting what has expired.

    `generation` leads to the language model that revises translations, if there is one.
    """
    translation = _Translation(inference, generation)
    jobs.task(
        STEP,
        Step,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=STEP_TIMEOUT_S,
        retry_max_s=RETRY_LAST_S,
    )(translation.step)

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("language.purge_documents", "*/10 * * * *")(purge)


class _Translation:
    def __init__(self, inference: InferenceClient, generation: InferenceClient | None) -> None:
        self._inference = inference
        self._generation = generation
        self._terms = TermsCache()
        self._memories = Memories()
        self._detector: Detector | None = None

    async def step(self, tx: Tx, step: Step) -> None:
        """Translate the next part of a document; enqueue the job for what is left."""
        row = await store.get(tx, step.document_id, for_update=True)
        if row is None or row.status in ("done", "error"):
            return
        try:
            if row.status == "queued":
                is_left = await self._begin(tx, row)
            else:
                is_left = await self._go_on(tx, row)
        except _ITS_OWN_FAULT as problem:
            await store.fail(tx, row.id, problem.detail)
            facts = {"filename": row.filename, "reason": problem.detail}
            await _tell(tx, row, DOCUMENT_FAILED, facts)
            return
        if is_left:
            # Without a key: this very job still holds it.
            await enqueue(tx, STEP, step)

    async def _begin(self, tx: Tx, row: DocumentRow) -> bool:
        data = await store.read_original(tx, row.id)
        texts = await asyncio.to_thread(_read, row.filename, data)
        characters = sum(len(text.text) - len(text.copied) for text in texts)
        if characters > CHARACTERS_MAX:
            raise InvalidFile(
                f"The file has {characters} characters; {CHARACTERS_MAX} are allowed."
            )
        await require_key_quota(tx, row.api_key_id, characters)
        source = row.source_language or await self._recognise(texts)
        if source is not None and root(source) == root(row.target_language):
            raise InvalidFile("Source and target language are equal.")
        await store.start(tx, row.id, source, characters, texts)
        return True

    async def _recognise(self, texts: list[Marked]) -> str | None:
        if self._detector is None:
            self._detector = await asyncio.to_thread(Detector)
        sample = "\n".join(text.text for text in texts)[:DETECTED_CHARACTERS]
        models = await self._inference.models()
        return language.recognised(self._detector, models, [sample], None)[0]

    async def _go_on(self, tx: Tx, row: DocumentRow) -> bool:
        """Translate some texts, or with none left write the file; tell whether more is to do."""
        is_wished = bool(_wishes(row).names or row.style_id)
        is_slow = is_wished and self._generation is not None
        segments = REVISED_SEGMENTS_PER_STEP if is_slow else SEGMENTS_PER_STEP
        waiting = _first(await store.next_segments(tx, row.id, segments))
        if not waiting:
            await self._finish(tx, row)
            return False
        if row.source_language is None:
            blocks = [Block(text.text, text.marks) for _, text in waiting]
            await store.fill_segments(tx, row.id, [number for number, _ in waiting], blocks, [])
            return True
        terms = None
        if row.glossary_ids:
            pair = root(row.source_language), root(row.target_language)
            terms = await self._terms.load(tx, row.glossary_ids, *pair)
        style = recall = None
        if row.style_id is not None:
            style = await styles.get_for(tx, row.style_id, row.target_language)
        wishes = styles.wishes(_wishes(row), style)
        revise = reviser(self._generation, tx.organisation_id, wishes, is_bulk=True)
        if row.memory_id is not None:
            recall = await self._memories.recall(
                tx, row.memory_id, row.target_language, row.memory_percent_min
            )
        translation = await language.translate(
            self._inference,
            organisation_id=tx.organisation_id,
            texts=[text for _, text in waiting],
            target=row.target_language,
            languages=[row.source_language] * len(waiting),
            terms=terms,
            memory=recall,
            revise=revise,
            is_bulk=True,
        )
        if style is not None:
            translation = styles.applied(style, translation)
        blocks = [Block(text.text, text.marks) for text in translation.texts]
        numbers = [number for number, _ in waiting]
        await store.fill_segments(tx, row.id, numbers, blocks, translation.models)
        unheeded = {name for text in translation.texts for name in text.unheeded}
        if left := wishes.names if revise is None else sorted(unheeded):
            await store.leave(tx, row.id, left)
        return True

    async def _finish(self, tx: Tx, row: DocumentRow) -> None:
        translated = await store.read_blocks(tx, row.id)
        if row.output_format in bilingual.MEDIA_TYPES:
            result = await asyncio.to_thread(
                bilingual.write,
                row.output_format,
                row.filename,
                row.source_language or "und",
                row.target_language,
                [(source.text, target.text) for source, target in translated],
            )
        else:
            data = await store.read_original(tx, row.id)
            blocks = [target for _, target in translated]
            result = await asyncio.to_thread(
                _write, row.filename, data, blocks, is_bilingual=row.is_bilingual
            )
        await store.finish(tx, row.id, result)
        await _tell(tx, row, DOCUMENT_FINISHED, {"filename": row.filename})
        now = datetime.now(UTC)
        await language.keep(
            tx,
            TranslationRow(
                id=new_id(),
                organisation_id=tx.organisation_id,
                api_key_id=row.api_key_id,
                person_id=row.person_id,
                source_languages=[row.source_language] if row.source_language else [],
                target_language=row.target_language,
                texts=max(row.segments, 1),
                characters=row.characters,
                sentences=row.segments,
                models=row.models,
                duration_ms=round((now - (row.started_at or now)).total_seconds() * 1000),
                reporting_tag=row.reporting_tag,
                created_at=now,
                kind="document",
            ),
        )


async def _tell(tx: Tx, row: DocumentRow, kind: Kind, facts: dict[str, str]) -> None:
    if row.person_id is not None:
        await notify(tx, [row.person_id], kind, facts, "/translate/documents")


def _wishes(row: DocumentRow) -> Wishes:
    return Wishes(
        context=row.context,
        instructions=tuple(row.custom_instructions),
        formality=cast(Formality | None, row.formality),  # the table allows no other
    )


def _first(segments: list[tuple[int, Marked]]) -> list[tuple[int, Marked]]:
    """Return as many of the first texts as one step translates, at least one."""
    characters = 0
    for count, (_, text) in enumerate(segments):
        characters += len(text.text)
        if count and characters > CHARACTERS_PER_STEP:
            return segments[:count]
    return segments


def _read(filename: str, data: bytes) -> list[Marked]:
    try:
        return format_of(kind_of(filename)).read(data)
    except InvalidFile:
        raise
    except Exception as error:  # a file may be wrong in ways that nobody has thought of
        log.exception("document_not_read", kind=kind_of(filename).extension)
        raise InvalidFile("Invalid file: it cannot be read.") from error


def _write(filename: str, data: bytes, blocks: list[Block], *, is_bilingual: bool) -> bytes:
    kind = kind_of(filename)
    try:
        if is_bilingual:
            return bilingual_format_of(kind).write_bilingual(data, blocks)
        return format_of(kind).write(data, blocks)
    except InvalidFile:
        raise
    except Exception as error:  # see `_read`
        log.exception("document_not_written", kind=kind_of(filename).extension)
        raise InvalidFile("The translation could not be put into the file.") from error
