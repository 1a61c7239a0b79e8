"""Sentences around what must be copied: code words stand in for it, which models copy. Pure.

A model sees "Hello XQ1, you have XQ2 messages" for "Hello {name}, you have {n} messages", and
treats the code words like names. An answer in which each stands exactly once gets the originals
back; any other is no answer, and the sentence must be translated in pieces around what is copied.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from hanse.language.segment import SENTENCE_CHARACTERS_MAX, Span

CODES_MAX: Final = 12
"""Code words in one sentence: with more there is little to translate, and models lose count."""

_PREFIXES: Final = ("XQ", "QX", "ZX", "XK")
_PUNCTUATION: Final = " \u00a0.,;:!?…"


class Masked(Struct, frozen=True):
    """A sentence with code words, and what each stands for."""

    text: str
    codes: tuple[tuple[str, str], ...]


def mask(text: str, pieces: Sequence[Span]) -> Masked | None:
    """Return `text` from the first to the last of `pieces` with code words for what lies between.

    None if nothing does, or if models could not cope with it: too long, too many code words, or a
    line break inside.
    """
    if len(pieces) < 2:
        return None
    start, end = pieces[0][0], pieces[-1][1]
    prefix = next((each for each in _PREFIXES if each not in text[start:end]), None)
    if prefix is None or len(pieces) - 1 > CODES_MAX:
        return None
    parts = [text[slice(*pieces[0])]]
    codes: list[tuple[str, str]] = []
    for before, after in pairwise(pieces):
        gap = text[before[1] : after[0]]
        core = gap.strip(_PUNCTUATION)
        if any(ord(character) < 32 for character in gap):
            return None
        if core:
            code = f"{prefix}{len(codes) + 1}"
            codes.append((code, core))
            left, _, right = gap.partition(core)
            gap = f"{left}{code}{right}"
        parts += [gap, text[slice(*after)]]
    masked = "".join(parts)
    if len(masked) > SENTENCE_CHARACTERS_MAX or not codes:
        return None
    # A code word that touches a word is part of it for a model.
    if any(re.search(rf"\w{code}|{code}\w", masked) for code, _ in codes):
        return None
    return Masked(masked, tuple(codes))


def unmask(translation: str, masked: Masked) -> str | None:
    """Return `translation` with the originals; None unless each code word stands in it once."""
    found = _code_words(translation, masked)
    if sorted(found) != sorted(code for code, _ in masked.codes):
        return None
    originals = dict(masked.codes)
    pattern = "|".join(rf"(?<!\w){code}(?!\w)" for code in originals)
    return re.sub(pattern, lambda match: originals[match.group()], translation)


def _code_words(translation: str, masked: Masked) -> list[str]:
    """Return all that looks like a code word of this sentence, whole or not."""
    prefix = masked.codes[0][0].rstrip("0123456789")
    return re.findall(rf"\w*{prefix}\w*", translation, re.IGNORECASE)
