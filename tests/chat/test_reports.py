"""Messages are reported, and those who moderate decide once."""

import asyncio
from typing import Any

import pytest

from hanse.chat.reports import service
from hanse.identity import Role
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


@pytest.fixture(scope="module")
async def cy(tenant: Tenant) -> Person:
    return await person_of(tenant, name="Cy")


async def report(who: Person, room: str, number: int, status: int = 201, **facts: Any) -> Any:
    body = {"reason": "harassment", **facts}
    return await who.ask("POST", f"/rooms/{room}/messages/{number}/reports", body, status)


async def listed(who: Person, query: str = "") -> list[Any]:
    return list((await who.ask("GET", f"/chat/reports{query}"))["items"])


async def decide(who: Person, id: str, decision: str, status: int = 200, **facts: Any) -> Any:
    body = {"decision": decision, **facts}
    return await who.ask("POST", f"/chat/reports/{id}/decision", body, status)


async def channel(ana: Person, *others: Person, **facts: Any) -> str:
    return await ana.channel(member_ids=[str(each.id) for each in others], **facts)


async def test_a_report_keeps_what_was_said_and_is_for_moderators_alone(
    ana: Person, ben: Person, cy: Person, eve: Person
) -> None:
    room = await channel(ana, ben, cy)
    number = (await ben.send(room, "You fool"))["number"]
    first = await report(cy, room, number, note="Again!")
    await ben.send(room, "Friend", kind="edit", target=number)
    await ben.send(room, kind="delete", target=number)
    await report(cy, room, number, 404)
    [found] = await listed(ana)
    assert found["id"] == first["id"]
    assert (found["said"], found["reason"], found["note"]) == ("You fool", "harassment", "Again!")
    assert (found["sender_id"], found["reporter_id"]) == (str(ben.id), str(cy.id))
    for who in (ben, cy, eve):
        assert await listed(who) == []
        await decide(who, found["id"], "dismiss", 404)


async def test_a_decision_closes_all_reports_of_a_message_once(
    ana: Person, ben: Person, cy: Person, eve: Person
) -> None:
    room = await channel(ana, ben, cy, eve)
    await ana.ask("PUT", f"/rooms/{room}/members/{eve.id}", {"role": "moderator"})
    number = (await ben.send(room, "Spam"))["number"]
    one = (await report(cy, room, number, reason="spam"))["id"]
    other = (await report(eve, room, number, reason="spam"))["id"]
    answers = await asyncio.gather(
        ana.browser.post(f"/v1/chat/reports/{one}/decision", json={"decision": "delete"}),
        eve.browser.post(f"/v1/chat/reports/{other}/decision", json={"decision": "delete"}),
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    [message] = await cy.messages(room)
    assert message["is_deleted"]
    closed = [each for each in await listed(ana, "?open=false") if each["room_id"] == room]
    assert {each["id"] for each in closed} == {one, other}
    assert {each["decision"] for each in closed} == {"delete"}
    log = (await cy.ask("GET", f"/rooms/{room}/events"))["events"]
    assert [each["kind"] for each in log].count("delete") == 1


async def test_who_is_banned_comes_back_only_by_a_moderator(
    ana: Person, ben: Person, cy: Person
) -> None:
    room = await channel(ana, ben, cy, is_public=True)
    for decision, status in (("remove", 200), ("ban", 403)):
        number = (await ben.send(room, "Rude"))["number"]
        await decide(ana, (await report(cy, room, number))["id"], decision)
        members = (await ana.ask("GET", f"/rooms/{room}/members"))["items"]
        assert str(ben.id) not in {each["member_id"] for each in members}
        body = {"role": "member"}
        await ben.ask("PUT", f"/rooms/{room}/members/{ben.id}", body, status)
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "member"})
    await ben.ask("DELETE", f"/rooms/{room}/members/{ben.id}", status=204)
    await ben.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "member"})


async def test_who_is_muted_only_reads(ana: Person, ben: Person, cy: Person) -> None:
    room = await channel(ana, ben, cy)
    number = (await ben.send(room, "Rude"))["number"]
    id = (await report(cy, room, number))["id"]
    await decide(ana, id, "mute", 400)
    await decide(ana, id, "delete", 400, minutes=5)
    assert [each["id"] for each in await listed(ana)][:1] == [id]
    decided = await decide(ana, id, "mute", minutes=5, note="Calm down")
    assert (decided["decision"], decided["decision_note"]) == ("mute", "Calm down")
    await ben.send(room, "But", status=403)


async def test_an_owner_stays_and_a_direct_room_goes_to_who_moderates_all(
    tenant: Tenant, ana: Person, ben: Person, cy: Person
) -> None:
    chief = await person_of(tenant, Role.ADMIN)
    room = await channel(ana, cy)
    number = (await ana.send(room, "I may"))["number"]
    id = (await report(cy, room, number))["id"]
    assert id not in {each["id"] for each in await listed(ana)}
    await decide(chief, id, "ban", 400)
    await decide(chief, id, "delete")
    direct = await ben.ask("POST", "/rooms", {"kind": "direct", "member_ids": [str(cy.id)]}, 201)
    number = (await ben.send(direct["id"], "Psst"))["number"]
    id = (await report(cy, direct["id"], number))["id"]
    await decide(chief, id, "remove", 400)
    await decide(chief, id, "dismiss")
    [message] = await cy.messages(direct["id"])
    assert not message["is_deleted"]


async def test_what_cannot_be_reported(
    house: House,
    tenant: Tenant,
    ana: Person,
    ben: Person,
    eve: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = await key_of(house, tenant)
    room = await channel(ana, ben, key)
    number = (await ana.send(room, "Hello"))["number"]
    await report(ana, room, number, 400)
    await report(eve, room, number, 404)
    await report(ben, room, 1, 404)
    await report(ben, room, 0, 404)
    await report(ben, room, number, 400, reason="boring")
    await report(ben, room, number, 400, note="x" * 1001)
    await report(key, room, number, 403)
    first = await report(ben, room, number)
    assert await report(ben, room, number) == first
    chief = await person_of(tenant, Role.ADMIN)
    assert [each["room_id"] for each in await listed(chief)].count(room) == 1
    monkeypatch.setattr(service, "REPORTS_A_DAY_MAX", 1)
    await report(ben, room, number, 429)


async def test_a_moderator_decides_neither_about_another_nor_about_themselves(
    tenant: Tenant, ana: Person, ben: Person, cy: Person
) -> None:
    chief = await person_of(tenant, Role.ADMIN)
    room = await channel(ana, ben, cy, chief)
    for who in (ben, cy):
        await ana.ask("PUT", f"/rooms/{room}/members/{who.id}", {"role": "moderator"})
    number = (await ben.send(room, "Hm"))["number"]
    id = (await report(cy, room, number))["id"]
    await decide(cy, id, "ban", 400)
    await decide(ana, id, "mute", minutes=5)
    number = (await chief.send(room, "Mine"))["number"]
    id = (await report(cy, room, number))["id"]
    assert id not in {each["id"] for each in await listed(chief)}
    await decide(chief, id, "dismiss", 404)
