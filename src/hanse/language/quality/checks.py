"""What can be seen to be wrong with a translation without understanding it. No I/O.

Categories and severities are those of the contract, which follow MQM (Multidimensional Quality
Metrics). A check that cannot be sure says nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from hanse.language.guards import is_copy, repetitions
from hanse.language.pipeline import UNSPACED_LANGUAGES
from hanse.language.protect import protected_spans
from hanse.language.segment import Span

Severity = Literal["Critical", "Major", "Minor"]

PENALTIES: Final[dict[Severity, int]] = {"Critical": 40, "Major": 15, "Minor": 5}
"""What an issue takes from the 100 points of its segment."""

_NUMBER: Final = re.compile(r"\d+(?:[.,'\u00a0\u202f]\d+)*")
_DIGIT: Final = re.compile(r"\d")
_WORD: Final = re.compile(r"[^\W\d_]+")
_MOJIBAKE: Final = re.compile(r"\ufffd|Ã[\u0080-\u00bf]|â€")
_PAIRS: Final = ("()", "[]", "{}", "«»", "“”")
_ENDS: Final = {"?": "?", "？": "?", ";": "?", "؟": "?", "!": "!", "！": "!"}
_SHORT: Final = 30
"""Lengths are compared from this many characters of the source on."""


class TextSpan(msgspec.Struct, frozen=True):
    """A half-open range of code points."""

    start: int
    end: int


class Issue(msgspec.Struct, frozen=True):
    """Something that is wrong, and where."""

    type: Literal["Accuracy", "Fluency", "Style", "Miscellaneous"]
    sub_type: str
    severity: Severity
    explanation: str
    source_spans: tuple[TextSpan, ...] = ()
    target_spans: tuple[TextSpan, ...] = ()


def issues(source: str, target: str, source_language: str, target_language: str) -> list[Issue]:
    """Return what is plainly wrong with `target` as a translation; languages are root codes."""
    if not target.strip():
        if not source.strip():
            return []
        return [Issue("Accuracy", "Omission", "Critical", "Nothing is translated.", _whole(source))]
    if is_copy(source, target):
        explanation = "The text stands there as in the source."
        return [
            Issue(
                "Accuracy",
                "Untranslated text",
                "Major",
                explanation,
                _whole(source),
                _whole(target),
            )
        ]
    encoding = list(_encoding(source, target))
    # Characters read wrongly look like symbols that were added.
    found = [*(encoding or _copied(source, target)), *_numbers(source, target)]
    if not {source_language, target_language} & UNSPACED_LANGUAGES:
        found += _length(source, target)
    return [*found, *_repetition(source, target), *_punctuation(source, target)]


def score(segments: Sequence[Sequence[Issue]]) -> int:
    """Return 0 to 100: the mean over the segments of what their issues leave of 100 points."""
    left = [max(0, 100 - sum(PENALTIES[issue.severity] for issue in each)) for each in segments]
    return round(sum(left) / len(left)) if left else 100


def inconsistencies(pairs: Sequence[tuple[str, str]]) -> dict[int, Issue]:
    """Return, by number, the segments whose source was translated otherwise before."""
    first: dict[str, str] = {}
    found = {}
    for number, (source, target) in enumerate(pairs):
        known = first.setdefault(source.strip(), target.strip())
        if known != target.strip() and source.strip():
            found[number] = Issue(
                "Style",
                "Inconsistency",
                "Minor",
                f"The same text is translated as “{known[:100]}” before.",
                _whole(source),
                _whole(target),
            )
    return found


def _whole(text: str) -> tuple[TextSpan, ...]:
    return _spans([(0, len(text))]) if text else ()


def _spans(spans: Iterable[Span]) -> tuple[TextSpan, ...]:
    return tuple(TextSpan(start, end) for start, end in spans)


def _missing(
    ours: Sequence[tuple[str, Span]], theirs: Sequence[tuple[str, Span]]
) -> list[tuple[str, Span]]:
    if not ours:
        return []
    left = Counter(text for text, _ in theirs)
    missing = []
    for text, span in ours:
        if left[text]:
            left[text] -= 1
        else:
            missing.append((text, span))
    return missing


def _quoted(found: Sequence[tuple[str, Span]], text: str) -> str:
    return ", ".join(f"“{text[start:end]}”" for _, (start, end) in found)


def _copied(source: str, target: str) -> Iterator[Issue]:
    ours, theirs = (
        [(text[start:end], (start, end)) for start, end in protected_spans(text)]
        for text in (source, target)
    )
    if not ours and not theirs:
        return
    if lost := _missing(ours, theirs):
        yield Issue(
            "Accuracy",
            "Omission",
            "Critical",
            f"Placeholders, addresses or mark-up are missing: {_quoted(lost, source)}.",
            _spans(span for _, span in lost),
        )
    if added := _missing(theirs, ours):
        yield Issue(
            "Accuracy",
            "Addition",
            "Major",
            f"Placeholders, addresses or mark-up were added: {_quoted(added, target)}.",
            (),
            _spans(span for _, span in added),
        )


def _figures(text: str) -> list[tuple[str, Span]]:
    """Return the numbers outside of what is copied, without their separators."""
    if not _DIGIT.search(text):
        return []
    copied = protected_spans(text)
    return [
        (re.sub(r"\D", "", match[0]), match.span())
        for match in _NUMBER.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in copied)
    ]


def _numbers(source: str, target: str) -> Iterator[Issue]:
    ours, theirs = _figures(source), _figures(target)
    if not ours and not theirs:
        return
    # A small number may have become a word, or the other way round.
    lost = [each for each in _missing(ours, theirs) if len(each[0]) > 1]
    added = [each for each in _missing(theirs, ours) if len(each[0]) > 1]
    if lost and added:
        yield Issue(
            "Accuracy",
            "Mistranslation",
            "Critical",
            f"{_quoted(lost, source)} became {_quoted(added, target)}.",
            _spans(span for _, span in lost),
            _spans(span for _, span in added),
        )
    elif lost:
        yield Issue(
            "Accuracy",
            "Omission",
            "Major",
            f"Numbers are missing: {_quoted(lost, source)}.",
            _spans(span for _, span in lost),
        )
    elif added:
        yield Issue(
            "Accuracy",
            "Addition",
            "Major",
            f"Numbers were added: {_quoted(added, target)}.",
            (),
            _spans(span for _, span in added),
        )


def _encoding(source: str, target: str) -> Iterator[Issue]:
    if not _MOJIBAKE.search(target) or _MOJIBAKE.search(source):
        return
    if wrong := [match.span() for match in _MOJIBAKE.finditer(target)]:
        yield Issue(
            "Miscellaneous",
            "Character encoding",
            "Major",
            "Characters were read in a wrong encoding.",
            (),
            _spans(wrong),
        )


def _length(source: str, target: str) -> Iterator[Issue]:
    if len(source) < _SHORT:
        return
    if len(target) < 0.4 * len(source):
        explanation = "The translation is much shorter than the source."
        yield Issue("Accuracy", "Omission", "Major", explanation, _whole(source), _whole(target))
    elif len(target) > 2.5 * len(source):
        explanation = "The translation is much longer than the source."
        yield Issue("Accuracy", "Addition", "Major", explanation, _whole(source), _whole(target))


def _repetition(source: str, target: str) -> Iterator[Issue]:
    if repeated := list(repetitions(source, target)):
        yield Issue(
            "Accuracy",
            "Over-translation",
            "Major",
            "Words are repeated again and again.",
            (),
            _spans(repeated),
        )


def _punctuation(source: str, target: str) -> Iterator[Issue]:
    ours, theirs = source.rstrip(), target.rstrip()
    ends = [_ENDS.get(text[-1:], "") for text in (ours, theirs)]
    if "?" in ends and ends[0] != ends[1]:
        yield Issue(
            "Fluency",
            "Punctuation",
            "Minor",
            "Only one of the two is a question.",
            _spans([(len(ours) - 1, len(ours))]) if ours else (),
            _spans([(len(theirs) - 1, len(theirs))]),
        )
    for opening, closing in _PAIRS:
        if opening not in target and closing not in target:
            continue
        is_open = target.count(opening) != target.count(closing)
        if is_open and source.count(opening) == source.count(closing):
            marks = [
                match.span() for match in re.finditer(f"[{re.escape(opening + closing)}]", target)
            ]
            yield Issue(
                "Fluency",
                "Punctuation",
                "Minor",
                f"“{opening}” and “{closing}” do not match.",
                (),
                _spans(marks),
            )
