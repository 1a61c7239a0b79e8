"""Makes translations use the terms of a glossary, by the gentlest means that works. Pure.

For each sentence with terms, up to four candidates are translated side by side: the sentence as it
is; with each term written in the target language already, which lets the model inflect around it
(an untrained form of the source annotation of Dinu et al., ACL 2019); with each term replaced by a
code word that models copy; and each term alone. The first of these that has all terms is taken:

1. the entry itself, if the whole sentence is a term;
2. the plain translation, if it has the terms anyway;
3. the one with target words, if the terms stand in it, perhaps inflected;
4. the plain one, with what the model calls the term replaced;
5. the one with code words, which are then replaced.

What each term came to is reported.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from hanse.language.glossaries import agreement
from hanse.language.glossaries.terms import Match, Terms, in_case_of

STEM_SHARE: Final = 0.6
"""Part of a word, from its beginning, that an inflected form must keep."""
STEM_CHARACTERS_MIN: Final = 3
ITEM_CHARACTERS_MAX: Final = 1_000
"""A candidate longer than an engine takes is not made."""

_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


class TermOutcome(StrEnum):
    """How a term got into the translation, or that it did not."""

    EXACT = "exact"
    """It stands there as the glossary writes it."""
    INFLECTED = "inflected"
    """A form of it stands there."""
    REPLACED = "replaced"
    """It was put in the place of another word; only in Portuguese do the words next to it agree."""
    MISSING = "missing"
    """No way of translating this sentence has it."""


class Term(Struct, frozen=True):
    """One term of a sentence, and what came of it."""

    source: str
    target: str
    outcome: TermOutcome


class Enforced(Struct, frozen=True):
    """A sentence with its terms enforced; an empty text is no translation."""

    text: str
    terms: tuple[Term, ...]


class Candidates(Struct, frozen=True):
    """What to translate for one sentence, by the place of each form in `items`."""

    sentence: str
    matches: tuple[Match, ...]
    whole: str | None
    items: tuple[str, ...]
    target_language: str | None = None


def candidates(sentence: str, terms: Terms) -> Candidates:
    """Return the forms of a sentence that must be translated; the first is the sentence itself.

    With no terms in it, it is the only one; with the whole sentence a term, there is none.
    """
    whole = terms.whole(sentence)
    if whole is not None:
        return Candidates(sentence, (), whole, ())
    matches = tuple(terms.find(sentence))
    if not matches:
        return Candidates(sentence, (), None, (sentence,))
    inline = _with(sentence, matches, [in_case_of(_written(sentence, m), m) for m in matches])
    codes = _with(sentence, matches, _codes(sentence, len(matches)))
    alone = [_written(sentence, match) for match in matches]
    forms = [form if len(form) <= ITEM_CHARACTERS_MAX else sentence for form in (inline, codes)]
    items = (sentence, *forms, *alone)
    return Candidates(sentence, matches, None, items, terms.target_language)


def enforce(wanted: Candidates, answers: Sequence[str]) -> Enforced:
    """Choose among the answers to `wanted.items`, in their order."""
    if wanted.whole is not None:
        return Enforced(
            wanted.whole, (Term(wanted.sentence.strip(), wanted.whole, TermOutcome.EXACT),)
        )
    if not wanted.matches:
        return Enforced(answers[0], ())
    plain, inline, coded, *alone = answers
    cased = [in_case_of(_written(wanted.sentence, m), m) for m in wanted.matches]
    best = Enforced(plain, _found(plain, wanted.matches, cased))
    for text in (plain, _agreeing(inline, wanted, cased)):
        terms = _found(text, wanted.matches, cased)
        if text and TermOutcome.MISSING not in (term.outcome for term in terms):
            return Enforced(text, terms)
    replaced = _replaced(plain, wanted, cased, alone)
    if replaced is not None:
        return replaced
    decoded = _decoded(coded, wanted, cased)
    return decoded if decoded is not None else best


def count_of(target: str, text: str) -> int:
    """Return how often a term's target stands in `text`, in whatever form."""
    taken: list[tuple[int, int]] = []
    while (place := _place(text, target, taken)[0]) is not None:
        taken.append(place)
    return len(taken)


def _found(text: str, matches: Sequence[Match], cased: Sequence[str]) -> tuple[Term, ...]:
    """Say of each term whether it stands in `text`; a place counts for one of them."""
    taken: list[tuple[int, int]] = []
    terms = []
    for match, target in zip(matches, cased, strict=True):
        place, outcome = _place(text, target, taken)
        if place is not None:
            taken.append(place)
        terms.append(Term(match.source, match.target, outcome))
    return tuple(terms)


