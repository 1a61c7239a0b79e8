"""Carries marks of a text - bold words, links, line breaks - over to its translation. Pure.

A mark that covers whole sentences covers their translations. Of one that covers part of a sentence
that part is translated alone as well, and what resembles it most in the sentence's translation,
near the place where one would expect it, is taken to be it. That needs nothing from the engine but
one more short item, and leaves the translation itself as it would be without marks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from hanse.language.pipeline import Assembled, Place
from hanse.language.segment import Span

RESEMBLANCE_MIN: Final = 55.0
"""Per cent of likeness below which words are not taken for a phrase's translation."""
DISTANCE_WEIGHT: Final = 35.0
"""What a distance of the whole sentence takes from the likeness."""
WORDS_MORE_MAX: Final = 3
WORDS_MAX: Final = 200
"""Words of a sentence among which a phrase is looked for."""

_WORD: Final = re.compile(r"\w+(?:['’\-.@]\w+)*")
_MARGIN: Final = " \u00a0.,;:!?…\"'"


class Marked(Struct, frozen=True):
    """A text with marks on parts of it, and parts that are to be copied.

    A mark is a span, empty for a point; spans are nested or apart.
    """

    text: str
    marks: tuple[Span, ...] = ()
    copied: tuple[Span, ...] = ()


def phrases(marked: Marked, sentences: Sequence[Span]) -> list[str]:
    """Return what must be translated alone to carry the marks over."""
    found = {
        marked.text[start:end].strip(): None
        for mark in marked.marks
        for sentence in _touched(mark, sentences)
        for start, end in [_searched(marked.text, mark, sentence)]
        if (start, end) != sentence and marked.text[start:end].strip()
    }
    return list(found)


def moved(marks: Sequence[Span], before: str, after: str) -> tuple[Span, ...]:
    """Return where marks of `before` stand in `after`, the same text with small changes.

    What is put in at the edge of a mark is part of it; nested marks stay nested.
    """
    changes = Levenshtein.opcodes(before, after)

    def place(offset: int, *, is_end: bool) -> int:
        found = 0
        for change in changes:
            if change.src_start > offset:
                break
            if change.src_start == offset and is_end and offset:
                break
            inside = min(offset, change.src_end) - change.src_start
            length = change.dest_end - change.dest_start
            whole = offset >= change.src_end
            found = change.dest_start + (length if whole else min(inside, length))
        return found

    spans = []
    for start, end in marks:
        first = place(start, is_end=False)
        spans.append((first, max(first, place(end, is_end=True)) if end > start else first))
    return tuple(spans)


def project(marked: Marked, assembled: Assembled, answers: Mapping[str, str]) -> list[Span]:
    """Return where each mark stands in `assembled.text`.

    `answers` has the translations of `phrases`. Nested marks stay nested.
    """
    projected = [_project(marked, mark, assembled, answers) for mark in marked.marks]
    return _nested(marked.marks, projected)


def _touched(mark: Span, sentences: Sequence[Span]) -> Iterator[Span]:
    for sentence in sentences:
        is_inside = mark[0] < sentence[1] and mark[1] > sentence[0]
        is_point = mark[0] == mark[1] and sentence[0] < mark[0] < sentence[1]
        if is_inside or is_point:
            yield sentence


def _searched(text: str, mark: Span, sentence: Span) -> Span:
    """Return the part of the sentence that is looked for: a point's following word, or the mark."""
    start, end = max(mark[0], sentence[0]), min(mark[1], sentence[1])
    if mark[0] == mark[1]:
        word = _WORD.search(text, mark[0], sentence[1])
        return (word.start(), word.end()) if word else (start, start)
    while start < end and text[start] in _MARGIN:
        start += 1
    while start < end and text[end - 1] in _MARGIN:
        end -= 1
    covers_rest = not text[sentence[0] : start].strip(_MARGIN) and not text[
        end : sentence[1]
    ].strip(_MARGIN)
    return sentence if covers_rest else (start, end)


def _project(marked: Marked, mark: Span, assembled: Assembled, answers: Mapping[str, str]) -> Span:
    """Return where one mark stands in the target."""
    is_point = mark[0] == mark[1]
    starts, ends = [], []
    for place in assembled.places:
        if place.source not in list(_touched(mark, [place.source])):
            continue
        part = _searched(marked.text, mark, place.source)
        span = (
            place.target
            if part == place.source and not is_point
            else _find(marked.text, part, place, assembled.text, answers)
        )
        if not is_point and mark[1] <= place.source[1]:
            span = _with_punctuation(marked.text[part[1] : mark[1]], assembled.text, span)
        starts.append(span[0])
        ends.append(span[0] if is_point else span[1])
    # Ends of the mark that lie in copied text are where that text is now.
    edges = (
        _outside(mark[0], assembled, at_end=False),
        _outside(mark[1], assembled, at_end=not is_point),
    )
    start = min([*starts, *([] if edges[0] is None else [edges[0]])], default=0)
    if is_point:
        return start, start
    end = max([*ends, *([] if edges[1] is None else [edges[1]])], default=start)
    return start, max(start, end)


