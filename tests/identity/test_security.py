"""What an attacker tries, for every endpoint of the OpenAPI document, so for later ones, too."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from scim2_server.routing import ROUTES

from hanse.chat.programs import store as programs
from hanse.chat.programs.guests import Language
from hanse.chat.programs.model import Status
from hanse.identity import SCIM_PREFIX, Permission, Role
from hanse.identity.notifications.service import Announcement, put_into_inboxes
from hanse.platform.ids import new_id
from hanse.server.app import document
from hanse.server.notices import all_kinds
from hanse.server.settings import Settings
from tests.identity.conftest import PASSWORD, House, Tenant
from tests.identity.outside import Browser

SAFE = {"get", "head", "options"}
MARK = "belongs-to-b"

# What an unguessable name in a path stands for: how to make one in organisation B. An endpoint with
# a parameter that is not here fails the test, so that nobody forgets to add it.
NOT_OF_AN_ORGANISATION = {"language", "code", "number"}

# Whoever knows the secret in the path may use it, as the contract of the DeepL API has it.
BY_SECRET_PATH = {"/v3/translation_memories/files/{token}", "/v1/hooks/{token}"}


class Neighbour:
    """Organisation B: one of each thing, all with MARK in their names."""

    def __init__(self, ids: dict[str, str]) -> None:
        self.ids = ids


@pytest.fixture(scope="module")
async def neighbour(house: House) -> Neighbour:
    """Organisation B, full of things that A must never see."""
    tenant = await house.organisation(f"B {MARK}")
    owner = await tenant.signed_in(Role.OWNER, name=f"Owner {MARK}", email=f"{MARK}@b.example")

    async def make(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await owner.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        made: dict[str, Any] = answer.json()
        return made

    person = await make("/v1/people", {"email": f"p-{MARK}@b.example", "name": MARK})
    group = await make("/v1/groups", {"name": MARK})
    child = await make("/v1/groups", {"name": f"{MARK} child"})
    key = await make("/v1/api-keys", {"name": MARK})
    provider = await make(
        "/v1/identity-providers",
        {"name": MARK, "issuer": "https://b.example", "client_id": MARK, "enabled": False},
    )
    glossary = await make(
        "/v2/glossaries",
        {
            "name": MARK,
            "source_lang": "en",
            "target_lang": "pt",
            "entries": f"house\t{MARK}",
            "entries_format": "tsv",
        },
    )
    memory = await make(
        "/v3/translation_memories",
        {"name": MARK, "source_language": "en", "target_languages": ["pt"]},
    )
    style = await make("/v3/style_rules", {"name": MARK, "language": "en"})
    webhook = await make("/v1/webhooks", {"url": f"https://{MARK}.example", "description": MARK})
    ping = await owner.post(f"/v1/webhooks/{webhook['id']}/ping")
    room = await make("/v1/rooms", {"name": MARK, "is_public": True})
    await make(f"/v1/rooms/{room['id']}/events", {"client_key": "k", "text": MARK})
    path = f"/v1/rooms/{room['id']}/files?name={MARK}.txt"
    file = (await owner.post(path, content=MARK.encode())).json()
    hold = await make("/v1/chat/holds", {"name": MARK, "reason": MARK, "room_id": room["id"]})
    other = await tenant.signed_in(Role.MEMBER)
    report = await other.post(f"/v1/rooms/{room['id']}/messages/3/reports", json={"reason": "spam"})
    assert report.status_code == 201, report.text
    bot = await make(f"/v1/rooms/{room['id']}/incoming-webhooks", {"name": MARK})
    sessions = (await owner.get("/v1/me/sessions")).json()
    subscription = await make(
        "/v1/me/push-subscriptions", Browser().subscription(f"/{MARK}", "fcm.googleapis.com")
    )
    me = UUID((await owner.get("/v1/me")).json()["person"]["id"])
    program_id = new_id()
    async with house.db.tx(tenant.id) as tx:
        await programs.insert_program(tx, program_id, UUID(room["id"]), MARK, [], me, 0)
        version = await programs.insert_version(
            tx, program_id, f"// {MARK}", Language.JAVASCRIPT, me
        )
        await programs.set_status(tx, program_id, Status.RUNNING, version=version)
    facts: dict[str, str | int] = {"group": MARK, "by": MARK}
    said = Announcement([me], "identity.added_to_group", facts, None, "", datetime.now(UTC))
    async with house.db.tx(tenant.id) as tx:
        await put_into_inboxes(tx, all_kinds(), said, frozenset())
    notifications = (await owner.get("/v1/me/notifications")).json()["items"]
    return Neighbour(
        {
            "person_id": person["id"],
            "group_id": group["id"],
            "child_id": child["id"],
            "key_id": key["key"]["id"],
            "provider_id": provider["id"],
            "session_id": sessions[0]["id"],
            "notification_id": notifications[0]["id"],
            "subscription_id": subscription["id"],
            "passkey_id": str(uuid4()),
            "webhook_id": webhook["id"],
            "delivery_id": ping.json()["id"],
            "glossary_id": glossary["glossary_id"],
            "translation_memory_id": memory.get("translation_memory_id", str(uuid4())),
            "room_id": room["id"],
            "program_id": str(program_id),
            "file_id": file["id"],
            "hold_id": hold["id"],
            "bot_id": bot["webhook"]["bot_id"],
            "report_id": report.json()["id"],
            "member_id": person["id"],
            "style_id": style.get("style_id", str(uuid4())),
        }
    )


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of all endpoints."""
    found = [
        (method, path, operation)
        for path, methods in document(Settings())["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(found) > 60
    return [*found, *provisioning()]


def provisioning() -> list[tuple[str, str, dict[str, Any]]]:
    """The endpoints of SCIM, which are in the documents of that standard instead."""
    things = {"Users": "person_id", "Groups": "group_id"}
    return [
        (
            route.method.lower(),
            SCIM_PREFIX
            + route.pattern.replace("{endpoint}", kind).replace("{resource_id}", f"{{{name}}}"),
            {"operationId": f"scim {route.name}"},
        )
        for route in ROUTES
        for kind, name in things.items()
    ]


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _made_up(name: str) -> str:
    return "1" if name == "number" else str(uuid4())


async def call(
    browser: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    content = None if method in SAFE else json.dumps(body or {}).encode()
    headers = {} if content is None else {"Content-Type": "application/json"}
    return await browser.request(
        method.upper(), path, content=content, headers=headers, follow_redirects=False
    )


BODIES: dict[str, dict[str, Any]] = {
    "changePerson": {"name": "taken over"},
    "changeGroup": {"name": "taken over"},
    "changeIdentityProvider": {"name": "taken over"},
    "changeWebhook": {"description": "taken over"},
    "replayWebhook": {"since": "2020-01-01T00:00:00Z"},
    "markMyNotification": {"read": True},
    "changeRoom": {"name": "taken over"},
    "setRoomRules": {"words": ["taken over"]},
    "changeProgram": {"name": "taken over"},
    "attachProgram": {"name": "taken over", "template": "poll"},
    "addProgramVersion": {"source": "taken over"},
    "activateProgram": {"version": 1},
    "tryProgram": {"events": 5},
    "pressButton": {"client_key": "k", "button": "b"},
    "sendEvent": {"client_key": "k", "text": "taken over"},
    "markRoomRead": {"number": 1},
    "wantTranslations": {"numbers": [1]},
}


async def test_no_endpoint_shows_or_changes_what_is_another_organisations(
    house: House, neighbour: Neighbour
) -> None:
    tenant = await house.organisation("A")
    attacker = await tenant.signed_in(Role.OWNER)
    secret = (
        await attacker.post("/v1/api-keys", json={"name": "all", "scopes": [*Permission]})
    ).json()["secret"]
    machine = house.browser()
    machine.headers["Authorization"] = f"Bearer {secret}"
    tried = 0
    for method, path, operation in operations():
        if operation["operationId"] in ("signOut", "signOutEverywhere"):
            continue
        address = path
        for name in _names(path):
            address = address.replace(f"{{{name}}}", neighbour.ids.get(name, _made_up(name)))
        body = BODIES.get(operation["operationId"])
        for caller in (attacker, machine):
            answer = await call(caller, method, address, body)
            assert MARK not in answer.text, (method, path, answer.text[:300])
            if set(_names(path)) & neighbour.ids.keys():
                tried += 1
                assert answer.status_code >= 400, (method, path, answer.status_code)
    assert tried > 40
    await assert_untouched(house, neighbour)


async def assert_untouched(house: House, neighbour: Neighbour) -> None:
    """Everything of organisation B is as it was."""
    import asyncpg

    connection = await asyncpg.connect(house.database.url("hanse"))
    try:
        for table, name in (("people", "person_id"), ("groups", "group_id")):
            found = await connection.fetchval(
                f"select name from identity.{table} where id = $1", neighbour.ids[name]
            )
            assert found == MARK
        described = await connection.fetchval(
            "select description from identity.webhooks where id = $1", neighbour.ids["webhook_id"]
        )
        assert described == MARK
        revoked = await connection.fetchval(
            "select revoked_at from identity.api_keys where id = $1", neighbour.ids["key_id"]
        )
        assert revoked is None
        assert await connection.fetchval(
            "select name = $2 from identity.identity_providers where id = $1",
            neighbour.ids["provider_id"],
            MARK,
        )
        assert await connection.fetchval(
            "select read_at is null from identity.notifications where id = $1",
            neighbour.ids["notification_id"],
        )
        assert await connection.fetchval(
            "select count(*) from identity.push_subscriptions where id = $1",
            neighbour.ids["subscription_id"],
        )
    finally:
        await connection.close()


async def test_every_thing_with_an_id_of_ours_has_a_neighbour_to_try(
    house: House, neighbour: Neighbour
) -> None:
    unknown = {
        (name, path)
        for _method, path, _operation in operations()
        if path.startswith("/v1/")
        for name in _names(path)
        if name not in neighbour.ids and name not in NOT_OF_AN_ORGANISATION
    }
    # Jobs of the language system, whose ids only their own transaction's rows have.
    assert {name for name, _ in unknown} <= {"job_id", "evaluation_id", "token"}, unknown


async def test_no_endpoint_acts_on_a_session_for_another_site(house: House) -> None:
    browser = await (await house.organisation("CSRF")).signed_in(Role.OWNER)
    del browser.headers["Sec-Fetch-Site"]
    forged = 0
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        browser.headers.update(headers)
        for method, path, operation in operations():
            if method in SAFE or path in BY_SECRET_PATH:
                continue
            address = path
            for name in _names(path):
                address = address.replace(f"{{{name}}}", _made_up(name))
            answer = await call(browser, method, address)
            assert answer.status_code in (400, 403, 415), (operation["operationId"], answer.text)
            # A body may be refused before anybody asks who sends it; no deed is done either way.
            if answer.status_code == 403:
                forged += 1
        browser.headers.pop(next(iter(headers)))
    assert forged > 60
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    assert (await browser.get("/v1/me")).status_code == 200


async def test_every_endpoint_asks_who_is_there_unless_it_is_for_strangers(house: House) -> None:
    stranger = house.browser()
    for method, path, operation in operations():
        if operation.get("security") == [{}] or path in {
            "/livez",
            "/readyz",
            *BY_SECRET_PATH,
        }:
            continue
        address = path
        for name in _names(path):
            address = address.replace(f"{{{name}}}", _made_up(name))
        answer = await call(stranger, method, address)
        assert answer.status_code in (400, 401, 403, 415), (method, path, answer.text)


async def test_a_planted_session_does_not_become_the_persons(house: House, tenant: Tenant) -> None:
    email = f"{uuid4()}@example.org"
    await tenant.with_password(email=email)
    mallory = await tenant.signed_in()
    victim = house.browser()
    for planted in (dict(mallory.cookies)["hanse_session"], "made-up"):
        victim.cookies.set("hanse_session", planted, domain="localhost.local", path="/")
        body = {"email": email, "password": PASSWORD}
        answer = await victim.post("/v1/auth/password", json=body)
        assert answer.status_code == 200
        fresh = answer.cookies["hanse_session"]
        assert fresh != planted
        thief = house.browser()
        thief.cookies.set("hanse_session", planted)
        assert (await thief.get("/v1/me")).status_code == 403, "the planted one is over"


async def test_signing_in_is_limited_by_address(house: House) -> None:
    app = house.build(sign_in_limit_per_minute=5)
    office, home = (house.browser(app, address=each) for each in ("192.0.2.5", "192.0.2.6"))
    answers = [await office.get("/v1/auth/methods") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[0].headers["ratelimit"].startswith('"default";r=4')
    assert (await home.get("/v1/auth/methods")).status_code == 200


async def test_a_keys_own_limit_is_kept(house: House, tenant: Tenant) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    body = {"name": "slow", "requests_per_minute": 3}
    made = (await admin.post("/v1/api-keys", json=body)).json()
    assert made["key"]["requests_per_minute"] == 3
    key = house.browser()
    key.headers["Authorization"] = f"Bearer {made['secret']}"
    assert [(await key.get("/v1/me")).status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("path", ["/", "/docs", "/sign-in/token", "/v1/me", "/nowhere", "/livez"])
async def test_every_answer_tells_browsers_to_be_careful(house: House, path: str) -> None:
    secure = house.build(public_url="https://hanse.example")
    for app, tls in ((house.app, False), (secure, True)):
        headers = (await house.browser(app).get(path)).headers
        policy = headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert ("strict-transport-security" in headers) is tls


async def test_behind_tls_the_cookie_is_secure_and_no_neighbour_can_plant_it(
    house: House, tenant: Tenant
) -> None:
    from hanse import identity

    app = house.build(public_url="https://hanse.example")
    person = await tenant.person()
    async with house.db.tx(tenant.id) as tx:
        token = await identity.create_sign_in_link(tx, tenant.operator, person)
    browser = house.browser(app, url="https://hanse.example")
    answer = await browser.post("/v1/auth/link", json={"token": token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-hanse_session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert (await browser.get("/v1/me")).status_code == 200
    planted = house.browser(app, url="https://hanse.example")
    planted.cookies.set("hanse_session", browser.cookies["__Host-hanse_session"])
    assert (await planted.get("/v1/me")).status_code == 401
