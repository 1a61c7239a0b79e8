"""SCIM 2.0: what identity providers send, and what becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import ScimFilter

from hanse import identity
from hanse.identity import Permission, Role
from hanse.identity.scim import bodies
from hanse.identity.scim.filters import condition_of
from hanse.identity.scim.schema import ENTERPRISE_URN, GROUP_URN, PROVIDER, USER_URN
from hanse.identity.scim.tables import PEOPLE
from tests.identity.conftest import House, Tenant

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class Client(httpx.AsyncClient):
    """What an identity provider has: the address and a key."""

    async def make(self, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
        """POST something."""
        answer = await self.post(path, json=body)
        assert answer.status_code == status, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def person(self, user_name: str = "", **more: Any) -> dict[str, Any]:
        """Make somebody, new unless named."""
        user_name = user_name or f"{uuid4()}@example.org"
        return await self.make(
            "/Users", {"schemas": [USER_URN], "userName": user_name, "displayName": "Ana", **more}
        )

    async def group(self, *members: str, name: str = "") -> dict[str, Any]:
        """Make a group of these members."""
        body = {
            "schemas": [GROUP_URN],
            "displayName": name or f"group {uuid4()}",
            "members": [{"value": each} for each in members],
        }
        return await self.make("/Groups", body)

    async def change(self, path: str, *operations: dict[str, Any], status: int = 204) -> Any:
        """PATCH something."""
        body = {"schemas": [PATCH_URN], "Operations": operations}
        answer = await self.patch(path, json=body)
        assert answer.status_code == status, answer.text
        return answer

    async def read(self, path: str, **query: Any) -> dict[str, Any]:
        """GET something."""
        answer = await self.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/scim+json"
        found: dict[str, Any] = answer.json()
        return found

    async def find(self, path: str, filter: str, **query: Any) -> list[dict[str, Any]]:
        """The resources that agree with a filter."""
        found = await self.read(path, filter=filter, **query)
        return found.get("Resources", [])


async def client_of(tenant: Tenant, *more: Permission) -> Client:
    """The identity provider of an organisation."""
    async with tenant.house.db.tx(tenant.id) as tx:
        _, secret = await identity.create_api_key(
            tx, tenant.operator, name="scim", scopes=[Permission.PROVISIONING, *more]
        )
    return Client(
        transport=httpx.ASGITransport(tenant.house.app, client=("192.0.2.9", 4711)),
        base_url="http://localhost:8080/scim/v2",
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/scim+json"},
    )


@pytest.fixture(scope="module")
async def scim(tenant: Tenant) -> AsyncIterator[Client]:
    """The identity provider of the module's organisation."""
    async with await client_of(tenant) as client:
        yield client


async def members_of(scim: Client, group: str) -> set[str]:
    found = await scim.read(f"/Groups/{group}")
    return {each["value"] for each in found.get("members", [])}


