"""Puts an export in order: exports come in days, in pages or in no order, a log in that of time.

A temporary file holds it meanwhile, so that memory holds the rooms and people alone.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from hanse.chat.log.model import Kind
from hanse.chat.porting.cleaning import cleaned
from hanse.chat.porting.model import Entry, Item, Person, Room, Skipped

_ROWS_TOGETHER: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_SCHEMA: Final = """
pragma journal_mode = off;
pragma synchronous = off;
create table entries (
    room text not null, key text not null, kind text not null, about text, at integer not null,
    place integer primary key, files integer not null, data blob not null
);
"""
# Clocks differ: what concerns a message comes after it, whatever the time that it was given.
_ARRANGE: Final = """
create unique index entries_key on entries (room, key);
update entries set at = max(at, (
    select m.at from entries m where m.room = entries.room and m.key = entries.about
)) where kind <> 'message' and about is not null and exists (
    select 1 from entries m where m.room = entries.room and m.key = entries.about
);
create index entries_order on entries (room, at, place);
"""
_ONCE: Final = """
delete from entries where place not in (select min(place) from entries group by room, key)
"""
_DROP_STRAY: Final = """
delete from entries where kind <> 'message' and not exists (
    select 1 from entries m
    where m.room = entries.room and m.key = entries.about and m.kind = 'message'
)
"""
_ABOUT_NOTHING: Final = "edits, reactions and pins of messages that the export does not have"


class Spool:
    """An export in order. `skipped` counts what is not in it, by reason."""

    def __init__(self, path: Path) -> None:
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, Room] = {}
        self.skipped: Counter[str] = Counter()
        self._rows: list[tuple[object, ...]] = []
        self._seen = 0
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def filling(self, items: Iterable[Item]) -> Iterator[int]:
        """Take all of an export; yield now and then how many items were taken.

        Raises InvalidExport.
        """
        self._file.execute("begin")
        for count, item in enumerate(items):
            if count % _ROWS_TOGETHER == 0:
                yield count
            if isinstance(item, Person):
                self.people.setdefault(item.key, item)
            elif isinstance(item, Room):
                self.rooms.setdefault(item.key, item)
            elif isinstance(item, Skipped):
                self.skipped[item.reason] += item.count
            else:
                self._take(item)
        self._flush()
        self._file.execute(_ONCE)
        self._file.execute("commit")
        self._file.executescript(_ARRANGE)
        if stray := self._file.execute(_DROP_STRAY).rowcount:
            self.skipped[_ABOUT_NOTHING] += stray

    def _take(self, item: Entry) -> None:
        for entry in cleaned(item):
            if isinstance(entry, Skipped):
                self.skipped[entry.reason] += entry.count
                continue
            self._seen += 1
            at = (entry.at - _EPOCH) // _MICROSECOND
            self._rows.append(
                (
                    entry.room,
                    entry.key,
                    entry.kind.value,
                    entry.target or entry.thread,
                    at,
                    self._seen,
                    len(entry.files),
                    msgspec.json.encode(entry),
                )
            )
        if len(self._rows) >= _ROWS_TOGETHER:
            self._flush()

    def _flush(self) -> None:
        self._file.executemany("insert into entries values (?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
        self._rows.clear()

    def counts(self, room: str) -> Counter[str]:
        """How many events of each kind a room has, `thread` for replies and `file` for files."""
        counts: Counter[str] = Counter()
        rows = self._file.execute(
            "select kind, count(*), sum(files), count(about) from entries where room = ?"
            " group by kind",
            (room,),
        )
        for kind, count, files, about in rows:
            counts[kind] = count
            if kind == Kind.MESSAGE:
                counts["file"], counts["thread"] = files, about
        return counts

    def senders(self, room: str) -> set[str]:
        """Who did something in a room."""
        rows = self._file.execute(
            "select distinct json_extract(cast(data as text), '$.sender') from entries"
            " where room = ?",
            (room,),
        )
        return {row[0] for row in rows}

    def entries(self, room: str) -> Iterator[Entry]:
        """The events of a room in the order of time; `at` is when each is to have been."""
        rows = self._file.execute(
            "select at, data from entries where room = ? order by at, place", (room,)
        )
        for at, data in rows:
            entry = msgspec.json.decode(data, type=Entry)
            yield msgspec.structs.replace(entry, at=_EPOCH + at * _MICROSECOND)
