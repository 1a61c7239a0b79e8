"""Messages are kept as long as the organisation or their room says, and no longer."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Draft, Kind
from hanse.chat.retention import jobs as retention_jobs
from hanse.chat.retention.jobs import register_retention
from hanse.identity import Role
from hanse.platform.database import Db
from hanse.platform.jobs import Jobs
from tests.chat.conftest import Person, person_of
from tests.chat.test_files import upload
from tests.identity.conftest import House, Tenant


async def expire(house: House) -> None:
    db = await Db.open(house.database.url("hanse_jobs"))
    jobs = Jobs()
    register_retention(jobs, db)
    async with db.system_tx() as tx:
        await jobs.tasks["chat.expire_messages"].handler(tx, None)
    await db.close()


async def age(house: House, room: str, numbers: list[int], days: int) -> None:
    owner = await asyncpg.connect(house.database.url("hanse"))
    await owner.execute(
        "update chat.events set created_at = created_at - $3 * interval '1 day' "
        "where room_id = $1 and number = any($2)",
        UUID(room),
        numbers,
        days,
    )
    await owner.close()


async def tell_program(house: House, tenant: Tenant, room: str, kind: Kind, text: str) -> int:
    """Append what a program of the room is told, as the jobs do that run its errands."""
    program = uuid4()
    draft = Draft(
        room_id=UUID(room),
        sender_id=program,
        device="program",
        client_key=str(uuid4()),
        kind=kind,
        body=Body(key="k", text=text, status=200, program_id=program),
        is_system=True,
        is_program=True,
    )
    async with house.db.tx(tenant.id) as tx:
        batch = await append_all(tx, [draft])
    return batch.events[0].number


async def texts(who: Person, room: str) -> list[Any]:
    return [None if each["is_deleted"] else each["text"] for each in await who.messages(room)]


@pytest.fixture
async def chief(tenant: Tenant) -> Person:
    return await person_of(tenant, Role.ADMIN)


async def test_what_is_older_than_it_is_kept_is_gone_and_numbers_stay(
    house: House, tenant: Tenant, ana: Person, ben: Person, chief: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    file = (await upload(ana, room))["id"]
    mention = {"mentions": [str(ben.id)], "files": [file]}
    old = (await ana.send(room, "4711 old", **mention))["number"]
    gone = (await ana.send(room, "4711 deleted"))["number"]
    new = (await ana.send(room, "new"))["number"]
    edit = (await ana.send(room, "4711 edited", kind="edit", target=old))["number"]
    deletion = (await ana.send(room, kind="delete", target=gone))["number"]
    await age(house, room, [old, gone], 31)
    await expire(house)
    assert await texts(ben, room) == ["4711 edited", None, "new"]
    await chief.ask("PUT", f"/rooms/{room}/retention", {"days": 30}, 204)
    assert (await ben.ask("GET", f"/rooms/{room}"))["retention_days"] == 30
    await expire(house)
    assert await texts(ben, room) == [None, None, "new"]
    log = (await ben.ask("GET", f"/rooms/{room}/events"))["events"]
    assert [each["number"] for each in log] == list(range(1, deletion + 1))
    assert {each["number"] for each in log if each.get("is_redacted")} == {old, gone, edit}
    assert await ben.unread(room) == (1, 0)
    assert (await ana.browser.get(f"/v1/rooms/{room}/files/{file}/content")).status_code == 404
    async with house.db.tx(tenant.id) as tx:
        sql = "select count(*) from chat.events where body::text like '%4711%'"
        assert await tx.fetchval(sql) == 0
    await ana.send(room, "too late", status=409, kind="edit", target=old)
    await age(house, room, [new], 31)
    await expire(house)
    assert await texts(ben, room) == [None, None, None]


async def test_what_programs_were_told_and_reports_copied_ends_as_well(
    house: House, tenant: Tenant, ana: Person, ben: Person, chief: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    told = [
        await tell_program(house, tenant, room, kind, "4712 told")
        for kind in (Kind.HTTP, Kind.TRANSLATION)
    ]
    fresh = await tell_program(house, tenant, room, Kind.HTTP, "fresh")
    numbers = [(await ben.send(room, f"4712 {each}"))["number"] for each in ("left", "deleted")]
    for each in numbers:
        await ana.ask(
            "POST", f"/rooms/{room}/messages/{each}/reports", {"reason": "spam", "note": ""}, 201
        )
    await ben.send(room, kind="delete", target=numbers[1])
    await age(house, room, [*told, *numbers], 31)
    await chief.ask("PUT", f"/rooms/{room}/retention", {"days": 30}, 204)

    async def left() -> int:
        sql = """
        select (select count(*) from chat.events where body::text like '%4712%')
            + (select count(*) from chat.reports where said like '%4712%')
        """
        async with house.db.tx(tenant.id) as tx:
            return int(await tx.fetchval(sql))

    assert await left() == 5
    await expire(house)
    assert await left() == 0
    log = {
        each["number"]: each for each in (await ben.ask("GET", f"/rooms/{room}/events"))["events"]
    }
    assert [log[each].get("is_redacted", False) for each in (*told, fresh)] == [True, True, False]
    assert log[fresh]["body"]["text"] == "fresh"
    reports = (await ana.ask("GET", "/chat/reports"))["items"]
    assert {each["said"] for each in reports if each["room_id"] == room} == {""}


async def test_a_room_goes_before_its_organisation_and_0_is_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_jobs, "MESSAGES_TOGETHER", 2)
    tenant = await house.organisation("Forgetful")
    chief, ana = await person_of(tenant, Role.OWNER), await person_of(tenant)
    other = await person_of(await house.organisation("Elephants"))
    usual, longer, always = [await ana.channel() for _ in range(3)]
    theirs = await other.channel()
    for who, room in ((ana, usual), (ana, longer), (ana, always), (other, theirs)):
        numbers = [(await who.send(room, "old"))["number"] for _ in range(5)]
        await age(house, room, numbers, 20)
    assert await chief.ask("GET", "/chat/retention") == {"days": 0}
    await chief.ask("PUT", f"/rooms/{longer}/retention", {"days": 90}, 204)
    await chief.ask("PUT", f"/rooms/{always}/retention", {"days": 0}, 204)
    assert await chief.ask("PUT", "/chat/retention", {"days": 10}) == {"days": 10}
    await expire(house)
    assert await texts(ana, usual) == [None] * 5
    assert await texts(ana, longer) == await texts(ana, always) == ["old"] * 5
    assert await texts(other, theirs) == ["old"] * 5
    kept = [(await ana.ask("GET", f"/rooms/{each}"))["retention_days"] for each in (usual, always)]
    assert kept == [10, None]
    await chief.ask("PUT", f"/rooms/{longer}/retention", {"days": None}, 204)
    await expire(house)
    assert await texts(ana, longer) == [None] * 5
    noted = await chief.ask("GET", "/audit-events")
    actions = [each["action"] for each in noted["items"]]
    assert actions.count("chat.retention_changed") == 1
    assert actions.count("chat.room_retention_changed") == 3


async def test_only_who_may_change_the_organisation_says_how_long(
    house: House, ana: Person, chief: Person
) -> None:
    room = await ana.channel()
    await ana.ask("PUT", "/chat/retention", {"days": 1}, 403)
    await ana.ask("PUT", f"/rooms/{room}/retention", {"days": 1}, 403)
    await chief.ask("GET", f"/rooms/{room}", status=404)
    for days in (-1, 36_501, "soon", None):
        await chief.ask("PUT", "/chat/retention", {"days": days}, 400)
    await chief.ask("PUT", f"/rooms/{uuid4()}/retention", {"days": 1}, 404)
    stranger = await person_of(await house.organisation("Strangers"), Role.OWNER)
    await stranger.ask("PUT", f"/rooms/{room}/retention", {"days": 1}, 404)
