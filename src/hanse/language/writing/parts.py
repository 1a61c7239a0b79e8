"""Cutting texts into what is corrected by itself, and judging what comes back. No I/O."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from rapidfuzz import fuzz

from hanse.language.protect import protected_spans
from hanse.language.segment import Span

PART_CHARACTERS_MAX: Final = 900

_LINE: Final = re.compile(r"[^\r\n]+")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？…])\s+")
_LIKENESS_MIN: Final = 50.0
"""A correction shares at least this much with its text, in per cent (normalised Indel)."""
_GROWTH_MAX: Final = 2.0
_SHRINKAGE_MAX: Final = 0.4
_SHORT: Final = 40
"""Characters that a short text may grow by, whatever its length."""

_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»"}


def parts(text: str) -> Iterator[Span]:
    """Yield where the parts of a text are: its lines, and the sentences of very long ones.

    Each has a letter, starts and ends without a blank and has PART_CHARACTERS_MAX characters at
    most; what cannot be cut to that is left out.
    """
    for line in _LINE.finditer(text):
        start = line.start()
        while start < line.end():
            end = _end(text, start, line.end())
            inner = text[start:end]
            first = start + len(inner) - len(inner.lstrip())
            last = start + len(inner.rstrip())
            if last - first <= PART_CHARACTERS_MAX and any(map(str.isalpha, inner)):
                yield first, last
            start = end


def _end(text: str, start: int, line_end: int) -> int:
    if line_end - start <= PART_CHARACTERS_MAX:
        return line_end
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start, line_end)]
    fitting = [end for end in ends if end - start <= PART_CHARACTERS_MAX]
    return fitting[-1] if fitting else ends[0] if ends else line_end


def put_together(text: str, places: list[Span], answers: list[str]) -> str:
    """Return the text with its parts replaced."""
    pieces = []
    done = 0
    for (start, end), answer in zip(places, answers, strict=True):
        pieces += [text[done:start], answer]
        done = end
    return "".join([*pieces, text[done:]])


def corrected(source: str, answer: str) -> str | None:
    """Return an answer that is a correction of `source`, None if it is something else."""
    improved = rephrased(source, answer)
    if improved is None or fuzz.ratio(source, improved) < _LIKENESS_MIN:
        return None
    return improved


def rephrased(source: str, answer: str) -> str | None:
    """Return an answer that may stand for `source`: one line of like length, nothing lost.

    Placeholders, addresses, mark-up and numbers must all be there, as often as in the source.
    Models like to put quotation marks around what they say; those are taken off. None if it does
    not do.
    """
    answer = answer.strip()
    closing = _QUOTES.get(answer[:1])
    if closing and len(answer) > 1 and answer.endswith(closing) and source[:1] != answer[:1]:
        answer = answer[1:-1].strip()
    if not answer or "\n" in answer or "\r" in answer:
        return None
    longest = max(len(source) * _GROWTH_MAX, len(source) + _SHORT)
    if not len(source) * _SHRINKAGE_MAX <= len(answer) <= longest:
        return None
    return answer if _kept(source) == _kept(answer) else None


def _kept(text: str) -> Counter[str]:
    found = Counter(text[start:end] for start, end in protected_spans(text))
    found.update(re.findall(r"\d+", text))
    return found
