"""What clients of Matrix keep for their person. `matrix-nio` reads it in syncs and writes none."""

import asyncio
from typing import Any
from uuid import UUID

import nio
from nio import AsyncClient

from hanse.chat.matrix import account_data
from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    Somebody,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    somebody,
)
from tests.identity.conftest import House, Tenant


def place(who: Somebody, type: str, room: str | None = None) -> str:
    of_room = f"/rooms/{room}" if room else ""
    return f"{CLIENT}/user/{who.client.user_id}{of_room}/account_data/{type}"


async def keep(who: Somebody, type: str, content: Any, room: str | None = None) -> None:
    answer = await who.raw("PUT", place(who, type, room), content)
    assert (answer.status_code, answer.json()) == (200, {}), answer.text


async def test_what_is_kept_is_told_in_syncs_once_and_to_its_person_alone(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    since = (await iva.sync()).next_batch
    since_of_rui = (await rui.sync()).next_batch
    waiting = asyncio.create_task(iva.client.sync(timeout=20_000, since=since))
    await asyncio.sleep(0.2)
    await keep(iva, "org.example.theme", {"dark": True})
    answer = await asyncio.wait_for(waiting, 10)
    assert isinstance(answer, nio.SyncResponse)
    kept = [each for each in answer.account_data_events if each.type == "org.example.theme"]
    assert [each.content for each in kept] == [{"dark": True}]
    await keep(iva, "m.tag", {"tags": {"m.favourite": {"order": 0.1}}}, room)
    await asyncio.sleep(1.1)
    news = await iva.sync(answer.next_batch)
    [tags] = news.rooms.join[room].account_data
    assert isinstance(tags, nio.TagEvent)
    assert set(tags.tags) == {"m.favourite"}
    assert not news.rooms.join[room].timeline.events
    assert room not in (await iva.sync(news.next_batch)).rooms.join, "it comes once"
    first = await iva.raw("GET", f"{CLIENT}/sync")
    types = {each["type"] for each in first.json()["account_data"]["events"]}
    assert types >= {"org.example.theme", "m.direct", "m.push_rules"}
    others = await rui.sync(since_of_rui)
    assert room not in others.rooms.join
    assert not others.account_data_events


async def test_what_is_kept_is_read_and_replaced(iva: Somebody) -> None:
    room = await iva.create()
    for content in ({"a": "\0"}, {"b": 2}):
        for of in (None, room):
            await keep(iva, "org.example.x", content, of)
            assert (await iva.raw("GET", place(iva, "org.example.x", of))).json() == content
    assert (await iva.raw("GET", place(iva, "org.example.none"))).status_code == 404


async def test_direct_rooms_follow_from_the_rooms(
    tenant: Tenant, url: str, clients: list[AsyncClient], iva: Somebody
) -> None:
    other = await somebody(tenant, url, clients)
    made = await iva.client.room_create(is_direct=True, invite=[other.client.user_id])
    assert isinstance(made, nio.RoomCreateResponse), made
    await keep(other, "m.direct", {})
    listed = await other.client.list_direct_rooms()
    assert isinstance(listed, nio.DirectRoomsResponse), listed
    assert listed.rooms == {iva.client.user_id: [made.room_id]}


async def test_others_and_bad_requests_are_refused(
    house: House, url: str, clients: list[AsyncClient], iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create()
    await keep(iva, "org.example.x", {}, room)
    eve = await somebody(await house.organisation("Yonder"), url, clients)
    for who, path, body, status in [
        (rui, place(iva, "org.example.x"), {}, 403),
        (rui, place(rui, "org.example.x", room), {}, 404),
        (eve, place(eve, "org.example.x", room), {}, 404),
        (iva, place(iva, "m.fully_read", room), {}, 400),
        (iva, place(iva, "m.push_rules"), {}, 400),
        (iva, place(iva, "x" * 201), {}, 400),
        (iva, place(iva, "x%00"), {}, 400),
        (iva, place(iva, "x"), [], 400),
        (iva, place(iva, "x"), {"a": "x" * 70_000}, 413),
    ]:
        answer = await who.raw("PUT", path, body)
        assert answer.status_code == status, (path[:200], answer.text)
    for who in (rui, eve):
        answer = await who.raw("GET", place(who, "org.example.x", room))
        assert (answer.status_code, answer.json()["errcode"]) == (404, "M_NOT_FOUND")


async def test_there_is_a_limit(
    house: House, tenant: Tenant, url: str, clients: list[AsyncClient]
) -> None:
    who = await somebody(tenant, url, clients)
    async with house.db.tx(tenant.id) as tx:
        for each in range(account_data.TYPES_MAX):
            await account_data.put(tx, UUID(who.person.id), None, f"t{each}", {})
    answer = await who.raw("PUT", place(who, "more"), {})
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")
    await keep(who, "t0", {"again": True})
