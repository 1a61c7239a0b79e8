"""What somebody has begun to write is theirs, wherever they sign in."""

from typing import Any

from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


async def drafts(who: Person) -> list[tuple[str, str | None, int | None]]:
    """Texts, topics and threads, last written first."""
    found = await who.ask("GET", "/chat/drafts")
    return [(each["text"], each["topic"], each["thread"]) for each in found["items"]]


async def write(who: Person, room: str, text: str, status: int = 200, **place: Any) -> Any:
    """Keep a draft."""
    return await who.ask("PUT", f"/rooms/{room}/draft", {"text": text, **place}, status)


async def test_a_draft_is_on_all_devices_of_one_person_and_nobody_elses(tenant: Tenant) -> None:
    ana, ben = await person_of(tenant), await person_of(tenant)
    phone = Person(ana.id, await tenant.signed_in(person_id=ana.id))
    room = await ana.channel(member_ids=[str(ben.id)])
    await write(ana, room, "I wanted")
    await write(ana, room, "In a topic", topic="Fish")
    await write(ana, room, "In a thread", thread=1)
    assert await drafts(phone) == [
        ("In a thread", None, 1),
        ("In a topic", "Fish", None),
        ("I wanted", None, None),
    ]
    assert await drafts(ben) == []
    await write(ben, room, "Mine")
    assert await drafts(ben) == [("Mine", None, None)]
    assert len(await drafts(phone)) == 3


async def test_the_last_writing_counts_and_its_version_grows_over_deletions(
    tenant: Tenant,
) -> None:
    ana = await person_of(tenant)
    room = await ana.channel()
    first = (await write(ana, room, "One"))["draft"]
    second = (await write(ana, room, "Two"))["draft"]
    assert await drafts(ana) == [("Two", None, None)]
    assert (await write(ana, room, " \n "))["draft"] is None
    assert await drafts(ana) == []
    third = (await write(ana, room, "Three"))["draft"]
    assert first["version"] < second["version"] < third["version"] < 2**53


async def test_drafts_are_kept_in_rooms_that_one_is_in(
    house: House, tenant: Tenant, eve: Person
) -> None:
    ana, ben = await person_of(tenant), await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id)], is_public=True)
    await write(eve, room, "Looking in", 404)
    await write(ben, room, "Still here")
    await ana.ask("DELETE", f"/rooms/{room}/members/{ben.id}", status=204)
    assert await drafts(ben) == []
    await write(ben, room, "Gone", 404)
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {})
    assert await drafts(ben) == [("Still here", None, None)]
    reader = await key_of(house, tenant, ["chat:read"])
    await ana.ask("PUT", f"/rooms/{room}/members/{reader.id}", {})
    await write(reader, room, "May not", 403)


async def test_what_cannot_be_a_draft_is_a_problem(tenant: Tenant) -> None:
    ana = await person_of(tenant)
    room = await ana.channel()
    for wrong in (
        {"text": "x" * 20_001},
        {"text": "x\0"},
        {"text": "x", "topic": "Fish", "thread": 1},
        {"text": "x", "topic": ""},
        {"text": "x", "thread": 0},
        {},
    ):
        await ana.ask("PUT", f"/rooms/{room}/draft", wrong, 400)
    assert await drafts(ana) == []
    for number in range(200):
        await write(ana, room, "Begun", thread=number + 1)
    assert (await write(ana, room, "One more", 409))["code"] == "too_many_drafts"
    await write(ana, room, "Again", thread=1)
    assert len(await drafts(ana)) == 200
