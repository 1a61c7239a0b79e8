"""What a client may ask for over its socket."""

import asyncio
import time
from typing import Final
from uuid import UUID

from hanse.chat import whispers
from hanse.chat.drafts import draft_of
from hanse.chat.gateway import frames
from hanse.chat.gateway.connection import (
    RESTART,
    REVOKED,
    ROOMS_MAX,
    UNAUTHENTICATED,
    Connection,
    TooBusy,
)
from hanse.chat.gateway.frames import FromClient
from hanse.chat.gateway.hub import Hub
from hanse.chat.log.appender import Appender
from hanse.chat.reading import languages_of
from hanse.chat.rooms import service, store
from hanse.chat.rooms.acquaintance import known_to, sees_everybody
from hanse.chat.rooms.service import may_browse
from hanse.chat.tickets import Credentials, Tickets
from hanse.identity import Access, Authenticator, Permission
from hanse.platform.database import DatabaseUnavailable
from hanse.platform.http import RateLimits
from hanse.platform.problems import Forbidden, Problem, Unauthenticated
from hanse.platform.telemetry import log

TYPING_EVERY_S: Final = 2.0
HEARTBEAT_S: Final = 15.0
LOOKED_UP_AT_ONCE: Final = 4
"""Sockets whose owners and rooms are asked for at a time. After a restart all of them come at once,
and what those do that are there already must not wait behind them."""


