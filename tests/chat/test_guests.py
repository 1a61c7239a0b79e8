"""Guests know the rooms that they were brought into, and the people there."""

from uuid import UUID, uuid4

import pytest

from hanse.identity import Role
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


@pytest.fixture
async def guest(tenant: Tenant) -> Person:
    return await person_of(tenant, Role.GUEST, name="Gus")


async def names(who: Person, *ids: UUID | str) -> dict[str, str]:
    """The names that somebody gets for these ids."""
    query = "&".join(f"id={each}" for each in ids)
    return dict(await who.ask("GET", f"/chat/names?{query}"))


async def test_a_guest_gets_the_names_of_those_in_the_same_rooms(
    house: House, tenant: Tenant, ana: Person, ben: Person, eve: Person, guest: Person
) -> None:
    bot = await key_of(house, tenant)
    room = await ana.channel(member_ids=[str(guest.id), str(ben.id), str(bot.id)])
    await ana.channel(member_ids=[str(eve.id)], is_public=True)
    everybody = [ana.id, ben.id, eve.id, guest.id, bot.id]
    known = {str(each) for each in (ana.id, ben.id, guest.id, bot.id)}
    assert (await names(guest, *everybody)).keys() == known
    assert len(await names(ana, *everybody)) == 5
    assert len(await names(bot, *everybody)) == 5, "a key is as its scopes say"
    await ben.send(room, "I leave")
    for gone in (ben, bot):
        await ana.ask("DELETE", f"/rooms/{room}/members/{gone.id}", status=204)
    assert (await names(guest, *everybody)).keys() == known - {str(bot.id)}, "who wrote has a name"
    await ana.ask("DELETE", f"/rooms/{room}/members/{guest.id}", status=204)
    assert (await names(guest, *everybody)).keys() == {str(guest.id)}


async def test_guests_are_told_from_the_organisations_people(
    house: House, tenant: Tenant, ana: Person, eve: Person, guest: Person
) -> None:
    other = await person_of(tenant, Role.GUEST, name="Gil")
    bot = await key_of(house, tenant)
    await ana.channel(member_ids=[str(guest.id)])
    query = "&".join(f"id={each.id}" for each in (ana, eve, guest, other, bot))
    found = await ana.ask("GET", f"/chat/guests?{query}")
    assert found == sorted([str(guest.id), str(other.id)])
    assert await guest.ask("GET", f"/chat/guests?{query}") == [str(guest.id)]


async def test_a_guest_writes_to_those_in_the_same_rooms_alone(
    ana: Person, eve: Person, guest: Person
) -> None:
    await ana.channel(member_ids=[str(guest.id)])
    body = {"kind": "direct", "member_ids": [str(ana.id)]}
    await guest.ask("POST", "/rooms", body, 201)
    unknown = []
    for id in (eve.id, uuid4()):
        body = {"kind": "direct", "member_ids": [str(id)]}
        problem = await guest.ask("POST", "/rooms", body, 404)
        unknown.append((problem["code"], problem["detail"].replace(str(id), "")))
    assert unknown[0] == unknown[1], "it is not told that they exist"
    body = {"kind": "direct", "member_ids": [str(ana.id), str(eve.id)]}
    await guest.ask("POST", "/rooms", body, 404)
    assert len((await guest.ask("GET", "/rooms"))["items"]) == 2


async def test_a_guest_who_moderates_brings_in_whom_they_know(
    ana: Person, ben: Person, eve: Person, guest: Person
) -> None:
    room = await ana.channel(member_ids=[str(guest.id)])
    await ana.channel(member_ids=[str(guest.id), str(ben.id)])
    await ana.ask("PUT", f"/rooms/{room}/members/{guest.id}", {"role": "moderator"})
    await guest.ask("PUT", f"/rooms/{room}/members/{eve.id}", {}, 404)
    await guest.ask("PUT", f"/rooms/{room}/members/{ben.id}", {})
    await ben.send(room, "Here I am")


async def test_a_guest_finds_no_directory_no_groups_and_no_public_rooms(
    ana: Person, eve: Person, guest: Person
) -> None:
    room = await ana.channel(name="Harbour", is_public=True)
    sent = await ana.send(room, "Herring")
    for path in ("/people", f"/people/{eve.id}", "/groups", "/channels"):
        await guest.ask("GET", path, status=403)
    for path in ("", "/messages", "/events", "/members", "/topics"):
        await guest.ask("GET", f"/rooms/{room}{path}", status=404)
    await guest.ask("PUT", f"/rooms/{room}/messages/{sent['number']}/saved", {}, 404)
    found = await guest.ask("GET", "/chat/search?q=herring")
    assert found["items"] == []
