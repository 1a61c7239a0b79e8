"""Answers to checked requests to translate texts, whatever they came by."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import routing, service, wire
from hanse.language.detect import Detector
from hanse.language.glossaries.enforcement import Term
from hanse.language.glossaries.loading import TermsCache
from hanse.language.languages import root, v2
from hanse.language.memories.match import Match
from hanse.language.memories.service import Memories, Recall
from hanse.language.pipeline import billed_characters
from hanse.language.quality.checks import Issue
from hanse.language.quotas import Quotas
from hanse.language.recording import Recorder
from hanse.language.repeats.attempts import Attempt
from hanse.language.revising.service import reviser
from hanse.language.styles import service as styles
from hanse.language.styles.store import StyleRow
from hanse.language.tagged import translate_tagged
from hanse.platform.database import Db


class TranslationEntry(Struct):
    """One translated text. `model_type_used` is `pseudo` for text that no translator made.

    `untranslated_sentences`, an addition to the contract, counts those that the engine could not
    translate and that stand in `text` as they came; absent when there are none. `glossary_terms`,
    another, says what became of each term of the glossaries; absent without a glossary.
    `not_applied`, a third, names what was asked for and had no effect, or not on the whole text:
    parameters, and rules of the style; absent when all was done. `translation_memory_matches` has
    what was found for its sentences; absent without a memory. `quality_issues` is what the rules of
    quality evaluation find in single sentences: missing numbers, placeholders or terms, copies,
    repetitions; absent when nothing is plainly wrong, and without places in texts with tags or a
    style.
    """

    detected_source_language: str
    text: str
    billed_characters: int | UnsetType = UNSET
    model_type_used: str | UnsetType = UNSET
    untranslated_sentences: int | UnsetType = UNSET
    tag_handling_version: str | UnsetType = UNSET
    glossary_terms: list[Term] | UnsetType = UNSET
    not_applied: list[str] | UnsetType = UNSET
    translation_memory_matches: list[Match] | UnsetType = UNSET
    quality_issues: list[Issue] | UnsetType = UNSET


class TranslateResponse(Struct):
    """The translations, in the order of the texts."""

    translations: list[TranslationEntry]


class Answering:
    """Translates texts for callers, with what they asked for, and keeps count."""

    def __init__(
        self,
        db: Db,
        inference: InferenceClient,
        detector: Detector,
        quotas: Quotas,
        generation: InferenceClient | None = None,
    ) -> None:
        self._db = db
        self._inference = inference
        self._detector = detector
        self._quotas = quotas
        self._generation = generation
        self._recorder = Recorder(db)
        self._terms = TermsCache()
        self._memories = Memories()

    async def answer(
        self,
        access: Access,
        asked: wire.TranslateRequest,
        tag: str | None,
        attempt: Attempt | None = None,
    ) -> TranslateResponse:
        """Translate, record and bill; `tag` is kept with the record, the answer with `attempt`.

        Raises Superseded, QuotaExceeded, GlossaryNotFound, StyleNotFound, MemoryNotFound,
        InvalidParameter, and what `service.translate` raises.
        """
        await self._quotas.require(access, sum(map(billed_characters, asked.texts)))
        style = await self._style(access, asked)
        recall = await self._recall(access, asked)
        wishes = styles.wishes(asked.wishes, style)
        revise = reviser(self._generation, access.organisation_id, wishes)
        translation = await self._translated(access, asked, recall, revise)
        if style is not None:
            translation = styles.applied(style, translation)
        without_model = wishes.names if revise is None else ()
        rules = styles.rules_not_applied(style)
        default = self._detector.default_language
        response = TranslateResponse(
            [
                _entry(
                    text,
                    asked,
                    default,
                    [*(text.unheeded or without_model), *rules],
                    _matches(recall, source),
                )
                for text, source in zip(translation.texts, asked.texts, strict=True)
            ]
        )
        record = service.record_of(access, translation, tag)
        if attempt is None or not await attempt.concerns_others():
            await self._recorder.keep(record)
            return response
        # The answer is there for others exactly if this transaction has billed it.
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            await service.keep(tx, record)
            await attempt.settle(tx, msgspec.json.encode(response))
        return response

    async def _style(self, access: Access, asked: wire.TranslateRequest) -> StyleRow | None:
        if asked.style_id is None:
            return None
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            return await styles.get_for(tx, asked.style_id, asked.target)

    async def _recall(self, access: Access, asked: wire.TranslateRequest) -> Recall | None:
        if asked.memory_id is None:
            return None
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            return await self._memories.recall(
                tx, asked.memory_id, asked.target, asked.memory_percent_min
            )

    async def _translated(
        self,
        access: Access,
        asked: wire.TranslateRequest,
        memory: Recall | None,
        revise: service.Revise | None,
    ) -> service.Translation:
        terms = None
        if asked.glossary_ids and asked.source is not None:
            async with self._db.tx(access.organisation_id, access.person_id) as tx:
                terms = await self._terms.load(
                    tx, asked.glossary_ids, root(asked.source), root(asked.target)
                )
        how: dict[str, Any] = {
            "organisation_id": access.organisation_id,
            "texts": asked.texts,
            "target": asked.target,
            "source": asked.source,
            "mode": asked.split_mode,
            "terms": terms,
            "memory": memory,
            "revise": revise,
            "is_checked": True,
        }
        if asked.tags is None:
            return await service.translate(self._inference, self._detector, **how)
        return await translate_tagged(self._inference, self._detector, options=asked.tags, **how)


def _matches(recall: Recall | None, source: str) -> list[Match] | UnsetType:
    if recall is None:
        return UNSET
    return [match for sentence, match in recall.matches.items() if sentence in source]


def _entry(
    text: service.TranslatedText,
    asked: wire.TranslateRequest,
    default_language: str,
    not_applied: list[str],
    matches: list[Match] | UnsetType,
) -> TranslationEntry:
    model_type: str | UnsetType = UNSET
    if routing.is_pseudo(text.models):
        model_type = routing.PSEUDO
    elif asked.model_type is not None and text.models:
        model_type = "latency_optimized"
    return TranslationEntry(
        detected_source_language=v2(root(text.source_language or default_language)),
        text=text.text,
        billed_characters=text.billed_characters if asked.shows_billed_characters else UNSET,
        model_type_used=model_type,
        untranslated_sentences=text.untranslated or UNSET,
        tag_handling_version=asked.tags.version if asked.tags else UNSET,
        glossary_terms=list(text.terms) if asked.glossary_ids else UNSET,
        not_applied=not_applied or UNSET,
        translation_memory_matches=matches,
        quality_issues=list(text.issues) or UNSET,
    )
