"""Where a scheduler is, and how it is reached: one notion of address, one way to connect.

On one machine a Unix socket, which the account alone can open; between machines TCP with TLS 1.3,
where both sides show a certificate of the installation's own authority. A certificate names the
role of its holder in a URI (`spiffe://hanse/worker`), not a host: a scheduler that moves keeps it.

Worker processes import this module: `ssl` is imported only where TLS is used, asyncio nowhere.
"""

import socket as sockets
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT_S = 3.0
"""Time for a connection and its TLS handshake."""
PEER_TIMEOUT_S = 4.0
"""Time after which a peer whose machine does not answer any more is given up by the kernel."""
KEEPALIVE_S = 1


class AddressError(ValueError):
    """An address, or the certificate that it needs, is of no use; the message says what to do."""


class Role(StrEnum):
    """What a holder of a certificate may be."""

    SCHEDULER = "scheduler"
    WORKER = "worker"
    CLIENT = "client"

    @property
    def uri(self) -> str:
        """The name of this role in a certificate."""
        return f"spiffe://hanse/{self.value}"


class UnixAddress(Struct, frozen=True):
    """A Unix socket of this machine."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


class TlsAddress(Struct, frozen=True):
    """A TCP port on which TLS is spoken."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tls://{host}:{self.port}"


Address = UnixAddress | TlsAddress


def parse_address(text: str) -> Address:
    """Read `unix:/path`, `tls://host:port` or a plain path. Raises AddressError."""
    if text.startswith("tls://"):
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or port is None or parts.path or parts.username is not None:
            raise AddressError(f"'{text}' is no address like tls://host:8471.")
        return TlsAddress(host, port)
    path = text.removeprefix("unix:")
    if not path or "://" in path:
        raise AddressError(f"'{text}' is no address: it is unix:/path or tls://host:port.")
    return UnixAddress(Path(path))


class TlsFiles(Struct, frozen=True):
    """PEM files: our certificate with its key, and the authorities whose certificates we trust."""

    certificate: Path
    key: Path
    authority: Path

    def context(self, *, server: bool) -> "ssl.SSLContext":
        """Return what a side of a connection needs; both must show a certificate.

        Reads the files, so that what connects next uses what was renewed. Raises AddressError.
        """
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # The role is looked at instead (see `Connection`): certificates name no hosts.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations(self.authority)
        except (OSError, ssl.SSLError) as error:
            raise AddressError(
                f"The certificate {self.certificate} cannot be used with its key {self.key} and "
                f"the authority {self.authority}: {error}"
            ) from error
        return context


def has_role(certificate: dict[str, Any] | None, role: Role) -> bool:
    """Whether a verified certificate, as `SSLSocket.getpeercert` returns it, names this role."""
    names = (certificate or {}).get("subjectAltName", ())
    return ("URI", role.uri) in names


def needed(tls: TlsFiles | None, address: Address) -> TlsFiles:
    """Return the files, which a TLS address cannot do without. Raises AddressError."""
    if tls is None:
        raise AddressError(
            f"{address} needs a certificate: set HANSE_INFERENCE_CERTIFICATE, HANSE_INFERENCE_KEY "
            "and HANSE_INFERENCE_AUTHORITY ('hanse inference certificates' makes them)."
        )
    return tls


def watch_peer(peer: Any) -> None:
    """Let the kernel notice when the machine of a TCP peer is gone."""
    peer.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
    peer.setsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_S),
        ("TCP_KEEPCNT", round(PEER_TIMEOUT_S / KEEPALIVE_S)),
        ("TCP_USER_TIMEOUT", round(PEER_TIMEOUT_S * 1000)),
    ):
        option = getattr(sockets, name, None)  # Linux has them all
        if option is not None:
            peer.setsockopt(sockets.IPPROTO_TCP, option, value)


def connect_blocking(address: Address, tls: TlsFiles | None) -> sockets.socket:
    """Connect to a scheduler in a process without a loop. Raises OSError and AddressError."""
    if isinstance(address, UnixAddress):
        peer = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        try:
            peer.connect(str(address.path))
        except OSError:
            peer.close()
            raise
        return peer
    context = needed(tls, address).context(server=False)
    raw = sockets.create_connection((address.host, address.port), timeout=CONNECT_TIMEOUT_S)
    try:
        watch_peer(raw)
        wrapped = context.wrap_socket(raw)
    except OSError:
        raw.close()
        raise
    if not has_role(wrapped.getpeercert(), Role.SCHEDULER):
        wrapped.close()
        raise OSError(f"The certificate of {address} is not that of a scheduler.")
    # A peer that reads nothing for so long is given up, as in an event loop.
    wrapped.settimeout(PEER_TIMEOUT_S)
    return wrapped
