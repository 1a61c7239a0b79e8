"""Where the terms of a dictionary stand in a text. Pure.

The longest term wins, and terms do not overlap. A term written without capitals is found in any
case; one with capitals as it is written, so that "Mark" the person is not "mark". Terms begin and
end at word boundaries, except in scripts that put nothing between words.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import ahocorasick
from msgspec import Struct

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


class Match(Struct, frozen=True):
    """A term in a text: `text[start:end]` is to become `target`, in whatever inflection fits."""

    start: int
    end: int
    source: str
    target: str


class Terms:
    """The entries of one or more dictionaries of the same direction, ready to be found."""

    def __init__(self, entries: Mapping[str, str], target_language: str | None = None) -> None:
        self.entries = dict(entries)
        self.target_language = target_language
        self._automaton: Any = ahocorasick.Automaton()
        forms: dict[str, list[str]] = {}
        for source in self.entries:
            forms.setdefault(_folded(source), []).append(source)
        for folded, sources in forms.items():
            self._automaton.add_word(folded, (len(folded), sources))
        if forms:
            self._automaton.make_automaton()

    def whole(self, text: str) -> str | None:
        """Return what the entry for this very text says, if there is one."""
        if not self.entries:
            return None
        source = self._entry(text.strip(), self.entries.keys())
        return None if source is None else self.entries[source]

    def find(self, text: str) -> list[Match]:
        """Return the terms in `text`, from left to right, none overlapping another."""
        if not self.entries:
            return []
        found = []
        for last, (length, sources) in self._automaton.iter(_folded(text)):
            start, end = last + 1 - length, last + 1
            source = self._entry(text[start:end], sources)
            if source is not None and _is_word(text, start, end):
                found.append(Match(start, end, source, self.entries[source]))
        # The longest first, the leftmost of equal ones.
        found.sort(key=lambda match: (match.start - match.end, match.start))
        taken: list[Match] = []
        for match in found:
            if all(match.end <= other.start or match.start >= other.end for other in taken):
                taken.append(match)
        return sorted(taken, key=lambda match: match.start)

    def _entry(self, written: str, sources: Any) -> str | None:
        if written in sources:
            return written
        lower = _folded(written)
        return lower if lower in sources else None


def merged(dictionaries: list[Mapping[str, str]]) -> dict[str, str]:
    """Return the entries of several dictionaries; the first that has a term decides."""
    entries: dict[str, str] = {}
    for dictionary in dictionaries:
        for source, target in dictionary.items():
            entries.setdefault(source, target)
    return entries


def in_case_of(written: str, term: Match) -> str:
    """Return the target in the case that `written`, the source text there, has."""
    if written == term.source:
        return term.target
    if len(written) > 1 and written.isupper():
        return term.target.upper()
    if written[:1].isupper():
        return term.target[:1].upper() + term.target[1:]
    return term.target


def _folded(text: str) -> str:
    """Return the text in lower case, each character for itself so that places stay the same."""
    return "".join(
        lower if len(lower := character.lower()) == 1 else character for character in text
    )


def _is_word(text: str, start: int, end: int) -> bool:
    return _is_boundary(text[start - 1 : start], text[start]) and _is_boundary(
        text[end : end + 1], text[end - 1]
    )


def _is_boundary(outside: str, inside: str) -> bool:
    if not outside or _UNSPACED.match(outside) or _UNSPACED.match(inside):
        return True
    return not (_is_letter(outside) and _is_letter(inside))


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" or character == "_"
