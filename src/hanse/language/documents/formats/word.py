"""Office Open XML (ISO/IEC 29500): the paragraphs of docx, pptx and xlsx files.

A paragraph is a row of runs, each with its formatting. Neighbours that look alike are one; the
longest sets the look of the whole translation, and each other one is a mark that the translation
carries over. What is no text - pictures, tabs, breaks, fields, notes - is a stand-in character that
keeps its place. Only parts that have text are written anew; all other parts keep their bytes.
"""

import copy
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from lxml import etree
from msgspec import Struct

from hanse.language.documents.formats import Block, InvalidFile
from hanse.language.documents.formats.archives import open_archive, read_part, rewrite
from hanse.language.documents.formats.word_settings import without_stretched_lines
from hanse.language.projection import Marked
from hanse.language.segment import Span

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_S: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_STAND_IN: Final = 0xE000
_SETTINGS: Final = re.compile(r"word/settings\.xml")
STAND_INS_MAX: Final = 6_000

_PARAGRAPHS: Final = frozenset({f"{_W}p", f"{_A}p", f"{_S}si", f"{_S}is"})
_RUNS: Final = frozenset({f"{_W}r", f"{_A}r", f"{_S}r"})
_TEXTS: Final = frozenset({f"{_W}t", f"{_A}t", f"{_S}t"})
_PROPERTIES: Final = frozenset({f"{_W}rPr", f"{_A}rPr", f"{_S}rPr"})
_FIRST: Final = frozenset({f"{_W}pPr", f"{_A}pPr"})
_LAST: Final = frozenset({f"{_A}endParaRPr"})
_CONTAINERS: Final = frozenset({f"{_W}hyperlink", f"{_W}ins", f"{_W}smartTag"})
_ANCHORS_BEFORE: Final = frozenset({f"{_W}bookmarkStart", f"{_W}commentRangeStart"})
_ANCHORS_AFTER: Final = frozenset({f"{_W}bookmarkEnd", f"{_W}commentRangeEnd"})
_DROPPED: Final = frozenset({f"{_W}proofErr", f"{_W}lastRenderedPageBreak"})
_ONLY_ONCE: Final = frozenset(
    ["drawing", "pict", "object", "AlternateContent", "footnoteReference", "endnoteReference",
     "footnoteRef", "endnoteRef", "commentReference", "annotationRef", "br", "separator",
     "continuationSeparator", "bookmarkStart", "bookmarkEnd", "sdt", "ins", "del", "moveFrom",
     "moveTo", "permStart", "permEnd"]
)  # fmt: skip
"""What has an id, or would be seen twice."""
_CODE: Final = re.compile(
    rb"(?i)courier|consolas|menlo|lucida console|\bmono|[a-z ]mono\b"
    rb"|HTMLCode|SourceText|VerbatimChar"
)
"""Typefaces of equal widths, and the styles of code in Word, LibreOffice and pandoc."""
_NO_LOOK: Final = frozenset({f"{_W}lang", f"{_W}noProof", f"{_W}webHidden"})


class _Group(Struct):
    """Neighbouring elements of a paragraph that look alike, and their text."""

    element: Any
    look: bytes
    text: str


class _Paragraph(Struct):
    """A paragraph taken apart; `parts` are groups and, for what is no text, elements."""

    element: Any
    first: list[Any]
    before: list[Any]
    parts: list[Any]
    after: list[Any]
    last: list[Any]


class _OfficeOpenXml:
    """One of the three kinds: which parts of its archive have text."""

    def __init__(self, main: str, parts: str) -> None:
        self._main = main
        self._parts = re.compile(parts)

    def read(self, data: bytes) -> list[Marked]:
        return [_marked(each) for _, root in self._roots(data) for each in _paragraphs(root)]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        return rewrite(data, self._changed(data, blocks, _fill))

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        changed = self._changed(data, blocks, _add_translation)
        for name, root in self._roots(data, _SETTINGS):
            without_stretched_lines(root)
            changed[name] = _serialised(root)
        return rewrite(data, changed)

    def _changed(
        self, data: bytes, blocks: Sequence[Block], put: Callable[[_Paragraph, Block], None]
    ) -> dict[str, bytes]:
        left = iter(blocks)
        changed = {}
        for name, root in self._roots(data):
            # All are taken apart before any is changed: they may stand inside one another.
            found = list(_paragraphs(root))
            for paragraph in found:
                put(paragraph, next(left))
            if found:
                changed[name] = _serialised(root)
        return changed

    def _roots(
        self, data: bytes, wanted: re.Pattern[str] | None = None
    ) -> Iterator[tuple[str, Any]]:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        with open_archive(data) as archive:
            names = archive.namelist()
            if self._main not in names:
                raise InvalidFile("Invalid file: it is not what its name says.")
            for name in sorted(filter((wanted or self._parts).fullmatch, names)):
                try:
                    root = etree.fromstring(read_part(archive, name), parser)
                except (etree.XMLSyntaxError, ValueError) as error:
                    raise InvalidFile("Invalid file: it is damaged.") from error
                if etree.ElementTree(root).docinfo.internalDTD is not None:
                    raise InvalidFile("Invalid file: it declares a document type.")
                yield name, root


