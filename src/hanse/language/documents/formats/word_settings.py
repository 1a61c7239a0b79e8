"""The settings of a Word document (ISO/IEC 29500-1, 17.15). No I/O."""

from typing import Any, Final

from lxml import etree

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NOT_STRETCHED: Final = f"{_W}doNotExpandShiftReturn"
_BEFORE: Final = frozenset(
    f"{_W}{name}"
    for name in (
        "useSingleBorderforContiguousCells", "wpJustification", "noTabHangInd", "noLeading",
        "spaceForUL", "noColumnBalance", "balanceSingleByteDoubleByteWidth", "noExtraLineSpacing",
        "doNotLeaveBackslashAlone", "ulTrailSpace",
    )
)  # fmt: skip
"""What stands before it within `compat`, whose order the schema fixes."""
_AFTER_COMPAT: Final = frozenset(
    ["docVars", "rsids", "mathPr", "attachedSchema", "themeFontLang", "clrSchemeMapping",
     "doNotIncludeSubdocsInStats", "doNotAutoCompressPictures", "forceUpgrade", "captions",
     "readModeInkLockDown", "smartTagType", "schemaLibrary", "shapeDefaults",
     "doNotEmbedSmartTags", "decimalSymbol", "listSeparator", "docId", "chartTrackingRefBased"]
)  # fmt: skip


def without_stretched_lines(settings: Any) -> None:
    """Let lines that a break ends be as long as their text, also where text is justified."""
    compat = settings.find(f"{_W}compat")
    if compat is None:
        compat = etree.Element(f"{_W}compat")
        places = [
            number
            for number, child in enumerate(settings)
            if isinstance(child.tag, str) and etree.QName(child).localname in _AFTER_COMPAT
        ]
        settings.insert(places[0] if places else len(settings), compat)
    if compat.find(_NOT_STRETCHED) is None:
        place = max(
            (number + 1 for number, child in enumerate(compat) if child.tag in _BEFORE), default=0
        )
        compat.insert(place, etree.Element(_NOT_STRETCHED))
