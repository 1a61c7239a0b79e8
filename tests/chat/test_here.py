"""Messages to those members of a room who have the chat open."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from hanse.chat import whispers
from hanse.chat.gateway.presence import Seen
from hanse.chat.here import HereUnknown, who_is_here
from hanse.chat.whispers import Here, whisper
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, person_of
from tests.chat.test_gateway import Gateway, Socket, gateway
from tests.chat.test_mentions import crowded
from tests.eventing import until
from tests.identity.conftest import House, Tenant

__all__ = ["gateway"]

Opened = Callable[[Person], Awaitable[Socket]]


@pytest.fixture(autouse=True)
async def answers(gateway: Gateway, bus: Bus) -> None:
    """A gateway that has just begun answers a moment later."""

    async def answered() -> bool:
        with suppress(HereUnknown):
            await who_is_here(bus, uuid4(), [])
            return True
        return False

    await until(answered, "the gateway answers")


async def say(socket: Socket, room: str, **event: Any) -> dict[str, Any]:
    """Send something to those who are here; return the answer."""
    event = {"client_key": str(uuid4()), "text": "@here, come", "to_here": True, **event}
    await socket.ask(op="send", id=1, room_id=room, event=event)
    while (frame := await socket.receive()).get("id") != 1:
        pass
    return frame


@pytest.fixture
async def opened(gateway: Gateway) -> AsyncIterator[Callable[[Person], Awaitable[Socket]]]:
    """Opens sockets that are closed in the end."""
    sockets: list[Socket] = []

    async def open_one(who: Person) -> Socket:
        sockets.append(await gateway.open(who))
        return sockets[-1]

    yield open_one
    for each in sockets:
        await each.wire.close()


async def test_it_mentions_those_of_the_room_who_have_the_chat_open(
    opened: Opened, tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    away = await person_of(tenant, name="Away")
    room = await ana.channel(member_ids=[str(ben.id), str(away.id)])
    one, _, _ = [await opened(each) for each in (ana, ben, eve)]
    key = str(uuid4())
    first = await say(one, room, client_key=key)
    assert await ben.unread(room) == (1, 1)
    assert await away.unread(room) == (1, 0)
    assert await ana.unread(room) == (0, 0)
    [message] = await away.messages(room)
    assert (message["to_here"], message["to_all"], message["mentions"]) == (True, False, [])
    await opened(away)
    again = await say(one, room, client_key=key)
    assert (again["number"], again["is_repeat"]) == (first["number"], True)
    assert await away.unread(room) == (1, 0), "who comes later was not there"


async def test_an_edit_leaves_whoever_was_there_mentioned_and_adds_who_is_there(
    opened: Opened, tenant: Tenant, ana: Person, ben: Person
) -> None:
    late = await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id), str(late.id)])
    one, two = await opened(ana), await opened(ben)
    sent = (await say(one, room))["number"]
    await two.wire.close()
    await opened(late)
    await say(one, room, kind="edit", target=sent, text="@here, come soon")
    assert await ben.unread(room) == (1, 1)
    assert await late.unread(room) == (1, 1)
    await say(one, room, kind="edit", target=sent, text="stay", to_here=False)
    assert await ben.unread(room) == (1, 0)


async def test_it_is_for_those_who_may_address_everybody(
    opened: Opened, tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    room = await crowded(tenant, ana, 51, member_ids=[str(ben.id)])
    writer, stranger = await opened(ben), await opened(eve)
    assert (await say(writer, room))["code"] == "may_not_reach_all"
    assert (await say(stranger, room))["code"] == "no_such_room"
    assert await ana.messages(room) == []
    await say(await opened(ana), room)
    assert await ben.unread(room) == (1, 1)


async def test_a_gateway_answers_for_the_others_and_for_one_organisation(
    house: House, tenant: Tenant, bus: Bus
) -> None:
    elsewhere = (await house.organisation("Elsewhere")).id
    people = [uuid4() for _ in range(6_000)]
    for there in (people[:3_000], people[3_000:5_999]):
        await whisper(bus, Here(Seen(uuid4(), tenant.id, there)))

    async def here() -> bool:
        return set(await who_is_here(bus, tenant.id, people)) == set(people[:5_999])

    await until(here, "those at other gateways are here")
    assert await who_is_here(bus, elsewhere, people) == ()


async def test_a_gateway_that_begins_learns_who_is_at_the_others(
    gateway: Gateway, opened: Opened, house: House, tenant: Tenant, bus: Bus, ana: Person
) -> None:
    heard: list[Seen] = []

    async def overhear(message: Any) -> None:
        if isinstance(what := whispers.decoded(message.data), Here):
            heard.append(what.seen)

    await opened(ana)
    listening = await bus.subscribe(whispers.SUBJECT, overhear)
    await whisper(bus, whispers.Came())

    async def told() -> bool:
        return any(ana.id in each.here for each in heard)

    await until(told, "who is here was told")
    await bus.unsubscribe(listening)


async def test_without_an_answer_nothing_is_sent_and_the_sender_is_told(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    problem = await ana.send(room, "@here, come", to_here=True, status=503)
    assert problem["code"] == "here_unknown"
    assert await ana.messages(room) == []
    with pytest.raises(HereUnknown):
        await who_is_here(None, tenant.id, [ana.id])