def _place(
    text: str, target: str, taken: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int] | None, TermOutcome]:
    for found in re.finditer(rf"(?<!\w){re.escape(target)}(?!\w)", text, re.IGNORECASE):
        if _is_free(found.span(), taken):
            return found.span(), TermOutcome.EXACT
    wanted = [word.group().lower() for word in _WORD.finditer(target)]
    if not wanted:
        # Scripts and signs that the pattern of a word does not know.
        start = text.find(target)
        span = (start, start + len(target))
        is_there = start >= 0 and _is_free(span, taken)
        return (span, TermOutcome.EXACT) if is_there else (None, TermOutcome.MISSING)
    words = list(_WORD.finditer(text))
    for first in range(len(words) - len(wanted) + 1):
        window = words[first : first + len(wanted)]
        span = (window[0].start(), window[-1].end())
        if _is_free(span, taken) and all(
            _is_form(word.group().lower(), stem) for word, stem in zip(window, wanted, strict=True)
        ):
            return span, TermOutcome.INFLECTED
    return None, TermOutcome.MISSING


def _is_form(word: str, of: str) -> bool:
    kept = max(STEM_CHARACTERS_MIN, round(len(of) * STEM_SHARE))
    if len(of) <= STEM_CHARACTERS_MIN:
        return word == of
    return word[:kept] == of[:kept] and abs(len(word) - len(of)) <= max(3, len(of) // 2)


def _is_free(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return all(span[1] <= start or span[0] >= end for start, end in taken)


def _replaced(
    plain: str, wanted: Candidates, cased: Sequence[str], alone: Sequence[str]
) -> Enforced | None:
    """Put each term where the model put its own word for it; None if one is not to be found."""
    text = plain
    terms = []
    for match, target, own in zip(wanted.matches, cased, alone, strict=True):
        _, outcome = _place(text, target, ())
        if outcome is TermOutcome.MISSING:
            word = own.strip(" .!?")
            span, found = _place(text, word, ()) if word else (None, TermOutcome.MISSING)
            if span is None or found is TermOutcome.MISSING:
                return None
            noun = target[:1].upper() + target[1:] if text[span[0]].isupper() else target
            own_gender = _gender(wanted, text[slice(*span)])
            text = agreement.put(text, span, noun, own_gender)
            outcome = TermOutcome.REPLACED
        terms.append(Term(match.source, match.target, outcome))
    return Enforced(text, tuple(terms))


def _decoded(coded: str, wanted: Candidates, cased: Sequence[str]) -> Enforced | None:
    """Put the terms in the place of their code words; None unless each is there exactly once."""
    text = coded
    codes = _codes(wanted.sentence, len(wanted.matches))
    if any(text.count(code) != 1 for code in codes):
        return None
    terms = []
    for code, match, target in zip(codes, wanted.matches, cased, strict=True):
        start = text.index(code)
        # Models take code words for masculine.
        text = agreement.put(text, (start, start + len(code)), target, _gender(wanted, "o"))
        terms.append(Term(match.source, match.target, TermOutcome.REPLACED))
    return Enforced(text, tuple(terms))


def _agreeing(inline: str, wanted: Candidates, cased: Sequence[str]) -> str:
    """Mend what models get wrong around words that they did not choose."""
    if wanted.target_language != "pt":
        return inline
    for target in cased:
        place, outcome = _place(inline, target, ())
        if place is not None and outcome is TermOutcome.EXACT:
            inline = agreement.mended(inline, place)
    return inline


def _gender(wanted: Candidates, noun: str) -> agreement.Gender | None:
    return agreement.gender(noun) if wanted.target_language == "pt" else None


def _codes(sentence: str, count: int) -> list[str]:
    """Return code words that models copy and that are not in the sentence."""
    letter = next(letter for letter in "QZXKW" if f"X{letter}" not in sentence or letter == "W")
    return [f"X{letter}{number + 1}{letter}" for number in range(count)]


def _written(sentence: str, match: Match) -> str:
    return sentence[match.start : match.end]


def _with(sentence: str, matches: Sequence[Match], replacements: Sequence[str]) -> str:
    parts = []
    end = 0
    for match, replacement in zip(matches, replacements, strict=True):
        parts += [sentence[end : match.start], replacement]
        end = match.end
    return "".join([*parts, sentence[end:]])
