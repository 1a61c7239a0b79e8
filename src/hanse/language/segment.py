"""Cutting a text into what an engine translates and what is copied as it stands.

Nothing is lost: the pieces of `segment` put together are the text, character for character. White
space and control characters lie in copied pieces, so the engine can neither drop nor invent a line
break, and a piece without a letter never reaches an engine that would make something up for it.
What `protect` finds separates like white space.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

import msgspec
import sentencex

from hanse.language.abbreviations import ABBREVIATIONS, NONE, Abbreviations
from hanse.language.languages import root
from hanse.language.protect import between, protected_spans

_EDGES: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u00ad\u200b"
"""White space, and places where a word may be broken: neither begins or ends a sentence."""
SENTENCE_CHARACTERS_MAX: Final = 400
"""Longer sentences are cut: the engines lose the thread beyond about a hundred words."""

WORD_CHARACTERS_MAX: Final = 60
"""A longer run without a blank (base64, a URL, `aaaa`) is copied: the engine's time grows with its
square and what comes out is noise."""

ABBREVIATION_CHARACTERS_MAX: Final = 20

SPLITTER_CHARACTERS_MAX: Final = 4_000
"""The splitter is given this much at once: its time grows with the square of quotation marks."""

_CONTROL: Final = "\x00-\x1f\x7f-\x9f"
_WHITE: Final = rf"[\s{_CONTROL}\ufeff]"
_BLANKS: Final = " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BLANK: Final = re.compile(rf"[{_BLANKS}]")
_GAP: Final = re.compile(rf"{_WHITE}(?:{_WHITE}+|(?<![{_BLANKS}])|(?<=\A.)|\Z)")
"""White space other than a single blank within the text."""
_SOFT_BREAK: Final = re.compile(rf"[{_BLANKS}]?(?:\r\n|[\n\r\x85\u2028])")

_UNSPACED: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u1980-\u19df\u1a20-\u1aaf"  # New Tai Lue, Tai Tham
    "\u2e80-\u30ff\u3100-\u312f\u31a0-\u31ff"  # CJK radicals and punctuation, kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7af"  # Hangul is spaced, yet a long run of it is a text and no code
    "\uff00-\uffef"  # full-width forms
)
"""Scripts that are written without blanks between words."""

_LONG_WORD: Final = re.compile(rf"[^\s{_UNSPACED}]{{{WORD_CHARACTERS_MAX + 1},}}")
_CLAUSE_END: Final = re.compile(
    rf"[,;:)\]–—…]+[\"'”’»)]*(?=[{_BLANKS}])|[，、；：。！？]+[”’」』]*"
)
_CJK_END: Final = re.compile(r"[。！？｡．…]+[”’」』）》\"']*$")
_COMBINING: Final = re.compile(r"[\u0300-\u036f\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_LIST_MARKER: Final = re.compile(rf"(?:[-*+•‣◦▪·–—]|#{{1,6}}|>{{1,6}}|\d{{1,3}}[.)])[{_BLANKS}]")
_OPENING: Final = "([{«“‘\"'¿¡„‚"


class SplitMode(StrEnum):
    """DeepL's `split_sentences`.

    `1` cuts at sentence ends and at line breaks. `nonewlines` cuts at sentence ends and reads a
    single line break as a blank, as in hard-wrapped text, unless indentation or a list marker
    follows. `0` does not cut at sentence ends, but at line breaks. Blank lines, tabs, control
    characters, runs of blanks and what `protect` finds always separate, because only so can they
    be given back unchanged.
    """

    PUNCTUATION_AND_NEWLINES = "1"
    PUNCTUATION = "nonewlines"
    NONE = "0"


class Segment(msgspec.Struct, frozen=True):
    """One piece of a text: `text == source[start:end]`, offsets in code points."""

    text: str
    start: int
    end: int
    translatable: bool


Span = tuple[int, int]
"""Offsets of a part of a text: from the first to before the second, in code points."""


def segment(
    text: str,
    language: str,
    mode: SplitMode = SplitMode.PUNCTUATION_AND_NEWLINES,
    copied: Sequence[Span] = (),
) -> list[Segment]:
    """Cut `text`, written in `language` (a canonical code), into pieces that concatenate to it.

    A translatable piece has at least one letter, at most `SENTENCE_CHARACTERS_MAX` characters and
    no white space at its ends. What lies in `copied` is never part of one. Time grows linearly with
    the text.
    """
    pieces: list[Segment] = []
    done = 0
    for start, end in chain.from_iterable(sentences(text, language, mode, copied)):
        if start > done:
            pieces.append(Segment(text[done:start], done, start, False))
        pieces.append(Segment(text[start:end], start, end, True))
        done = end
    if done < len(text):
        pieces.append(Segment(text[done:], done, len(text), False))
    return pieces


def sentences(
    text: str, language: str, mode: SplitMode, copied: Sequence[Span] = ()
) -> Iterator[list[Span]]:
    """Yield the sentences of `text`, each as its translatable pieces in their order.

    Between the pieces of one sentence lies what must be copied, and its punctuation and blanks.
    """
    protected = _disjoint([*protected_spans(text), *copied]) if copied else protected_spans(text)
    for run_start, run_end in _runs(text, mode):
        if marker := _LIST_MARKER.match(text, run_start, run_end):
            run_start = marker.end()  # noqa: PLW2901
        for sentence_start, sentence_end in _sentences(text, run_start, run_end, language, mode):
            first = bisect_right(protected, sentence_start, key=_end)
            last = bisect_left(protected, sentence_end, key=_start)
            spans = protected[first:last]
            pieces = [
                piece
                for part in between(text, sentence_start, sentence_end, spans)
                for start, end in _between_long_words(text, *part)
                for piece in _within_limit(text, start, end)
                if any(map(str.isalpha, text[slice(*piece)]))
            ]
            if pieces:
                yield pieces


def _disjoint(spans: list[Span]) -> list[Span]:
    """Return the same places as spans that do not overlap, in their order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return joined


