"""Sockets: all that is appended arrives once and in order, or the client knows it did not."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hanse import identity
from hanse.chat import bell
from hanse.chat.annotations import Translation, tell
from hanse.chat.gateway.server import serve_gateway
from hanse.chat.log import store
from hanse.chat.log.appender import Appender
from hanse.chat.tickets import Credentials, Tickets
from hanse.chat.translations.model import Translated
from hanse.identity import Role, Seal
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, key_of, person_of
from tests.chat.test_append import message
from tests.eventing import going
from tests.identity.conftest import ADDRESS, House, Tenant

SECRET = "a secret of this test that is long enough"
PROTOCOLS = {False: "hanse.chat.v1+json", True: "hanse.chat.v1+msgpack"}


class Gateway:
    """A gateway in this process, and sockets to it."""

    def __init__(self, url: str, appender: Appender) -> None:
        self.url = url
        self.appender = appender
        """Rings the bell; the routes of the web application in these tests have none."""
        self.tickets = Tickets(Seal(SECRET))

    def ticket(self, person: Person) -> str:
        return self.tickets.make(
            Credentials(
                person.browser.headers.get("Authorization"),
                person.browser.cookies.get("hanse_session"),
            )
        )

    async def open(self, person: Person, *, is_msgpack: bool = False, **more: Any) -> "Socket":
        protocols = [Subprotocol(PROTOCOLS[is_msgpack])]
        wire = await connect(f"{self.url}/v1/chat/socket", subprotocols=protocols, **more)
        client = Socket(wire, is_msgpack=is_msgpack)
        await client.ask(op="hello", ticket=self.ticket(person))
        client.welcome = await client.next("welcome")
        return client


class Socket:
    """A client, written from the documentation with another library than the server's."""

    def __init__(self, wire: ClientConnection, *, is_msgpack: bool = False) -> None:
        self.wire = wire
        self.welcome: dict[str, Any] = {}
        self._is_msgpack = is_msgpack

    async def ask(self, **content: Any) -> None:
        data = msgspec.json.encode(content).decode()
        await self.wire.send(msgspec.msgpack.encode(content) if self._is_msgpack else data)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(15):
            data = await self.wire.recv()
        if self._is_msgpack:
            assert isinstance(data, bytes)
            return json.loads(msgspec.json.encode(msgspec.msgpack.decode(data)))
        return json.loads(data)

    async def next(self, op: str) -> dict[str, Any]:
        while (frame := await self.receive())["op"] != op:
            pass
        return frame

    async def numbers(self, until: int) -> list[int]:
        """The numbers of all events that come, up to one."""
        numbers: list[int] = []
        while not numbers or numbers[-1] < until:
            numbers += [each["number"] for each in (await self.next("events"))["events"]]
        return numbers

    async def subscribe(self, room: str, after: int | None = None) -> int:
        await self.ask(op="subscribe", rooms={room: after})
        return int((await self.next("subscribed"))["rooms"][room])


@pytest.fixture(scope="module")
async def gateway(house: House, bus: Bus) -> AsyncIterator[Gateway]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def run(stop: asyncio.Event) -> None:
            await serve_gateway(
                listener,
                house.db,
                bus,
                seal=Seal(SECRET),
                public_url=ADDRESS,
                per_minute=0,
                stop=stop,
            )

        async with going(run):
            yield Gateway(f"ws://127.0.0.1:{port}", Appender(house.db, bus))


async def append(gateway: Gateway, tenant: Tenant, room: str, who: Person, text: str = "x") -> int:
    return (await gateway.appender.append(tenant.id, message(room, who.id, text))).number


