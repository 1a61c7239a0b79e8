"""Words that show that a text addresses its reader otherwise than was wished. No I/O.

Only words that have no other meaning are listed, so that finding none proves nothing, and finding
one proves that the wish was not heeded.
"""

import re
from typing import Final

from hanse.language.languages import root
from hanse.language.revising.wishes import Formality

_FAMILIAR: Final = {
    "de": r"du|dich|dir|dein(?:e[mnrs]?)?",
    "es": r"tú|contigo|vosotr[oa]s",
    "fr": r"tu|toi",
    "it": r"tu|tuo[i]?|tua|tue",
    "nl": r"jij|je|jou|jouw",
    "pl": r"ty|ciebie|tobie|tobą",
    "pt": r"tu|contigo",
    "ru": r"ты|тебя|тебе|тобой|тво(?:й|я|ё|и|его|ей|ему|им|их|ими|ю)",
}
_POLITE: Final = {
    # A capital within a sentence tells the polite form from "they" and "her".
    "de": r"(?<![.!?:„“\"»«] )(?<!^)\b(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)",
    "es": r"(?i:usted(?:es)?)",
    "nl": r"(?i:uw|u)",
    "pl": r"(?i:pan(?:a|u|em|i|ią)?|państw(?:o|a|u|em))",
    "pt": r"(?i:(?:o senhor|a senhora)(?:es|s)?)",
}


def contradicts(text: str, language: str, formality: Formality) -> bool:
    """Say whether `text` plainly addresses its reader the other way."""
    if formality == "more":
        words = _FAMILIAR.get(root(language))
        return words is not None and bool(re.search(rf"\b(?:{words})\b", text, re.IGNORECASE))
    words = _POLITE.get(root(language))
    return words is not None and bool(re.search(rf"(?:(?<!\w){words})(?!\w)", text))
