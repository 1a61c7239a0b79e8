"""TMX 1.4b (Translation Memory eXchange): reading and writing. No I/O.

Codes of inline mark-up are left out: a memory holds text. Entities are never expanded.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lxml import etree
from msgspec import Struct

from hanse.language.languages import find_code, root
from hanse.platform.problems import BadRequest

SEGMENT_CHARACTERS_MAX: Final = 5_000
SEGMENTS_MAX: Final = 100_000

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_CODES: Final = frozenset({"bpt", "ept", "ph", "it", "ut"})


class InvalidTmx(BadRequest):
    """The file is no TMX that can be read; the text says why."""

    code = "invalid_tmx"
    title = "Invalid TMX"


class Units(Struct, frozen=True):
    """What a file holds: translations by target language, by source.

    `skipped` counts the units without a source or a translation that can be used.
    """

    source_language: str
    units: dict[str, dict[str, str]]
    skipped: int


def read(data: bytes) -> Units:
    """Return the units of a file; of a source that comes twice, the last translation counts.

    The source language is that of the header or, if it names none, of the first unit. Raises
    InvalidTmx.
    """
    source_language: str | None = None
    units: dict[str, dict[str, str]] = {}
    skipped = 0
    try:
        events = etree.iterparse(
            io.BytesIO(data),
            events=("start", "end"),
            tag=("tmx", "header", "tu"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        is_tmx = False
        for event, element in events:
            if element.tag == "tmx":
                is_tmx = True
            elif event == "start":
                continue
            elif element.tag == "header":
                source_language = _root(element.get("srclang"))
            else:
                variants = _variants(element)
                source_language = source_language or next(map(root, variants), None)
                source, targets = _parted(variants, source_language)
                if source and targets:
                    units.setdefault(source, {}).update(targets)
                else:
                    skipped += 1
                if len(units) > SEGMENTS_MAX:
                    raise InvalidTmx(f"The file has more than {SEGMENTS_MAX} segments.")
                element.clear()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidTmx(f"The file is not well-formed XML: {error}.") from error
    if not is_tmx:
        raise InvalidTmx("The file is not TMX: its root is not <tmx>.")
    if not units or source_language is None:
        raise InvalidTmx("The file has no segment with a translation.")
    return Units(source_language, units, skipped)


def write(source_language: str, units: Iterable[tuple[str, Mapping[str, str]]]) -> bytes:
    """Return a file with these units: each a source and its translations by language."""
    out = io.BytesIO()
    header = {
        "creationtool": "Hanse",
        "creationtoolversion": "1",
        "segtype": "sentence",
        "o-tmf": "Hanse",
        "adminlang": "en",
        "srclang": source_language,
        "datatype": "plaintext",
    }
    with etree.xmlfile(out, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element("tmx", version="1.4"):
            file.write(etree.Element("header", header))
            with file.element("body"):
                for source, targets in units:
                    unit = etree.Element("tu")
                    for language, text in ((source_language, source), *targets.items()):
                        variant = etree.SubElement(unit, "tuv", {_LANG: language})
                        etree.SubElement(variant, "seg").text = text
                    file.write(unit)
    return out.getvalue()


def _root(code: str | None) -> str | None:
    found = find_code(code) if code else None
    return root(found) if found else None


def _variants(unit: Any) -> dict[str, str]:
    """Return the texts of a unit by canonical language, those that can be used."""
    variants = {}
    for variant in unit.iter("tuv"):
        code = find_code(variant.get(_LANG) or variant.get("lang") or "")
        segment = variant.find("seg")
        text = _text(segment).strip() if segment is not None else ""
        if code and text and len(text) <= SEGMENT_CHARACTERS_MAX:
            variants[code] = text
    return variants


def _text(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        # Comments and unexpanded entities have no name that is text.
        if isinstance(child.tag, str) and child.tag not in _CODES:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _parted(
    variants: Mapping[str, str], source_language: str | None
) -> tuple[str | None, dict[str, str]]:
    source = next((text for code, text in variants.items() if root(code) == source_language), None)
    targets = {code: text for code, text in variants.items() if root(code) != source_language}
    return source, targets
