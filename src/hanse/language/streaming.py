"""A text that is translated sentence by sentence, each told as soon as it is there."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from hanse.identity import Access
from hanse.inference import InferenceClient
from hanse.language import routing, service, wire
from hanse.language.detect import Detector
from hanse.language.pipeline import billed_characters, plan
from hanse.language.projection import Marked
from hanse.language.quotas import Quotas
from hanse.language.segment import SplitMode
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
    """The end of the stream: the whole translation."""

    text: str
    detected_source_language: str
    billed_characters: int


async def begin(
    access: Access,
    db: Db,
    inference: InferenceClient,
    detector: Detector,
    quotas: Quotas,
    asked: wire.TranslateRequest,
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
    return _going_on(access, db, inference, asked, language, parts, detector.default_language)


async def _going_on(
    access: Access,
    db: Db,
    inference: InferenceClient,
    asked: wire.TranslateRequest,
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
            return await service.translate(
                inference,
                organisation_id=access.organisation_id,
                texts=[Marked(part)],
                target=asked.target,
                mode=asked.split_mode,
                languages=[language],
            )

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
        yield StreamedText(one.text, language or default_language, one.billed_characters)
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
