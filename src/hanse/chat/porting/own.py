"""Reads our own export: see `writing`, which makes it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.chat.porting.archive import Archive, decoded, document, lines
from hanse.chat.porting.model import (
    FORMAT,
    VERSION,
    Entry,
    InvalidExport,
    Item,
    Person,
    Room,
    Source,
)

HEAD: Final = "hanse.json"
PEOPLE: Final = "people.jsonl"
ROOMS: Final = "rooms.jsonl"
_LOG: Final = re.compile(r"rooms/[0-9a-f-]{36}\.jsonl")


class Head(Struct, frozen=True, kw_only=True):
    """What an export is of; `source` is the organisation's id."""

    format: str
    version: int
    source: str
    organisation: str
    exported_at: datetime


def recognised(archive: Archive) -> Source | None:
    """Return the export in an archive; None if it is none of ours. Raises InvalidExport."""
    if archive.size(HEAD) is None:
        return None
    head = document(archive, HEAD, Head)
    if head.format != FORMAT or head.version != VERSION:
        raise InvalidExport(f"{HEAD} has {head.format} {head.version}; this reads {VERSION}.")
    return Source(f"hanse:{head.source}", lambda: _items(archive))


def _items(archive: Archive) -> Iterator[Item]:
    for number, line in lines(archive, PEOPLE):
        person: Person = decoded(line, Person, f"{PEOPLE}, line {number}")
        yield person
    for number, line in lines(archive, ROOMS):
        room: Room = decoded(line, Room, f"{ROOMS}, line {number}")
        yield room
    for name in archive.names():
        if _LOG.fullmatch(name):
            for number, line in lines(archive, name):
                entry: Entry = decoded(line, Entry, f"{name}, line {number}")
                yield entry
