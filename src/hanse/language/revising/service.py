"""Translations revised by a language model, as inference jobs."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

import msgspec

from hanse.inference import InferenceClient, ServiceClass
from hanse.language.glossaries.enforcement import TermOutcome, count_of
from hanse.language.pipeline import Place
from hanse.language.projection import Marked, moved
from hanse.language.revising import tagging
from hanse.language.revising.judging import accepted
from hanse.language.revising.prompts import prompt
from hanse.language.revising.tagging import Tagged
from hanse.language.revising.wishes import FORMAL_LANGUAGES, STYLE_INSTRUCTIONS, Wishes
from hanse.language.segment import Span
from hanse.language.service import REVISING_MODEL, Revise, TranslatedText
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

INTERACTIVE_DEADLINE_S: Final = 30.0
"""A repeat of the official clients joins the request that waits for this."""
BULK_DEADLINE_S: Final = 50.0
PARAGRAPH_CHARACTERS_MAX: Final = 900
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")


class _Paragraph(msgspec.Struct, frozen=True):
    """Sentences on one line, and their translation, as they are shown to the model."""

    source: Span
    target: Span
    draft: str
    tagged: Tagged
    item: str
    wishes: Wishes
    asked_source: str
    terms: tuple[str, ...]


class _Revision(msgspec.Struct, frozen=True):
    """What became of a paragraph: its new text, and where its marks are in that."""

    paragraph: _Paragraph
    text: str
    marks: Mapping[int, Span]


def reviser(
    generation: InferenceClient | None,
    organisation_id: UUID,
    wishes: Wishes,
    *,
    is_bulk: bool = False,
) -> Revise | None:
    """Return what revises translations as wished; None without a model, or without wishes.

    Sentences of a translation memory stay as people have written them. Where the model is away, or
    what it answers will not do, the translation stays as it was, and `unheeded` tells.
    """
    if generation is None or not wishes.names:
        return None

    async def revise(
        sources: Sequence[Marked], texts: Sequence[TranslatedText], target: str
    ) -> list[TranslatedText]:
        asked = [
            _paragraphs(source, text, target, wishes)
            for source, text in zip(sources, texts, strict=True)
        ]
        items = list(dict.fromkeys(each.item for text in asked for each in text if each.item))
        answers = await _answers(generation, organisation_id, items, is_bulk=is_bulk)
        return [
            _revised(text, paragraphs, answers, target, wishes)
            for text, paragraphs in zip(texts, asked, strict=True)
        ]

    return revise


def formal_languages(generation: InferenceClient | None) -> frozenset[str]:
    """Return the roots of the languages that can be made more or less formal."""
    return FORMAL_LANGUAGES if generation is not None else frozenset()


async def _answers(
    generation: InferenceClient, organisation_id: UUID, items: Sequence[str], *, is_bulk: bool
) -> Mapping[str, str]:
    """Return the model's answers to those items that it has answered."""
    if not items:
        return {}
    try:
        outcomes = await generation.run_each(
            organisation_id=organisation_id,
            model=REVISING_MODEL,
            items=items,
            service_class=ServiceClass.BULK if is_bulk else ServiceClass.INTERACTIVE,
            deadline_s=BULK_DEADLINE_S if is_bulk else INTERACTIVE_DEADLINE_S,
        )
    except Problem as problem:
        log.warning("not_revised", code=problem.code, paragraphs=len(items))
        return {}
    failed = [each.code for each in outcomes if isinstance(each, Problem)]
    if failed:
        log.warning("not_revised", code=failed[0], paragraphs=len(failed))
    return {
        item: outcome
        for item, outcome in zip(items, outcomes, strict=True)
        if isinstance(outcome, str)
    }


def _paragraphs(
    source: Marked, text: TranslatedText, target: str, wishes: Wishes
) -> list[_Paragraph]:
    possible = wishes.possible(text.source_language, target)
    if not possible.names or text.source_language is None:
        return []
    languages = text.source_language, target
    terms = tuple(
        dict.fromkeys(term.target for term in text.terms if term.outcome is not TermOutcome.MISSING)
    )
    return [
        _paragraph(source, text, group, languages, possible, terms)
        for group in _lines(source.text, text)
    ]


def _lines(source: str, text: TranslatedText) -> list[list[Place]]:
    """Return the sentences that stand beside one another with nothing but a blank between them."""
    groups = [[place] for place in text.places[:1]]
    for before, place in pairwise(text.places):
        between = (
            source[before.source[1] : place.source[0]],
            text.text[before.target[1] : place.target[0]],
        )
        length = place.target[1] - groups[-1][0].target[0]
        if any(each not in ("", " ") for each in between) or length > PARAGRAPH_CHARACTERS_MAX:
            groups.append([place])
        else:
            groups[-1].append(place)
    return groups