async def test_entra_id_finds_makes_and_changes_somebody(scim: Client) -> None:
    name = f"Test_User_{uuid4()}@example.org"
    nobody = await scim.read("/Users", filter=f'userName eq "{name}"')
    assert nobody["totalResults"] == 0
    made = await scim.make(
        "/Users",
        {
            "schemas": [USER_URN, ENTERPRISE_URN],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": name,
            "active": True,
            "displayName": "Ana Souza",
            "emails": [{"primary": True, "type": "work", "value": f"mail-{name}"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Ana Souza", "familyName": "Souza", "givenName": "Ana"},
            "roles": [],
            "preferredLanguage": "pt-BR",
            "addresses": [{"type": "work", "country": "Brasil"}],
            ENTERPRISE_URN: {"department": "Sales", "employeeNumber": "17"},
        },
    )
    assert made["meta"]["location"] == f"http://localhost:8080/scim/v2/Users/{made['id']}"
    assert made["name"]["givenName"] == "Ana"
    boss = await scim.person()
    await scim.change(
        f"/Users/{made['id']}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": f"new-{name}"},
        {"op": "Replace", "path": "name.familyName", "value": "Silva"},
        {"op": "Replace", "path": "displayName", "value": "Ana Silva"},
        {"op": "Add", "path": f"{ENTERPRISE_URN}:manager", "value": boss["id"]},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+55 11 1234"},
        {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "São Paulo"},
    )
    (found,) = await scim.find("/Users", f'userName eq "{name.upper()}"')
    assert found["emails"] == [{"value": f"new-{name}", "type": "work", "primary": True}]
    assert found["name"]["familyName"] == "Silva"
    assert found["displayName"] == "Ana Silva"
    assert found[ENTERPRISE_URN]["department"] == "Sales"
    assert found[ENTERPRISE_URN]["manager"] == {
        "value": boss["id"],
        "$ref": boss["meta"]["location"],
    }
    assert "phoneNumbers" not in found


async def test_entra_id_changes_many_attributes_without_a_path(scim: Client) -> None:
    made = await scim.person()
    await scim.change(
        f"/Users/{made['id']}",
        {
            "op": "Add",
            "value": {
                "name.givenName": "Bia",
                "title": "Lead",
                f"{ENTERPRISE_URN}:costCenter": "4711",
                'phoneNumbers[type eq "mobile"].value': "1",
            },
        },
    )
    found = await scim.read(f"/Users/{made['id']}")
    assert found["name"]["givenName"] == "Bia"
    assert found["title"] == "Lead"
    assert found[ENTERPRISE_URN]["costCenter"] == "4711"


@pytest.mark.parametrize("no", ["False", "false", False])
async def test_deactivation_ends_sessions_and_keys_at_once(
    tenant: Tenant, scim: Client, no: Any
) -> None:
    made = await scim.person()
    browser = await tenant.signed_in(person_id=UUID(made["id"]))
    assert (await browser.get("/v1/me")).status_code == 200
    async with tenant.house.db.tx(tenant.id) as tx:
        access = identity.Access(
            tenant.id, frozenset(Permission), person_id=UUID(made["id"]), role=Role.OWNER
        )
        _, secret = await identity.create_api_key(tx, access, name="own")
    program = tenant.house.browser()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert (await program.get("/v1/me")).status_code == 200
    await scim.change(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": no})
    assert (await browser.get("/v1/me")).status_code == 403
    assert (await program.get("/v1/me")).status_code == 403
    assert (await scim.read(f"/Users/{made['id']}"))["active"] is False
    await scim.change(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "True"})
    assert (await browser.get("/v1/me")).status_code == 403, "the old cookie stays dead"
    assert (await scim.read(f"/Users/{made['id']}"))["active"] is True


async def test_okta_makes_replaces_and_deactivates_somebody(scim: Client) -> None:
    name = f"{uuid4()}@okta.example"
    body = {
        "schemas": [USER_URN],
        "userName": name,
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": name, "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = await scim.make("/Users", body)
    assert "password" not in made
    assert made["locale"] == "en-US"
    found = await scim.read("/Users", filter=f'userName eq "{name}"', startIndex=1, count=100)
    assert (found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (1, 1, 1)
    replaced = await scim.put(
        f"/Users/{made['id']}",
        json={**body, "id": made["id"], "meta": made["meta"], "displayName": "Another"},
    )
    assert replaced.json()["displayName"] == "Another"
    await scim.change(f"/Users/{made['id']}", {"op": "replace", "value": {"active": False}})
    assert (await scim.read(f"/Users/{made['id']}"))["active"] is False


async def test_okta_renames_and_fills_a_group(scim: Client) -> None:
    one, other = await scim.person(), await scim.person()
    made = await scim.group(one["id"])
    path = f"/Groups/{made['id']}"
    await scim.change(
        path, {"op": "replace", "value": {"id": made["id"], "displayName": f"new {made['id']}"}}
    )
    await scim.change(
        path,
        {"op": "remove", "path": f'members[value eq "{one["id"]}"]'},
        {
            "op": "add",
            "path": "members",
            "value": [{"value": other["id"], "display": other["userName"]}],
        },
    )
    assert await members_of(scim, made["id"]) == {other["id"]}
    await scim.change(path, {"op": "replace", "path": "members", "value": [{"value": one["id"]}]})
    assert await members_of(scim, made["id"]) == {one["id"]}
    assert (await scim.read(path))["displayName"] == f"new {made['id']}"


async def test_entra_id_fills_a_group_and_asks_who_is_in_it(scim: Client) -> None:
    people = [(await scim.person())["id"] for _ in range(3)]
    made = await scim.group()
    path = f"/Groups/{made['id']}"
    add = [{"$ref": None, "value": each} for each in people]
    await scim.change(path, {"op": "Add", "path": "members", "value": add})
    await scim.change(path, {"op": "Add", "path": "members", "value": add[:1]})
    await scim.change(path, {"op": "Remove", "path": "members", "value": add[1:2]})
    assert await members_of(scim, made["id"]) == {people[0], people[2]}
    asked = f'id eq "{made["id"]}" and members eq "{people[2]}"'
    (found,) = await scim.find("/Groups", asked, excludedAttributes="members")
    assert "members" not in found
    assert await scim.find("/Groups", f'members[value eq "{people[1]}"]') == []
    shown = await scim.patch(
        f"{path}?attributes=members",
        json={
            "schemas": [PATCH_URN],
            "Operations": [{"op": "remove", "path": f'members[value eq "{people[0]}"]'}],
        },
    )
    assert [each["value"] for each in shown.json()["members"]] == [people[2]]
    (member,) = (await scim.read(f"/Users/{people[2]}"))["groups"]
    assert member["value"] == made["id"]
    await scim.change(path, {"op": "Remove", "path": "members"})
    assert await members_of(scim, made["id"]) == set()


async def test_groups_lie_within_groups(tenant: Tenant, scim: Client) -> None:
    person = await scim.person()
    inner = await scim.group(person["id"])
    outer = await scim.group(inner["id"])
    (member,) = outer["members"]
    assert member["type"] == "Group"
    assert member["$ref"] == inner["meta"]["location"]
    owner = await tenant.signed_in(Role.OWNER)
    changed = await owner.patch(f"/v1/groups/{outer['id']}", json={"permissions": ["audit:read"]})
    assert changed.status_code == 200
    browser = await tenant.signed_in(person_id=UUID(person["id"]))
    assert (await browser.get("/v1/audit-events")).status_code == 200
    circle = {"op": "add", "path": "members", "value": [{"value": outer["id"]}]}
    await scim.change(f"/Groups/{inner['id']}", circle, status=409)
    taken = {"op": "remove", "path": f'members[value eq "{inner["id"]}"]'}
    await scim.change(f"/Groups/{outer['id']}", taken)
    assert (await browser.get("/v1/audit-events")).status_code == 403


async def test_a_name_belongs_to_one(tenant: Tenant, scim: Client) -> None:
    made = await scim.person()
    for body in (
        {"userName": made["userName"].upper(), "emails": [{"value": "else@example.org"}]},
        {"userName": f"{uuid4()}", "emails": [{"value": made["userName"]}]},
    ):
        answer = await scim.post("/Users", json={"schemas": [USER_URN], **body})
        assert answer.status_code == 409
        assert answer.json()["scimType"] == "uniqueness"
    other = await scim.person()
    for value in (made["userName"],):
        change = {"op": "replace", "path": "userName", "value": value}
        answer = await scim.change(f"/Users/{other['id']}", change, status=409)
        assert answer.json()["scimType"] == "uniqueness"
    invited = await tenant.signed_in(Role.OWNER)
    body = {"email": made["userName"], "name": "Somebody"}
    assert (await invited.post("/v1/people", json=body)).status_code == 409
    group = await scim.group()
    again = {"schemas": [GROUP_URN], "displayName": group["displayName"].upper()}
    assert (await scim.post("/Groups", json=again)).json()["scimType"] == "uniqueness"


async def test_who_is_deleted_is_gone_and_the_name_is_free(tenant: Tenant, scim: Client) -> None:
    made = await scim.person()
    group = await scim.group(made["id"])
    browser = await tenant.signed_in(person_id=UUID(made["id"]))
    path = f"/Users/{made['id']}"
    assert (await scim.delete(path)).status_code == 204
    assert (await browser.get("/v1/me")).status_code == 403
    assert (await scim.get(path)).status_code == 404
    assert (await scim.delete(path)).status_code == 404
    assert await members_of(scim, group["id"]) == set()
    owner = await tenant.signed_in(Role.OWNER)
    assert (await owner.get("/v1/people", params={"query": made["userName"]})).json()["items"] == []
    again = await scim.person(made["userName"])
    assert again["id"] != made["id"], "whoever comes later is somebody else"


async def test_who_is_deleted_keeps_a_name_and_cannot_come_back(
    tenant: Tenant, scim: Client
) -> None:
    made = await scim.person()
    group = await scim.group()
    await scim.delete(f"/Users/{made['id']}")
    owner = await tenant.signed_in(Role.OWNER)
    path = f"/v1/people/{made['id']}"
    left = (await owner.get(path)).json()
    assert (left["name"], left["status"]) == (made["displayName"], "removed")
    for method, where, body in (
        ("PATCH", path, {"status": "active"}),
        ("POST", f"{path}/sign-in-links", None),
        ("PUT", f"/v1/groups/{group['id']}/members/{made['id']}", {}),
    ):
        answer = await owner.request(method, where, json=body)
        assert answer.status_code == 404, answer.text
    answer = await owner.post(f"{path}/erasure", json={"email": left["email"]})
    assert answer.status_code == 202, answer.text
    left = (await owner.get(path)).json()
    assert (left["name"], left["status"]) == ("Erased person", "removed")


async def test_a_version_guards_what_it_was_read_for(scim: Client) -> None:
    person = await scim.person()
    group = await scim.group()
    join = {"op": "add", "path": "members", "value": [{"value": person["id"]}]}
    title = {"op": "replace", "path": "title", "value": str(uuid4())}
    for kind, made, change in (("Users", person, title), ("Groups", group, join)):
        path = f"/{kind}/{made['id']}"
        tag = made["meta"]["version"]
        assert (await scim.get(path, headers={"If-None-Match": tag})).status_code == 304
        body = {"schemas": [PATCH_URN], "Operations": [change]}
        first = await scim.patch(path, json=body, headers={"If-Match": tag})
        assert first.status_code == 204
        assert first.headers["etag"] != tag
        late = await scim.patch(path, json=body, headers={"If-Match": tag})
        assert late.status_code == 412
        assert (await scim.delete(path, headers={"If-Match": tag})).status_code == 412
        assert (await scim.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_a_bulk_request_refers_to_what_it_makes(scim: Client) -> None:
    names = [f"{uuid4()}@example.org" for _ in range(3)]
    operations: list[dict[str, Any]] = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": f"u{number}",
            "data": {"schemas": [USER_URN], "userName": name},
        }
        for number, name in enumerate([*names, names[0]])
    ]
    operations.append(
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {
                "schemas": [GROUP_URN],
                "displayName": f"bulk {uuid4()}",
                "members": [{"value": "bulkId:u0"}, {"value": "bulkId:u2"}],
            },
        }
    )
    body = {"schemas": [BULK_URN], "Operations": operations}
    answer = await scim.post("/Bulk", json=body)
    assert answer.status_code == 200, answer.text
    results = answer.json()["Operations"]
    assert [each["status"] for each in results] == ["201", "201", "201", "409", "201"]
    assert results[3]["response"]["scimType"] == "uniqueness"
    group = results[4]["location"].rpartition("/")[2]
    ids = [each["location"].rpartition("/")[2] for each in results[:3]]
    assert await members_of(scim, group) == {ids[0], ids[2]}
    end = [
        {
            "method": "PATCH",
            "path": f"/Users/{ids[0]}",
            "data": {
                "schemas": [PATCH_URN],
                "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
            },
        },
        {"method": "DELETE", "path": f"/Users/{ids[1]}"},
    ]
    answer = await scim.post("/Bulk", json={"schemas": [BULK_URN], "Operations": end})
    assert [each["status"] for each in answer.json()["Operations"]] == ["200", "204"]
    assert (await scim.read(f"/Users/{ids[0]}"))["active"] is False
    many = [{"method": "DELETE", "path": f"/Users/{uuid4()}"}] * 1001
    refused = await scim.post("/Bulk", json={"schemas": [BULK_URN], "Operations": many})
    assert refused.status_code == 413


async def test_nobody_becomes_an_admin_through_it(tenant: Tenant, scim: Client) -> None:
    for role, ends in ((Role.ADMIN, 204), (Role.OWNER, 403)):
        person = await tenant.person(role)
        path = f"/Users/{person}"
        note = {"op": "replace", "value": {"title": "Chief", "externalId": str(uuid4())}}
        await scim.change(path, note)
        email = {
            "op": "replace",
            "path": 'emails[type eq "work"].value',
            "value": "me@evil.example",
        }
        await scim.change(path, email, status=403)
        await scim.change(path, {"op": "replace", "path": "active", "value": False}, status=ends)
        if ends == 204:
            admit = {"op": "replace", "path": "active", "value": True}
            await scim.change(path, admit, status=403)
        assert (await scim.delete(path)).status_code == ends
    owner = await tenant.signed_in(Role.OWNER)
    body = {"name": f"strong {uuid4()}", "permissions": ["people:write"]}
    strong = (await owner.post("/v1/groups", json=body)).json()["id"]
    member = await scim.person()
    join = {"op": "add", "path": "members", "value": [{"value": member["id"]}]}
    await scim.change(f"/Groups/{strong}", join, status=403)
    assert (await scim.delete(f"/Groups/{strong}")).status_code == 403
    around = await scim.group()
    nest = {"op": "add", "path": "members", "value": [{"value": around["id"]}]}
    await scim.change(f"/Groups/{strong}", nest, status=403)


async def test_only_a_key_for_it_may_use_it(house: House, tenant: Tenant, scim: Client) -> None:
    made = await scim.person()
    for authorization, status in (
        ({}, 401),
        ({"Authorization": "Bearer hns_wrong"}, 401),
    ):
        stranger = house.browser()
        answer = await stranger.get("/scim/v2/Users", headers=authorization)
        assert answer.status_code == status
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["status"] == str(status)
        assert answer.headers["content-type"] == "application/scim+json"
    async with house.db.tx(tenant.id) as tx:
        scopes = [each for each in Permission if each is not Permission.PROVISIONING]
        _, secret = await identity.create_api_key(tx, tenant.operator, name="no", scopes=scopes)
    other = house.browser()
    other.headers["Authorization"] = f"Bearer {secret}"
    assert (await other.get(f"/scim/v2/Users/{made['id']}")).status_code == 403
    member = await tenant.signed_in()
    assert (await member.get("/scim/v2/Users")).status_code == 403
    neighbour = await client_of(await house.organisation("Neighbour"))
    for kind, thing in (("Users", made), ("Groups", await scim.group())):
        path = f"/{kind}/{thing['id']}"
        assert (await neighbour.get(path)).status_code == 404
        assert (await neighbour.delete(path)).status_code == 404
        change = {"op": "replace", "path": "displayName", "value": "taken over"}
        await neighbour.change(path, change, status=404)
        body = {"schemas": [], "userName": "x@y.z", "displayName": "taken over"}
        assert (await neighbour.put(path, json=body)).status_code == 404
        assert (await neighbour.read(f"/{kind}"))["totalResults"] == 0
    await neighbour.make(
        "/Groups",
        {"schemas": [GROUP_URN], "displayName": "g", "members": [{"value": made["id"]}]},
        400,
    )


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        (b"{", "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b'{"schemas": []}', "invalidValue"),
        (b'{"userName": "no address"}', "invalidValue"),
        (b'{"userName": "a@b.c", "emails": [{"value": "nonsense"}]}', "invalidValue"),
        (b'{"userName": "a@b.c", "displayName": "\\u0000"}', "invalidValue"),
        (b'{"userName": "a@b.c", "title": "%s"}' % (b"x" * 20_000), "invalidValue"),
        (b'{"userName": "%s@b.c"}' % (b"x" * 400), "invalidValue"),
    ],
)
async def test_what_is_wrong_is_told_in_the_terms_of_scim(
    scim: Client, body: bytes, scim_type: str
) -> None:
    answer = await scim.post("/Users", content=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["scimType"] == scim_type
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Users?filter=userName", 400),
        ('/Users?filter=password eq "x"', 400),
        ("/Users?filter=" + "(" * 2100 + "title pr", 400),
        ("/Users?sortBy=groups", 400),
        ('/Users?filter=userName eq "\\u0000"', 400),
        ("/Users/nobody", 404),
        ("/Nothing", 404),
        ("/Me", 501),
    ],
)
async def test_what_cannot_be_asked(scim: Client, path: str, status: int) -> None:
    answer = await scim.get(path)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == str(status)


