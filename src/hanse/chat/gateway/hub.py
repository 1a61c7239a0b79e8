"""Everything one gateway process holds: its sockets, the rooms they follow, and who is there."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from prometheus_client import Counter, Gauge

from hanse.chat import annotations, bell, whispers
from hanse.chat.gateway import frames
from hanse.chat.gateway.connection import Connection
from hanse.chat.gateway.frames import Frame
from hanse.chat.gateway.live import LiveRoom
from hanse.chat.gateway.log_reader import LogReader
from hanse.chat.gateway.presence import MEMBERS_MAX, Directory, Seen
from hanse.chat.gateway.wire import Audience
from hanse.chat.log import store
from hanse.chat.log.model import Event, Kind, at_most
from hanse.chat.translations.model import is_for
from hanse.platform.bus import Bus
from hanse.platform.database import DatabaseUnavailable, Db
from hanse.platform.ids import new_id
from hanse.platform.telemetry import log

RETRY_S: Final = 0.3
CATCH_UP_MAX: Final = 2_000
"""More missing events than this are for the client to read by pages."""
HEADS_AT_ONCE_MAX: Final = 1_000
FRAME_CHARACTERS_MAX: Final = 50_000
"""Text in one frame, if that is more than one event."""

Room = LiveRoom[Connection]

_sockets = Gauge("hanse_chat_sockets", "Open sockets of the chat.", multiprocess_mode="livesum")
_delivered = Counter("hanse_chat_deliveries_total", "Frames with events sent to sockets.")
_gaps = Counter("hanse_chat_gap_reads_total", "Times that a gap was read from the log.")


class Hub:
    """Brings what is appended to the sockets that follow."""

    def __init__(self, db: Db, bus: Bus) -> None:
        self.id = new_id()
        self.db = db
        self.bus = bus
        self.connections: set[Connection] = set()
        self.directory = Directory()
        self.reader = LogReader(db)
        self.moved: set[Room] = set()
        """Rooms whose heads the next heartbeat tells."""
        self.typing: dict[UUID, set[UUID]] = defaultdict(set)
        self._rooms: dict[UUID, Room] = {}
        self._audiences: WeakKeyDictionary[Room, tuple[Audience, int]] = WeakKeyDictionary()
        self._by_member: dict[tuple[UUID, UUID], set[Connection]] = {}
        self._came: dict[UUID, set[UUID]] = defaultdict(set)
        self._went: dict[UUID, set[UUID]] = defaultdict(set)
        self._repairs: dict[UUID, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Any) -> None:
        """Run something beside, and keep it from being collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Sockets

    def opened(self, connection: Connection) -> None:
        """A socket was opened; it belongs to nobody yet."""
        self.connections.add(connection)
        _sockets.set(len(self.connections))

    def entered(self, connection: Connection) -> None:
        """A socket is known to be somebody's."""
        key = (connection.organisation_id, connection.member_id)
        own = self._by_member.setdefault(key, set())
        own.add(connection)
        if len(own) == 1:
            self._came[key[0]].add(key[1])
            self._went[key[0]].discard(key[1])

    def closed(self, connection: Connection) -> None:
        """A socket is no more."""
        connection.is_closed = True
        self.connections.discard(connection)
        _sockets.set(len(self.connections))
        for room_id in list(connection.rooms):
            self.unfollow(connection, room_id)
        if connection.access is None:
            return
        key = (connection.organisation_id, connection.member_id)
        own = self._by_member.get(key, set())
        own.discard(connection)
        if not own:
            self._by_member.pop(key, None)
            self._went[key[0]].add(key[1])
            self._came[key[0]].discard(key[1])

    def of_member(self, organisation_id: UUID, member_id: UUID) -> Iterable[Connection]:
        """The sockets of somebody."""
        return list(self._by_member.get((organisation_id, member_id), ()))

    # Following

    def follow(self, connection: Connection, room_id: UUID, head: int, after: int | None) -> None:
        """Send a socket what follows number `after` in a room that it may read, and go on so.

        `head` is where the log was found to end.
        """
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = LiveRoom(connection.organisation_id, room_id, head)
        self.reaches(room, head)
        connection.rooms[room_id] = room
        room.discard(connection)
        after = head if after is None else after
        if after > head or head - after > CATCH_UP_MAX:
            connection.say(frames.Limited(room_id=room_id, head=head))
            after = head
        self.catch_up(connection, room, after)

    def unfollow(self, connection: Connection, room_id: UUID) -> None:
        """Send a socket no more of a room."""
        room = connection.rooms.pop(room_id, None)
        connection.behind.pop(room_id, None)
        if room is not None:
            room.discard(connection)
            room.joining.discard(connection)
            if room.is_idle:
                self._rooms.pop(room_id, None)

    def catch_up(self, connection: Connection, room: Room, after: int) -> None:
        """Bring a socket from number `after` to the room's head and let it follow from there."""
        if connection.paused_at is not None:
            connection.behind[room.id] = after
        elif after == room.head:
            room.add(connection)
        elif connection not in room.joining:
            room.joining.add(connection)
            self.start(self._catch_up(connection, room, after))

    def paused(self, connection: Connection) -> None:
        """The client does not read: nothing more is sent to it of what it follows."""
        for room_id, room in connection.rooms.items():
            if connection in room.followers:
                room.discard(connection)
                connection.behind[room_id] = room.head

    def resumed(self, connection: Connection) -> None:
        """The client reads again: go on where it stopped."""
        connection.paused_at = None
        behind, connection.behind = connection.behind, {}
        for room_id, after in behind.items():
            if room := connection.rooms.get(room_id):
                self.catch_up(connection, room, after)

    async def _catch_up(self, connection: Connection, room: Room, after: int) -> None:
        try:
            while after != room.head:
                events = await self._missing(room, after)
                if connection.is_closed or connection.rooms.get(room.id) is not room:
                    return
                while events:
                    if connection.paused_at is not None:
                        connection.behind[room.id] = after
                        return
                    some = at_most(events, FRAME_CHARACTERS_MAX)
                    connection.say(frames.Events(room_id=room.id, events=some))
                    events, after = events[len(some) :], some[-1].number
                    _delivered.inc()
            if connection.paused_at is not None:
                connection.behind[room.id] = after
            elif connection.rooms.get(room.id) is room:
                room.add(connection)
        finally:
            room.joining.discard(connection)

    async def _missing(self, room: Room, after: int) -> list[Event]:
        """Some of the events behind number `after`, none beyond the room's head."""
        if after > room.head:
            # The log was seen to be longer than what has come here; that is being read.
            await asyncio.sleep(RETRY_S / 10)
            return []
        kept = room.kept(after)
        if kept is not None:
            return kept
        try:
            events = await self.reader.read(room.organisation_id, room.id, after)
        except DatabaseUnavailable:
            await asyncio.sleep(RETRY_S)
            return []
        _gaps.inc()
        if not events:
            await asyncio.sleep(RETRY_S)
        return [each for each in events if each.number <= room.head]

    # What is appended

    async def hear(self, message: Any) -> None:
        """Take a frame of the bell."""
        try:
            frame = bell.decoded(message.data)
        except msgspec.DecodeError:
            log.warning("chat_bell_unreadable")
            return
        room = self._rooms.get(frame.room_id)
        if room is not None and room.organisation_id == frame.organisation_id:
            self._publish(room, room.heard(frame.head, frame.events))
            self.reaches(room, frame.head)
        for event in frame.events:
            if event.kind is Kind.MEMBERS:
                self._members_changed(frame.organisation_id, frame.head, event)

    def reaches(self, room: Room, head: int) -> None:
        """The log of a room reaches this number: read what is missing here."""
        room.wanted = max(room.wanted, head)
        if room.is_behind and room.id not in self._repairs:
            task = asyncio.create_task(self._repair(room))
            self._repairs[room.id] = task
            task.add_done_callback(lambda _: self._repairs.pop(room.id, None))

    async def _repair(self, room: Room) -> None:
        while room.is_behind and not room.is_idle:
            try:
                events = await self.reader.read(room.organisation_id, room.id, room.head)
            except DatabaseUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            _gaps.inc()
            if not events:
                # The log does not reach so far after all: a restored backup, or a forged frame.
                room.wanted = room.head
                return
            new = room.heard(events[-1].number, events)
            self._publish(room, new)
            for event in new:
                if event.kind is Kind.MEMBERS:
                    self._members_changed(room.organisation_id, room.head, event)

    def _publish(self, room: Room, events: Sequence[Event]) -> None:
        if not events or not room.followers:
            return
        self.moved.add(room)
        frame = Frame(frames.Events(room_id=room.id, events=list(events)))
        self._audience(room).write(frame)
        _delivered.inc(len(room.followers))

    def _audience(self, room: Room) -> Audience:
        audience, changes = self._audiences.get(room, (None, -1))
        if audience is None or changes != room.changes:
            audience = Audience(each.wire for each in room.followers)
            self._audiences[room] = audience, room.changes
        return audience

    def _members_changed(self, organisation_id: UUID, head: int, event: Event) -> None:
        for member_id in event.body.members:
            for connection in self.of_member(organisation_id, member_id):
                if event.body.role is None:
                    self.unfollow(connection, event.room_id)
                    connection.say(frames.Left(room_id=event.room_id))
                elif event.room_id not in connection.rooms:
                    connection.say(frames.Joined(room_id=event.room_id, head=head))

    async def compare_heads(self) -> None:
        """Ask the log where it ends, for the last frame of the bell may have been lost."""
        by_organisation: dict[UUID, list[Room]] = defaultdict(list)
        for room in self._rooms.values():
            by_organisation[room.organisation_id].append(room)
        for organisation_id, rooms in by_organisation.items():
            for first in range(0, len(rooms), HEADS_AT_ONCE_MAX):
                some = {room.id: room for room in rooms[first : first + HEADS_AT_ONCE_MAX]}
                async with self.db.tx(organisation_id) as tx:
                    heads = await store.read_heads(tx, list(some))
                for room_id, head in heads.items():
                    self.reaches(some[room_id], head)

    # What is whispered

    async def overhear(self, message: Any) -> None:
        """Take what gateways tell each other."""
        try:
            what = whispers.decoded(message.data)
        except msgspec.DecodeError:
            log.warning("chat_whisper_unreadable")
            return
        match what:
            case whispers.TypingNow():
                room = self._rooms.get(what.room_id)
                if room is not None and room.organisation_id == what.organisation_id:
                    self.typing[what.room_id].add(what.member_id)
            case whispers.MarkerMoved():
                told = Frame(frames.Marker(room_id=what.room_id, read_number=what.read_number))
                for each in self.of_member(what.organisation_id, what.member_id):
                    each.send(told)
            case whispers.Here():
                self.tell_presence(self.directory.heard(what.seen, time.monotonic()))
            case whispers.Came():
                await self.tell_who_is_here(everybody=True)

    def present(self, organisation_id: UUID, people: Iterable[UUID]) -> list[UUID]:
        """Return which of these people are there, here or at another gateway."""
        return [
            each
            for each in people
            if (organisation_id, each) in self._by_member
            or self.directory.is_online(organisation_id, each)
        ]

    async def hear_annotation(self, message: Any) -> None:
        """Pass on to those who follow the room what is told of a message besides the log."""
        try:
            told = annotations.decoded(message.data)
        except msgspec.DecodeError:
            log.warning("chat_annotation_unreadable")
            return
        match told:
            case annotations.Translation(_, translated):
                frame = Frame(frames.Translation(translation=translated))
                self._pass_on(
                    told.organisation_id,
                    translated.room_id,
                    frame,
                    lambda each: is_for(
                        each.languages, translated.source_language, translated.language
                    ),
                )
            case annotations.Previews(_, previewed):
                frame = Frame(frames.Previews(previewed=previewed))
                self._pass_on(told.organisation_id, previewed.room_id, frame, lambda _: True)

    def _pass_on(
        self,
        organisation_id: UUID,
        room_id: UUID,
        frame: Frame,
        wants: Callable[[Connection], bool],
    ) -> None:
        room = self._rooms.get(room_id)
        if room is None or room.organisation_id != organisation_id:
            return
        for each in room.followers:
            if each.paused_at is None and wants(each):
                each.send(frame)

    def tell_typing(self) -> None:
        """Tell who wrote since the last time, once for all of a room."""
        typing, self.typing = self.typing, defaultdict(set)
        for room_id, members in typing.items():
            room = self._rooms.get(room_id)
            if room is None:
                continue
            frame = Frame(frames.IsTyping(room_id=room_id, member_ids=sorted(members)))
            for each in room.followers:
                if members != {each.member_id} and each.paused_at is None:
                    each.send(frame)

    def tell_presence(self, changed: set[tuple[UUID, UUID]]) -> None:
        """Tell those who watch who came or went."""
        if not changed:
            return
        for connection in self.connections:
            if not connection.watched or connection.access is None:
                continue
            mine = [
                member
                for organisation, member in changed
                if organisation == connection.organisation_id and member in connection.watched
            ]
            if mine:
                online = self.directory.online(connection.organisation_id, mine)
                offline = [each for each in mine if each not in online]
                connection.say(frames.Presence(online=online, offline=offline))

    async def tell_who_is_here(self, *, everybody: bool) -> None:
        """Tell the other gateways who came and went, or all who are here."""
        came, self._came = self._came, defaultdict(set)
        went, self._went = self._went, defaultdict(set)
        if everybody:
            for organisation_id, member_id in self._by_member:
                came[organisation_id].add(member_id)
        for organisation_id in came.keys() | went.keys():
            here, gone = list(came[organisation_id]), list(went[organisation_id])
            for part, left in _parts(here, gone):
                seen = Seen(self.id, organisation_id, part, left)
                await whispers.whisper(self.bus, whispers.Here(seen))


def _parts(here: list[UUID], gone: list[UUID]) -> Iterable[tuple[list[UUID], list[UUID]]]:

    for first in range(0, max(len(here), len(gone), 1), MEMBERS_MAX):
        yield here[first : first + MEMBERS_MAX], gone[first : first + MEMBERS_MAX]
