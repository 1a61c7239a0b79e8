"""The roles of the chat: the gateway, which holds the sockets, and the owners of rooms."""

import asyncio
import socket
from collections.abc import Callable

from hanse.platform.telemetry import log
from hanse.server.settings import Settings

READY = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def rooms(settings: Settings, stop_event: Callable[[], asyncio.Event]) -> None:
    """Own shards of rooms: append what is sent to them, in groups, and run their programs."""
    from hanse import chat
    from hanse.platform.bus import connect_bus
    from hanse.platform.database import Db

    stop = stop_event()
    db = await Db.open(
        settings.database_url,
        size_max=settings.database_connections_max,
        application_name="hanse rooms",
    )
    bus = await connect_bus(settings.nats_url, name="hanse-rooms")
    try:
        await chat.run_rooms(db, bus, stop, settings.program_runners)
    finally:
        await bus.close()
        await db.close()


async def gateway(
    settings: Settings, fd: int | None, stop_event: Callable[[], asyncio.Event]
) -> None:
    """Serve sockets, on the listening one that the supervisor hands over or on one of our own."""
    from hanse import chat, identity
    from hanse.platform.bus import connect_bus
    from hanse.platform.database import Db
    from hanse.server.supervisor import bind

    stop = stop_event()
    listener = (
        socket.socket(fileno=fd)
        if fd is not None
        else bind(settings.host, settings.gateway_port_wanted, setting="HANSE_GATEWAY_PORT")
    )
    db = await Db.open(
        settings.database_url,
        size_max=settings.database_connections_max,
        application_name="hanse gateway",
    )
    bus = await connect_bus(settings.nats_url, name="hanse-gateway")
    try:
        await chat.serve_gateway(
            listener,
            db,
            bus,
            seal=identity.Seal(
                settings.secret_key or identity.read_or_make_key(settings.home_path)
            ),
            public_url=settings.address,
            per_minute=settings.rate_limit_per_minute,
            stop=stop,
        )
    finally:
        await bus.close()
        await db.close()
        log.info("gateway_stopped")


async def gateway_ready(settings: Settings) -> bool:
    """Whether the gateway answers."""
    reader, writer = await asyncio.open_connection(settings.host, settings.gateway_port)
    try:
        writer.write(READY)
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    finally:
        writer.close()