# Compared with the library's own evaluator, which is the reference of what a filter means.
FILTERS = [
    'userName eq "ALICE@ONE.EXAMPLE"',
    'userName ne "alice@one.example"',
    'userName sw "dave_" or userName ew "_%@x.example"',
    'userName co "@one"',
    'userName gt "b"',
    'userName le "carol"',
    'title eq "boss"',
    'title ne "Boss"',
    'not (title eq "Boss")',
    "title eq null",
    "title ne null",
    "title pr",
    'title co "%"',
    'title lt "c"',
    'title sw ""',
    "name pr",
    "name.givenName pr and not (name.familyName pr)",
    'name.familyName eq "SMITH"',
    "active eq true",
    "not (active eq true)",
    "active ne true",
    "emails pr",
    'emails ne "alice@one.example"',
    'emails co "ONE"',
    'emails.type eq "work"',
    "emails.primary eq true",
    "emails.primary eq false",
    'emails[type eq "work" and value co "alice"]',
    'emails[not (type eq "work")]',
    "groups pr",
    'groups.display sw "filtered"',
    'groups[display co "filtered"] or title pr',
    'id sw "0"',
    'externalId eq "Case" or externalId eq "case"',
    'meta.created gt "2000-01-01T00:00:00Z"',
    'meta.lastModified lt "2000-01-01T00:00:00Z"',
    f'{ENTERPRISE_URN}:employeeNumber eq "100"',
    f'{ENTERPRISE_URN}:employeeNumber gt "10"',
    f"{ENTERPRISE_URN}:manager.value pr",
    f'{USER_URN}:title eq "Boss" or userName eq "Bob@two.example"',
    'title eq "Boss" and active eq false or (active eq true and title pr)',
]


