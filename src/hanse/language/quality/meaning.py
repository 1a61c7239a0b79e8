"""Whether a translation says what its source says, judged by translating it back. No I/O.

A translation that is nothing like ours may be a good one in other words. Translated back, a good
one comes near its source all the same, and one of something else does not. Both must be far off
before a translation is called wrong. A word that turns the meaning round is not found this way.
"""

import re
from collections import Counter
from typing import Final

from hanse.language.quality.checks import Issue, TextSpan

FAR_OFF: Final = 0.35
"""Below this likeness two texts have little in common. Of 200 sentences that were given another
one's translation, from English into Portuguese, it finds nine in ten; of our own translations none
falls below it."""
WORDS_MIN: Final = 4
NGRAM_MAX: Final = 4

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"\w+")


def likeness(one: str, other: str) -> float:
    """Return 0 to 1: the F1 of shared character n-grams, as chrF (Popović 2015) with beta 1.

    White space and case do not count.
    """
    one, other = (_SPACE.sub("", text).lower() for text in (one, other))
    scores = []
    for size in range(1, NGRAM_MAX + 1):
        ours, theirs = (
            Counter(text[start : start + size] for start in range(len(text) - size + 1))
            for text in (one, other)
        )
        total = ours.total() + theirs.total()
        if total:
            scores.append(2 * (ours & theirs).total() / total)
    return sum(scores) / len(scores) if scores else 1.0


def mistranslation(source: str, target: str, ours: str, back: str) -> Issue | None:
    """Return the issue that `target` says something else, or None.

    `ours` is our translation of the source, `back` that of the target into the source's language.
    """
    if len(_WORD.findall(source)) < WORDS_MIN:
        return None
    if likeness(ours, target) >= FAR_OFF or likeness(back, source) >= FAR_OFF:
        return None
    return Issue(
        "Accuracy",
        "Mistranslation",
        "Major",
        f"The translation seems to say something else: “{back[:200]}”.",
        (TextSpan(0, len(source)),),
        (TextSpan(0, len(target)),),
    )
