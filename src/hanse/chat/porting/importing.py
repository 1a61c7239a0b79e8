"""Brings an export into an organisation: at once or in parts, and as often as one likes.

Each batch is a transaction, and each event has a key that follows from the export, so that a run
that was cut off at any moment is followed by one that finds what is there and goes on.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.files.examining import FileRules
from hanse.chat.log import store as log_store
from hanse.chat.log.append import write
from hanse.chat.log.model import Draft, Kind
from hanse.chat.porting import mattermost, own, slack, store, zulip
from hanse.chat.porting.archive import Archive
from hanse.chat.porting.attaching import Attaching
from hanse.chat.porting.drafting import DEVICE, client_key, events_of
from hanse.chat.porting.indexing import announce_stretches
from hanse.chat.porting.model import Entry, InvalidExport, Source
from hanse.chat.porting.people import Cast, matched
from hanse.chat.porting.planning import Fate, Report, RoomPlan, planned
from hanse.chat.porting.rooms import finish_room, make_room
from hanse.chat.porting.spool import Spool
from hanse.identity import Access, Permission
from hanse.platform.database import Db, Tx
from hanse.platform.problems import Conflict

EVENTS_TOGETHER: Final = 500
FORMATS: Final = {
    "slack": slack.recognised,
    "mattermost": mattermost.recognised,
    "zulip": zulip.recognised,
    "hanse": own.recognised,
}


class Progress(Struct, frozen=True):
    """How far an import is: events that stand in the log now, of all, in so many rooms."""

    room: str
    done: int
    total: int


class NoOwner(Conflict):
    """Nobody is there to own what is brought in."""

    code = "no_owner"
    title = "No owner"


def recognise(archive: Archive, format: str | None = None) -> Source:
    """Return the export in an archive, of a format if one is named. Raises InvalidExport."""
    for name, recognised in FORMATS.items():
        if format in (None, name) and (source := recognised(archive)):
            return source
    wanted = format or "Slack, Mattermost, Zulip or Hanse"
    raise InvalidExport(f"This is no export of {wanted}: it has none of the files of one.")


class Import:
    """One run over one export. `rules` are those for files of the chat."""

    def __init__(
        self,
        db: Db,
        access: Access,
        archive: Archive,
        source: Source,
        spool: Spool,
        rules: FileRules,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._db = db
        self._access = access
        self._source = source
        self._spool = spool
        self._attaching = Attaching(archive, rules)
        self._tell = tell
        self._done = 0
        self._total = 0

    async def plan(self) -> Report:
        """Read the export and say what it makes; nothing is written. Raises InvalidExport."""
        self._access.require(Permission.PEOPLE_WRITE, Permission.CHAT_CHANNELS)
        for _ in self._spool.filling(self._source.read()):
            await asyncio.sleep(0)  # so that an interruption is heard
        people = self._spool.people
        async with self._tx() as tx:
            here = await matched(tx, self._source.name, people)
            known = await store.known_rooms(tx, self._source.name, list(self._spool.rooms))
        plans = []
        for room in self._spool.rooms.values():
            counts = self._spool.counts(room.key)
            plan = planned(room, people, here.keys(), counts, is_known=room.key in known)
            if plan.fate is Fate.UNSEEN:
                self._spool.skipped["events of rooms in which nobody here was"] += sum(
                    counts[each.value] for each in Kind
                )
            plans.append(plan)
        shown = [each for each in plans if each.fate is not Fate.UNSEEN]
        acting = {who for each in shown for who in self._spool.senders(each.room.key)}
        acting |= {who for each in shown if each.fate is Fate.DIRECT for who in each.members}
        return Report(
            source=self._source.name,
            rooms=plans,
            matched=here,
            departed=len(acting - here.keys()),
            skipped=self._spool.skipped,
        )

    async def run(self) -> Report:
        """Bring everything in. Raises InvalidExport, NoOwner, MissingScope."""
        report = await self.plan()
        rooms = [each for each in report.rooms if each.fate is not Fate.UNSEEN]
        self._total = sum(each.counts[kind.value] for each in rooms for kind in Kind)
        async with self._tx() as tx:
            owners = await identity.owner_ids(tx, 1)
            if not owners:
                raise NoOwner("Add a person who is an owner of the organisation first.")
            await self._note(tx, "chat.import_started", report)
        cast = Cast(self._source.name, self._spool.people, report.matched)
        for each in rooms:
            await self._room(each, cast, owners[0])
        report = Report(
            source=report.source,
            rooms=report.rooms,
            matched=report.matched,
            departed=cast.departed,
            skipped=self._spool.skipped + self._attaching.skipped,
        )
        async with self._tx() as tx:
            await self._note(tx, "chat.import_finished", report)
        return report

    def _tx(self) -> AbstractAsyncContextManager[Tx]:
        return self._db.tx(self._access.organisation_id, self._access.person_id)

    async def _note(self, tx: Tx, action: str, report: Report) -> None:
        totals = report.totals()
        await identity.record(
            tx,
            self._access,
            action,
            source=report.source,
            rooms=sum(each.fate is not Fate.UNSEEN for each in report.rooms),
            messages=totals[Kind.MESSAGE.value],
        )

    async def _room(self, plan: RoomPlan, cast: Cast, owner: UUID) -> None:
        room = plan.room
        entries = self._spool.entries(room.key)
        first = next(entries, None)
        async with self._tx() as tx:
            room_id = await make_room(
                tx, self._access, self._source.name, plan, cast, owner, first.at if first else None
            )
        numbers: dict[str, int] = {}
        rest: Iterable[Entry] = entries
        batch = [first, *islice(rest, EVENTS_TOGETHER - 1)] if first else []
        while batch:
            async with self._tx() as tx:
                found = await self._append(tx, room_id, batch, numbers, cast)
            numbers |= found
            self._done += len(batch)
            self._tell(Progress(plan.name, self._done, self._total))
            batch = list(islice(rest, EVENTS_TOGETHER))
        async with self._tx() as tx:
            await finish_room(tx, room_id, is_archived=room.is_archived)

    async def _append(
        self,
        tx: Tx,
        room_id: UUID,
        batch: Sequence[Entry],
        numbers: dict[str, int],
        cast: Cast,
    ) -> dict[str, int]:
        """Append what is new of a batch; return the numbers of its messages."""
        heads = await log_store.lock_heads(tx, [room_id])
        head = heads[room_id]
        keys = {each.sender for each in batch}
        keys |= {who for each in batch for who in each.mentions if cast.is_here(who)}
        ids = await cast.ids(tx, self._access, keys)
        known = await log_store.known(tx, [_draft(room_id, ids[e.sender], e) for e in batch])
        new = [entry for entry, fact in zip(batch, known, strict=True) if fact.known_number is None]
        found = {
            entry.key: fact.known_number
            for entry, fact in zip(batch, known, strict=True)
            if fact.known_number is not None and entry.kind is Kind.MESSAGE
        }
        files = await self._attaching.attach(tx, room_id, ids, new)
        at, now = await store.last_at(tx, room_id), datetime.now(UTC)
        events = events_of(room_id, head, at, new, ids, numbers | found, files, now)
        if events:
            await write(tx, events, {})
            await store.read_along(tx, room_id, head.head)
            await announce_stretches(tx, room_id, events[0].number, events[-1].number)
        added = {each.client_key: each.number for each in events if each.kind is Kind.MESSAGE}
        mine = {client_key(each): each.key for each in new if each.kind is Kind.MESSAGE}
        return found | {mine[key]: number for key, number in added.items()}


def _draft(room_id: UUID, sender: UUID, entry: Entry) -> Draft:
    return Draft(
        room_id=room_id,
        sender_id=sender,
        device=DEVICE,
        client_key=client_key(entry),
        kind=entry.kind,
    )