@pytest.fixture(scope="module")
async def filtered(house: House) -> Client:
    """An organisation of five who differ in what filters can ask for."""
    scim = await client_of(await house.organisation("Filters"))
    alice = await scim.person(
        "alice@one.example",
        title="Boss",
        externalId="Case",
        name={"givenName": "Alice", "familyName": "Liddell"},
        **{ENTERPRISE_URN: {"employeeNumber": "100"}},
    )
    await scim.person(
        "Bob@two.example",
        active=False,
        emails=[{"value": "B@x.org", "type": "home", "primary": False}],
    )
    carol = await scim.person(
        "carol@one.example",
        title="",
        name={"familyName": "smith"},
        externalId="case",
        **{ENTERPRISE_URN: {"employeeNumber": "2", "manager": {"value": alice["id"]}}},
    )
    await scim.person("dave_%@x.example", title="50% off", name={"givenName": "Dave"})
    await scim.person("éva@x.example", title="Ángel")
    await scim.group(alice["id"], carol["id"], name="Filtered group")
    return scim


async def test_filters_mean_what_the_standard_says(filtered: Client) -> None:
    model: Any = PROVIDER.model_for("User")
    everybody = (await filtered.read("/Users"))["Resources"]
    resources = {each["id"]: model.model_validate(each) for each in everybody}
    assert len(resources) == 5
    for text in FILTERS:
        expected = {id for id, each in resources.items() if ScimFilter[model](text).match(each)}
        found = await filtered.read("/Users", filter=text)
        assert {each["id"] for each in found.get("Resources", [])} == expected, text
        assert found["totalResults"] == len(expected), text


