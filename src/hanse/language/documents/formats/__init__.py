"""File formats: what of a file is text, and how its translation is put back.

A format reads a file into blocks - texts with marks, each translated by itself - and writes the
same file again with other blocks. Both start from the bytes, so that nothing has to be kept between
them; whatever is no text comes out byte for byte as it went in.
"""

import importlib
from collections.abc import Sequence
from typing import Final, Protocol, cast

from msgspec import Struct

from hanse.language.projection import Marked
from hanse.language.segment import Span
from hanse.platform.problems import BadRequest


class InvalidFile(BadRequest):
    """The file cannot be read as what its name says; the text says why."""

    code = "invalid_file"
    title = "Invalid file"


class Block(Struct, frozen=True):
    """The translation of one block: its text, and where the marks of the source stand in it."""

    text: str
    marks: tuple[Span, ...] = ()


class Format(Protocol):
    """How one kind of file is read and written."""

    def read(self, data: bytes) -> list[Marked]:
        """Return the texts of a file, in its order. Raises InvalidFile."""
        ...

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        """Return the file with these blocks in the place of those that `read` returns."""
        ...


class BilingualFormat(Format, Protocol):
    """A format whose files can hold both languages."""

    def write_bilingual(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        """Return the file with each of these blocks behind the text that it translates.

        The translation stands on a new line of the same paragraph, so that neither numbering nor
        layout change; pictures, notes and the like stay with the original alone.
        """
        ...


class Kind(Struct, frozen=True):
    """A kind of file by its extension; `bytes_max` is the largest that is taken.

    One that `is_bilingual` can hold each paragraph with its translation.
    """

    extension: str
    media_type: str
    bytes_max: int
    path: str
    is_bilingual: bool = False


_MIB: Final = 1024 * 1024
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."
_HERE: Final = "hanse.language.documents.formats."
_KINDS: Final = (
    Kind("docx", f"{_OFFICE}wordprocessingml.document", 30 * _MIB, "word:docx", True),
    Kind("pptx", f"{_OFFICE}presentationml.presentation", 30 * _MIB, "word:pptx"),
    Kind("xlsx", f"{_OFFICE}spreadsheetml.sheet", 30 * _MIB, "word:xlsx"),
    Kind("odt", f"{_ODF}text", 30 * _MIB, "markup:opendocument", True),
    Kind("odp", f"{_ODF}presentation", 30 * _MIB, "markup:opendocument"),
    Kind("ods", f"{_ODF}spreadsheet", 30 * _MIB, "markup:opendocument"),
    Kind("epub", "application/epub+zip", 30 * _MIB, "markup:epub", True),
    Kind("html", "text/html", 5 * _MIB, "markup:html", True),
    Kind("htm", "text/html", 5 * _MIB, "markup:html", True),
    Kind("xlf", "application/xliff+xml", 10 * _MIB, "markup:xliff"),
    Kind("xliff", "application/xliff+xml", 10 * _MIB, "markup:xliff"),
    Kind("pdf", "application/pdf", 20 * _MIB, "pdf:pdf"),
    Kind("txt", "text/plain", 1 * _MIB, "plain:text", True),
    Kind("md", "text/markdown", 1 * _MIB, "markdown:markdown", True),
    Kind("srt", "application/x-subrip", 1 * _MIB, "plain:subtitles", True),
    Kind("vtt", "text/vtt", 1 * _MIB, "plain:subtitles", True),
    Kind("json", "application/json", 5 * _MIB, "plain:json_strings"),
    Kind("yaml", "application/yaml", 1 * _MIB, "strings:yaml_strings"),
    Kind("yml", "application/yaml", 1 * _MIB, "strings:yaml_strings"),
    Kind("po", "text/x-gettext-translation", 5 * _MIB, "plain:gettext"),
)
KINDS: Final = {kind.extension: kind for kind in _KINDS}
BILINGUAL_KINDS: Final = tuple(kind.extension for kind in _KINDS if kind.is_bilingual)
BYTES_MAX: Final = max(kind.bytes_max for kind in _KINDS)


def kind_of(filename: str) -> Kind:
    """Return the kind of a file by its name. Raises InvalidFile."""
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    kind = KINDS.get(extension)
    if kind is None:
        raise InvalidFile(
            f"Invalid file extension '{extension}'. These can be translated: {', '.join(KINDS)}."
        )
    return kind


def format_of(kind: Kind) -> Format:
    """Return how files of a kind are read and written."""
    module, _, name = kind.path.partition(":")
    return cast(Format, getattr(importlib.import_module(_HERE + module), name))


def bilingual_format_of(kind: Kind) -> BilingualFormat:
    """Return how files of a kind that `is_bilingual` are written with both languages."""
    assert kind.is_bilingual, "checked when the file was handed in"
    return cast(BilingualFormat, format_of(kind))
