"""Whoever chooses an address that we call cannot thereby reach our inside."""

import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from hypothesis import given, strategies

from hanse.platform.outbound import (
    Answer,
    ForbiddenAddress,
    OutboundClient,
    OutboundFailure,
    OutboundRules,
    check_url,
    is_public,
    parse_rules,
)
from tests.receiving import Receiver, Reply, receiving

INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",  # Alibaba's metadata
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # Azure's
    "169.254.169.254",  # that of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # Oracle's
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",  # Amazon's
    "fd20:ce::254",  # Google's
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_of_an_inside_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(strategies.ip_addresses(v=4))
def test_whatever_stands_for_an_address_is_judged_as_that_one(
    address: ipaddress.IPv4Address,
) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        other = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        assert is_public(other) == is_public(address)


@given(strategies.ip_addresses())
def test_nothing_is_public_that_python_knows_as_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address) and getattr(address, "ipv4_mapped", None) is None:
        inside = address.is_private or address.is_loopback or address.is_link_local
        assert not inside
        assert not (address.is_multicast or address.is_reserved or address.is_unspecified) or (
            address in ipaddress.ip_network("64:ff9b::/96")
        )


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "//example.org",
        "example.org",
        "",
        "https://",
        "https://localhost/",
        "https://db.localhost/",
        "https://localhost./",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://user:password@example.org/",
        "https://example.org:22/",
        "https://example.org:0x50/",
        "https://example.org/#fragment",
        "https://example.org\\@127.0.0.1/",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: internal",
        "https://exämple.org/",
        "https://[::1",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_is_plainly_no_public_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        check_url(url, OutboundRules())


def test_the_operators_list_opens_hosts_ports_and_networks() -> None:
    rules = parse_rules(" hooks.intern:9000, *.corp.example,10.1.0.0/16, 192.168.0.7, [fd00::1]:90")
    assert check_url("https://hooks.intern:9000/x", rules) == ("hooks.intern", 9000)
    assert check_url("https://a.b.corp.example", rules) == ("a.b.corp.example", 443)
    assert check_url("https://10.1.2.3", rules) == ("10.1.2.3", 443)
    assert check_url("https://192.168.0.7:8443", rules) == ("192.168.0.7", 8443)
    assert check_url("https://[fd00::1]:90", rules) == ("fd00::1", 90)
    for url in ("https://hooks.intern:9001", "https://10.2.0.1", "https://192.168.0.7:9000"):
        with pytest.raises(ForbiddenAddress):
            check_url(url, rules)
    assert not rules.trusts_host("corp.example", 443)
    for wrong in ("10.1.0.0/99", "user@host", "host:port", "a/b"):
        with pytest.raises(ValueError):
            parse_rules(wrong)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def calling(
    receiver: Receiver, names: dict[str, list[str]], **more: Any
) -> AsyncIterator[tuple[OutboundClient, list[str]]]:
    """A client for which `names` are all names of the world, and those that it looked up."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return names[host]

    tls = more.pop("tls", None)
    rules = OutboundRules(
        allow_http=more.pop("allow_http", True), ports=frozenset({receiver.port}), **more
    )
    client = OutboundClient(rules, resolve=resolve, tls=tls)
    yield client, asked
    await client.close()


def networks(*names: str) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(each) for each in names)


async def test_a_name_that_leads_inside_is_not_called(receiver: Receiver) -> None:
    names = {
        "inside.example": ["127.0.0.1"],
        "half.example": ["8.8.8.8", "127.0.0.1"],
        "mapped.example": ["::ffff:127.0.0.1"],
        "2130706433": ["127.0.0.1"],  # another way to write it, as look-ups take it
    }
    before = len(receiver.received)
    async with calling(receiver, names) as (client, _):
        for host in names:
            with pytest.raises(ForbiddenAddress) as problem:
                await client.request("POST", f"http://{host}:{receiver.port}/")
            assert "127.0.0.1" not in problem.value.detail
    assert len(receiver.received) == before


async def test_the_address_that_was_checked_is_the_one_that_is_called(receiver: Receiver) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    rules = OutboundRules(
        allow_http=True, ports=frozenset({receiver.port}), networks=networks("127.0.0.2/32")
    )
    client = OutboundClient(rules, resolve=rebinding)
    url = f"http://rebinding.example:{receiver.port}/rebinding"
    assert (await client.request("POST", url)).status == 200
    with pytest.raises(ForbiddenAddress):
        await client.request("POST", url)
    await client.close()
    (request,) = receiver.at("/rebinding")
    assert request.address == "127.0.0.2"
    assert request.headers["host"] == f"rebinding.example:{receiver.port}"


async def test_redirects_are_answers_and_proxies_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    receiver.reply = lambda _request: Reply(302, (("Location", f"{receiver.url}/inside"),))
    names = {"a.example": ["127.0.0.1"]}
    async with calling(receiver, names, networks=networks("127.0.0.0/8")) as (client, _):
        answer = await client.request("POST", f"http://a.example:{receiver.port}/moved")
    assert (answer.status, answer.headers["location"]) == (302, f"{receiver.url}/inside")
    assert not receiver.at("/inside")


async def test_an_answer_is_cut_off_at_its_limits_of_size_and_time(receiver: Receiver) -> None:
    import asyncio
    import threading

    go = threading.Event()

    def reply(request: Any) -> Reply:
        if request.path == "/slow":
            go.wait(5)
        return Reply(body=b"x" * 200_000)

    receiver.reply = reply
    names = {"a.example": ["127.0.0.1"]}
    async with calling(receiver, names, networks=networks("127.0.0.0/8")) as (client, _):
        url = f"http://a.example:{receiver.port}"
        answer: Answer = await client.request("GET", f"{url}/large", answer_bytes_max=1000)
        assert (len(answer.body), answer.is_whole) == (1000, False)
        began = asyncio.get_running_loop().time()
        with pytest.raises(OutboundFailure, match=r"within 0\.3 s"):
            await client.request("GET", f"{url}/slow", timeout_s=0.3)
        assert asyncio.get_running_loop().time() - began < 2
    go.set()
    receiver.reply = lambda _request: Reply()


async def test_tls_asks_for_the_name_although_an_address_is_called() -> None:
    authority = trustme.CA()
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(theirs)
    receiver = Receiver()
    receiver.server.socket = theirs.wrap_socket(receiver.server.socket, server_side=True)
    import threading

    threading.Thread(target=receiver.server.serve_forever, args=(0.05,), daemon=True).start()
    names = {"hooks.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    async with calling(
        receiver, names, networks=networks("127.0.0.0/8"), tls=ours, allow_http=False
    ) as (client, asked):
        answer = await client.request("POST", f"https://hooks.example:{receiver.port}/")
        assert answer.status == 200
        with pytest.raises(OutboundFailure, match="certificate is not accepted"):
            await client.request("POST", f"https://other.example:{receiver.port}/")
        with pytest.raises(ForbiddenAddress, match="https"):
            await client.request("POST", f"http://hooks.example:{receiver.port}/")
    assert asked == ["hooks.example", "other.example"]
    receiver.server.shutdown()
    receiver.server.server_close()


async def test_why_there_is_no_answer_is_said_without_naming_the_inside() -> None:
    client = OutboundClient(parse_rules("127.0.0.1:1,no-such-host.invalid", allow_http=True))
    with pytest.raises(OutboundFailure, match="refuses") as failure:
        await client.request("POST", "http://127.0.0.1:1/")
    assert "127" not in str(failure.value)
    with pytest.raises(OutboundFailure, match="not known"):
        await client.request("POST", "http://no-such-host.invalid/")
    await client.close()
