"""Bots: owners of a room make them, and they take part like anybody else."""

from typing import Any

from hanse.identity import Role
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


async def made(who: Person, room: str, name: str = "Builder") -> Any:
    return await who.ask("POST", f"/rooms/{room}/bots", {"name": name}, 201)


def browser_of(house: House, secret: str) -> Person:
    browser = house.browser()
    browser.headers["Authorization"] = f"Bearer {secret}"
    return Person(None, browser)  # type: ignore[arg-type]


async def members(who: Person, room: str) -> dict[str, Any]:
    items = (await who.ask("GET", f"/rooms/{room}/members"))["items"]
    return {each["member_id"]: each for each in items}


async def test_an_owner_makes_a_bot_that_chats_in_that_room_and_nowhere_else(
    house: House, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    other = await ana.channel(is_public=True)
    bot = await made(ana, room)
    id = bot["bot"]["id"]
    assert (await members(ben, room))[id]["is_key"]
    program = browser_of(house, bot["secret"])
    number = (await program.send(room, "Built"))["number"]
    [message] = await ben.messages(room)
    assert (message["number"], message["sender_id"]) == (number, id)
    await program.send(other, "Here?", 404)
    await program.ask("GET", "/channels", status=403)
    await program.ask("POST", "/rooms", {"name": "Mine"}, 403)
    assert (await ben.ask("GET", f"/chat/names?id={id}"))[id] == "Builder"
    assert await ben.ask("GET", f"/chat/bots?id={id}&id={ana.id}") == [id]


async def test_a_repeat_of_the_request_makes_no_second_bot_and_tells_no_secret(
    ana: Person,
) -> None:
    room = await ana.channel()
    headers = {"Idempotency-Key": "once"}
    path, body = f"/v1/rooms/{room}/bots", {"name": "Once"}
    first = (await ana.browser.post(path, json=body, headers=headers)).json()
    second = (await ana.browser.post(path, json=body, headers=headers)).json()
    assert first["secret"]
    assert second == {**first, "secret": None}
    assert [each["name"] for each in await ana.ask("GET", f"/rooms/{room}/bots")] == ["Once"]


async def test_a_deleted_bot_is_out_at_once_and_what_it_wrote_stays(
    house: House, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    bot = await made(ana, room)
    path = f"/rooms/{room}/bots/{bot['bot']['id']}"
    program = browser_of(house, bot["secret"])
    await program.send(room, "Hello")
    await ben.ask("DELETE", path, status=403)
    await ana.ask("DELETE", path, status=204)
    await ana.ask("DELETE", path, status=404)
    assert bot["bot"]["id"] not in await members(ana, room)
    await program.send(room, "Still here?", 403)
    await program.ask("GET", "/rooms", status=403)
    assert [each["text"] for each in await ana.messages(room)] == ["Hello"]
    assert await ana.ask("GET", f"/rooms/{room}/bots") == []
    id = bot["bot"]["id"]
    assert await ben.ask("GET", f"/chat/bots?id={id}&id={ben.id}") == [id]


async def test_bots_are_for_owners_and_for_administrators_who_are_in_the_room(
    tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    chief = await person_of(tenant, Role.ADMIN)
    room = await ana.channel(member_ids=[str(ben.id)])
    for who, status in ((ben, 403), (eve, 404), (chief, 404)):
        await who.ask("POST", f"/rooms/{room}/bots", {"name": "No"}, status)
        await who.ask("GET", f"/rooms/{room}/bots", status=status)
    await ana.ask("PUT", f"/rooms/{room}/members/{chief.id}", {"role": "member"})
    await made(chief, room)
    direct = await ana.ask("POST", "/rooms", {"kind": "direct", "member_ids": [str(ben.id)]}, 201)
    await ana.ask("POST", f"/rooms/{direct['id']}/bots", {"name": "Third"}, 409)
    await ana.ask("POST", f"/rooms/{room}/bots", {"name": " "}, 400)
    await ana.ask("PATCH", f"/rooms/{room}", {"is_archived": True})
    await ana.ask("POST", f"/rooms/{room}/bots", {"name": "Late"}, 409)


async def test_a_bot_of_another_room_is_not_ones_own_to_delete(
    house: House, tenant: Tenant, ana: Person, ben: Person
) -> None:
    hers, his = await ana.channel(), await ben.channel()
    bot = await made(ana, hers)
    key = await key_of(house, tenant)
    for id in (bot["bot"]["id"], key.id, ana.id):
        await ben.ask("DELETE", f"/rooms/{his}/bots/{id}", status=404)
    assert bot["bot"]["id"] in await members(ana, hers)
