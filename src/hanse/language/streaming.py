"""A text that is translated sentence by sentence, each told as soon as it is there."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import routing, service, wire
from hanse.language.detect import Detector
from hanse.language.glossaries.enforcement import Term
from hanse.language.glossaries.loading import TermsCache
from hanse.language.glossaries.terms import Terms
from hanse.language.languages import root
from hanse.language.memories.service import Memories, Recall
from hanse.language.pipeline import billed_characters, plan
from hanse.language.projection import Marked
from hanse.language.quotas import Quotas
from hanse.language.revising.service import reviser
from hanse.language.revising.wishes import Wishes
from hanse.language.segment import SplitMode
from hanse.language.styles import service as styles
from hanse.language.styles.store import StyleRow
from hanse.platform.database import Db

SENTENCES_AT_ONCE: Final = 32


class StreamedSentence(msgspec.Struct):
    """A part of the text, `source[start:end]` in code points, and its translation.

    Parts without letters between sentences come as they are; together the parts are the text.
    """

    start: int
    end: int
    text: str
    is_translated: bool


class StreamedText(msgspec.Struct):
    """The end of the stream: the whole translation.

    `glossary_terms` says what became of each term, in the order of the text; absent without a
    glossary.
    """

    text: str
    detected_source_language: str
    billed_characters: int
    not_applied: list[str] | UnsetType = UNSET
    glossary_terms: list[Term] | UnsetType = UNSET


class Extras(msgspec.Struct, frozen=True):
    """What a stream is translated with besides the model."""

    style: StyleRow | None = None
    recall: Recall | None = None
    wishes: Wishes = Wishes()
    revise: service.Revise | None = None
    terms: Terms | None = None


NONE: Final = Extras()


async def extras(
    access: Access,
    db: Db,
    memories: Memories,
    glossaries: TermsCache,
    asked: wire.TranslateRequest,
    generation: InferenceClient | None = None,
) -> Extras:
    """Return the style, the memory and the terms of the glossaries that a request names.

    With them comes what revises its sentences.

    Raises StyleNotFound, MemoryNotFound, GlossaryNotFound, InvalidParameter.
    """
    style = recall = terms = None
    if asked.style_id is not None or asked.memory_id is not None or asked.glossary_ids:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            if asked.style_id is not None:
                style = await styles.get_for(tx, asked.style_id, asked.target)
            if asked.memory_id is not None:
                recall = await memories.recall(
                    tx, asked.memory_id, asked.target, asked.memory_percent_min
                )
            if asked.glossary_ids and asked.source is not None:
                terms = await glossaries.load(
                    tx, asked.glossary_ids, root(asked.source), root(asked.target)
                )
    wishes = styles.wishes(asked.wishes, style)
    revise = reviser(generation, access.organisation_id, wishes)
    return Extras(style, recall, wishes, revise, terms)


async def begin(
    access: Access,
    db: Db,
    inference: InferenceClient,
    detector: Detector,
    quotas: Quotas,
    asked: wire.TranslateRequest,
    extras: Extras,
) -> AsyncGenerator[StreamedSentence | StreamedText, None]:
    """Return the parts of the one text of a request, and at the end the whole.

    What nobody waits for any longer, because the generator was closed, is neither computed nor
    billed. Raises at once UnsupportedSource, UnsupportedPair, QuotaExceeded; while it goes on, what
    inference raises.
    """
    [text] = asked.texts
    await quotas.require(access, billed_characters(text))
    models = await inference.models()
    [language] = service.recognised(detector, models, [text], asked.source)
    parts = _parts(text, language, asked.target, models)
    return _going_on(
        access, db, inference, asked, extras, language, parts, detector.default_language
    )


async def _going_on(
    access: Access,
    db: Db,
    inference: InferenceClient,
    asked: wire.TranslateRequest,
    extras: Extras,
    language: str | None,
    parts: list[tuple[int, int, bool]],
    default_language: str,
) -> AsyncGenerator[StreamedSentence | StreamedText, None]:
    [text] = asked.texts
    done: list[service.TranslatedText] = []
    sentences = 0
    duration_s = 0.0
    slots = asyncio.Semaphore(SENTENCES_AT_ONCE)

    async def translate(part: str) -> service.Translation:
        async with slots:
            translation = await service.translate(
                inference,
                organisation_id=access.organisation_id,
                texts=[Marked(part)],
                target=asked.target,
                mode=asked.split_mode,
                languages=[language],
                memory=extras.recall,
                revise=extras.revise,
                terms=extras.terms,
            )
        return styles.applied(extras.style, translation) if extras.style else translation

    tasks = [asyncio.create_task(translate(text[start:end])) for start, end, _ in parts]
    try:
        for (start, end, is_sentence), task in zip(parts, tasks, strict=True):
            translation = await task
            [translated] = translation.texts
            done.append(translated)
            sentences += translation.sentences
            duration_s = max(duration_s, translation.duration_s)
            yield StreamedSentence(start, end, translated.text, is_sentence)
        whole = service.joined(done, language, asked.target, sentences, duration_s)
        async with db.tx(access.organisation_id, access.person_id) as tx:
            await service.record(tx, access, whole)
        [one] = whole.texts
        unheeded = one.unheeded if extras.revise else extras.wishes.names
        left = [*unheeded, *styles.rules_not_applied(extras.style)]
        yield StreamedText(
            one.text,
            language or default_language,
            one.billed_characters,
            left or UNSET,
            [term for text in done for term in text.terms] if asked.glossary_ids else UNSET,
        )
    finally:
        for task in tasks:
            task.cancel()


def _parts(
    text: str, language: str | None, target: str, models: Any
) -> list[tuple[int, int, bool]]:
    """Return spans that make up the text, and which are sentences. Raises UnsupportedPair."""
    [recipe] = plan(
        [text],
        [language],
        target,
        SplitMode.PUNCTUATION_AND_NEWLINES,
        lambda source, target: routing.route(models, source, target),
    ).texts
    parts = []
    done = 0
    for sentence in recipe.sentences:
        start, end = sentence.span
        if start > done:
            parts.append((done, start, False))
        parts.append((start, end, True))
        done = end
    if done < len(text):
        parts.append((done, len(text), False))
    return parts
