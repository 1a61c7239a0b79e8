"""Writes the chat of an organisation, or one room, into a zip file that people and Hanse can read.

`hanse.json` says what it is of. `people.jsonl`, `rooms.jsonl` and `rooms/<id>.jsonl` have one
Person, Room and Entry a line, as `model` describes them. `files/<id>` are the files, `index.html`
and `html/<id>.html` the same for reading. Who is in the room and what it is called are told as they
are now, and messages in the topics in which they stand now; what was deleted is left out.
"""

import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse import identity
from hanse.chat.files import store as files_store
from hanse.chat.log import store as log_store
from hanse.chat.log import topic_store
from hanse.chat.log.fold import Message, messages_of
from hanse.chat.log.model import Event, Kind, RoomRole
from hanse.chat.log.rules import NoSuchRoom
from hanse.chat.porting import own, page, store
from hanse.chat.porting.model import FORMAT, VERSION, Attached, Entry, Person, Room
from hanse.chat.porting.store import StoredRoom
from hanse.chat.rooms.model import RoomKind
from hanse.identity import Access, Permission
from hanse.platform.database import Db

_EVENTS_TOGETHER: Final = 1000
_MESSAGES_TOGETHER: Final = 200
_ROOMS_TOGETHER: Final = 100
_PEOPLE_TOGETHER: Final = 1000
_CARRIED: Final = (Kind.MESSAGE, Kind.EDIT, Kind.REACTION, Kind.PIN)


class Exported(Struct, frozen=True):
    """What an export has so far."""

    rooms: int
    events: int
    files: int


