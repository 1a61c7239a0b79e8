"""Answers of a model that are no translations: copies of the source, and words again and again.

Small models lose the thread now and then, mostly over what is not a plain sentence. `doubted` finds
such answers, `attempts` says what else to ask, and `best` chooses among the answers: the sentence
with another end, the sentence in pieces, and at last the first answer without its repetitions.
No I/O.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from hanse.language.segment import Span

_REPEATED: Final = re.compile(
    r"\b(\w+(?:\W+\w+){0,5})(?:\W+\1\b){2,}|([^\W\d_]{2,12}?)\2{3,}", re.IGNORECASE
)
_WORDS: Final = re.compile(r"\w+")
_CHUNKS: Final = re.compile(r"(..{1,11}?)\1{3,}", re.IGNORECASE)
_PHRASE_WORDS_MAX: Final = 6
_TIMES_MIN: Final = 3
_LETTERS_AGAIN_MIN: Final = 6
_CHUNKS_LETTERS_MIN: Final = 8
_WORD: Final = re.compile(r"[^\W\d_]+")
_JOINT: Final = re.compile(r"(?<=[,;:–—])\s+")
_END: Final = ".!?…。！？:;"
_WORDS_COPIED_MIN: Final = 4
PIECES_MAX: Final = 12


class Flaw(StrEnum):
    """Why an answer is no translation."""

    COPIED = "copied"
    REPEATED = "repeated"


class Attempts(msgspec.Struct, frozen=True):
    """What to ask in the place of a sentence: the whole with another end, and pieces of it."""

    whole: str
    pieces: tuple[str, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """All that must be translated."""
        return (self.whole, *self.pieces)


class Choice(msgspec.Struct, frozen=True):
    """The text to take, and the numbers of the answers that it was made of; none: the first one."""

    text: str
    used: tuple[int, ...]


def repetitions(source: str, target: str) -> Iterator[Span]:
    """Yield where the target says the same three times and more, if the source does not."""
    if _may_repeat(target) and not _REPEATED.search(source):
        for match in _REPEATED.finditer(target):
            yield match.span()


def _may_repeat(text: str) -> bool:
    """Say whether `_REPEATED` can match at all: hardly ever. A tenth of its cost."""
    words = _WORDS.findall(text.lower())
    if len(words) - len(set(words)) >= _TIMES_MIN - 1 and _repeats_phrase(words):
        return True
    # A chunk of at least two letters that comes four times: six of them are there already.
    for word in words:
        if (
            len(word) >= _CHUNKS_LETTERS_MIN
            and len(word) - len(set(word)) >= _LETTERS_AGAIN_MIN
            and _CHUNKS.search(word)
        ):
            return True
    return False


def _repeats_phrase(words: Sequence[str]) -> bool:
    often = {word for word, times in Counter(words).items() if times >= _TIMES_MIN}
    # A phrase that comes three times in a row is made of such words alone.
    if not any(map(often.issuperset, zip(words, words[1:], words[2:], strict=False))):
        return False
    for length in range(1, min(_PHRASE_WORDS_MAX, len(words) // _TIMES_MIN) + 1):
        alike = 0
        for first, second, third in zip(words, words[length:], words[2 * length :], strict=False):
            alike = alike + 1 if first == second == third else 0
            if alike == length:
                return True
    return False


def is_copy(source: str, target: str) -> bool:
    """Say whether the target is the source, and long enough not to be a name or a label."""
    if source.strip() != target.strip():
        return False
    words = _WORD.findall(source)
    # Names and short labels are often the same in both languages.
    named = sum(word[0].isupper() for word in words)
    return len(words) >= _WORDS_COPIED_MIN and named * 2 <= len(words)


def doubted(source: str, answer: str) -> Flaw | None:
    """Return what makes an answer to `source` no translation, None if nothing is plainly wrong."""
    if any(repetitions(source, answer)):
        return Flaw.REPEATED
    return Flaw.COPIED if is_copy(source, answer) else None


def attempts(source: str) -> Attempts:
    """Return what else to ask for a sentence."""
    ended = source.rstrip(_END).rstrip() if source[-1:] in _END else f"{source}."
    pieces = _JOINT.split(source, PIECES_MAX - 1)
    return Attempts(ended or source, tuple(pieces) if len(pieces) > 1 else ())


def best(source: str, answer: str, asked: Attempts, answers: Sequence[str]) -> Choice:
    """Return the best of an answer in doubt and `answers` to `asked.items`."""
    whole, *pieces = answers
    if whole and doubted(asked.whole, whole) is None:
        return Choice(_with_end_of(source, whole), (0,))
    if pieces and all(pieces):
        together = " ".join(piece.strip() for piece in pieces)
        if doubted(source, together) is None:
            return Choice(together, tuple(range(1, len(answers))))
    if doubted(source, answer) is Flaw.REPEATED:
        answer = _REPEATED.sub(lambda match: match[1] or match[2], answer)
    return Choice(answer, ())


def _with_end_of(source: str, answer: str) -> str:
    if source[-1:] in _END:
        return answer if answer[-1:] in _END else answer + source[-1]
    return answer.rstrip(".").rstrip() or answer
