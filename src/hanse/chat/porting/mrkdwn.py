"""Slack's way of marking text, made into CommonMark. Pure."""

import html
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hanse.chat.porting.emojis import with_characters

_PRIVATE: Final = re.compile("[\ue000-\ue00f]")
_CODE: Final = re.compile(r"```(.*?)```|`([^`\n]+)`", re.DOTALL)
_TOKEN: Final = re.compile(r"<([^<>\n]+)>")
_BOLD: Final = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK: Final = re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])")
_HELD: Final = re.compile("\ue000([0-9]+)\ue001")
_HEADING: Final = re.compile(r"^(#{1,6})(?=\s)", re.MULTILINE)
_TO_ALL: Final = frozenset({"here", "channel", "everyone"})


class Converted(Struct, frozen=True):
    """A text in CommonMark, the keys of whom it mentions, and whether it is to all."""

    text: str
    mentions: tuple[str, ...]
    to_all: bool


def converted(text: str, people: Mapping[str, str], rooms: Mapping[str, str]) -> Converted:
    """Return what a message of Slack says; `people` and `rooms` are names by key."""
    held: list[str] = []
    mentions: dict[str, None] = {}
    to_all = False

    def hold(done: str) -> str:
        held.append(done)
        return f"\ue000{len(held) - 1}\ue001"

    def code(match: re.Match[str]) -> str:
        block, span = match[1], match[2]
        plain = html.unescape(_TOKEN.sub(_bare, block if block is not None else span))
        if block is None:
            return hold(f"`{plain}`")
        inside = plain.strip("\n")
        return hold(f"\n```\n{inside}\n```\n")

    def token(match: re.Match[str]) -> str:
        nonlocal to_all
        inside, _, label = match[1].partition("|")
        label = html.unescape(label)
        if inside.startswith("@"):
            key = inside[1:]
            mentions[key] = None
            return hold("@" + (people.get(key) or label or key))
        if inside.startswith("#"):
            return hold("#" + (label or rooms.get(inside[1:]) or inside[1:]))
        if inside.startswith("!"):
            name = inside[1:].partition("^")[0]
            to_all = to_all or name in _TO_ALL
            return hold(label or f"@{name}")
        return hold(_link(html.unescape(inside), label))

    text = _CODE.sub(code, _PRIVATE.sub("", text))
    text = html.unescape(_TOKEN.sub(token, text))
    text = _BOLD.sub("\ue002\\1\ue002", text)
    text = _STRUCK.sub("~~\\1~~", text)
    text = _HEADING.sub(r"\\\1", text.replace("*", "\\*"))
    text = with_characters(text).replace("\ue002", "**")
    # A link may hold code: what was held later is put back first.
    while _HELD.search(text):
        text = _HELD.sub(lambda match: held[int(match[1])], text)
    return Converted(text.strip("\n"), tuple(mentions), to_all)


def _bare(match: re.Match[str]) -> str:
    inside, _, label = match[1].partition("|")
    return label or inside


def _link(url: str, label: str) -> str:
    if not re.match(r"(?:https?|mailto|tel|ftp):", url):
        return label or url
    if not label or label in (url, url.removeprefix("mailto:")):
        return f"<{url}>"
    target = f"<{url}>" if re.search(r"[()\s]", url) else url
    escaped = re.sub(r"([\\\[\]])", r"\\\1", label)
    return f"[{escaped}]({target})"