def _with_punctuation(trimmed: str, target: str, span: Span) -> Span:
    """Take in the punctuation that the mark ends with in the source."""
    is_there = bool(trimmed) and target.startswith(trimmed, span[1])
    return (span[0], span[1] + len(trimmed)) if is_there else span


def _outside(offset: int, assembled: Assembled, *, at_end: bool) -> int | None:
    """Return where an offset of the source outside all sentences is in the target."""
    moved = 0
    for place in assembled.places:
        if offset < place.source[0] or (offset == place.source[0] and not at_end):
            return offset + moved
        if offset < place.source[1] or (offset == place.source[1] and at_end):
            return None
        moved = place.target[1] - place.source[1]
    return offset + moved


def _find(text: str, part: Span, place: Place, target: str, answers: Mapping[str, str]) -> Span:
    """Return where a part of a source sentence stands in the sentence's translation."""
    begin, finish = place.target
    words = [match.span() for match in _WORD.finditer(target, begin, finish)][:WORDS_MAX]
    if not words:
        return begin, finish
    source_length = max(1, place.source[1] - place.source[0])
    centre = ((part[0] + part[1]) / 2 - place.source[0]) / source_length
    phrase = text[part[0] : part[1]].strip()
    if not phrase.replace(" ", "").isalpha() and (found := _verbatim(phrase, place, target)):
        return found
    wanted = answers.get(phrase, "").strip(_MARGIN)
    best, score = None, RESEMBLANCE_MIN
    count = len(_WORD.findall(wanted))
    for length in range(max(1, count - 2), min(len(words), count + WORDS_MORE_MAX) + 1):
        for first in range(len(words) - length + 1):
            span = (words[first][0], words[first + length - 1][1])
            middle = ((span[0] + span[1]) / 2 - begin) / max(1, finish - begin)
            # Words may come in another order than the phrase has alone.
            likeness = _likeness(target[span[0] : span[1]].lower(), wanted.lower())
            likeness -= DISTANCE_WEIGHT * abs(middle - centre)
            if wanted and likeness > score:
                best, score = span, likeness
    return best or _proportional(part, place, words)


def _verbatim(phrase: str, place: Place, target: str) -> Span | None:
    """Return where a phrase with a placeholder, a number or a sign stands as it was, if once."""
    start = target.find(phrase, *place.target)
    if start < 0 or target.find(phrase, start + 1, place.target[1]) >= 0:
        return None
    return start, start + len(phrase)


def _likeness(words: str, wanted: str) -> float:
    return max(fuzz.ratio(words, wanted), fuzz.token_sort_ratio(words, wanted) - 1)


def _proportional(part: Span, place: Place, words: Sequence[Span]) -> Span:
    """Return the words at about the same part of the sentence."""
    source_length = max(1, place.source[1] - place.source[0])
    target_length = place.target[1] - place.target[0]
    start, end = (
        place.target[0] + (offset - place.source[0]) / source_length * target_length
        for offset in part
    )
    first = min(words, key=lambda word: abs(word[0] - start))
    last = min(words, key=lambda word: abs(word[1] - end))
    return first[0], max(first[1], last[1])


def _nested(marks: Sequence[Span], projected: Sequence[Span]) -> list[Span]:
    """Return the projections so that a mark inside another one stays inside it."""
    result = list(projected)
    outer_first = sorted(range(len(marks)), key=lambda n: (marks[n][0], -marks[n][1], n))
    stack: list[int] = []
    for number in outer_first:
        while stack and marks[stack[-1]][1] < marks[number][1]:
            stack.pop()
        while stack and marks[stack[-1]][1] <= marks[number][0] < marks[number][1]:
            stack.pop()
        if stack:
            low, high = result[stack[-1]]
            start, end = result[number]
            result[number] = (min(max(start, low), high), min(max(end, low), high))
        stack.append(number)
    return _apart(marks, result, outer_first)


def _apart(marks: Sequence[Span], spans: list[Span], order: Sequence[int]) -> list[Span]:
    """Cut what overlaps without being nested, the later mark of the text giving way."""
    for index, number in enumerate(order):
        for other in order[:index]:
            outer = marks[other][0] <= marks[number][0] and marks[number][1] <= marks[other][1]
            if outer:
                continue
            (a, b), (start, end) = spans[other], spans[number]
            if start < b and end > a:
                spans[number] = (b, max(b, end)) if end > b else (start, max(start, min(end, a)))
    return spans