async def test_pages_and_orders(filtered: Client) -> None:
    names = []
    for start in (1, 3, 5):
        page = await filtered.read(
            "/Users", sortBy="userName", sortOrder="descending", startIndex=start, count=2
        )
        assert page["totalResults"] == 5
        names += [each["userName"] for each in page["Resources"]]
    assert names == sorted(names, key=str.lower, reverse=True)
    assert len(set(names)) == 5
    by_title = (await filtered.read("/Users", sortBy="title"))["Resources"]
    titles = [each.get("title") for each in by_title if each.get("title")]
    assert titles == sorted(titles, key=str.lower)
    none = await filtered.read("/Users", count=0)
    assert none["totalResults"] == 5
    assert not none.get("Resources")
    root = await filtered.post(
        "/.search",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": 'displayName sw "filtered" or userName sw "alice"',
            "attributes": ["displayName"],
        },
    )
    found = root.json()["Resources"]
    assert [set(each) - {"schemas", "meta"} for each in found] == [{"id", "displayName"}] * 2


@given(st.text(), st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt"]))
def test_a_value_never_becomes_part_of_the_sql(value: str, op: str) -> None:
    model: Any = PROVIDER.model_for("User")
    for name in ("userName", "title", "externalId", "emails.type", "groups.display"):
        text = f"{name} {op} {ScimFilter.quote(value)}"
        condition = condition_of(PEOPLE, ScimFilter[model](text).ast, 2, strict=True)
        plain = condition_of(PEOPLE, ScimFilter[model](f'{name} {op} "x"').ast, 2, strict=True)
        assert condition.sql == plain.sql
        assert condition.arguments == [value]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "Operations",
                        "op",
                        "path",
                        "value",
                        "id",
                        "members",
                        "manager",
                        "data",
                        "method",
                    ]
                )
                | st.text(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_tidying_takes_whatever_json_there_is(data: Any) -> None:
    for tidy in (bodies.tidy_resource, bodies.tidy_patch, bodies.tidy_bulk):
        once = tidy(data)
        assert tidy(once) == once


async def test_two_who_fill_a_group_at_once_both_do(scim: Client) -> None:
    people = [(await scim.person())["id"] for _ in range(8)]
    group = await scim.group()
    await asyncio.gather(
        *(
            scim.change(
                f"/Groups/{group['id']}",
                {"op": "Add", "path": "members", "value": [{"value": each}]},
            )
            for each in people
        )
    )
    assert await members_of(scim, group["id"]) == set(people)


async def test_what_it_does_stands_in_the_audit_log(tenant: Tenant, scim: Client) -> None:
    person = await scim.person()
    group = await scim.group(person["id"])
    await scim.change(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "T"})
    await scim.delete(f"/Users/{person['id']}")
    owner = await tenant.signed_in(Role.OWNER)

    async def actions(id: str) -> list[str]:
        answer = await owner.get("/v1/audit-events", params={"target_id": id})
        events = answer.json()["items"]
        assert {(each["actor_kind"], each["actor_name"]) for each in events} == {
            ("api_key", "scim")
        }
        return [each["action"] for each in events]

    assert await actions(person["id"]) == ["person.removed", "person.changed", "person.created"]
    assert await actions(group["id"]) == ["group.members_changed", "group.created"]
