"""The role `gateway`: sockets of clients, and what keeps them supplied."""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from picows import (
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from hanse.chat import annotations, bell, here, whispers
from hanse.chat.gateway import frames
from hanse.chat.gateway.connection import NO_HELLO, RESTART, Connection
from hanse.chat.gateway.document import JSON, MSGPACK, PATH
from hanse.chat.gateway.frames import FRAME_BYTES_MAX, Frame
from hanse.chat.gateway.hub import Hub
from hanse.chat.gateway.listener import (
    READ_BUFFER_BYTES,
    SocketListener,
    cut_if_silent,
    cut_if_slow,
)
from hanse.chat.gateway.operations import HEARTBEAT_S, Operations
from hanse.chat.gateway.presence import REPEATED_S
from hanse.chat.log.appender import Appender
from hanse.chat.tickets import Credentials, Tickets
from hanse.identity import Authenticator, Seal, session_cookie
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.http import RateLimits
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log
from hanse.platform.waiting import passed

HELLO_S: Final = 10.0
TICK_S: Final = 1.0
COMPARE_HEADS_S: Final = 2.0
CHECK_AGAIN_S: Final = 30.0
LEARNT_S: Final = 1.0
"""A gateway that begins has heard from the others by then who is there."""
SOCKETS_MAX: Final = 50_000


async def serve_gateway(
    listener: socket.socket,
    db: Db,
    bus: Bus,
    *,
    seal: Seal,
    public_url: str,
    per_minute: int,
    stop: asyncio.Event,
) -> None:
    """Serve sockets on a listening one until `stop` is set. `db` is of `hanse_app`.

    Pages of `public_url` may open sockets with a session's cookie; `per_minute` bounds what each
    caller sends. At the end every client is told to come again.
    """
    hub = Hub(db, bus)
    operations = Operations(
        hub, Authenticator(db), Appender(db, bus), Tickets(seal), RateLimits(db), per_minute
    )
    entrance = _Entrance(hub, operations, public_url)
    await bus.subscribe(bell.ALL, hub.hear)
    await bus.subscribe(whispers.SUBJECT, hub.overhear)
    await bus.subscribe(annotations.SUBJECT, hub.hear_annotation)
    server = await ws_create_server(
        entrance.admit,
        sock=listener,
        max_frame_size=FRAME_BYTES_MAX,
        read_buffer_init_size=READ_BUFFER_BYTES,
        use_aiofastnet=False,
        # With a logger itself, each socket has one of its own.
        logger_name=logging.LoggerAdapter(logging.getLogger("picows")),
    )
    log.info("gateway_listens", port=listener.getsockname()[1])
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_every(stop, TICK_S, lambda: _tick(hub, operations)))
            tasks.create_task(_every(stop, COMPARE_HEADS_S, hub.compare_heads))
            tasks.create_task(_every(stop, HEARTBEAT_S, lambda: _beat(hub)))
            tasks.create_task(_tell_who_is_here(hub, stop))
            tasks.create_task(
                _every(stop, REPEATED_S, lambda: hub.tell_who_is_here(everybody=True))
            )
    finally:
        server.close()
        for connection in list(hub.connections):
            connection.close(RESTART, "restart, and resume")
        await asyncio.sleep(0)


async def _tell_who_is_here(hub: Hub, stop: asyncio.Event) -> None:
    """Learn who is at the other gateways, and answer for all of them from then on."""
    await whispers.whisper(hub.bus, whispers.Came())
    if not await passed(stop, LEARNT_S):
        await hub.bus.subscribe(here.SUBJECT, here.answering(hub.bus, hub.present))


async def _every(stop: asyncio.Event, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while not await passed(stop, seconds):
        try:
            await work()
        except Problem as problem:
            log.debug("chat_gateway_waits", error=problem.detail)
        except Exception as error:  # the edge of the process: nothing may end the gateway
            log.error("chat_gateway_failed", exc_info=error)


async def _tick(hub: Hub, operations: Operations) -> None:
    now = time.monotonic()
    due: list[Connection] = []
    for connection in list(hub.connections):
        cut_if_slow(connection, now)
        cut_if_silent(connection, now)
        if connection.is_unknown and now - connection.opened_at > HELLO_S:
            connection.close(NO_HELLO, "say hello sooner")
        elif now - connection.checked_at > CHECK_AGAIN_S:
            connection.checked_at = now
            due.append(connection)
    hub.tell_typing()
    operations.forget(now)
    hub.tell_presence(hub.directory.forget(now))
    await hub.tell_who_is_here(everybody=False)
    if due:
        hub.start(_check(operations, due))


async def _check(operations: Operations, due: list[Connection]) -> None:
    for connection in due:
        await operations.check_again(connection)


async def _beat(hub: Hub) -> None:
    """Tell each client where the logs end that moved since the last time."""
    moved, hub.moved = hub.moved, set()
    heads: dict[Connection, dict[UUID, int]] = {}
    for room in moved:
        for connection in room.followers:
            heads.setdefault(connection, {})[room.id] = room.head
    nothing = Frame(frames.Heads(rooms={}))
    for connection in hub.connections:
        if connection.access is None or connection.paused_at is not None:
            continue
        rooms = heads.get(connection)
        connection.send(nothing if rooms is None else Frame(frames.Heads(rooms=rooms)))


class _Entrance:
    """Decides over handshakes."""

    def __init__(self, hub: Hub, operations: Operations, public_url: str) -> None:
        self._hub = hub
        self._operations = operations
        self._cookie = session_cookie(public_url)
        self._origin = urlsplit(public_url).netloc

    def admit(self, request: WSUpgradeRequest) -> Any:
        """Answer a handshake: a listener, or an error."""
        path = request.path.decode("latin-1").partition("?")[0]
        if path == "/livez":
            return _response(WSUpgradeResponse.create_ok_response(b"ok"))
        if path != PATH:
            return _response(WSUpgradeResponse.create_error_response(404))
        if len(self._hub.connections) >= SOCKETS_MAX:
            return _response(
                WSUpgradeResponse.create_error_response(503, extra_headers={"Retry-After": "5"})
            )
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = [each.strip() for each in offered.split(",")]
        chosen = next((each for each in protocols if each in (JSON, MSGPACK)), None)
        listener = SocketListener(
            self._hub,
            self._operations,
            self._credentials(request),
            is_msgpack=chosen == MSGPACK,
        )
        headers = {"Sec-WebSocket-Protocol": chosen} if chosen else {}
        return WSUpgradeResponseWithListener(
            WSUpgradeResponse.create_101_response(extra_headers=headers), listener
        )

    def _credentials(self, request: WSUpgradeRequest) -> Credentials | None:
        """Who opens the socket, if the handshake says so; else they must say hello."""
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            return Credentials(authorization, None)
        # A cookie travels by itself: only one of our own pages may use it so.
        origin = request.headers.get("Origin")
        if origin is None or urlsplit(origin).netloc != self._origin:
            return None
        try:
            cookies = SimpleCookie(request.headers.get("Cookie", ""))
        except CookieError:
            return None
        morsel = cookies.get(self._cookie)
        return None if morsel is None else Credentials(None, morsel.value)


def _response(response: WSUpgradeResponse) -> WSUpgradeResponseWithListener:
    return WSUpgradeResponseWithListener(response, None)
