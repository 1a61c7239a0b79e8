"""The audit log: what is noted, who reads it, and that nobody changes it."""

import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from hanse import identity
from hanse.identity import Role
from hanse.identity.purge import purge
from hanse.platform.database import Db
from tests.identity.conftest import House, Tenant


async def test_who_did_what_to_what_from_where(house: House) -> None:
    tenant = await house.organisation("Audited")
    admin = await tenant.signed_in(Role.ADMIN, name="Ada")
    me = (await admin.get("/v1/me")).json()["person"]["id"]
    person = await tenant.person(name="Bea")
    await admin.patch(f"/v1/people/{person}", json={"role": "guest"})
    events = (await admin.get("/v1/audit-events", params={"target_id": str(person)})).json()
    event = events["items"][0]
    assert event["action"] == "person.role_changed"
    assert event["details"] == {"role": ["member", "guest"]}
    assert (event["actor_kind"], event["actor_id"], event["actor_name"]) == ("person", me, "Ada")
    assert (event["target_kind"], event["target_name"]) == ("person", "Bea")
    assert (event["address"], event["user_agent"]) == ("192.0.2.1", "Test browser")
    assert event["request_id"]
    assert events["items"][1]["actor_kind"] == "operator"


async def test_filters_pages_and_the_export_agree(house: House) -> None:
    tenant = await house.organisation("Exported")
    admin = await tenant.signed_in(Role.ADMIN)
    for number in range(5):
        await admin.post("/v1/groups", json={"name": f"group {number}"})
    params = {"action": "group.created", "limit": "2"}
    pages: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await admin.get("/v1/audit-events", params={**params, **cursor})).json()
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [each["target_name"] for each in pages] == [f"group {n}" for n in range(4, -1, -1)]
    exported = await admin.get("/v1/audit-events/export", params={"action": "group.created"})
    assert exported.headers["content-type"].startswith("application/jsonl")
    assert [json.loads(line) for line in exported.text.splitlines()] == pages
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for params, count in (({"since": tomorrow}, 0), ({"until": tomorrow, "limit": "200"}, None)):
        items = (await admin.get("/v1/audit-events", params=params)).json()["items"]
        assert len(items) == count if count is not None else len(items) > 5


async def test_a_refused_sign_in_is_noted_and_no_secret_ever(house: House, tenant: Tenant) -> None:
    browser = await tenant.with_password(email="kim@example.org", password="a fine old password")
    body = {"email": "kim@example.org", "password": "a wrong password"}
    await house.browser(address="198.51.100.9").post("/v1/auth/password", json=body)
    admin = await tenant.signed_in(Role.ADMIN)
    answer = await admin.get("/v1/audit-events", params={"action": "session.refused"})
    assert answer.json()["items"][0]["address"] == "198.51.100.9"
    everything = (await admin.get("/v1/audit-events/export")).text
    assert "password.changed" in everything
    for secret in ("fine old", "a wrong", *browser.cookies.values()):
        assert secret not in everything


@pytest.mark.parametrize("role", ["hanse_app", "hanse_jobs"])
async def test_nobody_changes_or_deletes_what_was_noted(
    house: House, tenant: Tenant, role: str
) -> None:
    await tenant.person()
    db = await Db.open(house.database.url(role))
    for sql in (
        "update identity.audit_events set action = 'nothing'",
        "delete from identity.audit_events",
        "truncate identity.audit_events",
    ):
        try:
            async with db.tx(tenant.id) as tx:
                assert (await tx.execute(sql)).endswith(" 0")
        except asyncpg.InsufficientPrivilegeError:
            continue
    async with db.tx(tenant.id) as tx:
        assert await tx.fetchval("select count(*) from identity.audit_events") > 0
    await db.close()


async def test_the_purge_keeps_what_the_organisation_keeps_and_nothing_older(
    house: House,
) -> None:
    short, long = await house.organisation("Short"), await house.organisation("Long")
    owner = await connect(house)
    for tenant, days in ((short, 30), (long, 365)):
        admin = await tenant.signed_in(Role.OWNER)
        body = {"audit_retention_days": days}
        assert (await admin.patch("/v1/organisation", json=body)).status_code == 200
        await owner.execute(
            "update identity.audit_events set at = now() - interval '90 days' "
            "where organisation_id = $1 and action = 'person.created'",
            tenant.id,
        )
    db = await Db.open(house.database.url("hanse_jobs"))
    async with db.system_tx() as tx:
        await purge(tx)
    await db.close()
    left = {}
    for tenant in (short, long):
        rows = await owner.fetch(
            "select action from identity.audit_events where organisation_id = $1", tenant.id
        )
        left[tenant.name] = {row["action"] for row in rows}
    await owner.close()
    assert "person.created" not in left["Short"]
    assert "session.begun" in left["Short"]
    assert "person.created" in left["Long"]


async def test_a_deed_that_fails_leaves_no_note(tenant: Tenant) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    await admin.post("/v1/groups", json={"name": "twice"})
    await admin.post("/v1/groups", json={"name": "twice"})
    answer = await admin.get("/v1/audit-events", params={"action": "group.created"})
    assert len(answer.json()["items"]) == 1


async def connect(house: House) -> asyncpg.Connection:
    return await asyncpg.connect(house.database.url("hanse"))


async def test_other_systems_can_note_their_deeds(house: House, tenant: Tenant) -> None:
    async with house.db.tx(tenant.id) as tx:
        await identity.record(tx, tenant.operator, "room.archived", "room", None, "Lobby", by=1)
    admin = await tenant.signed_in(Role.ADMIN)
    answer = await admin.get("/v1/audit-events", params={"action": "room.archived"})
    assert answer.json()["items"][0]["details"] == {"by": 1}
