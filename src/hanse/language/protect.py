"""What in a text no engine may touch, because it would come back changed or not at all.

Engines know words and common punctuation. Addresses, code, symbols and pictures they drop or turn
into something else without a sign, so these are copied, and what stands around them is translated
in pieces.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

_SCANNED: Final = range(0x80, 0x20000)
"""Where symbols are; the planes beyond hold ideographs and tags."""

_KNOWN_TO_ENGINES: Final = "°´"
"""Symbols that come back unchanged, or are rewritten for the engine (`marks`)."""


def _symbols() -> dict[str, list[str]]:
    """Return the symbols of each Unicode category that has some, in their order."""
    found: dict[str, list[str]] = {"Sc": [], "No": [], "So": [], "Sk": [], "Sm": []}
    for character in map(chr, _SCANNED):
        of = found.get(unicodedata.category(character))
        if of is not None and character not in _KNOWN_TO_ENGINES:
            of.append(character)
    return found


def _class_of(characters: Iterable[str]) -> str:
    """Return the inside of a character class with all of these, which are in their order."""
    ranges: list[list[int]] = []
    for point in map(ord, characters):
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


_SYMBOLS_OF: Final = _symbols()
_SYMBOLS: Final = [*chain.from_iterable(_SYMBOLS_OF.values())]
_CURRENCY: Final = _class_of(_SYMBOLS_OF["Sc"])
_NUMBER: Final = _class_of(_SYMBOLS_OF["No"])
_SYMBOL: Final = _class_of(sorted(_SYMBOLS))
_JOINED: Final = r"\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f"
"""What makes one picture of several characters."""

_INVISIBLE: Final = r"\u200e\u200f\u202a-\u202e\u2060-\u2069"
_SIGN: Final = rf"{_SYMBOL}{_INVISIBLE}\^~\\|<>{{}}`_\#@§¶†‡•‣‰‱※"

# Every alternative either has a bounded length or begins at a place that a look-behind makes the
# only one of its word, so that time grows linearly with the text.
_PROTECTED: Final = re.compile(
    rf"""
      `[^`\n]{{1,200}}`                                                # code
    | <%[^\n]{{0,200}}?%>                                              # ERB
    | \[\[[^\[\]\n]{{1,100}}\]\]                                         # [[name]]
    | <(?:!--[^\n]{{0,300}}?--|[/!?]?[A-Za-z][^<>]{{0,300}})>          # mark-up
    | [$\#%]?\{{\{{?[^{{}}\n]{{0,100}}\}}\}}?                          # {{name}}, ${{name}}
    | \{{[^{{}}\n]{{0,100}}(?:\{{[^{{}}\n]{{0,100}}\}}[^{{}}\n]{{0,100}}){{1,8}}\}}    # ICU plural
    | (?<![\w%])%(?:%|\(\w{{1,60}}\)[a-z]|[A-Za-z]\w{{0,40}}%
        |(?:\d{{1,2}}\$)?[-+0\#]?\d{{0,3}}(?:\.\d{{1,3}})?l{{0,2}}[sdifuxXcoeEgGp@](?!\w))
    | (?<!\w)\$[A-Za-z_]\w{{0,60}}
    | &(?:\#?\w{{1,31}};|&+)
    | (?<!\w)(?:[A-Za-z][A-Za-z0-9+.-]{{1,20}}://|www\.|mailto:)
        [^\s<>"`{{}}|\\^，。、]*[\w/\#=&%~+-]
    | (?<![\w.+%-])[\w.+%-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}
    | (?<![\w.@-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/[\w/.?=&%~+\#-]*[\w/]
    | (?<![\w@])@\w{{1,64}}(?:[.@-]\w{{1,64}}){{0,8}}
    | (?<!\w)\#\w{{1,100}}(?:-\w{{1,100}}){{0,8}}
    | (?<!\w)[A-Za-z]\#(?!\w)                                          # C#
    | (?<![^\s("'\[])[^\s\\"]{{0,60}}\\(?:[^\s"]{{0,300}}[\w\\/])?     # C:\path
    | (?<![\w/.~])(?:~|\.{{1,2}})?(?:/[\w.@+-]{{0,64}}\w){{2,32}}/?    # /usr/bin
    | (?<!\w)[^\W_]{{1,40}}(?:_{{1,3}}[^\W_]{{1,40}}){{1,20}}          # snake_case
    | (?<![\w-])[\w-]{{1,40}}[™®]
    | (?<![A-Za-z0-9])[A-Za-z0-9]{{0,10}}[{_NUMBER}][A-Za-z0-9{_NUMBER}]{{0,10}}
    | [{_CURRENCY}][ \u00a0]?\d[\d.,]{{0,30}}(?<=\d)
    | (?<![\d.,])\d(?:[\d.,]{{0,30}}\d)?[ \u00a0\u202f]?[{_CURRENCY}]
    | (?<![^\W\d])[µμ][A-Za-z]{{0,3}}(?!\w)
    | [0-9\#*\u203c\u2049]\ufe0f\u20e3?
    | (?<!\w)·+ | ·+(?!\w)
    | [{_SIGN}][{_SIGN}{_JOINED}]*
    """,
    re.VERBOSE,
)

# Each alternative of the above has one of these, or `www.` or `mailto:`: looking for them first
# spares everyday prose the many attempts of the alternatives at each of its characters. A set does
# so in a tenth of the time of a class, which is tried range by range beyond the first plane.
_TRIGGERS: Final = frozenset(
    (
        *_SYMBOLS,
        *"`<[{%$&@#\\/_™®µμ\ufe0f·^~|>}§¶†‡•‣‰‱※",
        *re.findall(rf"[{_INVISIBLE}]", "".join(map(chr, range(0x2000, 0x2070)))),
    )
)

# Where no others can be, a class is quicker still.
_ASCII_TRIGGER: Final = re.compile(f"[{re.escape(''.join(filter(str.isascii, _TRIGGERS)))}]")

_CLOSING: Final = re.compile(r"[\s.,;:!?…)\]»”’\"']+")
_OPENING: Final = " \t\u00a0([«“‘„¿¡"


def protected_spans(text: str) -> list[tuple[int, int]]:
    """Return where `text` must be copied, as offsets of disjoint spans in their order.

    Spans are e-mail addresses, URLs, paths, @handles, #tags, placeholders, mark-up, code in
    back-quotes, names with an underscore, amounts of money other than in dollars, and runs of
    symbols. Plain `+`, `=`, `&`, `%`, `$` and `°` between words are left to the engine.
    """
    has_trigger = _ASCII_TRIGGER.search(text) if text.isascii() else not _TRIGGERS.isdisjoint(text)
    if not has_trigger and "www." not in text and "mailto:" not in text:
        return []
    return [match.span() for match in _PROTECTED.finditer(text)]


def between(
    text: str, start: int, end: int, spans: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield what of `text[start:end]` lies between `spans`, all of which overlap with it.

    Punctuation next to a span stays with it: an engine would move or repeat a lone one. So does a
    quotation mark whose partner lies beyond the span.
    """
    position = start
    for first, last in spans:
        if first > position:
            yield from _trimmed(text, position, first, position > start, True)
        position = max(position, last)
    if position < end:
        yield from _trimmed(text, position, end, position > start, False)


def _trimmed(
    text: str, start: int, end: int, is_after: bool, is_before: bool
) -> Iterator[tuple[int, int]]:
    if is_after and (closing := _CLOSING.match(text, start, end)):
        start = closing.end()
    part = text[start:end]
    if is_before:
        part = part.rstrip(_OPENING)
    if part.count('"') % 2 and part.endswith('"'):
        part = part[:-1].rstrip(_OPENING)
    if part.count('"') % 2 and part.startswith('"'):
        start += 1
        part = part[1:]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    if part:
        yield start, start + len(part)
