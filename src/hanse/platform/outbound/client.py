"""An HTTP client for addresses that somebody else chose."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore
import httpx
from msgspec import Struct

from hanse.platform.outbound.addresses import ForbiddenAddress, OutboundRules, check_url

CONNECTIONS_MAX = 256
TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 64 * 1024
ADDRESSES_TRIED_MAX = 4
LOOK_UPS_MAX = 16

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Answer(Struct, frozen=True):
    """What came back: `body` has up to the limit of bytes, and `is_whole` says if that was all."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool
    duration_ms: int


class OutboundFailure(Exception):
    """No answer: the text says why, in words that may be shown to whoever chose the address."""


class OutboundClient:
    """Calls what the rules allow. Follows no redirect, knows no proxy, keeps no connection open.

    `tls` and `resolve` (from host and port to addresses) replace those of the system. Close it.
    """

    def __init__(
        self,
        rules: OutboundRules,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._rules = rules
        self._names = _Names()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=0,
            network_backend=_CheckedNetwork(rules, resolve or self._names.resolve),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._names.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Send one request; a redirect is an answer like any other.

        `timeout_s` is for all of it, from the look-up of the name to the last byte read; of the
        answer no more than `answer_bytes_max` is read. Raises ForbiddenAddress, OutboundFailure.
        """
        check_url(url, self._rules)
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._request(
                    method, url, headers or {}, body, answer_bytes_max, started
                )
        except TimeoutError as error:
            raise OutboundFailure(f"It did not answer within {timeout_s:g} s.") from error
        except (httpcore.ConnectError, OSError) as error:
            raise OutboundFailure(_reason(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise OutboundFailure(f"The connection broke off: {_words(error)}") from error
        except httpcore.UnsupportedProtocol as error:
            raise OutboundFailure("It does not speak HTTP.") from error

    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        answer_bytes_max: int,
        started: float,
    ) -> Answer:
        taken = bytearray()
        is_whole = True
        # Compressed answers are not asked for, so a small one cannot become a large one.
        sent = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        async with self._pool.stream(
            method,
            url,
            headers=[(name.encode(), value.encode()) for name, value in sent.items()],
            content=body,
        ) as response:
            async for chunk in response.aiter_stream():
                taken += chunk
                if len(taken) > answer_bytes_max:
                    del taken[answer_bytes_max:]
                    is_whole = False
                    break
        return Answer(
            response.status,
            {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            },
            bytes(taken),
            is_whole,
            round((time.monotonic() - started) * 1000),
        )


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once, checks every address, and connects to one of these.

    The name stays what TLS asks the certificate for. Nothing looks the name up a second time, so
    an answer that changes in between (DNS rebinding) changes nothing.
    """

    def __init__(self, rules: OutboundRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that takes the connection."""
        addresses = await self._checked(host.rstrip(".").lower(), port)
        failure: Exception | None = None
        for address in addresses[:ADDRESSES_TRIED_MAX]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError("The name has no address.")

    async def _checked(self, host: str, port: int) -> list[str]:
        addresses = await self._resolve(host, port)
        if not self._rules.trusts_host(host, port):
            for address in addresses:
                if not self._rules.allows(address):
                    # Which address it was is nobody's business: it tells about the inside.
                    raise ForbiddenAddress(f"{host} does not lead to a public address.")
        return addresses

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Names:
    """The system's look-up, with threads of its own: a name that hangs holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOK_UPS_MAX, thread_name_prefix="outbound-names")

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, in the order of preference. Raises OSError."""

        def look_up() -> list[Any]:
            try:
                return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except UnicodeError as error:
                raise socket.gaierror(socket.EAI_NONAME, "no name") from error

        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _reason(error: BaseException) -> str:
    """Say why there is no connection, without an address or a path of this machine."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        if cause in causes:
            break
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"Its certificate is not accepted: {cause.verify_message}."
        if isinstance(cause, ssl.SSLError):
            return "TLS does not come about there."
        if isinstance(cause, socket.gaierror):
            return "The name of the host is not known."
        if isinstance(cause, ConnectionRefusedError):
            return "The host refuses the connection."
    return "The host cannot be reached."


def _words(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