def _paragraph(
    source: Marked,
    text: TranslatedText,
    group: Sequence[Place],
    languages: tuple[str, str],
    wishes: Wishes,
    terms: tuple[str, ...],
) -> _Paragraph:
    here = (group[0].source[0], group[-1].source[1])
    there = (group[0].target[0], group[-1].target[1])
    inside = [n for n, mark in enumerate(text.marks) if _is_within(mark, there)]
    ours, draft = source.text[slice(*here)], text.text[slice(*there)]
    name = tagging.tag_name(ours, draft) or ""
    shown = tagging.tagged(draft, {n: _moved(text.marks[n], -there[0]) for n in inside}, name)
    own = {
        n: _moved(source.marks[n], -here[0]) for n in inside if _is_within(source.marks[n], here)
    }
    original = tagging.tagged(ours, own, name)
    kept = tuple(term for term in terms if count_of(term, draft))
    question = prompt(_line(original.text), _line(shown.text), languages, wishes, kept, name)
    return _Paragraph(
        source=here,
        target=there,
        draft=_line(shown.text),
        tagged=shown,
        item=msgspec.json.encode(question).decode() if name else "",
        wishes=wishes,
        asked_source=_line(original.text),
        terms=kept,
    )


def _revised(
    text: TranslatedText,
    paragraphs: Sequence[_Paragraph],
    answers: Mapping[str, str],
    target: str,
    wishes: Wishes,
) -> TranslatedText:
    revisions = [_judged(each, answers.get(each.item), target) for each in paragraphs]
    good = [each for each in revisions if each is not None]
    possible = wishes.possible(text.source_language, target).names
    is_heeded = bool(good) and len(good) == len(paragraphs)
    unheeded = tuple(
        name
        for name in wishes.names
        # Of a style, an instruction for another source language is no wish for this text.
        if (name in possible or name != STYLE_INSTRUCTIONS)
        and not (is_heeded and name in possible)
        and text.text.strip()
    )
    if not good:
        return msgspec.structs.replace(text, unheeded=unheeded)
    return msgspec.structs.replace(
        _put(text, good), unheeded=unheeded, revisions=text.revisions + len(good)
    )


def _judged(paragraph: _Paragraph, answer: str | None, target: str) -> _Revision | None:
    if answer is None:
        return None
    good = accepted(
        paragraph.asked_source,
        paragraph.draft,
        answer,
        target,
        paragraph.wishes,
        paragraph.terms,
    )
    if good is None:
        return None
    found = tagging.untagged(good, paragraph.tagged)
    return None if found is None else _Revision(paragraph, *found)


def _put(text: TranslatedText, revisions: Sequence[_Revision]) -> TranslatedText:
    """Return the text with its revised paragraphs, and its places and marks where they are now."""
    by_start = {each.paragraph.target[0]: each for each in revisions}
    parts: list[str] = []
    places: list[Place] = []
    marks = list(text.marks)
    changes: list[tuple[Span, str]] = []
    done = grown = 0
    for place in text.places:
        start, end = place.target
        if start < done:
            continue  # the other sentences of a revised paragraph
        revision = by_start.get(start)
        if revision is None:
            places.append(Place(place.source, _moved(place.target, grown)))
            continue
        start, end = revision.paragraph.target
        parts += [text.text[done:start], revision.text]
        begin = start + grown
        places.append(Place(revision.paragraph.source, (begin, begin + len(revision.text))))
        for number, span in revision.marks.items():
            marks[number] = _moved(span, begin)
        changes.append(((start, end), revision.text))
        grown += len(revision.text) - (end - start)
        done = end
    written = {number for each in revisions for number in each.marks}
    for number, mark in enumerate(text.marks):
        if number not in written:
            marks[number] = _shifted(mark, text.text, changes)
    return msgspec.structs.replace(
        text,
        text="".join([*parts, text.text[done:]]),
        places=tuple(places),
        marks=tuple(marks),
    )


def _shifted(mark: Span, before: str, changes: Sequence[tuple[Span, str]]) -> Span:
    """Return where a mark is that reaches beyond a paragraph, or lies in none."""

    def place(offset: int, *, is_end: bool) -> int:
        grown = 0
        for (start, end), text in changes:
            if end <= offset and not (is_end and start == offset):
                grown += len(text) - (end - start)
            elif start < offset:
                draft = before[start:end]
                part = (0, offset - start) if is_end else (offset - start, end - start)
                [local] = moved([part], draft, text)
                return start + grown + local[1 if is_end else 0]
        return offset + grown

    first = place(mark[0], is_end=False)
    return first, max(first, place(mark[1], is_end=True)) if mark[1] > mark[0] else first


def _is_within(mark: Span, span: Span) -> bool:
    return span[0] <= mark[0] and mark[1] <= span[1]


def _moved(span: Span, by: int) -> Span:
    return span[0] + by, span[1] + by


def _line(text: str) -> str:
    """Put what stands on several lines on one, narrow and unbreakable spaces as they are."""
    return _BLANKS.sub(" ", text).strip(" ")
