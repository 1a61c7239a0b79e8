"""Language codes: their names, their variants, and the two ways the wire writes them.

Codes are BCP 47 in canonical case inside Hanse (`en`, `pt-BR`, `zh-Hant`). The v2 operations of the
DeepL API write them in upper case, the v3 operations as they are here. Input is read in any case:
the official Python client sends `EN` and `EN-US` where the contract's enumerations are lower case.
"""

from collections.abc import Iterable
from typing import Final

from hanse.platform.problems import BadRequest

CODE_CHARACTERS_MAX: Final = 35
"""RFC 5646, section 4.4.1: room for the longest well-formed tag anybody needs."""

NAMES: Final[dict[str, str]] = {
    "ace": "Acehnese",
    "af": "Afrikaans",
    "an": "Aragonese",
    "ar": "Arabic",
    "as": "Assamese",
    "ay": "Aymara",
    "az": "Azerbaijani",
    "ba": "Bashkir",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bho": "Bhojpuri",
    "bn": "Bengali",
    "br": "Breton",
    "bs": "Bosnian",
    "ca": "Catalan",
    "ceb": "Cebuano",
    "ckb": "Kurdish (Sorani)",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "gl": "Galician",
    "gn": "Guarani",
    "gom": "Konkani",
    "gu": "Gujarati",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "ht": "Haitian Creole",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "ig": "Igbo",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "jv": "Javanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "kmr": "Kurdish (Kurmanji)",
    "kn": "Kannada",
    "ko": "Korean",
    "ky": "Kyrgyz",
    "la": "Latin",
    "lb": "Luxembourgish",
    "lmo": "Lombard",
    "ln": "Lingala",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mai": "Maithili",
    "mg": "Malagasy",
    "mi": "Maori",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "my": "Burmese",
    "nb": "Norwegian (bokmål)",
    "ne": "Nepali",
    "nl": "Dutch",
    "nn": "Norwegian (nynorsk)",
    "oc": "Occitan",
    "om": "Oromo",
    "pa": "Punjabi",
    "pag": "Pangasinan",
    "pam": "Kapampangan",
    "pl": "Polish",
    "prs": "Dari",
    "ps": "Pashto",
    "pt": "Portuguese",
    "qu": "Quechua",
    "ro": "Romanian",
    "ru": "Russian",
    "sa": "Sanskrit",
    "scn": "Sicilian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "st": "Sesotho",
    "su": "Sundanese",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Tajik",
    "th": "Thai",
    "tk": "Turkmen",
    "tl": "Tagalog",
    "tn": "Tswana",
    "tr": "Turkish",
    "ts": "Tsonga",
    "tt": "Tatar",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "wo": "Wolof",
    "xh": "Xhosa",
    "yi": "Yiddish",
    "yue": "Cantonese",
    "zh": "Chinese",
    "zu": "Zulu",
}
"""Root languages: those of the DeepL API and those of the Firefox models, by BCP 47 code."""

VARIANT_NAMES: Final[dict[str, str]] = {
    "de-CH": "German (Swiss)",
    "en-GB": "English (British)",
    "en-US": "English (American)",
    "es-419": "Spanish (Latin American)",
    "fr-CA": "French (Canadian)",
    "pt-BR": "Portuguese (Brazilian)",
    "pt-PT": "Portuguese (European)",
    "zh-Hans": "Chinese (simplified)",
    "zh-Hant": "Chinese (traditional)",
}

LISTED_VARIANTS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("en-GB", "en-US"),
    "pt": ("pt-BR", "pt-PT"),
}
"""Targets that are listed by variant only. The bare code stays accepted: old clients send it."""

ALIASES: Final[dict[str, str]] = {
    "fil": "tl",
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "no": "nb",
}
"""Other codes for a language of `NAMES`: deprecated ones, and those that models are named with."""

_OWN_SCRIPT: Final = frozenset({"zh-Hant"})
"""Variants that a model of the root language does not write."""

_CANONICAL: Final[dict[str, str]] = {
    **{code.lower(): code for code in (*NAMES, *VARIANT_NAMES)},
    **ALIASES,
}


class UnknownLanguage(BadRequest):
    """This is the code of no language that Hanse knows."""

    code = "unknown_language"
    title = "Unknown language"


def find_code(code: str) -> str | None:
    """Return the canonical form of a language code written in any case, or None if unknown.

    Only hyphens separate subtags (RFC 5646): `pt_BR` is a locale name, not a language tag.
    """
    if len(code) > CODE_CHARACTERS_MAX:
        return None
    return _CANONICAL.get(code.lower())


def parse_code(code: str) -> str:
    """Return the canonical form of a language code written in any case. Raises UnknownLanguage."""
    found = find_code(code)
    if found is None:
        raise UnknownLanguage(
            f"'{code[:CODE_CHARACTERS_MAX]}' is not a language code that Hanse knows; "
            "codes look like pt, pt-BR or zh-Hant."
        )
    return found


def root(code: str) -> str:
    """Return the language of a canonical code without its region or script: `pt-BR` -> `pt`."""
    return code.partition("-")[0]


def name(code: str) -> str:
    """Return the English name of a canonical code."""
    return VARIANT_NAMES.get(code) or NAMES[code]


def v2(code: str) -> str:
    """Return a canonical code as the v2 operations write it: upper case."""
    return code.upper()


def model_codes(code: str) -> tuple[str, ...]:
    """Return the codes under which a model for this language may be installed, best first.

    A variant is served by its own model or by that of its root, except where the root's model
    writes another script.
    """
    if code in _OWN_SCRIPT or code == root(code):
        return (code,)
    return (code, root(code))


def listed_targets(codes: Iterable[str]) -> list[str]:
    """Return how target languages are listed: sorted, and by variant where variants exist."""
    listed = {variant for code in codes for variant in LISTED_VARIANTS.get(code, (code,))}
    return sorted(listed)