docx = _OfficeOpenXml(
    "word/document.xml",
    r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments|charts/chart\d+"
    r"|diagrams/data\d+)\.xml",
)
pptx = _OfficeOpenXml(
    "ppt/presentation.xml",
    r"ppt/(?:slides/slide\d+|notesSlides/notesSlide\d+|charts/chart\d+|diagrams/data\d+)\.xml",
)
xlsx = _OfficeOpenXml(
    "xl/workbook.xml",
    r"xl/(?:sharedStrings|worksheets/sheet\d+|drawings/drawing\d+|charts/chart\d+)\.xml",
)


def _serialised(root: Any) -> bytes:
    return bytes(
        etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True)
    )


def _paragraphs(root: Any) -> Iterator[_Paragraph]:
    for element in root.iter(*_PARAGRAPHS):
        paragraph = _taken_apart(element)
        if any(isinstance(part, _Group) and part.text.strip() for part in paragraph.parts):
            yield paragraph


def _taken_apart(element: Any) -> _Paragraph:
    taken = _Paragraph(element, [], [], [], [], [])
    in_field = 0
    for child in itertools.chain.from_iterable(map(_split, list(element))):
        tag = child.tag
        changes = [each.get(f"{_W}fldCharType") for each in child.iter(f"{_W}fldChar")]
        was_in_field = in_field > 0 or bool(changes)
        in_field += changes.count("begin") - changes.count("end")
        if tag in _FIRST:
            taken.first.append(child)
        elif tag in _LAST:
            taken.last.append(child)
        elif tag in _DROPPED:
            continue
        elif tag in _ANCHORS_BEFORE:
            taken.before.append(child)
        elif tag in _ANCHORS_AFTER:
            taken.after.append(child)
        elif was_in_field or not _is_text(child):
            taken.parts.append(child)
        else:
            _add(taken.parts, child)
    taken.parts = _without_code(taken.parts)
    return taken


def _without_code(parts: list[Any]) -> list[Any]:
    """Make elements, which are copied, of the groups that are code within prose.

    A paragraph that is set in such a typeface as a whole may be anything.
    """
    groups = [part for part in parts if isinstance(part, _Group)]
    code = [group for group in groups if group.text.strip() and _CODE.search(group.look)]
    if not any(group.text.strip() for group in groups if group not in code):
        return parts
    return [_like(part.element, part.text) if part in code else part for part in parts]


def _split(child: Any) -> list[Any]:
    """Put runs of one kind in the place of a run: its text, and each tab or break by itself."""
    inner = [each for each in child if each.tag not in _PROPERTIES | _DROPPED]
    texts = [each for each in inner if each.tag in _TEXTS]
    if child.tag not in _RUNS or not texts or len(texts) == len(inner):
        return [child]
    properties = [each for each in child if each.tag in _PROPERTIES]
    runs = []
    for is_text, group in itertools.groupby(inner, key=lambda each: each.tag in _TEXTS):
        for members in [list(group)] if is_text else [[each] for each in group]:
            run = etree.Element(child.tag, child.attrib, child.nsmap)
            run.extend([copy.deepcopy(each) for each in properties])
            run.extend(members)
            child.addprevious(run)
            runs.append(run)
    child.getparent().remove(child)
    return runs


def _is_text(child: Any) -> bool:
    """Say whether an element has text and nothing else that must keep its place."""
    if child.tag in _TEXTS:
        return True
    if child.tag in _RUNS:
        return all(each.tag in _TEXTS | _PROPERTIES | _DROPPED for each in child) and any(
            each.tag in _TEXTS for each in child
        )
    return child.tag in _CONTAINERS and len(child) > 0 and all(_is_text(each) for each in child)


def _add(parts: list[Any], child: Any) -> None:
    group = _Group(child, _look(child), "".join(t.text or "" for t in child.iter(*_TEXTS)))
    previous = parts[-1] if parts else None
    if isinstance(previous, _Group) and previous.look == group.look:
        previous.text += group.text
    else:
        parts.append(group)


def _look(child: Any) -> bytes:
    """Return what an element looks like; a container is like no other."""
    if child.tag in _CONTAINERS:
        return f"{child.tag} {id(child)}".encode()
    properties = [each for each in child if each.tag in _PROPERTIES]
    visible = copy.deepcopy(properties[0]) if properties else None
    if visible is None:
        return b""
    for each in list(visible):
        if each.tag in _NO_LOOK:
            visible.remove(each)
    for name in ("lang", "dirty", "err", "noProof"):
        visible.attrib.pop(name, None)
    return bytes(etree.tostring(visible)) if len(visible) or visible.attrib else b""


