"""What the language system does for its callers: translate, and keep count of it."""

import asyncio
import functools
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final, Protocol
from uuid import UUID

import msgspec

from hanse.identity import Access
from hanse.inference import InferenceClient, ModelInfo
from hanse.language import routing, store
from hanse.language.detect import Detector
from hanse.language.events import TextTranslated
from hanse.language.glossaries.enforcement import Term
from hanse.language.glossaries.terms import Terms
from hanse.language.languages import name
from hanse.language.mending import Results, mended
from hanse.language.pipeline import (
    Part,
    Place,
    Plan,
    Route,
    TextPlan,
    assemble,
    billed_characters,
    plan,
    spare_parts,
    unmasked,
)
from hanse.language.projection import Marked, phrases, project
from hanse.language.quality.checks import Issue
from hanse.language.running import INTERACTIVE_SENTENCES_MAX, Runner
from hanse.language.segment import Span, SplitMode
from hanse.language.signals import signals
from hanse.language.store import TranslationRow
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest

IN_PLACE_CHARACTERS_MAX: Final = 20_000
"""Larger requests are cut, recognised and checked in a thread, so that they hold up no other."""
REVISING_MODEL: Final = "generation"
"""What revised translations name as one of their models."""


class UnsupportedSource(BadRequest):
    """A text is in a language that no installed model translates from."""

    code = "unsupported_source_language"
    title = "Source language not supported"


class Recalling(Protocol):
    """Knows translations of whole sentences."""

    async def __call__(
        self, texts: Sequence[tuple[str | None, Sequence[str]]]
    ) -> Sequence[Mapping[str, str]]:
        """Return what is known, by sentence, for each text: its language, its sentences."""
        ...


class Revise(Protocol):
    """Changes translations as a caller wishes."""

    async def __call__(
        self, sources: Sequence[Marked], texts: Sequence["TranslatedText"], target: str
    ) -> Sequence["TranslatedText"]:
        """Return the translations of `sources`, changed where that could be done safely."""
        ...


class TranslatedText(msgspec.Struct, frozen=True):
    """One text translated.

    `source_language` is None where there was nothing to recognise. `models` is empty when the text
    is returned as it came. `untranslated` counts the sentences that no engine could translate and
    that stand in the text as they came. `terms` are those of a glossary, in the order of the text;
    `marks` are where those of the source stand now, `places` where each sentence does. `issues` are
    what is plainly wrong, if that was asked for. `revisions` counts the paragraphs that a language
    model has revised; `unheeded` names the wishes that none did for the whole text.
    """

    text: str
    source_language: str | None
    billed_characters: int
    models: Route
    untranslated: int
    terms: tuple[Term, ...] = ()
    marks: tuple[Span, ...] = ()
    places: tuple[Place, ...] = ()
    issues: tuple[Issue, ...] = ()
    revisions: int = 0
    unheeded: tuple[str, ...] = ()


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
        revised = {REVISING_MODEL for text in self.texts if text.revisions}
        return sorted({model for text in self.texts for model in text.models} | revised)


async def translate(
    inference: InferenceClient,
    detector: Detector | None = None,
    *,
    organisation_id: UUID,
    texts: Sequence[str | Marked],
    target: str,
    source: str | None = None,
    mode: SplitMode = SplitMode.PUNCTUATION_AND_NEWLINES,
    terms: Terms | None = None,
    languages: Sequence[str | None] | None = None,
    memory: Recalling | None = None,
    revise: Revise | None = None,
    is_bulk: bool = False,
    is_live: bool = False,
    is_checked: bool = False,
) -> Translation:
    """Translate `texts` into `target`, from `source` or from what each is recognised to be.

    Codes are canonical. `languages`, if given, says instead of `source` what each text is written
    in (see `recognised`), and no detector is needed. `terms` are enforced in every sentence, marks
    of a text carried over. Sentences that `memory` knows are not translated, but in texts with
    marks, which could not be carried over. `revise` then changes the translations. For `is_bulk`
    nobody waits, `is_live` is for conversations; `is_checked` asks for the `issues` of each text.
    No transaction that others need may be open meanwhile: engines can take seconds. Raises
    UnsupportedSource, UnsupportedPair,
    and the errors of inference (Overloaded, DeadlineExceeded, InferenceUnavailable, ...).
    """
    began = time.perf_counter()
    models = await inference.models()
    marked = [Marked(text) if isinstance(text, str) else text for text in texts]
    plain = [text.text for text in marked]

    known: Sequence[Mapping[str, str]] = ()

    def prepare() -> Plan:
        written_in = languages
        if written_in is None:
            assert detector is not None, "somebody must say the language"
            written_in = recognised(detector, models, plain, source)
        copied = [text.copied for text in marked]
        routes = functools.cache(functools.partial(routing.route, models))
        return plan(plain, written_in, target, mode, routes, copied, known)

    if sum(map(len, plain)) > IN_PLACE_CHARACTERS_MAX:
        planned = await asyncio.to_thread(prepare)
    else:
        planned = prepare()
    if memory is not None:
        known = await memory(
            [
                (recipe.language, [] if text.marks else recipe.sources(text.text))
                for text, recipe in zip(marked, planned.texts, strict=True)
            ]
        )
        if any(known):
            planned = prepare()
    alone = [
        phrases(text, [sentence.span for sentence in each.sentences]) if text.marks else []
        for text, each in zip(marked, planned.texts, strict=True)
    ]
    run = Runner(
        inference,
        organisation_id,
        terms or Terms({}),
        is_bulk=is_bulk or planned.count > INTERACTIVE_SENTENCES_MAX,
        is_live=is_live,
    )
    results = await mended(run, await run.run(_with_phrases(planned, alone)))
    lost = spare_parts(planned, _answers(planned, results))
    spare = await run.run(lost) if lost else {}
    assembled = assemble(planned, _answers(planned, results), _plain(spare))
    plain_results = _plain(results)
    translated = [
        TranslatedText(
            text=done.text,
            source_language=recipe.language,
            billed_characters=billed_characters(text.text),
            models=recipe.route if recipe.sentences else (),
            untranslated=done.failed,
            terms=_terms(recipe, planned, results, spare),
            marks=tuple(project(text, done, plain_results.get(recipe.route, {})))
            if text.marks
            else (),
            places=done.places,
        )
        for text, recipe, done in zip(marked, planned.texts, assembled, strict=True)
    ]
    if revise is not None:
        translated = list(await revise(marked, translated, target))
    if is_checked:
        checked = functools.partial(_checked, plain, translated, target)
        is_long = sum(map(len, plain)) > IN_PLACE_CHARACTERS_MAX
        translated = await asyncio.to_thread(checked) if is_long else checked()
    return Translation(tuple(translated), target, planned.count, time.perf_counter() - began)


