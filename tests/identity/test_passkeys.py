"""Passkeys, with an authenticator in software."""

from typing import Any

import httpx
import pytest

from tests.identity.authenticator import USER_PRESENT, USER_VERIFIED, Authenticator
from tests.identity.conftest import ADDRESS, House, Tenant


async def register(browser: httpx.AsyncClient, authenticator: Authenticator) -> httpx.Response:
    begun = (await browser.post("/v1/me/passkeys/options")).json()
    body = {
        "challenge_id": begun["challenge_id"],
        "credential": authenticator.create(begun["options"]),
        "name": "My phone",
    }
    return await browser.post("/v1/me/passkeys", json=body)


async def challenge(browser: httpx.AsyncClient) -> dict[str, Any]:
    begun: dict[str, Any] = (await browser.post("/v1/auth/passkeys/options")).json()
    return begun


async def sign_in(
    browser: httpx.AsyncClient, authenticator: Authenticator, begun: dict[str, Any] | None = None
) -> httpx.Response:
    begun = begun or await challenge(browser)
    body = {
        "challenge_id": begun["challenge_id"],
        "credential": authenticator.get(begun["options"]),
    }
    return await browser.post("/v1/auth/passkeys", json=body)


async def test_a_passkey_lets_its_person_in_without_an_address(
    house: House, tenant: Tenant
) -> None:
    browser, authenticator = await tenant.signed_in(name="Ana"), Authenticator(ADDRESS)
    made = await register(browser, authenticator)
    assert made.status_code == 201, made.text
    assert made.json()["name"] == "My phone"
    answer = await sign_in(house.browser(), authenticator)
    assert answer.status_code == 200
    assert answer.json()["person"]["name"] == "Ana"
    assert answer.json()["account"]["signed_in_by"] == "passkey"
    listed = (await browser.get("/v1/me/passkeys")).json()
    assert listed[0]["last_used_at"] is not None
    assert (await browser.delete(f"/v1/me/passkeys/{listed[0]['id']}")).status_code == 204
    assert (await sign_in(house.browser(), authenticator)).status_code == 401


async def test_a_challenge_works_once(house: House, tenant: Tenant) -> None:
    authenticator = Authenticator(ADDRESS)
    await register(await tenant.signed_in(), authenticator)
    browser = house.browser()
    begun = await challenge(browser)
    assert (await sign_in(browser, authenticator, begun)).status_code == 200
    assert (await sign_in(browser, authenticator, begun)).status_code == 401


@pytest.mark.parametrize("change", ["origin", "unverified", "key", "copy"])
async def test_what_the_authenticator_did_not_sign_for_us_lets_nobody_in(
    house: House, tenant: Tenant, change: str
) -> None:
    authenticator = Authenticator(ADDRESS)
    await register(await tenant.signed_in(), authenticator)
    if change == "origin":
        authenticator.origin = "https://evil.example"
    elif change == "unverified":
        authenticator.flags = USER_PRESENT
    elif change == "key":
        authenticator.key = Authenticator(ADDRESS).key
    else:
        authenticator.count = 5
        assert (await sign_in(house.browser(), authenticator)).status_code == 200
        # A copy of the authenticator counts from where it was copied.
        authenticator.count = 2
    assert (await sign_in(house.browser(), authenticator)).status_code == 401


async def test_an_answer_to_somebody_elses_challenge_registers_nothing(tenant: Tenant) -> None:
    ana, bea = await tenant.signed_in(), await tenant.signed_in()
    begun = (await ana.post("/v1/me/passkeys/options")).json()
    credential = Authenticator(ADDRESS, USER_PRESENT | USER_VERIFIED).create(begun["options"])
    body = {"challenge_id": begun["challenge_id"], "credential": credential}
    assert (await bea.post("/v1/me/passkeys", json=body)).status_code == 400
    assert (await bea.get("/v1/me/passkeys")).json() == []


@pytest.mark.parametrize("credential", [{}, {"rawId": 5}, {"rawId": "a", "response": None}])
async def test_nonsense_is_refused(
    house: House, tenant: Tenant, credential: dict[str, Any]
) -> None:
    browser = await tenant.signed_in()
    for options, path in (
        ("/v1/auth/passkeys/options", "/v1/auth/passkeys"),
        ("/v1/me/passkeys/options", "/v1/me/passkeys"),
    ):
        begun = (await browser.post(options)).json()
        body = {"challenge_id": begun["challenge_id"], "credential": credential}
        assert (await browser.post(path, json=body)).status_code in (400, 401)
