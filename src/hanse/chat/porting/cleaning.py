"""Makes what others allow in a message into what a log takes. Pure."""

import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from hanse.chat.log.model import Kind
from hanse.chat.log.rules import (
    EMOJI_CHARACTERS_MAX,
    FILES_MAX,
    MENTIONS_MAX,
    TEXT_CHARACTERS_MAX,
    TOPIC_CHARACTERS_MAX,
)
from hanse.chat.porting.model import Entry, Skipped

_CONTROLS: Final = frozenset({"Cc", "Cs"})
_KINDS: Final = (Kind.MESSAGE, Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.PIN)


def cleaned(entry: Entry) -> Iterator[Entry | Skipped]:
    """Yield what can be appended of an entry, as several messages if it is long."""
    if entry.kind not in _KINDS or (entry.kind is not Kind.MESSAGE and not entry.target):
        yield Skipped("events of a kind that is not carried")
    elif entry.kind is Kind.REACTION:
        yield from _reaction(entry)
    elif entry.kind in (Kind.MESSAGE, Kind.EDIT):
        yield from _said(entry)
    else:
        yield entry


def plain(text: str, characters_max: int) -> str:
    """Return a text on one line, without controls, cut to a length."""
    kept = "".join(" " if unicodedata.category(each) in _CONTROLS else each for each in text)
    return " ".join(kept.split())[:characters_max].strip()


def _reaction(entry: Entry) -> Iterator[Entry | Skipped]:
    emoji = plain(entry.emoji or "", EMOJI_CHARACTERS_MAX).replace(" ", "")
    if emoji:
        yield msgspec.structs.replace(entry, emoji=emoji)
    else:
        yield Skipped("reactions without an emoji")


def _said(entry: Entry) -> Iterator[Entry | Skipped]:
    text = entry.text.replace("\0", "").replace("\r\n", "\n")
    # Half of a pair is no character, and nothing can store it.
    text = text.encode("utf-8", "replace").decode("utf-8")
    pieces = list(_pieces(text)) if text.strip() else []
    if entry.kind is Kind.EDIT:
        if not pieces:
            yield Skipped("edits that left no text")
            return
        if len(pieces) > 1:
            yield Skipped("edits that are too long (only their beginning is carried)")
        yield msgspec.structs.replace(entry, text=pieces[0], mentions=entry.mentions[:MENTIONS_MAX])
        return
    files = [entry.files[at : at + FILES_MAX] for at in range(0, len(entry.files), FILES_MAX)]
    count = max(len(pieces), len(files))
    if not count:
        yield Skipped("messages without text or files")
        return
    topic = plain(entry.topic or "", TOPIC_CHARACTERS_MAX) or None
    for place in range(count):
        yield msgspec.structs.replace(
            entry,
            key=entry.key if place == 0 else f"{entry.key}#{place + 1}",
            text=pieces[place] if place < len(pieces) else "",
            files=files[place] if place < len(files) else (),
            topic=topic,
            mentions=entry.mentions[:MENTIONS_MAX] if place == 0 else (),
            to_all=entry.to_all and place == 0,
        )


def _pieces(text: str) -> Iterator[str]:
    """Cut a text where a line or word ends, if there is such a place in the last half."""
    while len(text) > TEXT_CHARACTERS_MAX:
        end = TEXT_CHARACTERS_MAX
        for mark in ("\n", " "):
            found = text.rfind(mark, TEXT_CHARACTERS_MAX // 2, TEXT_CHARACTERS_MAX)
            if found > 0:
                end = found
                break
        if piece := text[:end].rstrip():
            yield piece
        text = text[end:]
    if text.strip():
        yield text
