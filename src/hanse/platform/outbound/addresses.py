"""Which addresses may be called: pure rules, without a look-up.

The networks are those of IANA's special-purpose registries (RFC 6890 and its updates). They are
written out here, as what Python's `is_global` says has changed between its patch releases.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, urlsplit

from hanse.platform.problems import BadRequest

URL_CHARACTERS_MAX = 2000
PORTS_DEFAULT = frozenset({80, 443, 8080, 8443})
_DEFAULT_PORT = {"http": 80, "https": 443}

Address = IPv4Address | IPv6Address

_FORBIDDEN_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata, at a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, and a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which leads to any IPv4 address
        "3fff::/20",  # documentation
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")


LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this very machine: what goes there by http is on no wire."""


class ForbiddenAddress(BadRequest):
    """This address may not be called from here."""

    code = "forbidden_address"
    title = "Forbidden address"


class OutboundRules:
    """What the operator allows beyond https to public addresses at the usual ports.

    `hosts` are names in small letters (`*.intern.example` stands for all below it) or addresses;
    what they resolve to is not checked. `places` are such hosts with a port, which is open there.
    `networks` are addresses that count as public.
    """

    def __init__(
        self,
        *,
        allow_http: bool = False,
        ports: frozenset[int] = PORTS_DEFAULT,
        hosts: frozenset[str] = frozenset(),
        places: frozenset[tuple[str, int]] = frozenset(),
        networks: tuple[IPv4Network | IPv6Network, ...] = (),
    ) -> None:
        self.allow_http = allow_http
        self.ports = ports
        self._hosts = hosts
        self._places = places
        self._networks = networks

    def trusts_host(self, host: str, port: int) -> bool:
        """Tell whether the operator vouches for a host by its name."""
        names = _names_for(host)
        return bool(names & self._hosts) or any((name, port) in self._places for name in names)

    def opens_port(self, host: str, port: int) -> bool:
        """Tell whether a port may be called there."""
        return port in self.ports or any((name, port) in self._places for name in _names_for(host))

    def allows(self, address: str) -> bool:
        """Tell whether an address that a name has resolved to may be called."""
        found = ip_address(address)
        if any(found in network for network in self._networks if network.version == found.version):
            return True
        return is_public(found)


def parse_rules(allowed_hosts: str, *, allow_http: bool = False) -> OutboundRules:
    """Read the operator's list: hosts, `host:port`, addresses and networks, with commas between.

    Raises ValueError naming what cannot be read.
    """
    hosts, places = set[str](), set[tuple[str, int]]()
    networks: list[IPv4Network | IPv6Network] = []
    for entry in (each.strip().lower() for each in allowed_hosts.split(",")):
        if not entry:
            continue
        if "/" in entry:
            networks.append(ip_network(entry))
            continue
        host, port = _host_and_port(entry)
        if port is None:
            hosts.add(host)
        else:
            places.add((host, port))
    return OutboundRules(
        allow_http=allow_http,
        hosts=frozenset(hosts),
        places=frozenset(places),
        networks=tuple(networks),
    )


def check_url(url: str, rules: OutboundRules) -> tuple[str, int]:
    """Return the host and port of a URL that may be called, as far as its text tells.

    What its name resolves to is checked by the client, each time. Raises ForbiddenAddress.
    """
    parts, host = _split(url)
    schemes = ("https", "http") if rules.allow_http else ("https",)
    if parts.scheme not in schemes:
        raise ForbiddenAddress(f"Write an address that begins with {schemes[0]}://.")
    try:
        port = parts.port or _DEFAULT_PORT[parts.scheme]
    except ValueError as error:
        raise ForbiddenAddress("The port is none.") from error
    if not rules.opens_port(host, port):
        allowed = ", ".join(map(str, sorted(rules.ports)))
        raise ForbiddenAddress(f"Port {port} is not called from here; these are: {allowed}.")
    if not rules.trusts_host(host, port) and _is_plainly_internal(host, rules):
        raise ForbiddenAddress(f"{host} is not a public address.")
    return host, port


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet.

    An IPv6 address that stands for an IPv4 one (mapped, or NAT64's well-known prefix) is judged as
    that one. A network's own NAT64 prefix looks like any public address.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    if address.scope_id is not None:
        return False
    if address in _MAPPED or address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_V6 and not any(address in network for network in _FORBIDDEN_V6)


def _split(url: str) -> tuple[SplitResult, str]:
    if not 0 < len(url) <= URL_CHARACTERS_MAX:
        raise ForbiddenAddress(f"An address has 1 to {URL_CHARACTERS_MAX} characters.")
    if any(not 32 < ord(each) < 127 for each in url) or "\\" in url:
        raise ForbiddenAddress("Write the address in ASCII, without spaces or backslashes.")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise ForbiddenAddress("This is no address.") from error
    if not host or "%" in host:
        raise ForbiddenAddress("The address names no host.")
    if "@" in parts.netloc or parts.fragment:
        raise ForbiddenAddress("Write the address without a user, password or fragment.")
    return parts, host


def _is_plainly_internal(host: str, rules: OutboundRules) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not rules.allows(host)
    except ValueError:  # a name, not an address
        return False


def _names_for(host: str) -> set[str]:
    labels = host.split(".")
    return {host, *("*." + ".".join(labels[at:]) for at in range(1, len(labels)))}


def _host_and_port(entry: str) -> tuple[str, int | None]:
    try:
        return str(ip_address(entry)), None
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{entry}")
        if parts.hostname and parts.netloc == entry and "@" not in entry:
            return parts.hostname.rstrip("."), parts.port
    except ValueError:
        pass
    raise ValueError(f"'{entry}' is no host, host:port, address or network")
