"""Groups: nesting, managers, and what being in one allows."""

import asyncio
from itertools import pairwise
from uuid import uuid4

import asyncpg
import httpx
import pytest

from hanse.identity import Role
from tests.identity.conftest import House, Tenant


async def make(browser: httpx.AsyncClient, *permissions: str) -> str:
    body = {"name": f"group {uuid4()}", "permissions": permissions}
    answer = await browser.post("/v1/groups", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
async def owner(tenant: Tenant) -> httpx.AsyncClient:
    """The owner of the module's organisation."""
    return await tenant.signed_in(Role.OWNER)


async def whoami(browser: httpx.AsyncClient) -> tuple[str, list[str]]:
    me = (await browser.get("/v1/me")).json()
    return me["person"]["id"], me["permissions"]


async def test_what_a_group_allows_reaches_the_groups_within_it(
    tenant: Tenant, owner: httpx.AsyncClient
) -> None:
    browser = await tenant.signed_in()
    person, before = await whoami(browser)
    outer, middle, inner = await make(owner, "audit:read"), await make(owner), await make(owner)
    for parent, child in ((outer, middle), (middle, inner)):
        assert (await owner.put(f"/v1/groups/{parent}/groups/{child}")).status_code == 204
    assert (await browser.get("/v1/audit-events")).status_code == 403
    await owner.put(f"/v1/groups/{inner}/members/{person}", json={})
    assert set((await whoami(browser))[1]) == {*before, "audit:read"}
    assert (await browser.get("/v1/audit-events")).status_code == 200
    me = (await browser.get("/v1/me")).json()
    assert set(me["group_ids"]) == {outer, middle, inner}
    await owner.delete(f"/v1/groups/{outer}/groups/{middle}")
    assert (await whoami(browser))[1] == before


async def test_groups_never_lie_in_a_circle(owner: httpx.AsyncClient) -> None:
    a, b, c = await make(owner), await make(owner), await make(owner)
    for parent, child, status in ((a, b, 204), (b, c, 204), (c, a, 409), (a, a, 409), (a, c, 204)):
        assert (await owner.put(f"/v1/groups/{parent}/groups/{child}")).status_code == status


async def test_groups_lie_ten_deep_from_whichever_end_they_are_put_together(
    owner: httpx.AsyncClient,
) -> None:
    chains = []
    for _ in range(2):
        chain = [await make(owner) for _ in range(6)]
        for parent, child in pairwise(chain):
            assert (await owner.put(f"/v1/groups/{parent}/groups/{child}")).status_code == 204
        chains.append(chain)
    answer = await owner.put(f"/v1/groups/{chains[0][-1]}/groups/{chains[1][0]}")
    assert answer.json()["code"] == "nesting_too_deep"
    assert (await owner.put(f"/v1/groups/{chains[0][3]}/groups/{chains[1][0]}")).status_code == 204


async def test_a_manager_fills_the_group_and_can_do_nothing_else_to_it(
    tenant: Tenant, owner: httpx.AsyncClient
) -> None:
    group, other = await make(owner, "usage:read"), await make(owner)
    manager = await tenant.signed_in()
    member = await tenant.person()
    path = f"/v1/groups/{group}/members/{member}"
    assert (await manager.put(path, json={})).status_code == 403
    me, _ = await whoami(manager)
    await owner.put(f"/v1/groups/{group}/members/{me}", json={"is_manager": True})
    assert (await manager.put(path, json={})).status_code == 204
    assert (await manager.put(path, json={"is_manager": True})).status_code == 403
    assert (await manager.patch(f"/v1/groups/{group}", json={"name": "Mine"})).status_code == 403
    assert (await manager.put(f"/v1/groups/{other}/members/{member}", json={})).status_code == 403
    listed = (await manager.get(f"/v1/groups/{group}/members")).json()["items"]
    assert {each["person"]["id"]: each["is_manager"] for each in listed} == {
        me: True,
        str(member): False,
    }
    assert (await manager.delete(path)).status_code == 204


async def test_nobody_gives_through_a_group_what_they_may_not_do(
    house: House, tenant: Tenant, owner: httpx.AsyncClient
) -> None:
    strong = await make(owner, "people:write")
    body = {"name": "weak", "scopes": ["groups:write", "groups:read", "people:read"]}
    secret = (await owner.post("/v1/api-keys", json=body)).json()["secret"]
    key = house.browser()
    key.headers["Authorization"] = f"Bearer {secret}"
    new = {"name": "g", "permissions": ["people:write"]}
    assert (await key.post("/v1/groups", json=new)).status_code == 403
    weak = await make(key)
    assert (await key.put(f"/v1/groups/{strong}/groups/{weak}")).status_code == 403
    person = await tenant.person()
    assert (await key.put(f"/v1/groups/{strong}/members/{person}", json={})).status_code == 403
    changed = await key.patch(f"/v1/groups/{weak}", json={"permissions": ["people:write"]})
    assert changed.status_code == 403
    assert (await key.patch(f"/v1/groups/{strong}", json={"description": "d"})).status_code == 200


async def test_a_name_is_taken_whatever_its_case(owner: httpx.AsyncClient) -> None:
    for name, status in (("Öffentlich", 201), ("öffentlich", 409)):
        assert (await owner.post("/v1/groups", json={"name": name})).status_code == status
    found = (await owner.get("/v1/groups", params={"query": "ÖFF"})).json()["items"]
    assert [each["name"] for each in found] == ["Öffentlich"]
    unknown = await owner.post("/v1/groups", json={"name": "p", "permissions": ["fly"]})
    assert unknown.json()["code"] == "unknown_permission"


async def test_two_at_once_cannot_make_a_circle_either(
    house: House, owner: httpx.AsyncClient
) -> None:
    for _ in range(3):
        a, b = await make(owner), await make(owner)
        answers = await asyncio.gather(
            owner.put(f"/v1/groups/{a}/groups/{b}"), owner.put(f"/v1/groups/{b}/groups/{a}")
        )
        assert sorted(answer.status_code for answer in answers) == [204, 409]
    connection = await asyncpg.connect(house.database.url("hanse"))
    pairs = await connection.fetchval(
        """
        select count(*) from identity.group_parents one join identity.group_parents other
            on one.parent_id = other.child_id and one.child_id = other.parent_id
        """
    )
    await connection.close()
    assert pairs == 0