class Export:
    """One export into one file, for an operator: whoever has it reads all that is in it."""

    def __init__(
        self, db: Db, access: Access, path: Path, tell: Callable[[Exported], None] = lambda _: None
    ) -> None:
        self._db = db
        self._access = access
        self._path = path
        self._tell = tell
        self._files: list[UUID] = []
        self._rooms = 0
        self._events = 0

    async def write(self, room_id: UUID | None = None) -> Exported:
        """Write all rooms, or one. The file takes its name when it is whole, and is its
        owner's alone.

        Raises NoSuchRoom, MissingScope, OSError.
        """
        self._access.require(Permission.CHAT_READ, Permission.PEOPLE_READ)
        rooms = await self._chosen(room_id)
        async with self._db.tx(self._access.organisation_id) as tx:
            organisation = await identity.get_organisation(tx)
            await identity.record(
                tx,
                self._access,
                "chat.exported",
                "room" if room_id else None,
                room_id,
                rooms[0].name if room_id else None,
                rooms=len(rooms),
            )
        part = self._path.with_name(self._path.name + ".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                head = own.Head(
                    format=FORMAT,
                    version=VERSION,
                    source=str(organisation.id),
                    organisation=organisation.name,
                    exported_at=datetime.now(UTC),
                )
                archive.writestr(own.HEAD, msgspec.json.format(msgspec.json.encode(head)))
                await self._all(archive, rooms, organisation.name)
            part.replace(self._path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return self._told()

    def _told(self) -> Exported:
        return Exported(self._rooms, self._events, len(self._files))

    async def _chosen(self, room_id: UUID | None) -> list[StoredRoom]:
        rooms: list[StoredRoom] = []
        after = UUID(int=0)
        async with self._db.tx(self._access.organisation_id) as tx:
            while found := await store.list_rooms(tx, after, _ROOMS_TOGETHER):
                rooms += [each for each in found if room_id in (None, each.id)]
                after = found[-1].id
        if room_id and not rooms:
            raise NoSuchRoom
        return rooms

    async def _all(self, archive: zipfile.ZipFile, rooms: Sequence[StoredRoom], title: str) -> None:
        people: dict[UUID, str] = {}
        described = []
        for room in rooms:
            facts, actors = await self._facts(room)
            people |= await self._people(actors - people.keys())
            described.append((room, facts))
        await self._write_people(archive, list(people))
        with archive.open(own.ROOMS, "w") as out:
            for _, facts in described:
                out.write(msgspec.json.encode(facts) + b"\n")
        names = [(str(room.id), page.title_of(facts, people)) for room, facts in described]
        archive.writestr("index.html", page.index(title, names))
        for (room, _), (_, name) in zip(described, names, strict=True):
            await self._log(archive, room)
            await self._page(archive, room, name, people)
            self._rooms += 1
            self._tell(self._told())
        for id in self._files:
            await self._file(archive, id)

    async def _facts(self, room: StoredRoom) -> tuple[Room, set[UUID]]:
        async with self._db.tx(self._access.organisation_id) as tx:
            members = await store.members(tx, room.id)
            actors = set(await store.actor_ids(tx, room.id))
        ids = [row["member_id"] for row in members]
        facts = Room(
            key=str(room.id),
            kind=RoomKind(room.kind),
            name=room.name,
            description=room.description,
            is_public=room.is_public,
            is_archived=room.is_archived,
            created_at=room.created_at,
            members=tuple(map(str, ids)),
            owners=tuple(str(row["member_id"]) for row in members if row["role"] == RoomRole.OWNER),
        )
        return facts, actors | set(ids)

    async def _people(self, ids: set[UUID]) -> dict[UUID, str]:
        async with self._db.tx(self._access.organisation_id) as tx:
            names = await identity.names_of(tx, list(ids))
        return {each: names.get(each, str(each)) for each in sorted(ids)}

    async def _write_people(self, archive: zipfile.ZipFile, ids: Sequence[UUID]) -> None:
        with archive.open(own.PEOPLE, "w") as out:
            for start in range(0, len(ids), _PEOPLE_TOGETHER):
                some = ids[start : start + _PEOPLE_TOGETHER]
                async with self._db.tx(self._access.organisation_id) as tx:
                    found = {each.id: each for each in await identity.people_of(tx, some)}
                    names = await identity.names_of(tx, some)
                for id in some:
                    person = found.get(id)
                    is_there = person is not None and person.status is not identity.Status.REMOVED
                    email = person.email if person and is_there else None
                    line = Person(key=str(id), name=names.get(id, str(id)), email=email)
                    out.write(msgspec.json.encode(line) + b"\n")

    async def _log(self, archive: zipfile.ZipFile, room: StoredRoom) -> None:
        deleted: set[int | None] = set()
        after = 0
        with archive.open(f"rooms/{room.id}.jsonl", "w", force_zip64=True) as out:
            while after < room.head:
                count = min(_EVENTS_TOGETHER, room.head - after)
                async with self._db.tx(self._access.organisation_id) as tx:
                    events = await log_store.read_events(tx, room.id, after, count)
                    numbers = [each.number for each in events if each.kind is Kind.MESSAGE]
                    topics = await topic_store.topics_now(tx, room.id, numbers)
                after += count
                deleted |= {each.number for each in events if each.is_redacted}
                for event in events:
                    if event.kind in _CARRIED and not {event.number, event.target} & deleted:
                        out.write(
                            msgspec.json.encode(self._entry(event, topics.get(event.number)))
                            + b"\n"
                        )
                        self._events += 1

    def _entry(self, event: Event, topic: str | None) -> Entry:
        body = event.body
        self._files += [each.id for each in body.files]
        return Entry(
            room=str(event.room_id),
            key=str(event.number),
            kind=event.kind,
            at=event.created_at,
            sender=str(event.sender_id),
            text=body.text,
            topic=topic,
            thread=str(event.thread) if event.thread else None,
            target=str(event.target) if event.target else None,
            emoji=body.emoji,
            on=body.on,
            mentions=tuple(map(str, body.mentions)),
            to_all=body.to_all,
            files=tuple(Attached(name=each.name, path=f"files/{each.id}") for each in body.files),
        )

    async def _page(
        self, archive: zipfile.ZipFile, room: StoredRoom, name: str, people: dict[UUID, str]
    ) -> None:
        with archive.open(f"html/{room.id}.html", "w", force_zip64=True) as out:
            out.write(page.head(name).encode())
            async for message in self._messages(room):
                out.write(page.message(message, people).encode("utf-8", "replace"))
            out.write(page.foot().encode())

    async def _messages(self, room: StoredRoom) -> AsyncIterator[Message]:
        after = 0
        while True:
            async with self._db.tx(self._access.organisation_id) as tx:
                events = await log_store.read_messages_after(
                    tx, room.id, after, _MESSAGES_TOGETHER, None, None
                )
                numbers = [each.number for each in events]
                later = await log_store.read_about(tx, room.id, numbers)
            for message in messages_of(events, later):
                if message.number <= room.head and not message.is_deleted:
                    yield message
            if not events or numbers[-1] >= room.head:
                return
            after = numbers[-1]

    async def _file(self, archive: zipfile.ZipFile, id: UUID) -> None:
        place = 0
        with archive.open(f"files/{id}", "w", force_zip64=True) as out:
            while True:
                async with self._db.tx(self._access.organisation_id) as tx:
                    data = await files_store.read_part(tx, id, place)
                if data is None:
                    return
                out.write(data)
                place += 1
