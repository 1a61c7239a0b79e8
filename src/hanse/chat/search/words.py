"""Texts and queries as words, and where a text has what a query asks for. Pure.

Every word is found in two forms, both without accents and in small letters: as it stands, and by
its stem (Snowball) where the language is known. Scripts without spaces between words (Chinese,
Japanese, Thai ...) are taken as pairs of characters, Korean too, whose particles join its words.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import Stemmer
from msgspec import Struct

WORD_CHARACTERS_MAX: Final = 64
"""Longer words are told apart by so many first characters."""
TERMS_MAX: Final = 20
SNIPPET_CHARACTERS: Final = 240
_LEAD_CHARACTERS: Final = 60

_MARKS: Final = "".join(
    chr(each) for each in range(0x300, 0x10000) if unicodedata.category(chr(each))[0] == "M"
)
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_ONE: Final = re.compile(f"[{_UNSPACED}]")
_RUN: Final = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?:(?![{_UNSPACED}])[^\\W_]|[{_MARKS}])+")
_TERM: Final = re.compile(r'(?P<no>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_ACCENTS: Final = re.compile("[\u0300-\u036f]")

_STEMMERS: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


class Word(Struct, frozen=True):
    """A word of a text, from character `start` to before `end`, in the forms it is found by."""

    start: int
    end: int
    forms: tuple[str, ...]


class Term(Struct, frozen=True):
    """What a query asks for: words that follow each other, each in one of its forms.

    `is_prefix` lets the last word go on; `is_not` asks for texts without it.
    """

    words: tuple[tuple[str, ...], ...]
    is_prefix: bool = False
    is_not: bool = False


def is_unspaced(character: str) -> bool:
    """Tell whether a character is of a script whose words are not set apart."""
    return _UNSPACED_ONE.match(character) is not None


def folded(text: str) -> str:
    """Return letters and digits of a text in small letters, without accents."""
    apart = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    whole = unicodedata.normalize("NFC", apart)
    return "".join(each for each in whole if each.isalnum() or unicodedata.category(each)[0] == "M")


def words_of(text: str, languages: Iterable[str] = ()) -> list[Word]:
    """Return the words of a text in their order; stems are those of `languages`, any tags."""
    stemmers = _stemmers(languages)
    return [
        Word(start, end, forms)
        for start, end, is_unspaced in _pieces(text)
        if (forms := _forms(text[start:end], () if is_unspaced else stemmers))
    ]


def _pieces(text: str) -> Iterator[tuple[int, int, bool]]:
    for run in _RUN.finditer(text):
        start, end = run.span()
        if run["unspaced"] is None:
            yield start, end, False
        else:
            # The last character stands alone, too: so each begins a piece, and is found by itself.
            for each in range(start, end):
                yield each, min(each + 2, end), True


def _forms(word: str, stemmers: Sequence[Any]) -> tuple[str, ...]:
    lower = word.lower()
    forms = (folded(lower), *(folded(each.stemWord(lower)) for each in stemmers))
    return tuple(dict.fromkeys(each[:WORD_CHARACTERS_MAX] for each in forms if each))


def _stemmers(languages: Iterable[str]) -> list[Any]:
    names = {_STEMMERS.get(each.partition("-")[0].lower()) for each in languages}
    return [_stemmer(each) for each in sorted(each for each in names if each)]


@cache
def _stemmer(name: str) -> Any:
    return Stemmer.Stemmer(name)


def vector(text: str, language: str, labels: Iterable[str]) -> str:
    """Return a text as a `tsvector`, with labels that it is found by besides its words."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words_of(text, [language] if language else []), 1):
        for form in word.forms:
            places.setdefault(form, []).append(place)
    found = [f"'{form}':{','.join(map(str, at[:255]))}" for form, at in places.items()]
    return " ".join([*(f"'{each}'" for each in labels), *found])


def parsed(query: str, languages: Collection[str]) -> list[Term]:
    """Return what somebody who reads these languages asks for; nothing if there is no word in it.

    Words, "words in this order", -without. The last word may be the beginning of one.
    """
    terms: list[Term] = []
    for found in _TERM.finditer(query):
        phrase = found["phrase"]
        # What is quoted is meant as it stands.
        words = words_of(phrase or found["word"] or "", languages if phrase is None else ())
        if not words:
            continue
        is_last = found.end() == len(query) and phrase is None and not found["no"]
        last = words[-1]
        # Of unspaced text, the single character at the end has been said by the pair before.
        if len(words) > 1 and last.start < words[-2].end:
            words.pop()
        is_single = last.end - last.start == 1 and is_unspaced(last.forms[0])
        terms.append(
            Term(
                tuple(each.forms for each in words),
                is_prefix=is_last or (is_single and len(words) == 1),
                is_not=bool(found["no"]),
            )
        )
    return terms


def tsquery(terms: Iterable[Term], labels: Iterable[str]) -> str:
    """Return terms, all of which a text must satisfy, as a `tsquery`."""
    return " & ".join([*(f"'{each}'" for each in labels), *map(_condition, terms)])


def _condition(term: Term) -> str:
    words = []
    for place, forms in enumerate(term.words, 1):
        open_end = ":*" if term.is_prefix and place == len(term.words) else ""
        words.append("(" + " | ".join(f"'{each}'{open_end}" for each in forms) + ")")
    return f"{'!' if term.is_not else ''}({' <-> '.join(words)})"


class Snippet(Struct, frozen=True):
    """A part of a text around what was found.

    `ranges` are the places found in `text`: first character and the one behind the last, counted
    in Unicode code points. `is_cut` says that the text is longer than that.
    """

    text: str
    ranges: list[tuple[int, int]]
    is_cut: bool = False


def snippet(text: str, language: str, terms: Iterable[Term]) -> Snippet:
    """Return the part of a text around the first place that a query found."""
    places = _places(words_of(text, [language] if language else []), terms)
    start = 0
    if len(text) > SNIPPET_CHARACTERS and places and places[0][0] > _LEAD_CHARACTERS:
        start = places[0][0] - _LEAD_CHARACTERS
        start = max(start, text.find(" ", start, places[0][0]) + 1)
    end = min(len(text), start + SNIPPET_CHARACTERS)
    inside = [(a - start, min(b, end) - start) for a, b in places if start <= a < end]
    return Snippet(text[start:end], inside, is_cut=end - start < len(text))


def _places(words: Sequence[Word], terms: Iterable[Term]) -> list[tuple[int, int]]:
    found = []
    for term in terms:
        if not term.is_not:
            length = len(term.words)
            for first in range(len(words) - length + 1):
                here = words[first : first + length]
                if _has(here, term):
                    found.append((here[0].start, here[-1].end))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _has(words: Sequence[Word], term: Term) -> bool:
    for place, (word, wanted) in enumerate(zip(words, term.words, strict=True), 1):
        goes_on = term.is_prefix and place == len(term.words)
        if not any(
            form == each or (goes_on and form.startswith(each))
            for form in word.forms
            for each in wanted
        ):
            return False
    return True
