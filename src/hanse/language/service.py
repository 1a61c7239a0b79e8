"""What the language system does for its callers: translate, and keep count of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity import Access
from hanse.inference import (
    InferenceClient,
    ItemFailed,
    Limits,
    ModelInfo,
    Outcome,
    ServiceClass,
)
from hanse.language import routing, store
from hanse.language.detect import Detector
from hanse.language.events import TextTranslated
from hanse.language.glossaries.enforcement import Enforced, Term, candidates, enforce
from hanse.language.glossaries.terms import Terms
from hanse.language.languages import name
from hanse.language.pipeline import (
    Plan,
    Route,
    assemble,
    billed_characters,
    plan,
)
from hanse.language.segment import SplitMode
from hanse.language.store import TranslationRow
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, Problem
from hanse.platform.telemetry import log

INTERACTIVE_SENTENCES_MAX: Final = 16
"""More than a person waits for at once is bulk work."""

INTERACTIVE_DEADLINE_S: Final = 10.0
BULK_DEADLINE_S: Final = 60.0
"""The official clients give up an attempt after 10 s and send it again; what was computed by then
is in the cache of the scheduler."""

SENTENCES_PER_CALL_MAX: Final = 2_000
ANSWER_CHARACTERS_MAX: Final = Limits().item_chars_max
DETECTION_IN_PLACE_CHARACTERS_MAX: Final = 10_000
"""Larger requests are cut and recognised in a thread, so that they hold up no other request."""


class UnsupportedSource(BadRequest):
    """A text is in a language that no installed model translates from."""

    code = "unsupported_source_language"
    title = "Source language not supported"


class TranslatedText(msgspec.Struct, frozen=True):
    """One text translated.

    `source_language` is None where there was nothing to recognise. `models` is empty when the text
    is returned as it came. `untranslated` counts the sentences that no engine could translate and
    that stand in the text as they came. `terms` are those of a glossary, in the order of the text.
    """

    text: str
    source_language: str | None
    billed_characters: int
    models: Route
    untranslated: int
    terms: tuple[Term, ...] = ()


class Translation(msgspec.Struct, frozen=True):
    """One answered request: the texts in their order, and what it took."""

    texts: tuple[TranslatedText, ...]
    target_language: str
    sentences: int
    duration_s: float

    @property
    def characters(self) -> int:
        """Billed characters of all texts."""
        return sum(text.billed_characters for text in self.texts)

    @property
    def models(self) -> list[str]:
        """The names of all models that took part, sorted."""
        return sorted({model for text in self.texts for model in text.models})


async def translate(
    inference: InferenceClient,
    detector: Detector,
    *,
    organisation_id: UUID,
    texts: Sequence[str],
    target: str,
    source: str | None = None,
    mode: SplitMode = SplitMode.PUNCTUATION_AND_NEWLINES,
    terms: Terms | None = None,
) -> Translation:
    """Translate `texts` into `target`, from `source` or from what each is recognised to be.

    Codes are canonical. `terms` are enforced in every sentence. No transaction may be open
    meanwhile: engines can take seconds. Raises UnsupportedSource, UnsupportedPair, and the errors
    of inference (Overloaded, DeadlineExceeded, InferenceUnavailable, ...).
    """
    began = time.perf_counter()
    models = await inference.models()

    def prepare() -> Plan:
        languages = _languages(detector, models, texts, source)
        return plan(texts, languages, target, mode, lambda a, b: routing.route(models, a, b))

    if sum(map(len, texts)) > DETECTION_IN_PLACE_CHARACTERS_MAX:
        planned = await asyncio.to_thread(prepare)
    else:
        planned = prepare()
    results = await _run(inference, organisation_id, planned, terms or Terms({}))
    texts_of = {
        route: [sentence.text for sentence in sentences] for route, sentences in results.items()
    }
    translated = tuple(
        TranslatedText(
            assembled.text,
            text.language,
            billed_characters(original),
            text.route if text.has_sentences else (),
            assembled.failed,
            tuple(
                term
                for number in text.sentence_numbers
                for term in results[text.route][number].terms
            ),
        )
        for original, text, assembled in zip(
            texts, planned.texts, assemble(planned, texts_of), strict=True
        )
    )
    return Translation(translated, target, planned.count, time.perf_counter() - began)


def _languages(
    detector: Detector, models: Sequence[ModelInfo], texts: Sequence[str], source: str | None
) -> list[str | None]:
    """Return the language of each text, None where there is nothing to recognise.

    Raises UnsupportedSource.
    """
    if source is not None:
        return [source for _ in texts]
    possible = routing.sources(models)
    # The pseudo engine reads any language, but what a real model reads is far more likely.
    likely = routing.real_sources(models) or possible
    detections = [detector.detect(text, likely) for text in texts]
    for number, detection in enumerate(detections):
        if detection.language is not None and detection.language not in possible:
            raise UnsupportedSource(
                f"Text {number} was recognised as {name(detection.language)} "
                f"({detection.language}); this server translates from "
                f"{', '.join(sorted(possible)) or 'no language'}. If that is wrong, say the "
                "source language.",
                language=detection.language,
                text=number,
            )
    return [detection.language for detection in detections]


async def _run(
    inference: InferenceClient, organisation_id: UUID, planned: Plan, terms: Terms
) -> Mapping[Route, Sequence[Enforced]]:
    """Run every sentence through its models, with its terms; routes run side by side."""
    is_small = planned.count <= INTERACTIVE_SENTENCES_MAX
    service_class = ServiceClass.INTERACTIVE if is_small else ServiceClass.BULK
    deadline = time.monotonic() + (INTERACTIVE_DEADLINE_S if is_small else BULK_DEADLINE_S)

    async def run_model(model: str, sentences: Sequence[str]) -> list[str]:
        answers: list[str] = []
        for first in range(0, len(sentences), SENTENCES_PER_CALL_MAX):
            outcomes = await inference.run_each(
                organisation_id=organisation_id,
                model=model,
                items=sentences[first : first + SENTENCES_PER_CALL_MAX],
                service_class=service_class,
                deadline_s=max(deadline - time.monotonic(), 0.0),
            )
            answers += map(_answer, outcomes)
        return answers

    async def run(route: Route, sentences: Sequence[str]) -> list[str]:
        results = list(sentences)
        for model in route:
            numbers = [number for number, text in enumerate(results) if text]
            answers = await run_model(model, [results[number] for number in numbers])
            for number, answer in zip(numbers, answers, strict=True):
                results[number] = answer
        return results

    async def run_with_terms(route: Route, sentences: Sequence[str]) -> list[Enforced]:
        wanted = [candidates(sentence, terms) for sentence in sentences]
        items = list(dict.fromkeys(item for each in wanted for item in each.items))
        answers = dict(zip(items, await run(route, items), strict=True))
        return [enforce(each, [answers[item] for item in each.items]) for each in wanted]

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {
                route: group.create_task(run_with_terms(route, sentences))
                for route, sentences in planned.sentences.items()
            }
    except BaseExceptionGroup as failures:
        # One is enough to say that the request failed; the others were cancelled with it.
        raise failures.exceptions[0] from None
    return {route: task.result() for route, task in tasks.items()}


def _answer(outcome: Outcome) -> str:
    """Return an engine's answer, empty where this one sentence cannot be computed at all.

    So one sentence that an engine cannot bear does not cost the others their translation. Raises
    what says that sending the request again will help.
    """
    if isinstance(outcome, ItemFailed):
        log.warning("sentence_failed", code=outcome.code)  # its detail might quote the text
        return ""
    if isinstance(outcome, Problem):
        raise outcome
    # A model that has lost the thread; the next one could not be given this.
    return outcome if len(outcome) <= ANSWER_CHARACTERS_MAX else ""


async def record(
    tx: Tx, access: Access, translation: Translation, reporting_tag: str | None = None
) -> UUID:
    """Keep the record of a translation, without its text, and announce it; return its id."""
    row = TranslationRow(
        id=new_id(),
        organisation_id=access.organisation_id,
        api_key_id=access.api_key_id,
        person_id=access.person_id,
        source_languages=sorted(
            {text.source_language for text in translation.texts if text.source_language}
        ),
        target_language=translation.target_language,
        texts=len(translation.texts),
        characters=translation.characters,
        sentences=translation.sentences,
        models=translation.models,
        duration_ms=round(translation.duration_s * 1000),
        reporting_tag=reporting_tag,
        created_at=datetime.now(UTC),
    )
    await store.insert_translation(tx, row)
    await announce(
        tx,
        TextTranslated(
            translation_id=row.id,
            api_key_id=row.api_key_id,
            source_languages=row.source_languages,
            target_language=row.target_language,
            texts=row.texts,
            characters=row.characters,
            models=row.models,
            translated_at=row.created_at,
        ),
    )
    return row.id


class Usage(msgspec.Struct, frozen=True):
    """Billed characters of a calendar month (UTC): from `start` to before `end`."""

    key_characters: int
    organisation_characters: int
    start: datetime
    end: datetime


async def usage(tx: Tx, api_key_id: UUID | None, now: datetime) -> Usage:
    """Return what the organisation and one of its API keys have used in the month of `now`.

    Requests of the last moments may be missing: they are counted by following events.
    """
    first = now.astimezone(UTC).date().replace(day=1)
    until = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    totals = await store.read_usage(tx, api_key_id, first, until)
    return Usage(
        totals.key_characters,
        totals.organisation_characters,
        datetime(first.year, first.month, first.day, tzinfo=UTC),
        datetime(until.year, until.month, until.day, tzinfo=UTC),
    )
