"""Messages that speak to many at once: to groups, or to everybody in a room."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from hanse import identity
from hanse.identity import Role, groups
from hanse.platform.ids import new_id
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


async def group_of(tenant: Tenant, *people: Person, within: UUID | None = None) -> UUID:
    """A group of these people, inside another one if that is named."""
    async with tenant.house.db.tx(tenant.id) as tx:
        group = await groups.create_group(tx, tenant.operator, name=f"Group {new_id()}")
        for each in people:
            await groups.add_member(tx, tenant.operator, group.id, each.id)
        if within is not None:
            await groups.add_child(tx, tenant.operator, within, group.id)
    return group.id


async def crowded(tenant: Tenant, ana: Person, count: int, **facts: Any) -> str:
    """A room with so many members."""
    async with tenant.house.db.tx(tenant.id) as tx:
        more = [
            await identity.create_person(
                tx,
                tenant.operator,
                email=f"{new_id()}@example.org",
                name="Somebody",
                role=Role.MEMBER,
            )
            for _ in range(count - 1 - len(facts.get("member_ids", [])))
        ]
    ids = [*facts.pop("member_ids", []), *(str(each.id) for each in more)]
    return await ana.channel(member_ids=ids, **facts)


async def test_a_group_reaches_those_of_it_who_are_in_the_room(
    tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    cook = await person_of(tenant, name="Cook")
    outer = await group_of(tenant, ana, ben, eve)
    await group_of(tenant, cook, within=outer)
    room = await ana.channel(member_ids=[str(ben.id), str(cook.id)])
    sent = await ana.send(room, "@Group, come", groups=[str(outer)], mentions=[str(ben.id)])
    assert await ben.unread(room) == (1, 1), "once, although they are mentioned twice"
    assert await cook.unread(room) == (1, 1), "a group within counts"
    assert await ana.unread(room) == (0, 0)
    [message] = await ben.messages(room)
    assert message["groups"] == [str(outer)]
    names = await ben.ask("GET", f"/chat/names?id={outer}")
    assert names[str(outer)].startswith("Group ")
    await ana.send(room, "nobody", kind="edit", target=sent["number"])
    assert await cook.unread(room) == (1, 0)
    await ana.send(room, "them", kind="edit", target=sent["number"], groups=[str(outer)])
    assert await cook.unread(room) == (1, 1)


@pytest.mark.parametrize("body", [{"to_all": True}, {"groups": []}])
async def test_in_a_large_room_moderators_alone_speak_to_many(
    tenant: Tenant, ana: Person, ben: Person, body: dict[str, Any]
) -> None:
    if "groups" in body:
        body = {"groups": [str(await group_of(tenant, ana))]}
    small = await crowded(tenant, ana, 50, member_ids=[str(ben.id)])
    large = await crowded(tenant, ana, 51, member_ids=[str(ben.id)])
    await ben.send(small, "Come", **body)
    assert (await ben.ask("GET", f"/rooms/{small}"))["everybody_reaches_all"] is True
    assert (await ben.ask("GET", f"/rooms/{large}"))["everybody_reaches_all"] is False
    problem = await ben.send(large, "Come", **body, status=403)
    assert problem["code"] == "may_not_reach_all"
    assert "one by one" in problem["detail"]
    assert await ben.messages(large) == []
    await ana.send(large, "Come", **body)
    said = (await ben.send(large, "Come"))["number"]
    await ben.send(large, "Come all", kind="edit", target=said, **body, status=403)


async def test_owners_choose_who_speaks_to_many(tenant: Tenant, ana: Person, ben: Person) -> None:
    room = await crowded(tenant, ana, 51, member_ids=[str(ben.id)])
    path = f"/rooms/{room}"
    await ben.ask("PATCH", path, {"reach_all": "everybody"}, 403)
    opened = await ana.ask("PATCH", path, {"reach_all": "everybody"})
    assert (opened["reach_all"], opened["everybody_reaches_all"]) == ("everybody", True)
    await ben.send(room, "Fire!", to_all=True)
    small = await ana.channel(member_ids=[str(ben.id)])
    await ana.ask("PATCH", f"/rooms/{small}", {"reach_all": "moderators"})
    await ben.send(small, "Fire!", to_all=True, status=403)
    await ana.ask("PATCH", path, {"reach_all": "nobody"}, 400)


async def test_a_group_that_is_not_there_is_a_problem(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    foreign = await group_of(await house.organisation("Elsewhere"))
    for id in (uuid4(), foreign):
        problem = await ana.send(room, "Come", groups=[str(id)], status=404)
        assert problem["code"] == "no_such_group"
    many = [str(uuid4()) for _ in range(11)]
    await ana.send(room, "Come", groups=many, status=400)
    group = await group_of(tenant, ana)
    await ana.send(room, kind="pin", target=1, groups=[str(group)], status=400)


async def test_who_does_not_see_groups_does_not_address_them(
    house: House, tenant: Tenant, ana: Person
) -> None:
    guest = await person_of(tenant, Role.GUEST)
    bot = await key_of(house, tenant, ["chat:read", "chat:write"])
    room = await ana.channel(member_ids=[str(guest.id), str(bot.id)])
    group = await group_of(tenant, ana)
    for each in (guest, bot):
        await each.send(room, "Come", groups=[str(group)], status=403)
    await guest.send(room, "Come", to_all=True)
