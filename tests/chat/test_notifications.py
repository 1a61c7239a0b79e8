"""People are told of messages that are meant for them, unless they have read them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hanse import chat
from hanse.identity import groups
from hanse.platform.database import Db
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.server.notices import register_jobs
from hanse.server.settings import Settings
from tests.chat.conftest import Person, key_of, person_of
from tests.eventing import followed, going, until
from tests.identity.conftest import House, Tenant

AFTER_S = 0.3


@pytest.fixture(scope="module", autouse=True)
async def telling(house: House, nats_url: str) -> AsyncIterator[None]:
    """What tells people runs beside the application."""
    jobs = Jobs()
    register_jobs(jobs, Settings(home=house.home))
    chat.register_telling(jobs)
    chat.register_reminders(jobs)
    url = house.database.url("hanse_jobs")
    limits = WorkerLimits(poll_s=0.02)
    consumers = (chat.telling_consumer(AFTER_S),)
    db = await Db.open(url)
    relay_url = house.database.url("hanse_relay")
    async with (
        followed(relay_url, nats_url, consumers, db),
        going(lambda stop: run_jobs(jobs, url, stop, limits=limits)),
    ):
        yield
    await db.close()


async def inbox(who: Person) -> list[Any]:
    """What somebody was told of rooms, newest first."""
    found = await who.ask("GET", "/me/notifications")
    return [each for each in found["items"] if each["kind"].startswith("chat.")]


async def told(who: Person, count: int = 1) -> list[Any]:
    """What somebody was told, once it is so much."""

    async def enough() -> list[Any]:
        found = await inbox(who)
        return found if sum(each["count"] for each in found) >= count else []

    return list(await until(enough, f"{count} notifications"))


@pytest.fixture
async def ana(tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ana")


@pytest.fixture
async def ben(tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ben")


async def test_who_is_mentioned_is_told_where_and_by_whom(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    eve = await person_of(tenant, name="Eve")
    room = await ana.channel(name="Harbour", member_ids=[str(ben.id), str(eve.id)])
    sent = await ana.send(room, "Pineapple!", mentions=[str(ben.id), str(ana.id)])
    [one] = await told(ben)
    assert (one["kind"], one["title"]) == ("chat.mention", "Ana mentioned you in Harbour")
    assert one["link"] == f"/chat/{room}?message={sent['number']}"
    assert "Pineapple" not in str(one)
    await ana.send(room, "All!", to_all=True)
    [both] = await told(ben, 2)
    assert both["title"] == "2 new mentions in Harbour"
    assert len(await told(eve)) == 1
    assert await inbox(ana) == []


async def test_who_is_in_a_group_is_told_once_unless_they_muted_the_room(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    eve = await person_of(tenant, name="Eve")
    async with tenant.house.db.tx(tenant.id) as tx:
        group = await groups.create_group(tx, tenant.operator, name="Crew")
        for each in (ana, ben, eve):
            await groups.add_member(tx, tenant.operator, group.id, each.id)
    room = await ana.channel(name="Harbour", member_ids=[str(ben.id), str(eve.id)])
    await eve.ask("PUT", f"/rooms/{room}/preferences", {"notifications": "nothing"})
    await ana.send(room, "Come", mentions=[str(ben.id)], groups=[str(group.id)], to_all=True)
    [one] = await told(ben)
    await asyncio.sleep(2 * AFTER_S)
    assert (one["kind"], [each["count"] for each in await inbox(ben)]) == ("chat.mention", [1])
    assert (await inbox(eve), await inbox(ana)) == ([], [])


async def test_a_direct_message_is_told(ana: Person, ben: Person) -> None:
    body = {"kind": "direct", "member_ids": [str(ben.id)]}
    room = (await ana.ask("POST", "/rooms", body, 201))["id"]
    await ana.send(room, "Hello")
    [one] = await told(ben)
    assert (one["kind"], one["title"]) == ("chat.direct_message", "Ana wrote to you")
    await ben.ask("PUT", f"/rooms/{room}/preferences", {"notifications": "nothing"})
    await ana.send(room, "Are you there?")
    await asyncio.sleep(2 * AFTER_S)
    assert [each["count"] for each in await inbox(ben)] == [1]


async def test_an_answer_is_told_to_those_who_wrote_in_the_thread(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    eve = await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id), str(eve.id)])
    thread = (await ana.send(room, "Who comes?"))["number"]
    await ben.send(room, "I do", thread=thread)
    [one] = await told(ana)
    assert one["kind"] == "chat.thread_reply"
    await ana.send(room, "Good", thread=thread)
    assert (await told(ben))[0]["kind"] == "chat.thread_reply"
    assert await inbox(eve) == []


async def test_what_was_read_or_deleted_meanwhile_is_not_told(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    read = (await ana.send(room, "Read", mentions=[str(ben.id)]))["number"]
    await ben.read(room, read)
    gone = (await ana.send(room, "Gone", mentions=[str(ben.id)]))["number"]
    await ana.send(room, kind="delete", target=gone)
    left = await ana.send(room, "Left", mentions=[str(ben.id)])
    [one] = await told(ben)
    await asyncio.sleep(2 * AFTER_S)
    assert [each["count"] for each in await inbox(ben)] == [1]
    assert one["link"].endswith(f"={left['number']}")


async def test_each_chooses_what_to_be_told_in_a_room(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    eve = await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id), str(eve.id)])
    facts = await ben.ask("GET", f"/rooms/{room}")
    assert (facts["reading"], facts["notifications"]) == ("translated", "mentions")
    path = f"/rooms/{room}/preferences"
    chosen = await ben.ask("PUT", path, {"reading": "side_by_side", "notifications": "all"})
    assert chosen == {"reading": "side_by_side", "notifications": "all"}
    assert await ben.ask("PUT", path, {"reading": "original"}) == {
        "reading": "original",
        "notifications": "all",
    }
    await eve.ask("PUT", path, {"notifications": "nothing"})
    await ana.send(room, "Anything", mentions=[str(eve.id)])
    assert (await told(ben))[0]["kind"] == "chat.message"
    assert await inbox(eve) == []
    await ana.ask("PUT", path, {"reading": "aloud"}, 400)
    stranger = await person_of(tenant)
    await stranger.ask("PUT", path, {"reading": "original"}, 404)


async def test_a_machine_is_told_nothing_and_tells(
    house: House, tenant: Tenant, ana: Person
) -> None:
    bot = await key_of(house, tenant)
    room = await ana.channel(member_ids=[str(bot.id)])
    await ana.send(room, "Bot?", mentions=[str(bot.id)])
    await bot.send(room, "Ana!", mentions=[str(ana.id)])
    [one] = await told(ana)
    assert one["facts"]["sender"] == "bot"


async def test_saved_messages_are_a_list_of_ones_own(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    sent = [(await ana.send(room, f"Keep {each}"))["number"] for each in range(4)]
    for number in sent:
        await ben.ask("PUT", f"/rooms/{room}/messages/{number}/saved", {})

    async def kept(query: str = "") -> tuple[list[str], str | None]:
        page = await ben.ask("GET", f"/chat/saved{query}")
        return [each["message"]["text"] for each in page["items"]], page["next_cursor"]

    assert await kept() == (["Keep 3", "Keep 2", "Keep 1", "Keep 0"], None)
    first, cursor = await kept("?limit=3")
    assert (first, await kept(f"?limit=3&cursor={cursor}")) == (
        ["Keep 3", "Keep 2", "Keep 1"],
        (["Keep 0"], None),
    )
    assert (await ana.ask("GET", "/chat/saved"))["items"] == []
    await ben.ask("DELETE", f"/rooms/{room}/messages/{sent[3]}/saved", status=204)
    await ben.ask("DELETE", f"/rooms/{room}/messages/{sent[3]}/saved", status=404)
    await ana.send(room, kind="delete", target=sent[2])
    await ana.send(room, "Edited", kind="edit", target=sent[1])
    assert (await kept())[0] == ["Edited", "Keep 0"]
    await ana.ask("DELETE", f"/rooms/{room}/members/{ben.id}", status=204)
    assert (await kept())[0] == [], "not of a room that one may not read"
    await ben.ask("PUT", f"/rooms/{room}/messages/{sent[0]}/saved", {}, 404)
    await ana.ask("PUT", f"/rooms/{room}/messages/{sent[2]}/saved", {}, 404)
    await ana.ask("PUT", f"/rooms/{room}/messages/0/saved", {}, 404)


async def test_a_reminder_comes_at_its_time_unless_it_was_taken_back(
    house: House, tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    sent = [(await ana.send(room, f"Later {each}"))["number"] for each in range(3)]
    paths = [f"/rooms/{room}/messages/{number}/saved" for number in sent]

    def soon(seconds: float) -> dict[str, str]:
        return {"remind_at": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()}

    for path in paths:
        await ben.ask("PUT", path, soon(1.0))
    await ben.ask("PUT", paths[1], {})
    await ben.ask("DELETE", paths[2], status=204)
    [one] = await told(ben)
    assert (one["kind"], one["title"]) == ("chat.reminder", "Reminder of a message by Ana")
    assert one["link"] == f"/chat/{room}?message={sent[0]}"
    await asyncio.sleep(0.5)
    assert len(await inbox(ben)) == 1
    items = (await ben.ask("GET", "/chat/saved"))["items"]
    assert [each["remind_at"] for each in items] == [None, None], "kept, and reminded of"
    for wrong in (soon(-5), soon(400 * 86_400), {"remind_at": "2030-01-01T00:00:00"}):
        problem = await ben.ask("PUT", paths[0], wrong, 400)
        assert problem["code"] == "invalid_reminder"
    bot = await key_of(house, tenant)
    await ana.ask("PUT", f"/rooms/{room}/members/{bot.id}", {})
    await bot.ask("PUT", paths[0], {})
    await bot.ask("PUT", paths[0], soon(60), 400)


async def test_a_report_is_told_to_moderators_and_its_outcome_to_the_reporter(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    cy = await person_of(tenant, name="Cy")
    room = await ana.channel(name="Mole", member_ids=[str(ben.id), str(cy.id)])
    number = (await ben.send(room, "Pineapple!"))["number"]
    path = f"/rooms/{room}/messages/{number}/reports"
    id = (await cy.ask("POST", path, {"reason": "spam"}, 201))["id"]
    [one] = await told(ana)
    assert (one["title"], one["link"]) == ("A message was reported in Mole", "/chat/reports")
    await ana.ask("POST", f"/chat/reports/{id}/decision", {"decision": "delete"})
    [one] = await told(cy)
    assert one["title"] == "Your report in Mole was looked at: the message was deleted"
    assert await inbox(ben) == []
