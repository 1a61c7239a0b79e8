"""Finding a sentence, or one like it, among those translated before. No I/O.

Likeness is that of translation tools: one minus the edit distance in words over the longer length.
"""

import re
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from rapidfuzz.distance import Levenshtein

CANDIDATES_MAX: Final = 100
"""Sentences with the most words in common that are compared word by word."""
COMMON_SENTENCES: Final = 2_000
"""A word in more sentences than this finds no candidates while rarer ones do."""

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


class Match(Struct, frozen=True):
    """A sentence of a memory that is like `asked`, with its translation.

    `percent` is the likeness. `applied` is the translation of `asked` that follows from it, None
    where the two differ in more than white space or numbers.
    """

    asked: str
    source: str
    target: str
    percent: int
    applied: str | None


class MemoryIndex:
    """The sentences of a memory with their translations into one language."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs = list(pairs.items())
        self._exact = {_words(source): number for number, (source, _) in enumerate(self._pairs)}
        self._with_word: dict[str, array[int]] = {}
        for words, number in self._exact.items():
            for word in set(words):
                self._with_word.setdefault(word.lower(), array("I")).append(number)

    def __len__(self) -> int:
        return len(self._pairs)

    def find(self, asked: str, percent_min: int) -> Match | None:
        """Return the likest sentence, if it is like enough."""
        words = _words(asked)
        if not words:
            return None
        number = self._exact.get(words)
        if number is not None:
            source, target = self._pairs[number]
            return Match(asked, source, target, 100, target)
        best = None
        for number in self._candidates(words):
            source, target = self._pairs[number]
            likeness = Levenshtein.normalized_similarity(words, _words(source))
            percent = min(99, int(100 * likeness))
            if percent >= percent_min and (best is None or percent > best.percent):
                best = Match(asked, source, target, percent, with_numbers_of(asked, source, target))
        return best

    def _candidates(self, words: tuple[str, ...]) -> list[int]:
        shared: Counter[int] = Counter()
        found = [self._with_word.get(word.lower(), array("I")) for word in set(words)]
        rare = [numbers for numbers in found if 0 < len(numbers) <= COMMON_SENTENCES]
        for numbers in rare or sorted(found, key=len)[:1]:
            shared.update(numbers)
        return [number for number, _ in shared.most_common(CANDIDATES_MAX)]


def with_numbers_of(asked: str, source: str, target: str) -> str | None:
    """Return `target` with the numbers of `asked` for those of `source`.

    None unless numbers are all that the two sentences differ in, and each stands in the target as
    often as in the source, so that there is no doubt which is which.
    """
    if _words(_NUMBER.sub("0", asked)) != _words(_NUMBER.sub("0", source)):
        return None
    ours, theirs = _NUMBER.findall(asked), _NUMBER.findall(source)
    if Counter(theirs) != Counter(_NUMBER.findall(target)):
        return None
    put: dict[str, str] = {}
    for our, their in zip(ours, theirs, strict=True):
        if put.setdefault(their, our) != our:
            return None
    return _NUMBER.sub(lambda match: put[match[0]], target)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))
