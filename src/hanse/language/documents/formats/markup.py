"""Formats of tagged text: HTML, EPUB, OpenDocument and XLIFF. Mark-up is never written anew."""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from lxml import etree

from hanse.language.documents.formats import Block, InvalidFile
from hanse.language.documents.formats.archives import open_archive, read_part, rewrite
from hanse.language.documents.formats.plain import decode
from hanse.language.projection import Marked
from hanse.language.tags import TaggedText, TagOptions, TagsBroken, parse, write, write_bilingual

_BR: Final = "<br/>"
HTML: Final = TagOptions("html")
_BODY: Final = re.compile(r"(<office:body\b[^>]*>)(.*)(</office:body>)", re.DOTALL)
_OPENDOCUMENT: Final = TagOptions(
    "xml",
    "v1",
    outline_detection=False,
    splitting_tags=frozenset(
        ["text:p", "text:h", "text:line-break", "table:table-cell", "draw:frame", "text:list-item"]
    ),
    ignore_tags=frozenset(
        ["text:note", "office:annotation", "text:page-number", "text:page-count", "text:date",
         "text:time", "text:sequence", "text:bookmark-ref", "office:forms", "math:math",
         "text:tracked-changes", "draw:object"]
    ),
)  # fmt: skip
_XLIFF_UNIT: Final = re.compile(
    r"(?P<source><(?P<prefix>(?:\w+:)?)source\b[^>]*>(?P<text>.*?)</(?P=prefix)source>)"
    r"(?P<gap>\s*)(?P<target><(?P=prefix)target\b[^>]*?(?:/>|>.*?</(?P=prefix)target>))?",
    re.DOTALL,
)
_XLIFF: Final = TagOptions("xml", "v1", outline_detection=False)


def _parsed(text: str, options: TagOptions) -> TaggedText:
    try:
        return parse(text, options)
    except TagsBroken as error:
        raise InvalidFile(f"Invalid file: {error.detail}") from error


def _marked(tagged: TaggedText) -> list[Marked]:
    return [run.marked for run in tagged.runs]


def _written(tagged: TaggedText, blocks: Iterator[Block], options: TagOptions) -> str:
    own = [next(blocks) for _ in tagged.runs]
    return write(tagged, [(block.text, block.marks) for block in own], options)


def _bilingual(
    tagged: TaggedText, blocks: Iterator[Block], options: TagOptions, line_break: str
) -> str:
    own = [next(blocks) for _ in tagged.runs]
    pairs = [(block.text, block.marks) for block in own]
    return write_bilingual(tagged, pairs, options, line_break)


class _Html:
    def read(self, data: bytes) -> list[Marked]:
        return _marked(_parsed(decode(data).text, HTML))

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        decoded = decode(data)
        return decoded.encode(_written(_parsed(decoded.text, HTML), iter(blocks), HTML))

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        decoded = decode(data)
        both = _bilingual(_parsed(decoded.text, HTML), iter(blocks), HTML, _BR)
        return decoded.encode(both)


class _Archive:
    """An archive whose parts of some name are tagged text."""

    def __init__(
        self, parts: str, options: TagOptions, body: re.Pattern[str] | None, line_break: str
    ) -> None:
        self._parts = re.compile(parts)
        self._options = options
        self._body = body
        self._line_break = line_break

    def read(self, data: bytes) -> list[Marked]:
        return [
            marked
            for _, (_, text, _) in self._texts(data)
            for marked in _marked(_parsed(text, self._options))
        ]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        return self._rewritten(data, blocks, _written)

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        return self._rewritten(data, blocks, partial(_bilingual, line_break=self._line_break))

    def _rewritten(
        self,
        data: bytes,
        blocks: Sequence[Block],
        put: Callable[[TaggedText, Iterator[Block], TagOptions], str],
    ) -> bytes:
        left = iter(blocks)
        changed = {}
        for name, (before, text, after) in self._texts(data):
            done = put(_parsed(text, self._options), left, self._options)
            changed[name] = f"{before}{done}{after}".encode()
        return rewrite(data, changed)

    def _texts(self, data: bytes) -> Iterator[tuple[str, tuple[str, str, str]]]:
        with open_archive(data) as archive:
            names = [name for name in archive.namelist() if self._parts.fullmatch(name)]
            if not names:
                raise InvalidFile("Invalid file: it is not what its name says.")
            for name in names:
                raw = read_part(archive, name)
                try:
                    text = raw.removeprefix(codecs.BOM_UTF8).decode()
                except UnicodeDecodeError as error:
                    raise InvalidFile("Invalid file: it is damaged.") from error
                if self._body is None:
                    yield name, ("", text, "")
                elif found := self._body.search(text):
                    start, end = found.span(2)
                    yield name, (text[:start], text[start:end], text[end:])


class _Xliff:
    """XLIFF 1.2 and 2.x: each `source` gets a `target` behind it, in place of what stood there."""

    def read(self, data: bytes) -> list[Marked]:
        text = self._text(data)
        return [
            marked
            for unit in _XLIFF_UNIT.finditer(text)
            for marked in _marked(_parsed(unit["text"], _XLIFF))
        ]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        left = iter(blocks)

        def filled(unit: re.Match[str]) -> str:
            target = _written(_parsed(unit["text"], _XLIFF), left, _XLIFF)
            prefix = unit["prefix"]
            gap = unit["gap"] if unit["target"] else ""
            rest = "" if unit["target"] else unit["gap"]
            opening = f"<{prefix}target>"
            if unit["target"] and not unit["target"].endswith("/>"):
                opening = unit["target"][: unit["target"].index(">") + 1]
            return f"{unit['source']}{gap}{opening}{target}</{prefix}target>{rest}"

        return _XLIFF_UNIT.sub(filled, self._text(data)).encode()

    def _text(self, data: bytes) -> str:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise InvalidFile("Invalid file: it is not well-formed XML.") from error
        if etree.QName(root).localname != "xliff":
            raise InvalidFile("Invalid file: it is not XLIFF.")
        try:
            return data.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeDecodeError as error:
            raise InvalidFile("Invalid file: XLIFF must be in UTF-8.") from error


html = _Html()
xliff = _Xliff()
opendocument = _Archive(r"content\.xml", _OPENDOCUMENT, _BODY, "<text:line-break/>")
epub = _Archive(r".*\.x?html?", HTML, None, _BR)
