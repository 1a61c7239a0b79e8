"""What a file is, by its content, and how a browser may show it. Pure.

What somebody says that a file is counts for nothing: a name can lie, and a browser that believes it
would run a stranger's script from our own address.
"""

import codecs
import unicodedata
from pathlib import PurePath
from typing import Final
from urllib.parse import quote

import puremagic

NAME_CHARACTERS_MAX: Final = 200
HEAD_BYTES: Final = 8 * 1024
"""What is looked at to recognise a file."""

TEXT: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"
PDF: Final = "application/pdf"
IMAGES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
"""By the names that Pillow has for them."""

_SOUNDS: Final = {
    "audio/mpeg": "audio/mpeg",
    "audio/flac": "audio/flac",
    "application/ogg": "audio/ogg",
    "audio/ogg": "audio/ogg",
    "audio/x-opus+ogg": "audio/ogg",
    "audio/wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/mp4": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "video/mp4": "video/mp4",
    "video/webm": "video/webm",
    "video/ogg": "video/ogg",
}
_SUFFIXES: Final = {
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
}
"""What is meant where one form holds either sound or pictures."""
SHOWN: Final = frozenset({*IMAGES.values(), *_SOUNDS.values(), PDF, TEXT})
"""What is shown in a browser; everything else is saved."""

_PACKED: Final = ("application/vnd.", "application/zip", "application/gzip", "application/x-7z")
"""Types that are told to clients and never shown."""
_DRAWN: Final = frozenset({*IMAGES.values(), PDF})
_TEXT_CONTROLS: Final = frozenset("\t\n\r\f\x1b")

# A page of our own address on which nothing runs, loads or is sent. The viewer of a browser for
# PDFs does not work in a sandbox; it brings one of its own.
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_POLICY: Final = f"{_NOTHING}; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox"
_PDF_POLICY: Final = f"{_NOTHING}; style-src 'unsafe-inline'; object-src 'self'"


def clean_name(name: str) -> str:
    """Return the name of a file without folders and without what makes it look like another."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # Controls and formats, among them those that turn the direction of writing around.
    kept = "".join(each for each in name if unicodedata.category(each) not in _INVISIBLE).strip()
    stem, suffix = PurePath(kept).stem, PurePath(kept).suffix
    if len(kept) > NAME_CHARACTERS_MAX and len(suffix) < 20:
        kept = stem[: NAME_CHARACTERS_MAX - len(suffix)] + suffix
    kept = kept[:NAME_CHARACTERS_MAX].strip()
    return kept if kept.strip(".") else "file"


_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class TextCheck:
    """Tells whether a file is text in UTF-8, as it comes in."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.is_text = True

    def feed(self, data: bytes, *, is_last: bool = False) -> None:
        """Look at the next bytes."""
        if not self.is_text:
            return
        try:
            text = self._decoder.decode(data, is_last)
        except UnicodeDecodeError:
            self.is_text = False
            return
        controls = set(text) & _CONTROLS
        self.is_text = controls <= _TEXT_CONTROLS


_CONTROLS: Final = frozenset(map(chr, range(32)))


def recognised(head: bytes, name: str, *, is_text: bool) -> str:
    """Return the media type of a file by its first bytes; `name` only chooses among candidates.

    An image or PDF is one only if it can be drawn: see `is_drawn`.
    """
    suffix = PurePath(name).suffix.lower()
    candidates = _candidates(head)
    drawn = [each for each, _ in candidates if each in _DRAWN]
    if drawn:
        return drawn[0]
    if is_text:
        return TEXT
    sounds = [_SOUNDS[each] for each, _ in candidates if each in _SOUNDS]
    if sounds:
        meant = _SUFFIXES.get(suffix, "")
        return meant if meant.partition("/")[2] == sounds[0].partition("/")[2] else sounds[0]
    packed = [each for each, end in candidates if end == suffix and each.startswith(_PACKED)]
    return packed[0] if packed else UNKNOWN


def _candidates(head: bytes) -> list[tuple[str, str]]:
    """The likeliest media types with their suffixes, all equally likely."""
    try:
        found = [each for each in puremagic.magic_string(head) if each.mime_type]
    except (puremagic.PureError, ValueError):
        return []
    most = max((each.confidence for each in found), default=0.0)
    return [(each.mime_type, each.extension) for each in found if each.confidence == most]


def is_drawn(media_type: str) -> bool:
    """Tell whether a file of this type gets a thumbnail."""
    return media_type in _DRAWN


def download_headers(name: str, media_type: str, *, saved: bool = False) -> dict[str, str]:
    """Return the headers with which a file is served: no script of it runs from our address.

    The framework adds the charset of text, which is UTF-8.

    `saved` asks for a download even of what could be shown.
    """
    shown = media_type in SHOWN
    plain = "".join(each if " " <= each < "\x7f" and each not in '"\\%' else "_" for each in name)
    how = "inline" if shown and not saved else "attachment"
    return {
        "Content-Type": media_type if shown else UNKNOWN,
        "Content-Disposition": (
            f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        ),
        "Content-Security-Policy": _PDF_POLICY if media_type == PDF else _POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