class Operations:
    """Does what clients ask for; `per_minute` bounds what each caller sends, 0 for no limit."""

    def __init__(
        self,
        hub: Hub,
        authenticator: Authenticator,
        appender: Appender,
        tickets: Tickets,
        limits: RateLimits,
        per_minute: int,
    ) -> None:
        self._hub = hub
        self._authenticator = authenticator
        self._appender = appender
        self._tickets = tickets
        self._limits = limits
        self._per_minute = per_minute
        self._looking_up = asyncio.Semaphore(LOOKED_UP_AT_ONCE)
        self._typed: dict[tuple[Connection, UUID], float] = {}

    async def access_of(self, credentials: Credentials) -> Access:
        """Return who has these credentials and may use the chat.

        Raises WrongCredentials, MissingScope, DatabaseUnavailable.
        """
        access = await self._authenticator.access(
            method="GET",
            authorization=credentials.authorization,
            session_token=credentials.session_token,
            origin=None,
            fetch_site=None,
            host=None,
        )
        access.require(Permission.CHAT_READ)
        return access

    async def enter(self, connection: Connection, credentials: Credentials) -> None:
        """Find out whose socket this is, and welcome them."""
        connection.is_entering = True
        try:
            async with self._looking_up:
                access = await self.access_of(credentials)
                async with self._hub.db.tx(access.organisation_id, access.person_id) as tx:
                    rooms = await store.room_ids_of(tx, service.actor_of(access), ROOMS_MAX)
                    languages = await languages_of(tx, access)
        except DatabaseUnavailable as problem:
            connection.say(frames.failed(problem))
            connection.close(RESTART, "try again")
            return
        except Problem as problem:
            connection.say(frames.failed(problem))
            connection.close(UNAUTHENTICATED, problem.code)
            return
        finally:
            connection.is_entering = False
        if connection.is_closed or connection.access is not None:
            return
        connection.credentials = credentials
        connection.access = access
        connection.languages = languages
        self._hub.entered(connection)
        connection.say(
            frames.Welcome(
                member_id=connection.member_id,
                rooms=rooms,
                languages=languages,
                heartbeat_s=HEARTBEAT_S,
            )
        )

    async def check_again(self, connection: Connection) -> None:
        """Let go of a socket whose owner has gone, and of rooms that are theirs no longer."""
        if connection.access is None or connection.credentials is None:
            return
        try:
            connection.access = await self.access_of(connection.credentials)
            async with self._hub.db.tx(connection.organisation_id) as tx:
                seen = await store.visible(
                    tx,
                    connection.member_id,
                    list(connection.rooms),
                    may_browse=may_browse(connection.access),
                )
                if connection.has_own_languages:
                    connection.languages = await languages_of(tx, connection.access)
        except DatabaseUnavailable:
            return
        except Problem as problem:
            connection.close(REVOKED, problem.code)
            return
        for room_id in connection.rooms.keys() - seen.keys():
            self._hub.unfollow(connection, room_id)
            connection.say(frames.Left(room_id=room_id))

    async def run(self, connection: Connection, asked: FromClient) -> None:
        """Do one thing that a client asks for, and answer."""
        try:
            await self._run(connection, asked)
        except Problem as problem:
            connection.say(frames.failed(problem, asked.id))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the edge of the process: one socket must not end the others
            log.error("chat_operation_failed", exc_info=error)
            connection.say(frames.failed(Problem("This is a mistake of ours."), asked.id))

    async def _run(self, connection: Connection, asked: FromClient) -> None:
        if isinstance(asked, frames.Hello):
            if connection.access is not None:
                raise Forbidden("This socket is somebody's already.")
            await self.enter(connection, self._tickets.take(asked.ticket))
            return
        if connection.access is None:
            raise Unauthenticated("Say hello first.")
        match asked:
            case frames.Ping():
                connection.say(frames.Pong(id=asked.id))
            case frames.Subscribe():
                await self._subscribe(connection, asked)
            case frames.Unsubscribe():
                for room_id in asked.rooms:
                    self._hub.unfollow(connection, room_id)
            case frames.Send():
                await self._send(connection, connection.access, asked)
            case frames.Read():
                await self._read(connection, connection.access, asked)
            case frames.Typing():
                await self._type(connection, asked.room_id)
            case frames.Languages():
                connection.languages = asked.languages
                connection.has_own_languages = False
            case frames.Watch():
                await self._watch(connection, connection.access, asked.member_ids)

    async def _watch(self, connection: Connection, access: Access, ids: list[UUID]) -> None:
        if not sees_everybody(access):
            async with self._looking_up, self._hub.db.tx(connection.organisation_id) as tx:
                ids = await known_to(tx, access, ids)
            if connection.is_closed:
                return
        connection.watched = set(ids)
        online = self._hub.directory.online(connection.organisation_id, ids)
        connection.say(frames.Presence(online=online, offline=[]))

    async def _subscribe(self, connection: Connection, asked: frames.Subscribe) -> None:
        assert connection.access is not None
        if len(connection.rooms.keys() | asked.rooms.keys()) > ROOMS_MAX:
            raise TooBusy(f"One socket follows up to {ROOMS_MAX} rooms.")
        async with self._looking_up, self._hub.db.tx(connection.organisation_id) as tx:
            heads = await store.visible(
                tx,
                connection.member_id,
                list(asked.rooms),
                may_browse=may_browse(connection.access),
            )
        if connection.is_closed:
            return
        gone = [each for each in asked.rooms if each not in heads]
        connection.say(frames.Subscribed(rooms=heads, gone=gone, id=asked.id))
        for room_id, head in heads.items():
            self._hub.follow(connection, room_id, head, asked.rooms[room_id])

    async def _send(self, connection: Connection, access: Access, asked: frames.Send) -> None:
        draft = draft_of(access, asked.room_id, asked.event)
        if limit := access.limit_per_minute(self._per_minute):
            await self._limits.take(access.organisation_id, access.caller, limit)
        appended = await self._appender.append(access.organisation_id, draft)
        connection.say(
            frames.Sent(
                room_id=asked.room_id,
                number=appended.number,
                is_repeat=appended.is_repeat,
                created_at=appended.created_at,
                id=asked.id,
            )
        )

    async def _read(self, connection: Connection, access: Access, asked: frames.Read) -> None:
        async with self._hub.db.tx(access.organisation_id, access.person_id) as tx:
            marker = await service.mark_read(
                tx, access, asked.room_id, asked.number, is_back=asked.is_back
            )
        connection.say(frames.Marker(room_id=asked.room_id, read_number=marker, id=asked.id))
        moved = whispers.MarkerMoved(
            access.organisation_id, asked.room_id, connection.member_id, marker
        )
        await whispers.whisper(self._hub.bus, moved)

    async def _type(self, connection: Connection, room_id: UUID) -> None:
        """Pass on that somebody writes, at most every TYPING_EVERY_S for each room."""
        key, now = (connection, room_id), time.monotonic()
        if room_id not in connection.rooms or now - self._typed.get(key, 0.0) < TYPING_EVERY_S:
            return
        self._typed[key] = now
        told = whispers.TypingNow(connection.organisation_id, room_id, connection.member_id)
        await whispers.whisper(self._hub.bus, told)

    def forget(self, now: float) -> None:
        """Drop what is no longer needed to hold typing back."""
        self._typed = {key: at for key, at in self._typed.items() if now - at < TYPING_EVERY_S}
