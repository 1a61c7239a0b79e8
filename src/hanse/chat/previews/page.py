"""What an HTML page says about itself. Pure."""

import unicodedata
from typing import Final

from lxml import etree
from lxml import html as lxml_html

from hanse.chat.previews.model import Page

TITLE_CHARACTERS_MAX: Final = 200
DESCRIPTION_CHARACTERS_MAX: Final = 400
SITE_CHARACTERS_MAX: Final = 100

_TITLES: Final = ("og:title", "twitter:title")
_DESCRIPTIONS: Final = ("og:description", "twitter:description", "description")
_SITES: Final = ("og:site_name", "application-name")


def page_of(body: bytes, charset: str | None) -> Page | None:
    """Return what an HTML page says about itself; None if it has no title.

    Only words are taken: neither mark-up nor an address of the page gets to anybody.
    """
    parser = lxml_html.HTMLParser(encoding=_known(charset), no_network=True, huge_tree=False)
    try:
        root = lxml_html.document_fromstring(body, parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    meta: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or ""
        meta.setdefault(name.strip().lower(), element.get("content") or "")
    title = _first(meta, _TITLES, TITLE_CHARACTERS_MAX) or _words(
        next(("".join(map(str, each.itertext())) for each in root.iter("title")), ""),
        TITLE_CHARACTERS_MAX,
    )
    if not title:
        return None
    return Page(
        title=title,
        description=_first(meta, _DESCRIPTIONS, DESCRIPTION_CHARACTERS_MAX),
        site_name=_first(meta, _SITES, SITE_CHARACTERS_MAX),
    )


def _known(charset: str | None) -> str | None:
    if charset is None:
        return None
    try:
        "".encode(charset)
        lxml_html.HTMLParser(encoding=charset)
    except (LookupError, ValueError):
        return None
    return charset


def _first(meta: dict[str, str], names: tuple[str, ...], most: int) -> str:
    return next((words for name in names if (words := _words(meta.get(name, ""), most))), "")


def _words(text: str, most: int) -> str:
    """Text on one line, without what turns its direction or hides in it."""
    spaced = " ".join(text[: most * 20].split())
    kept = "".join(each for each in spaced if unicodedata.category(each)[0] != "C")
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"
