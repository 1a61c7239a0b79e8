"""Words of a translation that the engine itself finds next to impossible there. No I/O.

The engine reads the source and the translation word by word and says how likely each token is after
those before it. A word is reported when another token would have been far more likely: synonyms
and free wording cost a few nats, a word that says something else costs many.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from hanse.inference import Scored, Token
from hanse.language.protect import protected_spans
from hanse.language.quality.checks import Issue, TextSpan
from hanse.language.segment import segment

UNLIKELY_NATS: Final = 10.0
"""From this difference on between the log-probabilities of the best token and the one given, a word
is reported. `python -m benchmarks quality` has what is found and what is falsely reported at other
values."""
WRONG_NATS: Final = 12.0
"""From this difference on it is a major issue."""
WORDS_SHARE_MAX: Final = 0.5
"""Where more of the words are unlikely, the text as a whole is worded freely or is another one."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Pair(msgspec.Struct, frozen=True):
    """A sentence with its translation, and where they start in their texts."""

    source: str
    target: str
    source_start: int
    target_start: int


def pairs(source: str, target: str, source_language: str, target_language: str) -> list[Pair]:
    """Return the sentences with their translations, or the whole where their numbers differ."""
    ours = [each for each in segment(source, source_language) if each.translatable]
    theirs = [each for each in segment(target, target_language) if each.translatable]
    if len(ours) != len(theirs):
        return [Pair(source, target, 0, 0)]
    return [
        Pair(one.text, other.text, one.start, other.start)
        for one, other in zip(ours, theirs, strict=True)
    ]


def unlikely(rated: Sequence[tuple[Pair, Scored]], *, nats: float = UNLIKELY_NATS) -> Issue | None:
    """Return the issue that some words are next to impossible, with their places, or None."""
    found, words, worst = [], 0, 0.0
    for pair, scored in rated:
        # What stands in the source too is a name or a number, which engines spell by pieces.
        copied = {word.lower() for word in _WORD.findall(pair.source)}
        kept = protected_spans(pair.target)
        for match in _WORD.finditer(pair.target):
            words += 1
            if match[0].lower() in copied or any(
                start < match.end() and match.start() < end for start, end in kept
            ):
                continue
            tokens = list(_tokens(scored, match.span()))
            gap = max((token.best - token.score for token in tokens), default=0.0)
            if gap > nats:
                found.append((pair, match, tokens))
                worst = max(worst, gap)
    if not found or len(found) > max(1, WORDS_SHARE_MAX * words):
        return None
    quoted = ", ".join(f"“{match[0]}”" for _, match, _ in found)
    return Issue(
        "Accuracy",
        "Mistranslation",
        "Major" if worst > WRONG_NATS else "Minor",
        f"The engine finds these words next to impossible here: {quoted}.",
        tuple(
            TextSpan(
                pair.source_start + min(token.source_start for token in tokens),
                pair.source_start + max(token.source_end for token in tokens),
            )
            for pair, _, tokens in found
        ),
        tuple(
            TextSpan(pair.target_start + match.start(), pair.target_start + match.end())
            for pair, match, _ in found
        ),
    )


def _tokens(scored: Scored, word: tuple[int, int]) -> Iterator[Token]:
    start, end = word
    return (token for token in scored.tokens if token.start < end and start < token.end)