def _start(span: Span) -> int:
    return span[0]


def _end(span: Span) -> int:
    return span[1]


def _runs(text: str, mode: SplitMode) -> Iterator[tuple[int, int]]:
    """Yield the spans between the white space that separates in this mode."""
    start = 0
    for gap in _GAP.finditer(text):
        if mode is SplitMode.PUNCTUATION and gap.start() > 0 and gap.end() < len(text):
            is_broken = _SOFT_BREAK.fullmatch(gap.group())
            if is_broken and not _LIST_MARKER.match(text, gap.end()):
                continue
        if gap.start() > start:
            yield start, gap.start()
        start = gap.end()
    if start < len(text):
        yield start, len(text)


def _sentences(
    text: str, start: int, end: int, language: str, mode: SplitMode
) -> Iterator[tuple[int, int]]:
    if mode is SplitMode.NONE:
        yield start, end
        return
    run = text[start:end]
    language = root(language)
    pieces = _split(run, language)
    if len(pieces) < 2:
        yield start, end
        return
    abbreviations = ABBREVIATIONS.get(language, NONE)
    position = start
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        position += len(piece)
        if following and _goes_on(piece, following, abbreviations):
            continue
        yield _stripped(text, start, position)
        start = position


def _split(run: str, language: str) -> list[str]:
    """Return the sentences of a run, with their white space, as the splitter sees them."""
    pieces: list[str] = []
    position = 0
    while position < len(run):
        window = run[position : position + SPLITTER_CHARACTERS_MAX]
        found = sentencex.segment(language, window)
        if "".join(found) != window:
            found = [window]
        is_last = position + len(window) == len(run)
        if not is_last and len(found) > 1 and len(found[-1]) < len(window) // 2:
            found.pop()  # it may go on beyond the window
        pieces += found
        position += sum(map(len, found))
    return pieces


def _goes_on(piece: str, following: str, abbreviations: Abbreviations) -> bool:
    """Say whether the splitter was wrong to end a sentence between these two pieces."""
    ended = piece.rstrip()
    if len(ended) == len(piece):
        return not _CJK_END.search(ended[-ABBREVIATION_CHARACTERS_MAX:])
    if not ended.endswith("."):
        return False
    word = ended[-ABBREVIATION_CHARACTERS_MAX:].rpartition(" ")[2].lstrip(_OPENING)
    word = word.removesuffix(".").casefold()
    first = following[0]
    if word in abbreviations.leading:
        return True
    if word in abbreviations.counting:
        return first.isdigit() or first in "ºª°"
    if word in abbreviations.trailing:
        return first.islower()
    is_initial = len(word) == 1 and word.isalpha() and ended[-2].isupper()
    return is_initial and len(ended) > 2 and ended[-2:] != "I."


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return (
        start + len(piece) - len(piece.lstrip(_EDGES)),
        end - (len(piece) - len(piece.rstrip(_EDGES))),
    )


def _between_long_words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for word in _LONG_WORD.finditer(text, start, end):
        if word.start() > start:
            yield _stripped(text, start, word.start())
        start = word.end()
    if start < end:
        yield _stripped(text, start, end)


def _within_limit(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > SENTENCE_CHARACTERS_MAX:
        cut = _cut(text, start, end)
        yield _stripped(text, start, cut)
        start, _ = _stripped(text, cut, end)
    if start < end:
        yield start, end


def _cut(text: str, start: int, end: int) -> int:
    """Return where to end the first part of a sentence that is too long.

    The parts become about equally long; a cut after a clause is preferred to one at a blank, and
    that to one inside a word.
    """
    parts = -(-(end - start) // SENTENCE_CHARACTERS_MAX)
    ideal = start + (end - start) // parts
    earliest, latest = start + SENTENCE_CHARACTERS_MAX // 4, start + SENTENCE_CHARACTERS_MAX
    clauses = [match.end() for match in _CLAUSE_END.finditer(text, earliest, latest + 1)]
    clauses = [cut for cut in clauses if cut <= latest]
    blanks = [match.start() for match in _BLANK.finditer(text, earliest, latest + 1)]
    for candidates in (clauses, blanks):
        if candidates:
            return min(candidates, key=lambda cut: abs(cut - ideal))
    cut = latest
    while cut > earliest and _COMBINING.match(text, cut):
        cut -= 1
    return cut
