"""Everything about a person in one archive, and nothing of a person after an erasure."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from PIL import Image

from hanse import identity
from hanse.identity import Role
from hanse.identity.purge import purge
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.server.personal_data import HOLDINGS
from tests.conftest import Database
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant

# Columns that look as if they named a person, and what they hold instead.
NOT_PEOPLE = {"chat.shards.owner_id": "a process that owns rooms"}

NAMING_A_PERSON = """
select n.nspname || '.' || c.relname || '.' || a.attname as name
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    and n.nspname !~ '^(pg_|information_schema)'
    and (
        (a.atttypid = 'uuid'::regtype
            and a.attname ~ '(^|_)(person|people|user|actor|member|owner|author|sender|reader)_id$')
        or (a.atttypid = 'uuid'::regtype and a.attname ~ '_by$')
        or exists (
            select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'
                and f.confrelid = 'identity.people'::regclass and a.attnum = any (f.conkey)
        )
    )
"""


@pytest.fixture(scope="module", autouse=True)
async def working(house: House) -> AsyncIterator[None]:
    """The jobs of archives and erasures run."""
    jobs = Jobs()
    identity.register_personal_data(jobs, HOLDINGS)
    url = house.database.url("hanse_jobs")
    limits = WorkerLimits(poll_s=0.02)
    async with going(lambda stop: run_jobs(jobs, url, stop, limits=limits)):
        yield


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("hanse"))
    yield connection
    await connection.close()


class Somebody:
    """A person with one of each thing, all with a mark in it, and their browser."""

    def __init__(self, id: str, mark: str, email: str, browser: httpx.AsyncClient) -> None:
        self.id = id
        self.mark = mark
        self.email = email
        self.browser = browser


async def somebody(tenant: Tenant, owner: asyncpg.Connection, role: Role = Role.ADMIN) -> Somebody:
    """Somebody new who has used everything."""
    mark = f"mark{uuid4().hex[:12]}"
    email = f"{mark}@example.org"
    person_id = await tenant.person(role, email, f"Ana {mark}")
    browser = await tenant.signed_in(person_id=person_id)
    browser.headers["User-Agent"] = f"Browser {mark}"
    answer = await browser.put("/v1/me/password", json={"new": f"secret {mark}"})
    assert answer.status_code == 204, answer.text
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(photo, "PNG")
    assert (await browser.put("/v1/me/photo", content=photo.getvalue())).status_code == 200
    await browser.patch("/v1/me", json={"name": f"Ana {mark}", "languages": ["pt", "de"]})
    admin = await tenant.signed_in(Role.ADMIN)
    group = (await admin.post("/v1/groups", json={"name": str(uuid4())})).json()["id"]
    answer = await admin.put(f"/v1/groups/{group}/members/{person_id}", json={})
    assert answer.status_code < 300, answer.text
    if role is Role.ADMIN:
        assert (await browser.post("/v1/api-keys", json={"name": "mine"})).status_code == 201
    answer = await browser.post("/v1/rooms", json={"name": "Harbour", "is_public": True})
    room = answer.json()["id"]
    said = {"client_key": "1", "text": "Ahoy"}
    sent = await browser.post(f"/v1/rooms/{room}/events", json=said)
    assert sent.status_code == 201
    saved = f"/v1/rooms/{room}/messages/{sent.json()['number']}/saved"
    assert (await browser.put(saved, json={})).status_code == 200
    begun = {"text": f"Begun {mark}"}
    assert (await browser.put(f"/v1/rooms/{room}/draft", json=begun)).status_code == 200
    answer = await browser.post(
        f"/v1/rooms/{room}/files?name={mark}.txt", content=f"Dear {mark}".encode()
    )
    assert answer.status_code == 201, answer.text
    ids = (new_id(), tenant.id, person_id)
    await owner.execute(
        "insert into identity.passkeys (id, organisation_id, person_id, name, credential_id, "
        "public_key, sign_count) values ($1, $2, $3, $4, $5, $5, 0)",
        *ids,
        f"Phone {mark}",
        mark.encode(),
    )
    await owner.execute(
        "insert into language.translations (id, organisation_id, person_id, source_languages, "
        "target_language, texts, characters, sentences, models, duration_ms, created_at) "
        "values ($1, $2, $3, '{en}', 'pt', 1, 30, 1, '{en-pt}', 5, now())",
        *ids,
    )
    await owner.execute(
        "insert into language.documents (id, organisation_id, person_id, key_hash, filename, "
        "target_language, glossary_ids, status, original, created_at, expires_at) "
        "values ($1, $2, $3, '', $4, 'pt', '{}', 'queued', $5, now(), now() + interval '1 day')",
        *ids,
        f"../{mark}.txt",
        f"Dear {mark}".encode(),
    )
    return Somebody(str(person_id), mark, email, browser)


async def finished(browser: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """What stands at a path, once it has come to its end."""

    async def end() -> dict[str, Any] | None:
        answer = await browser.get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body if body.get("finished_at") or body.get("completed_at") else None

    found: dict[str, Any] = await until(end, f"the end at {path}")
    return found


async def actions(admin: httpx.AsyncClient, target_id: str) -> list[str]:
    """What was noted about somebody, newest first."""
    answer = await admin.get("/v1/audit-events", params={"target_id": target_id})
    return [each["action"] for each in answer.json()["items"]]


async def test_every_column_that_names_a_person_is_in_a_holding(owner: asyncpg.Connection) -> None:
    found = {row["name"] for row in await owner.fetch(NAMING_A_PERSON)}
    assert len(found) > 15
    held = [column for holding in HOLDINGS for column in holding.columns]
    assert len(held) == len(set(held)), "a column is in two holdings"
    forgotten = found - set(held) - NOT_PEOPLE.keys()
    assert not forgotten, f"register these as holdings of their system: {sorted(forgotten)}"
    assert len({holding.name for holding in HOLDINGS}) == len(HOLDINGS)
    columns = await owner.fetch(
        "select table_schema || '.' || table_name || '.' || column_name as name "
        "from information_schema.columns"
    )
    assert set(held) <= {row["name"] for row in columns}


async def test_a_person_fetches_everything_about_themselves(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    person = await somebody(tenant, owner)
    begun = await person.browser.post("/v1/me/export")
    assert (begun.status_code, begun.json()["status"]) == (202, "queued")
    export = await finished(person.browser, "/v1/me/export")
    assert export["status"] == "done"
    answer = await person.browser.get("/v1/me/export/archive")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == export["bytes"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    read = {
        name: json.loads(archive.read(name))
        for name in archive.namelist()
        if name.endswith(".json")
    }
    (me,) = read["identity/person.json"]
    assert (me["email"], me["languages"]) == (person.email, ["pt", "de"])
    assert {name for name, rows in read.items() if len(rows) == 0} <= {
        "identity/authenticator_app.json",
        "identity/recovery_codes.json",
        "identity/identities.json",
        "identity/webhooks.json",
        "identity/erasures.json",
        "identity/notifications.json",
        "identity/notification_choices.json",
        "identity/notification_habits.json",
        "identity/notification_deliveries.json",
        "identity/push_subscriptions.json",
        "chat/imports.json",
        "chat/mentions.json",
        "chat/mutes.json",
        "chat/bans.json",
        "chat/bots.json",
        "chat/reports.json",
        "chat/programs.json",
        "chat/matrix_account_data.json",
    }
    assert "Ahoy" in [event["body"].get("text") for event in read["chat/events.json"]]
    assert read["identity/passkeys.json"][0]["name"] == f"Phone {person.mark}"
    assert read["identity/api_keys.json"][0]["name"] == "mine"
    assert read["language/translations.json"][0]["characters"] == 30
    assert read["contents.json"]["person_id"] == person.id
    assert Image.open(io.BytesIO(archive.read("identity/photo/photo.webp"))).format == "WEBP"
    (document,) = [name for name in archive.namelist() if name.startswith("language/documents/")]
    assert ".." not in document
    assert archive.read(document).decode() == f"Dear {person.mark}"
    (file,) = [name for name in archive.namelist() if name.startswith("chat/files/")]
    assert archive.read(file).decode() == f"Dear {person.mark}"
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (
        b"argon2",
        b"secret ",
        *(each.encode() for each in person.browser.cookies.values()),
    ):
        assert secret not in everything
    admin = await tenant.signed_in(Role.ADMIN)
    assert (await actions(admin, person.id))[:2] == [
        "person.export_downloaded",
        "person.export_requested",
    ]


async def test_an_archive_shows_nothing_of_others(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    admin = await somebody(tenant, owner)
    other = await tenant.person(email=f"other-{admin.mark}@example.org", name="Somebody Else")
    await admin.browser.patch(f"/v1/people/{other}", json={"name": "Quite Another"})
    await admin.browser.post("/v1/me/export")
    await finished(admin.browser, "/v1/me/export")
    answer = await admin.browser.get("/v1/me/export/archive")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    audit = archive.read("identity/audit_events.json").decode()
    assert str(other) in audit
    for name in ("Somebody Else", "Quite Another", "other-"):
        assert name not in audit


async def test_administrators_fetch_archives_and_others_do_not(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    person = await tenant.person()
    path = f"/v1/people/{person}/export"
    admin, member = await tenant.signed_in(Role.ADMIN), await tenant.signed_in(Role.MEMBER)
    assert (await admin.get(path)).status_code == 404
    assert (await admin.post(path)).status_code == 202
    await finished(admin, path)
    assert (await admin.get(f"{path}/archive")).status_code == 200
    for answer in (
        await member.post(path),
        await member.get(path),
        await member.get(f"{path}/archive"),
        await member.post(f"/v1/people/{person}/erasure", json={"email": "a@b.example"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    chief = await tenant.person(Role.OWNER)
    for answer in (
        await admin.post(f"/v1/people/{chief}/export"),
        await admin.post(f"/v1/people/{chief}/erasure", json={"email": "a@b.example"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    await owner.execute(
        "update identity.personal_exports set expires_at = now() where person_id = $1", person
    )
    assert (await admin.get(path)).status_code == 404
    db = await Db.open(tenant.house.database.url("hanse_jobs"))
    async with db.system_tx() as tx:
        await purge(tx)
    await db.close()
    sql = "select count(*) from identity.personal_exports where person_id = $1"
    assert await owner.fetchval(sql, person) == 0


async def test_a_session_that_is_not_new_does_neither(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    person_id = await tenant.person(Role.ADMIN, email=f"{uuid4()}@example.org")
    browser = await tenant.signed_in(person_id=person_id)
    await owner.execute(
        "update identity.sessions set created_at = now() - interval '31 minutes' "
        "where person_id = $1",
        person_id,
    )
    # Another process, which remembers nothing of the session.
    elsewhere = tenant.house.browser(tenant.house.build())
    elsewhere.cookies.update(browser.cookies)
    browser = elsewhere
    other = await tenant.person()
    for answer in (
        await browser.post("/v1/me/export"),
        await browser.get("/v1/me/export/archive"),
        await browser.post("/v1/me/erasure", json={"email": "a@b.example"}),
        await browser.post(f"/v1/people/{other}/export"),
        await browser.post(f"/v1/people/{other}/erasure", json={"email": "a@b.example"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "recent_sign_in_required")


async def test_an_erasure_leaves_nothing_of_the_person_and_all_of_the_others(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    person = await somebody(tenant, owner)
    await person.browser.post("/v1/me/export")
    await finished(person.browser, "/v1/me/export")
    admin = await tenant.signed_in(Role.ADMIN)
    path = f"/v1/people/{person.id}/erasure"
    wrong = await admin.post(path, json={"email": "somebody@else.example"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "confirmation_mismatch")
    assert (await admin.get(path)).status_code == 404
    before = await actions(admin, person.id)
    sql = "select id from language.translations where person_id = $1"
    kept = await owner.fetchval(sql, UUID(person.id))
    assert (await places_of(owner, person.mark)) > {"identity.people", "identity.audit_events"}
    answer = await admin.post(path, json={"email": person.email.upper()})
    assert answer.status_code == 202, answer.text
    assert (await person.browser.get("/v1/me")).status_code == 403
    await finished(admin, path)

    assert await places_of(owner, person.mark) == set()
    stone = (await admin.get(f"/v1/people/{person.id}")).json()
    assert stone["name"] == "Erased person"
    assert stone["email"] == f"{person.id}@removed.invalid"
    assert (stone["status"], stone["photo_url"]) == ("removed", None)
    listed = await admin.get("/v1/people", params={"limit": "200"})
    assert person.id not in listed.text
    found = await admin.get("/v1/people", params={"query": "Erased"})
    assert found.json()["items"] == []

    assert await actions(admin, person.id) == ["person.erased", *before]
    rows = await owner.fetch("select person_id from language.translations where id = $1", kept)
    assert [row["person_id"] for row in rows] == [None]
    keys = await owner.fetch(
        "select revoked_at from identity.api_keys where created_by = $1", UUID(person.id)
    )
    assert len(keys) == 1
    assert keys[0]["revoked_at"] is not None

    for method, where, body in (
        ("PATCH", f"/v1/people/{person.id}", {"status": "active"}),
        ("POST", path, {"email": stone["email"]}),
    ):
        again = await admin.request(method, where, json=body)
        assert again.status_code == 404, again.text


async def places_of(owner: asyncpg.Connection, mark: str) -> set[str]:
    """Every table with a row that has the mark somewhere, as text or as bytes."""
    tables = await owner.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables "
        "where schemaname !~ '^(pg_|information_schema)'"
    )
    found = set()
    for table in tables:
        sql = f"select exists (select from {table['name']} t where t::text like any ($1))"
        if await owner.fetchval(sql, [f"%{mark}%", f"%{mark.encode().hex()}%"]):
            found.add(table["name"])
    return found


async def test_a_person_erases_themselves_but_no_organisation_loses_its_only_owner(
    house: House,
) -> None:
    tenant = await house.organisation("Two owners")
    emails = [f"{uuid4()}@example.org" for _ in range(2)]
    first = await tenant.signed_in(Role.OWNER, email=emails[0])
    alone = await first.post("/v1/me/erasure", json={"email": emails[0]})
    assert (alone.status_code, alone.json()["code"]) == (409, "last_owner")
    assert (await first.get("/v1/me")).json()["person"]["email"] == emails[0]
    second = await tenant.signed_in(Role.OWNER, email=emails[1])
    answer = await second.post("/v1/me/erasure", json={"email": emails[1]})
    assert answer.status_code == 202, answer.text
    assert "Max-Age=0" in answer.headers["set-cookie"]
    id = answer.json()["person_id"]
    await finished(first, f"/v1/people/{id}/erasure")
    log = (await first.get("/v1/audit-events", params={"actor_id": id})).json()["items"]
    assert log[0]["action"] == "person.erased"
    assert {(each["actor_name"], each["address"]) for each in log} == {(None, None)}
    again = await first.post("/v1/people", json={"email": emails[1], "name": "Somebody new"})
    assert again.status_code == 201, "the address is free again"


async def test_keys_that_others_need_can_outlive_who_made_them(
    tenant: Tenant, owner: asyncpg.Connection
) -> None:
    person = await somebody(tenant, owner)
    admin = await tenant.signed_in(Role.ADMIN)
    body = {"email": person.email, "revoke_api_keys": False}
    assert (await admin.post(f"/v1/people/{person.id}/erasure", json=body)).status_code == 202
    await finished(admin, f"/v1/people/{person.id}/erasure")
    sql = "select revoked_at is null from identity.api_keys where created_by = $1"
    assert await owner.fetchval(sql, UUID(person.id))