@pytest.mark.parametrize("is_msgpack", [False, True], ids=["json", "msgpack"])
async def test_what_is_sent_by_one_socket_arrives_at_another(
    gateway: Gateway, ana: Person, ben: Person, is_msgpack: bool
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    one = await gateway.open(ana, is_msgpack=is_msgpack)
    two = await gateway.open(ben, is_msgpack=not is_msgpack)
    assert two.welcome["member_id"] == str(ben.id)
    assert room in two.welcome["rooms"]
    for each in (one, two):
        await each.subscribe(room)
    event = {"client_key": "k", "text": "Bom dia ☀️", "mentions": [str(ben.id)]}
    for _ in range(2):
        await one.ask(op="send", id=7, room_id=room, event=event)
    sent = [await one.next("sent") for _ in range(2)]
    assert [each["is_repeat"] for each in sent] == [False, True]
    assert {(each["id"], each["number"]) for each in sent} == {(7, sent[0]["number"])}
    [got] = (await two.next("events"))["events"]
    assert (got["number"], got["body"]["text"]) == (sent[0]["number"], "Bom dia ☀️")
    await two.ask(op="read", room_id=room, number=got["number"])
    assert (await two.next("read"))["read_number"] == got["number"]
    assert await ben.unread(room) == (0, 0)


async def test_a_rule_of_the_room_refuses_over_a_socket_and_says_how_long_to_wait(
    gateway: Gateway, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    await ana.ask("PUT", f"/rooms/{room}/rules", {"slow_s": 60, "reason": "It is late."})
    socket = await gateway.open(ben)
    for id in (1, 2):
        event = {"client_key": str(id), "text": "Hello"}
        await socket.ask(op="send", id=id, room_id=room, event=event)
    assert (await socket.next("sent"))["id"] == 1
    failed = await socket.next("error")
    assert (failed["id"], failed["status"], failed["code"]) == (2, 403, "refused_by_rules")
    assert failed["detail"].startswith("Slow mode is on: write again in ")
    assert failed["detail"].endswith(" s. It is late.")
    assert 0 < failed["retry_after_s"] <= 60


async def test_a_client_resumes_from_its_last_number(
    gateway: Gateway, tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    last = 0
    for _ in range(5):
        last = await append(gateway, tenant, room, ana)
    client = await gateway.open(ben)
    assert await client.subscribe(room, last - 3) == last
    assert await client.numbers(last) == [last - 2, last - 1, last]
    await client.wire.close()
    for _ in range(90):  # more than a gateway keeps of a room
        end = await append(gateway, tenant, room, ana)
    client = await gateway.open(ben)
    await client.subscribe(room, last)
    more = await append(gateway, tenant, room, ana)
    assert await client.numbers(more) == list(range(last + 1, more + 1))
    assert more == end + 1


async def test_what_the_bell_did_not_tell_is_read_from_the_log(
    gateway: Gateway, house: House, tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    clients = [await gateway.open(who) for who in (ana, ben, ben)]
    heads = [await each.subscribe(room) for each in clients]
    silent = Appender(house.db, None)
    for _ in range(3):
        await silent.append(tenant.id, message(room, ana.id))
    heard = await append(gateway, tenant, room, ana)  # and now there is a gap before this one
    for client in clients:
        assert await client.numbers(heard) == list(range(heads[0] + 1, heard + 1))
    lost = (await silent.append(tenant.id, message(room, ana.id))).number
    for client in clients:  # nothing comes after it that would show a gap
        assert await client.numbers(lost) == [lost]


async def test_who_is_too_far_behind_is_told_to_read_by_pages(
    gateway: Gateway, ana: Person, monkeypatch: pytest.MonkeyPatch, tenant: Tenant
) -> None:
    monkeypatch.setattr("hanse.chat.gateway.hub.CATCH_UP_MAX", 5)
    room = await ana.channel()
    for _ in range(6):
        head = await append(gateway, tenant, room, ana)
    client = await gateway.open(ana)
    await client.ask(op="subscribe", rooms={room: 0})
    assert (await client.next("limited"))["head"] == head
    assert await append(gateway, tenant, room, ana) == head + 1
    assert await client.numbers(head + 1) == [head + 1]
    await client.ask(op="subscribe", rooms={room: head + 1000})
    assert (await client.next("limited"))["head"] == head + 1


async def test_a_client_that_does_not_read_is_cut_off_and_resumes(
    gateway: Gateway, ana: Person, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.gateway.listener.SLOW_S", 0.5)
    room = await ana.channel()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    narrow.connect(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
    slow, quick = await gateway.open(ana, sock=narrow), await gateway.open(ana)
    start = await slow.subscribe(room)
    await quick.subscribe(room)
    slow.wire.transport.pause_reading()
    for _ in range(100):  # 8 MB: more than the buffers of both sides take
        last = await append(gateway, tenant, room, ana, "🏠" * 20_000)
    assert await quick.numbers(last) == list(range(start + 1, last + 1)), "others do not wait"
    await asyncio.sleep(2.0)
    slow.wire.transport.resume_reading()
    got = start
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            for each in (await slow.next("events"))["events"]:
                assert each["number"] == got + 1
                got += 1
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4008
    again = await gateway.open(ana)
    await again.subscribe(room, got)
    assert await again.numbers(last) == list(range(got + 1, last + 1))


async def test_a_client_that_is_no_more_loses_its_socket(
    gateway: Gateway, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.gateway.listener.PING_S", 0.5)
    alive = await gateway.open(ben, ping_interval=None)
    host, port = gateway.url.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["GET /v1/chat/socket HTTP/1.1", f"Host: {host}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(8):
        told = await reader.read()  # until the gateway closes it
    assert b"\x89\x00" in told, "it was asked whether it is there"
    writer.close()
    await alive.ask(op="ping", id=1)
    assert (await alive.next("pong"))["id"] == 1, "who answers stays"


async def test_many_who_come_at_once_are_all_let_in(gateway: Gateway, ana: Person) -> None:
    room = await ana.channel()
    clients = await asyncio.gather(*(gateway.open(ana) for _ in range(60)))
    await asyncio.gather(*(each.ask(op="subscribe", rooms={room: 0}) for each in clients))
    for each in clients:
        assert (await each.next("events"))["events"][0]["number"] == 1
        await each.wire.close()


async def test_who_leaves_hears_no_more_and_who_joins_is_told(
    gateway: Gateway, house: House, tenant: Tenant, bus: Bus, ana: Person, ben: Person
) -> None:
    async def ring(room: str) -> None:  # the routes in these tests have no bell
        async with house.db.tx(tenant.id) as tx:
            events = await store.read_events(tx, UUID(room), 0, 100)
        await bell.ring(bus, tenant.id, events[-1:])

    room = await ana.channel(member_ids=[str(ben.id)])
    client = await gateway.open(ben)
    await client.subscribe(room)
    await ana.ask("DELETE", f"/rooms/{room}/members/{ben.id}", status=204)
    await ring(room)
    assert (await client.next("left"))["room_id"] == room
    await append(gateway, tenant, room, ana, "behind the back")
    await client.ask(op="subscribe", id="s", rooms={room: 0})
    assert (await client.next("subscribed"))["gone"] == [room]
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {})
    await ring(room)
    joined = await client.next("joined")
    assert (joined["room_id"], joined["head"]) == (room, await client.subscribe(room))


async def test_a_translation_is_told_to_those_who_read_its_language_alone(
    gateway: Gateway, tenant: Tenant, bus: Bus, ana: Person
) -> None:
    room = await ana.channel()
    number = await append(gateway, tenant, room, ana, "Bom dia")
    clients = {tags: await gateway.open(ana) for tags in ("en", "pt en", "de", "")}
    for tags, client in clients.items():
        await client.ask(op="languages", languages=tags.split())
        await client.subscribe(room)
    translated = Translated(
        room_id=UUID(room),
        number=number,
        revision=number,
        language="en",
        source_language="pt",
        engine="pt-en@0",
        text="Good morning",
    )
    await tell(bus, Translation(tenant.id, translated))
    told = (await clients["en"].next("translation"))["translation"]
    assert (told["text"], told["number"]) == ("Good morning", number)
    for tags in ("pt en", "de", ""):
        await clients[tags].ask(op="ping")
        assert (await clients[tags].receive())["op"] == "pong"


async def test_typing_and_presence_are_told_and_kept_nowhere(
    gateway: Gateway, tenant: Tenant, ana: Person
) -> None:
    ben = await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id)])
    one = await gateway.open(ana)
    head = await one.subscribe(room)
    await one.ask(op="watch", member_ids=[str(ben.id)])
    two = await gateway.open(ben)
    while str(ben.id) not in (await one.next("presence"))["online"]:
        pass
    await two.subscribe(room)
    for _ in range(5):
        await two.ask(op="typing", room_id=room)
    assert (await one.next("typing"))["member_ids"] == [str(ben.id)]
    await two.wire.close()
    while (await one.next("presence"))["offline"] != [str(ben.id)]:
        pass
    assert (await ana.ask("GET", f"/rooms/{room}"))["head"] == head


async def test_a_guest_is_told_of_the_presence_of_those_in_their_rooms_alone(
    gateway: Gateway, tenant: Tenant, ana: Person
) -> None:
    guest, ben = await person_of(tenant, Role.GUEST), await person_of(tenant)
    await ana.channel(member_ids=[str(guest.id)])
    both = [str(ana.id), str(ben.id)]
    one = await gateway.open(ana)
    await one.ask(op="watch", member_ids=both)
    others = [await gateway.open(ben), await gateway.open(guest)]
    seen: set[str] = set()
    while not seen.issuperset(both):
        seen.update((await one.next("presence"))["online"])
    await others[1].ask(op="watch", member_ids=both)
    assert (await others[1].next("presence"))["online"] == [str(ana.id)]


async def test_nobody_gets_in_without_a_credential_of_their_own(
    gateway: Gateway, house: House, tenant: Tenant, ana: Person
) -> None:
    url = f"{gateway.url}/v1/chat/socket"
    cookie = f"hanse_session={ana.browser.cookies.get('hanse_session')}"
    for headers in (
        {"Authorization": "Bearer nonsense"},
        {"Cookie": "hanse_session=nonsense", "Origin": ADDRESS},
    ):
        with pytest.raises(ConnectionClosed) as closed:
            async with connect(url, additional_headers=headers) as wire:
                await wire.recv()  # what is wrong
                await wire.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001
    async with connect(
        url, additional_headers={"Cookie": cookie, "Origin": "https://evil.example"}
    ) as wire:
        stranger = Socket(wire)
        await stranger.ask(op="ping", id=1)
        assert (await stranger.next("error"))["status"] == 401
        for ticket in ("nonsense", gateway.ticket(ana)[:-8] + "AAAAAAA="):
            await stranger.ask(op="hello", ticket=ticket)
            assert (await stranger.next("error"))["status"] == 403
    async with connect(url, additional_headers={"Cookie": cookie, "Origin": ADDRESS}) as wire:
        assert (await Socket(wire).next("welcome"))["member_id"] == str(ana.id)
    bot = await key_of(house, tenant)
    key = bot.browser.headers["Authorization"]
    async with connect(url, additional_headers={"Authorization": key}) as wire:
        await wire.send('{"op": "ping", "id": 3}')  # before it is known who this is
        assert (await Socket(wire).next("welcome"))["member_id"] == str(bot.id)
        assert (await Socket(wire).receive())["id"] == 3


async def test_a_revoked_key_loses_its_socket(
    gateway: Gateway, house: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.gateway.server.CHECK_AGAIN_S", 0.5)
    monkeypatch.setattr("hanse.identity.authentication.REMEMBERED_S", 0.1)
    bot = await key_of(house, tenant)
    client = await gateway.open(bot)
    async with house.db.tx(tenant.id) as tx:
        await identity.revoke_api_key(tx, tenant.operator, bot.id)
    with pytest.raises(ConnectionClosed) as closed:
        await client.next("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4003


async def test_nonsense_is_answered_and_costs_nobody_the_socket(
    gateway: Gateway, ana: Person, eve: Person
) -> None:
    room = await ana.channel()
    client = await gateway.open(eve)
    for frame in (
        "{",
        "[]",
        '{"op": "fly"}',
        '{"op": "subscribe", "rooms": {"x": 1}}',
        '{"op": "subscribe", "rooms": {}, "more": 1}',
        "[" * 50_000,
    ):
        await client.wire.send(frame)
        assert (await client.next("error"))["status"] == 400
    await client.ask(op="send", id="s", room_id=room, event={"client_key": "k", "text": "Hi"})
    failed = await client.next("error")
    assert (failed["id"], failed["status"], failed["code"]) == ("s", 404, "no_such_room")
    await client.ask(op="send", id="t", room_id=room, event={"client_key": "k", "text": " "})
    assert (await client.next("error"))["code"] == "invalid_event"
    await client.ask(op="ping", id=9)
    assert (await client.next("pong"))["id"] == 9
    for _ in range(300):
        await client.ask(op="ping")
    assert (await client.next("error"))["code"] == "too_busy"
    with pytest.raises(ConnectionClosed):
        await client.wire.send("a" * 200_000)
        await client.next("never")
    assert (await eve.browser.get(f"/v1/rooms/{uuid4()}")).status_code == 404
