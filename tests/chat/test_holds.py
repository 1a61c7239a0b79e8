"""Legal holds: nothing under them is destroyed, and who answers for them reads it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hanse.chat.holds.service import FREE, register_holds
from hanse.chat.log.model import Kind
from hanse.identity import Role
from hanse.platform.database import Db
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from tests.chat.conftest import Person, key_of, person_of
from tests.chat.test_files import upload
from tests.chat.test_retention import age, expire, tell_program
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant


@pytest.fixture(scope="module")
async def counsel(tenant: Tenant) -> Person:
    return await person_of(tenant, Role.OWNER, name="Counsel")


@pytest.fixture
async def freeing(house: House) -> AsyncIterator[Db]:
    """The job that destroys what no hold keeps any longer."""
    url = house.database.url("hanse_jobs")
    db = await Db.open(url)
    jobs = Jobs()
    register_holds(jobs)
    async with going(lambda stop: run_jobs(jobs, url, stop, limits=WorkerLimits(poll_s=0.02))):
        yield db
    await db.close()


async def hold(who: Person, status: int = 201, **facts: Any) -> Any:
    return await who.ask("POST", "/chat/holds", {"name": "Case 7", "reason": "x", **facts}, status)


async def held(who: Person, id: str, query: str = "") -> list[Any]:
    page = await who.ask("GET", f"/chat/holds/{id}/messages{query}")
    return list(page["items"])


def texts(message: Any) -> list[str | None]:
    return [each["text"] for each in message["versions"]]


async def test_what_is_deleted_under_a_hold_is_gone_for_readers_alone(
    ana: Person, ben: Person, counsel: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    file = (await upload(ana, room, content=b"the plan"))["id"]
    number = (await ana.send(room, "first", topic="plans", files=[file]))["number"]
    before = (await ana.send(room, "before the hold"))["number"]
    await ana.send(room, kind="delete", target=before)
    case = (await hold(counsel, room_id=room))["id"]
    await ana.send(room, "second", kind="edit", target=number)
    await ana.send(room, kind="delete", target=number)
    kept = await ana.send(room, "kept")
    [first, *_] = await ben.messages(room)
    assert (first["text"], first["files"], first["is_deleted"]) == ("", [], True)
    path = f"/v1/rooms/{room}/files/{file}/content"
    assert (await ana.browser.get(path)).status_code == 404
    messages = await held(counsel, case)
    assert [(each["number"], texts(each)) for each in messages] == [
        (number, ["first", "second"]),
        (before, [None]),
        (kept["number"], ["kept"]),
    ]
    assert (messages[0]["sender_name"], messages[0]["topic"]) == ("Ana", "plans")
    assert [each["is_deleted"] for each in messages] == [True, True, False]
    assert [each["id"] for each in messages[0]["files"]] == [file]
    answer = await counsel.browser.get(f"/v1/chat/holds/{case}/files/{file}")
    assert (answer.status_code, answer.content) == (200, b"the plan")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_retention_goes_on_and_what_is_held_is_kept_aside(
    house: House, tenant: Tenant, ana: Person, counsel: Person
) -> None:
    room = await ana.channel()
    number = (await ana.send(room, "old"))["number"]
    case = (await hold(counsel, room_id=room))["id"]
    await counsel.ask("PUT", f"/rooms/{room}/retention", {"days": 30}, 204)
    await age(house, room, [number], 31)
    await expire(house)
    assert [each["is_deleted"] for each in await ana.messages(room)] == [True]
    assert [texts(each) for each in await held(counsel, case)] == [["old"]]


async def test_what_programs_were_told_and_reports_copied_is_kept_aside_too(
    house: House, tenant: Tenant, ana: Person, ben: Person, counsel: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    said = (await ben.send(room, "reported"))["number"]
    body = {"reason": "spam", "note": ""}
    await ana.ask("POST", f"/rooms/{room}/messages/{said}/reports", body, 201)
    await ben.send(room, kind="delete", target=said)
    told = await tell_program(house, tenant, room, Kind.HTTP, "answered")
    case = (await hold(counsel, room_id=room))["id"]
    await counsel.ask("PUT", f"/rooms/{room}/retention", {"days": 30}, 204)
    await age(house, room, [said, told], 31)
    await expire(house)
    assert [(each["kind"], texts(each)) for each in await held(counsel, case)] == [
        ("message", ["reported"]),
        ("http", ["answered"]),
    ]


async def test_a_person_is_held_in_all_rooms_for_a_time(
    ana: Person, ben: Person, counsel: Person
) -> None:
    rooms = [await ana.channel(member_ids=[str(ben.id)]) for _ in range(3)]
    start = datetime.now(UTC)
    for room in rooms:
        await ana.send(room, "hers")
        theirs = (await ben.send(room, "his"))["number"]
        await ana.send(room, kind="delete", target=theirs)
    end = datetime.now(UTC)
    await ben.send(rooms[0], "later")
    facts = {"from_at": start.isoformat(), "until_at": end.isoformat()}
    case = await hold(counsel, person_id=str(ben.id), **facts)
    assert case["subject"].startswith("Ben <")
    messages = await held(counsel, case["id"])
    assert [(each["room_id"], texts(each)) for each in messages] == [
        (room, [None]) for room in sorted(rooms)
    ]
    pages, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = await counsel.ask("GET", f"/chat/holds/{case['id']}/messages{query}")
        pages.append(len(page["items"]))
        cursor = page["next_cursor"]
    assert pages == [2, 1]
    await counsel.ask("GET", f"/chat/holds/{case['id']}/messages?cursor=x", status=400)


async def test_all_of_a_hold_is_exported_and_every_reading_is_noted(
    house: House,
) -> None:
    tenant = await house.organisation("Held")
    counsel, ana = await person_of(tenant, Role.OWNER), await person_of(tenant, name="Ana")
    room = await ana.channel()
    for index in range(205):
        await ana.send(room, f"m{index}")
    case = (await hold(counsel))["id"]
    answer = await counsel.browser.get(f"/v1/chat/holds/{case}/export")
    lines = [json.loads(each) for each in answer.text.splitlines()]
    assert [texts(each) for each in lines] == [[f"m{index}"] for index in range(205)]
    await held(counsel, case, "?limit=3")
    await counsel.ask("POST", f"/chat/holds/{case}/release", status=200)
    noted = (await counsel.ask("GET", f"/audit-events?target_id={case}"))["items"]
    assert [each["action"] for each in noted] == [
        "chat.hold_released",
        "chat.hold_read",
        "chat.hold_exported",
        "chat.hold_placed",
    ]


async def test_what_no_hold_keeps_any_longer_is_destroyed(
    tenant: Tenant, freeing: Db, ana: Person, counsel: Person
) -> None:
    room = await ana.channel()
    file = (await upload(ana, room))["id"]
    number = (await ana.send(room, "4712 secret", files=[file]))["number"]
    one, other = [(await hold(counsel, room_id=room))["id"] for _ in range(2)]
    await ana.send(room, kind="delete", target=number)

    async def left() -> tuple[int, int]:
        async with freeing.tx(tenant.id) as tx:
            events = "select count(*) from chat.held_events where body::text like '%4712%'"
            files = "select count(*) from chat.files where id = $1"
            return await tx.fetchval(events), await tx.fetchval(files, UUID(file))

    await counsel.ask("POST", f"/chat/holds/{one}/release", status=200)
    await until_idle(freeing)
    assert await left() == (1, 1)
    assert [texts(each) for each in await held(counsel, other)] == [["4712 secret"]]
    await counsel.ask("POST", f"/chat/holds/{other}/release", status=200)

    async def is_gone() -> bool:
        return await left() == (0, 0)

    await until(is_gone, "what is held by nothing is still there")
    await counsel.ask("POST", f"/chat/holds/{other}/release", status=409)
    await counsel.ask("GET", f"/chat/holds/{other}/messages", status=409)


async def until_idle(db: Db) -> None:
    """Wait until the job has run."""

    async def is_idle() -> bool:
        async with db.system_tx() as tx:
            return not await tx.fetchval("select count(*) from queue.jobs where name = $1", FREE)

    await until(is_idle, "the job did not run")


async def test_only_who_answers_for_holds_knows_of_them(
    house: House, tenant: Tenant, ana: Person, counsel: Person
) -> None:
    room = await ana.channel()
    admin, key = await person_of(tenant, Role.ADMIN), await key_of(house, tenant)
    for who in (ana, admin, key):
        await hold(who, 403, room_id=room)
        await who.ask("GET", "/chat/holds", status=403)
    outsider = await person_of(await house.organisation("Elsewhere"), Role.OWNER)
    case = (await hold(counsel, room_id=room))["id"]
    assert (await outsider.ask("GET", "/chat/holds"))["items"] == []
    for path in ("", "/messages", "/export"):
        await outsider.ask("GET", f"/chat/holds/{case}{path}", status=404)
    await outsider.ask("POST", f"/chat/holds/{case}/release", status=404)
    await hold(outsider, 404, room_id=room)
    await hold(outsider, 404, person_id=str(ana.id))
    assert (await counsel.ask("GET", f"/chat/holds/{case}"))["reason"] == "x"


async def test_a_hold_is_of_something_for_a_time(ana: Person, counsel: Person) -> None:
    room = await ana.channel()
    now = datetime.now(UTC)
    for facts in (
        {"room_id": room, "person_id": str(ana.id)},
        {"from_at": now.isoformat(), "until_at": (now - timedelta(days=1)).isoformat()},
        {"from_at": "2026-01-01T00:00:00"},
        {"name": " "},
        {"reason": ""},
    ):
        await hold(counsel, 400, **facts)
