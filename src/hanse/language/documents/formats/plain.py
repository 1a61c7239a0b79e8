"""Formats of plain text: text, subtitles, and the strings of JSON and gettext files."""

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import polib
from charset_normalizer import from_bytes
from msgspec import Struct

from hanse.language.documents.formats import Block, InvalidFile
from hanse.language.projection import Marked

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET: Final = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE
)
_LINE: Final = re.compile(r"[^\r\n]*\S[^\r\n]*")
_CUE: Final = re.compile(
    r"(?P<time>(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}[ \t]*-->[^\r\n]*\r?\n)"
    r"(?P<text>(?:[^\r\n]*\S[^\r\n]*(?:\r?\n|\Z))+)"
)
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?P<key>\s*:)?', re.DOTALL)


class Decoded(Struct, frozen=True):
    """A text, and how it was written."""

    text: str
    encoding: str
    bom: bytes

    def encode(self, text: str) -> bytes:
        """Return `text` as this one was written, or in UTF-8 where that cannot be."""
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.encode()


def decode(data: bytes) -> Decoded:
    """Return the text of a file of any encoding. Raises InvalidFile."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return Decoded(data.removeprefix(bom).decode(encoding), encoding, bom)
            except UnicodeDecodeError as error:
                raise InvalidFile("Invalid file: its encoding is broken.") from error
    told = _CHARSET.search(data[:2048])
    for encoding in ("utf-8", told[1].decode() if told else ""):
        try:
            if encoding and b"\0" not in data:
                return Decoded(data.decode(encoding), encoding, b"")
        except (UnicodeDecodeError, LookupError):
            continue
    best = from_bytes(data).best() if b"\0" not in data else None
    if best is None:
        raise InvalidFile("Invalid file: it is no text.")
    return Decoded(str(best), best.encoding, b"")


Spans = Callable[[str], Iterator[tuple[int, int]]]


class _Text:
    """A text of which some spans are translated."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def read(self, data: bytes) -> list[Marked]:
        text = decode(data).text
        return [Marked(text[start:end]) for start, end in self._spans(text)]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        decoded = decode(data)
        text = decoded.text
        parts = []
        done = 0
        for (start, end), block in zip(self._spans(text), blocks, strict=True):
            parts += [text[done:start], block.text]
            done = end
        return decoded.encode("".join([*parts, text[done:]]))

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        text = decode(data).text
        line_end = "\r\n" if "\r\n" in text else "\n"
        both = [
            block
            if block.text.strip() == text[start:end].strip()
            else Block(f"{text[start:end]}{line_end}{block.text}")
            for (start, end), block in zip(self._spans(text), blocks, strict=True)
        ]
        return self.write(data, both)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        yield line.span()


def _cues(text: str) -> Iterator[tuple[int, int]]:
    for cue in _CUE.finditer(text):
        start, end = cue.span("text")
        yield start, start + len(text[start:end].rstrip())


class _JsonStrings:
    """The string values of a JSON file; names of members and everything else stay."""

    def read(self, data: bytes) -> list[Marked]:
        return [Marked(json.loads(match.group())) for match in self._strings(data)[1]]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        text, strings = self._strings(data)
        parts = []
        done = 0
        for match, block in zip(strings, blocks, strict=True):
            parts += [text[done : match.start()], json.dumps(block.text, ensure_ascii=False)]
            done = match.end()
        return "".join([*parts, text[done:]]).encode()

    def _strings(self, data: bytes) -> tuple[str, list[re.Match[str]]]:
        text = decode(data).text
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidFile(f"Invalid file: it is not JSON: {error}.") from error
        found = (match for match in _JSON_STRING.finditer(text) if not match["key"])
        return text, [match for match in found if json.loads(match.group()).strip()]


class _Gettext:
    """The messages of a PO file; what is translated already is translated anew."""

    def read(self, data: bytes) -> list[Marked]:
        return [Marked(text) for entry in self._file(data) for text in self._sources(entry)]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        left = iter(blocks)
        file = self._file(data)
        for entry in file:
            texts = [next(left).text for _ in self._sources(entry)]
            if entry.msgid_plural:
                entry.msgstr_plural = {
                    number: texts[min(number, 1)]
                    for number in (entry.msgstr_plural or {0: "", 1: ""})
                }
            elif texts:
                entry.msgstr = texts[0]
            if "fuzzy" not in entry.flags:
                entry.flags.append("fuzzy")
        return str(file).encode()

    def _sources(self, entry: polib.POEntry) -> list[str]:
        return [text for text in (entry.msgid, entry.msgid_plural) if text.strip()]

    def _file(self, data: bytes) -> polib.POFile:
        try:
            file = polib.pofile(decode(data).text)
        except (OSError, ValueError) as error:
            raise InvalidFile("Invalid file: it is not a gettext catalogue.") from error
        file.metadata["Content-Type"] = "text/plain; charset=UTF-8"
        return file


text = _Text(_lines)
subtitles = _Text(_cues)
json_strings = _JsonStrings()
gettext = _Gettext()
