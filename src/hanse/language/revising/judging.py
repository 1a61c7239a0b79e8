"""Which answers of a language model may stand for a translation. No I/O."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

from hanse.language.glossaries.enforcement import count_of
from hanse.language.guards import doubted
from hanse.language.pipeline import one_line
from hanse.language.revising.formality import contradicts
from hanse.language.revising.prompts import without_label
from hanse.language.revising.wishes import Wishes
from hanse.language.writing.parts import rephrased

LIKENESS_MIN: Final = 45.0
"""A revision shares at least this much with its draft, in per cent (normalised Indel)."""
SHORT_CHARACTERS: Final = 40
"""Drafts that may become something else altogether: greetings, labels."""


def accepted(
    source: str,
    draft: str,
    answer: str,
    target: str,
    wishes: Wishes,
    terms: Sequence[str],
) -> str | None:
    """Return an answer that may stand for `draft`, the translation of `source`; None if it may not.

    It is one line of like length in which each placeholder, tag, address, number and term stands
    as often as in the draft; it is still the draft, changed, and neither the source, nor
    repetitions, nor plainly of the other formality.
    """
    revised = rephrased(draft, without_label(answer, target))
    if revised is None or doubted(source, revised) is not None:
        return None
    revised = one_line(revised)
    likeness = fuzz.ratio(draft, revised)
    if len(draft) > SHORT_CHARACTERS:
        if likeness < LIKENESS_MIN:
            return None
        if revised != draft and fuzz.ratio(source, revised) > max(likeness, LIKENESS_MIN):
            return None
    if _lost(draft, revised, terms):
        return None
    if wishes.formality is not None and contradicts(revised, target, wishes.formality):
        return None
    return revised


def _lost(draft: str, revised: str, terms: Sequence[str]) -> bool:
    had = Counter({term: count_of(term, draft) for term in terms})
    return any(count_of(term, revised) < count for term, count in had.items())
