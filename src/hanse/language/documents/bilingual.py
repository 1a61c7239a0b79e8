"""A document's texts with their translations, for translators: XLIFF and TMX. No I/O.

Inline mark-up is left out: what is written is text.
"""

from collections.abc import Sequence
from typing import Final

from lxml import etree

from hanse.language.memories import tmx

MEDIA_TYPES: Final = {
    "xlf": "application/xliff+xml",
    "xliff": "application/xliff+xml",
    "tmx": "application/x-tmx+xml",
}
"""The output formats that hold both languages."""

_XLIFF: Final = "urn:oasis:names:tc:xliff:document:1.2"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_NOT_XML: Final = {code: " " for code in range(32) if code not in (9, 10, 13)} | {
    0xFFFE: " ",
    0xFFFF: " ",
}


def write(
    output_format: str,
    filename: str,
    source_language: str,
    target_language: str,
    pairs: Sequence[tuple[str, str]],
) -> bytes:
    """Return the pairs, sources with their translations in the document's order, as a file.

    XLIFF 1.2 has each as a unit of its own; TMX 1.4b each source once.
    """
    pairs = [(source.translate(_NOT_XML), target.translate(_NOT_XML)) for source, target in pairs]
    if output_format == "tmx":
        return tmx.write(source_language, [(each, {target_language: to}) for each, to in pairs])
    # The stubs know no default namespace.
    root = etree.Element("xliff", {"version": "1.2"}, nsmap={None: _XLIFF})  # type: ignore[dict-item]
    file = etree.SubElement(
        root,
        "file",
        {
            "original": filename.translate(_NOT_XML),
            "source-language": source_language,
            "target-language": target_language,
            "datatype": "plaintext",
        },
    )
    body = etree.SubElement(file, "body")
    for number, (source, target) in enumerate(pairs, 1):
        unit = etree.SubElement(body, "trans-unit", {"id": str(number), _SPACE: "preserve"})
        etree.SubElement(unit, "source").text = source
        etree.SubElement(unit, "target", {"state": "needs-review-translation"}).text = target
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))