def _checked(
    sources: Sequence[str], translated: Sequence[TranslatedText], target: str
) -> list[TranslatedText]:
    checked = []
    for source, text in zip(sources, translated, strict=True):
        issues = text.issues
        if text.source_language:
            languages = (text.source_language, target)
            issues = signals(source, text.text, languages, text.places, text.terms)
        # Hardly any text has one: the others are not copied.
        is_same = issues == text.issues
        checked.append(text if is_same else msgspec.structs.replace(text, issues=issues))
    return checked


def joined(
    parts: Sequence[TranslatedText],
    language: str | None,
    target: str,
    sentences: int,
    duration_s: float,
) -> Translation:
    """Return one text that was translated in parts as one translation."""
    text = TranslatedText(
        text="".join(part.text for part in parts),
        source_language=language,
        billed_characters=sum(part.billed_characters for part in parts),
        models=next((part.models for part in parts if part.models), ()),
        untranslated=sum(part.untranslated for part in parts),
        revisions=sum(part.revisions for part in parts),
        unheeded=tuple(dict.fromkeys(name for part in parts for name in part.unheeded)),
    )
    return Translation((text,), target, sentences, duration_s)


def _with_phrases(planned: Plan, alone: Sequence[Sequence[str]]) -> dict[Route, list[str]]:
    asked = {route: dict.fromkeys(sentences) for route, sentences in planned.sentences.items()}
    for recipe, parts in zip(planned.texts, alone, strict=True):
        if recipe.sentences:
            asked[recipe.route].update(dict.fromkeys(parts))
    return {route: list(sentences) for route, sentences in asked.items()}


def _plain(results: Results) -> dict[Route, dict[str, str]]:
    return {
        route: {sentence: enforced.text for sentence, enforced in answers.items()}
        for route, answers in results.items()
    }


def _answers(planned: Plan, results: Results) -> dict[Route, list[str]]:
    return {
        route: [results[route][sentence].text for sentence in sentences]
        for route, sentences in planned.sentences.items()
    }


def _terms(recipe: TextPlan, planned: Plan, results: Results, spare: Results) -> tuple[Term, ...]:
    """Return what became of the terms of one text, in its order."""
    terms: list[Term] = []
    for sentence in recipe.sentences:
        enforced = results[recipe.route][planned.sentences[recipe.route][sentence.number]]
        pieces = [part.text for part in sentence.parts if isinstance(part, Part)]
        answers = spare.get(recipe.route, {})
        if pieces and unmasked(sentence, enforced.text) is None and pieces[0] in answers:
            terms += [term for piece in pieces for term in answers[piece].terms]
        else:
            terms += enforced.terms
    return tuple(terms)


def recognised(
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


async def record(
    tx: Tx, access: Access, translation: Translation, reporting_tag: str | None = None
) -> UUID:
    """Keep the record of a translation, without its text, and announce it; return its id."""
    row = record_of(access, translation, reporting_tag)
    await keep(tx, row)
    return row.id


def record_of(
    access: Access, translation: Translation, reporting_tag: str | None
) -> TranslationRow:
    """Return what is kept of a translation: everything but its text."""
    return TranslationRow(
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


async def keep(tx: Tx, row: TranslationRow) -> None:
    """Keep the record of something translated, and announce it; it counts towards the usage."""
    await store.insert_translation(tx, row)
    await announce(tx, event_of(row))


async def keep_all(db: Db, rows: Sequence[tuple[TranslationRow, str | None]]) -> None:
    """Like `keep`, for many of one organisation; each comes with the traceparent of its request.

    They are kept in a transaction of its own, all or none.
    """
    await store.keep_translations(
        db, [row for row, _ in rows], [(event_of(row), cause) for row, cause in rows]
    )


def event_of(row: TranslationRow) -> TextTranslated:
    """Return the event that tells of a record."""
    return TextTranslated(
        translation_id=row.id,
        api_key_id=row.api_key_id,
        source_languages=row.source_languages,
        target_language=row.target_language,
        texts=row.texts,
        characters=row.characters,
        models=row.models,
        translated_at=row.created_at,
    )


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
