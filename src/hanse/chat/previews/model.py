"""Links of a message, and what a page says about itself. Pure."""

import hashlib
import re
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit
from uuid import UUID

from msgspec import Struct

LINKS_MAX: Final = 3
URL_CHARACTERS_MAX: Final = 2000

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_LINK: Final = re.compile(rf"https?://[^\s<>\"'`]{{1,{URL_CHARACTERS_MAX}}}", re.IGNORECASE)
_TRAILING: Final = ".,;:!?…。，、！？"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


class LinkPreview(Struct, frozen=True, kw_only=True):
    """What the page behind a link says about itself, as text. `url` stands so in the message."""

    url: str
    title: str
    description: str = ""
    site_name: str = ""


class Previewed(Struct, frozen=True, kw_only=True):
    """The links of one `revision` of a message of which something is known, in their order."""

    room_id: UUID
    number: int
    revision: int
    previews: list[LinkPreview]


class Page(Struct, frozen=True, kw_only=True):
    """A page by its own words."""

    title: str
    description: str
    site_name: str


def links_of(text: str) -> list[str]:
    """Return the first LINKS_MAX links of a message, each once; those in code are none."""
    found: dict[str, None] = {}
    for match in _LINK.finditer(_CODE.sub(" ", text)):
        link = _trimmed(match[0])
        if is_fetched(link):
            found[link] = None
        if len(found) == LINKS_MAX:
            break
    return list(found)


def _trimmed(link: str) -> str:
    """A link without the punctuation of the sentence that it stands in."""
    while link:
        last = link[-1]
        opened = _PAIRS.get(last)
        if last not in _TRAILING and (opened is None or link.count(opened) >= link.count(last)):
            break
        link = link[:-1]
    return link


def is_fetched(link: str) -> bool:
    """Tell whether a link may be fetched at all: one with a name and password is a secret."""
    try:
        parts = urlsplit(link)
        return bool(parts.hostname) and "@" not in parts.netloc and len(link) <= URL_CHARACTERS_MAX
    except ValueError:
        return False


def url_hash(link: str) -> bytes:
    """Return the key under which a page is kept: addresses themselves may be secrets."""
    return hashlib.sha256(urldefrag(link).url.encode()).digest()


def redirected(url: str, location: str) -> str | None:
    """Return where a redirect leads; None if that may not be fetched."""
    try:
        target = urljoin(url, location)
    except ValueError:
        return None
    is_web = target.lower().startswith(("http://", "https://"))
    return urldefrag(target).url if is_web and is_fetched(target) else None
