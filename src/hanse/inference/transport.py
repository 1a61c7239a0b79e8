"""The asynchronous ends of `addresses`: connecting to a scheduler, and listening as one."""

import asyncio
import os
import socket as sockets
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from hanse.inference.addresses import (
    CONNECT_TIMEOUT_S,
    Address,
    Role,
    TlsAddress,
    TlsFiles,
    UnixAddress,
    has_role,
    needed,
)
from hanse.platform.process import SetupError

SOCKET_PATH_BYTES_MAX = 100
"""The kernel takes 107 bytes (unix(7)), and ".workers" must fit as well."""
BACKLOG = 128

Protocol = Callable[[], asyncio.Protocol]


async def connect(address: Address, protocol: Protocol, tls: TlsFiles | None) -> Any:
    """Connect in an event loop and return the protocol. Raises OSError and AddressError."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            if isinstance(address, UnixAddress):
                _, made = await loop.create_unix_connection(protocol, str(address.path))
            else:
                context = needed(tls, address).context(server=False)
                _, made = await loop.create_connection(
                    protocol, address.host, address.port, ssl=context
                )
    except TimeoutError as error:
        raise OSError(f"{address} does not answer.") from error
    return made


class Listener:
    """Takes connections at an address until it is closed; they outlive it."""

    def __init__(self, address: Address, server: asyncio.Server) -> None:
        self.address = address
        self._server: asyncio.Server | None = server

    @classmethod
    async def open(
        cls, address: Address, protocol: Protocol, tls: TlsFiles | None = None
    ) -> "Listener":
        """Listen; port 0 takes any free one. Raises SetupError if the address cannot be used."""
        loop = asyncio.get_running_loop()
        if isinstance(address, UnixAddress):
            bound = _bind(address.path)
            return cls(
                address, await loop.create_unix_server(protocol, sock=bound, backlog=BACKLOG)
            )
        context = needed(tls, address).context(server=True)
        try:
            server = await loop.create_server(
                protocol,
                address.host,
                address.port,
                ssl=context,
                ssl_handshake_timeout=CONNECT_TIMEOUT_S,
                backlog=BACKLOG,
                reuse_address=True,
            )
        except OSError as error:
            raise SetupError(f"{address} cannot be listened on: {error}") from error
        return cls(TlsAddress(address.host, server.sockets[0].getsockname()[1]), server)

    def close(self) -> None:
        """Take no more connections. From here on the address may be another scheduler's."""
        if self._server is not None:
            self._server.close()
            self._server = None
            if isinstance(self.address, UnixAddress):
                self.address.path.unlink(missing_ok=True)


def _bind(path: Path) -> sockets.socket:
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise SetupError(
            f"The path of the socket is too long for the kernel: {path}. Set"
            " HANSE_INFERENCE_SOCKET to a shorter one."
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        _remove_dead(path)
        listener.bind(str(path))
        # Nobody can connect before it listens.
        path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise SetupError(f"The socket {path} cannot be used: {error.strerror}.") from error
    return listener


def _remove_dead(path: Path) -> None:
    """Remove the socket of a process that is gone; leave that of one that lives."""
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise SetupError(f"Another scheduler serves {path}.")


class Switch(asyncio.Protocol):
    """Takes a TLS connection over for whom its certificate names: a worker or a client."""

    def __init__(self, worker: Protocol, client: Protocol) -> None:
        self._worker = worker
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        certificate = transport.get_extra_info("peercert")
        is_worker = has_role(certificate, Role.WORKER)
        protocol = self._worker() if is_worker else self._client()
        # A cast: the transports of uvloop are no subclass of asyncio's.
        cast("asyncio.Transport", transport).set_protocol(protocol)
        protocol.connection_made(transport)