def _base(paragraph: _Paragraph) -> _Group:
    groups = [part for part in paragraph.parts if isinstance(part, _Group)]
    plain = [group for group in groups if group.element.tag not in _CONTAINERS]
    return max(plain or groups, key=lambda group: len(group.text))


def _marked(paragraph: _Paragraph) -> Marked:
    base = _base(paragraph)
    text = ""
    marks: list[Span] = []
    copied: list[Span] = []
    for part in paragraph.parts:
        start = len(text)
        if isinstance(part, _Group):
            text += part.text
            if part.look != base.look:
                marks.append((start, len(text)))
        elif len(copied) < STAND_INS_MAX:
            text += chr(_STAND_IN + len(copied))
            copied.append((start, len(text)))
    return Marked(text, tuple(marks), tuple(copied))


def _fill(paragraph: _Paragraph, block: Block) -> None:
    others: list[Any] = _others(paragraph)
    put: list[Any] = [*paragraph.first, *paragraph.before]
    for piece, group in _translated(paragraph, block):
        if isinstance(piece, str):
            put.append(_like(group.element, piece))
        else:
            put.append(others[piece])
            others[piece] = None
    put += [other for other in others if other is not None]
    put += [*paragraph.after, *paragraph.last]
    for child in list(paragraph.element):
        paragraph.element.remove(child)
    paragraph.element.extend(put)


def _add_translation(paragraph: _Paragraph, block: Block) -> None:
    """Put the translation behind the text, on a line of its own."""
    if block.text.strip() == _marked(paragraph).text.strip():
        return
    others = _others(paragraph)
    pieces = list(_translated(paragraph, block))
    fields = _field_parts(others)
    # A field is made of several elements, of which none may be missing.
    has_fields = [piece for piece, _ in pieces if piece in fields] == fields
    base = _base(paragraph)
    put: list[Any] = [_line_break(base.element)]
    for piece, group in pieces:
        if isinstance(piece, str):
            put.append(_like(group.element, piece))
        elif (has_fields or piece not in fields) and not _is_only_once(others[piece]):
            put.append(copy.deepcopy(others[piece]))
    for last in paragraph.last:
        paragraph.element.remove(last)
    paragraph.element.extend([*put, *paragraph.last])


def _others(paragraph: _Paragraph) -> list[Any]:
    return [part for part in paragraph.parts if not isinstance(part, _Group)]


def _translated(paragraph: _Paragraph, block: Block) -> Iterator[tuple[str | int, _Group]]:
    """Yield the texts of a translation, and the numbers of what is no text, with their look."""
    base = _base(paragraph)
    groups = [part for part in paragraph.parts if isinstance(part, _Group)]
    marked = [group for group in groups if group.look != base.look]
    count = len(paragraph.parts) - len(groups)
    for text, group in _pieces(block, marked, base):
        for piece in re.split(f"([{chr(_STAND_IN)}-{chr(_STAND_IN + STAND_INS_MAX)}])", text):
            number = ord(piece) - _STAND_IN if len(piece) == 1 else -1
            if 0 <= number < count:
                yield number, group
            elif piece:
                yield piece, group


def _field_parts(others: Sequence[Any]) -> list[int]:
    """Return which elements are parts of complex fields (17.16.18)."""
    found = []
    depth = 0
    for number, other in enumerate(others):
        changes = [each.get(f"{_W}fldCharType") for each in other.iter(f"{_W}fldChar")]
        if depth or changes:
            found.append(number)
        depth += changes.count("begin") - changes.count("end")
    return found


def _is_only_once(element: Any) -> bool:
    return any(etree.QName(each).localname in _ONLY_ONCE for each in element.iter(etree.Element))


def _line_break(like: Any) -> Any:
    """Return a run that ends the line, in the look of another."""
    run = etree.Element(f"{_W}r")
    properties = next(like.iter(f"{_W}rPr"), None)
    if properties is not None:
        run.append(copy.deepcopy(properties))
    etree.SubElement(run, f"{_W}br")
    return run


def _pieces(block: Block, marked: Sequence[_Group], base: _Group) -> Iterator[tuple[str, _Group]]:
    done = 0
    order = sorted(zip(block.marks, marked, strict=True), key=lambda pair: pair[0])
    for (start, end), group in order:
        first = max(start, done)
        if first > done:
            yield block.text[done:first], base
        if end > first:
            yield block.text[first:end], group
        done = max(done, end)
    yield block.text[done:], base


def _like(element: Any, text: str) -> Any:
    """Return a copy of a run or container with this text alone."""
    made = copy.deepcopy(element)
    made.tail = None
    texts = [made] if made.tag in _TEXTS else list(made.iter(*_TEXTS))
    for each in texts[1:]:
        each.getparent().remove(each)
    texts[0].text = text
    if texts[0].tag != f"{_A}t":
        texts[0].set(_SPACE, "preserve")
    return made
