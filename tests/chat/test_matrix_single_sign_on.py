"""Signing in to a client of Matrix by Hanse's own page: second factors and providers count."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pyotp
import pytest

from hanse.identity import Role
from hanse.identity.signing import links
from tests.chat.conftest import key_of
from tests.chat.matrixing import CLIENT, SERVER
from tests.identity.conftest import House, Tenant

BACK = "http://localhost:4711/sso?state=a%26b"


async def handed_over(browser: httpx.AsyncClient) -> str:
    answer = await browser.post("/v1/auth/hand-over")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    return str(answer.json()["token"])


async def login(house: House, token: Any) -> httpx.Response:
    body = {"type": "m.login.token", "token": token}
    return await house.browser().post(f"{CLIENT}/login", json=body)


async def test_a_client_learns_where_to_send_the_browser(house: House) -> None:
    flows = (await house.browser().get(f"{CLIENT}/login")).json()["flows"]
    assert {"m.login.sso", "m.login.token"} <= {each["type"] for each in flows}
    for path in (f"{CLIENT}/login/sso/redirect", f"{CLIENT}/login/sso/redirect/any"):
        answer = await house.browser().get(path, params={"redirectUrl": BACK})
        place = urlsplit(answer.headers["Location"])
        assert (answer.status_code, place.netloc, place.path) == (302, SERVER, "/connect")
        assert parse_qs(place.query) == {"to": [BACK]}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:x",
        "data:text/html,x",
        "/x",
        "",
        "x",
        "a\nb:c",
        "http://a.example",
    ],
)
async def test_an_address_that_is_none_of_a_client_is_refused(house: House, address: str) -> None:
    query = {"redirectUrl": address}
    answer = await house.browser().get(f"{CLIENT}/login/sso/redirect", params=query)
    assert (answer.status_code, answer.json()["errcode"]) == (400, "M_INVALID_PARAM")
    answer = await house.browser().get(f"{CLIENT}/login/sso/redirect")
    assert answer.status_code == 400


async def test_whoever_has_a_second_factor_lets_a_client_in_once(
    house: House, tenant: Tenant
) -> None:
    browser = await tenant.with_password(email=f"{uuid4()}@example.org")
    secret = (await browser.post("/v1/me/totp")).json()["secret"]
    answer = await browser.put("/v1/me/totp", json={"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    token = await handed_over(browser)
    signed_in = await login(house, token)
    assert signed_in.status_code == 200, signed_in.text
    person = (await browser.get("/v1/me")).json()["person"]["id"]
    assert signed_in.json()["user_id"] == f"@{person}:{SERVER}"
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    client = house.browser()
    assert (await client.get(f"{CLIENT}/account/whoami", headers=headers)).status_code == 200
    again = await login(house, token)
    assert (again.status_code, again.json()["errcode"]) == (403, "M_FORBIDDEN")
    assert (await client.post(f"{CLIENT}/logout", headers=headers)).status_code == 200
    assert (await browser.get("/v1/me")).status_code == 200, "the browser stays signed in"


async def test_a_token_that_is_too_old_or_made_up_lets_nobody_in(
    house: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await tenant.signed_in()
    monkeypatch.setattr(links, "HANDED_OVER_LIFETIME", timedelta(seconds=-1))
    for token in (await handed_over(browser), "x", "\0", ""):
        answer = await login(house, token)
        assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN"), token
    assert (await login(house, 5)).status_code == 400


async def test_only_people_on_our_own_pages_let_clients_in(house: House, tenant: Tenant) -> None:
    answer = await house.browser().post("/v1/auth/hand-over")
    assert answer.status_code == 401
    browser = await tenant.signed_in()
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert (await browser.post("/v1/auth/hand-over", headers=elsewhere)).status_code == 403
    key = await key_of(house, tenant)
    assert (await key.browser.post("/v1/auth/hand-over")).status_code == 403
    session = await login(house, await handed_over(browser))
    headers = {"Authorization": f"Bearer {session.json()['access_token']}"}
    answer = await house.browser().post("/v1/auth/hand-over", headers=headers)
    assert answer.status_code in (401, 403), "a client makes no further ones"


async def test_a_client_that_was_let_in_is_no_browser_of_its_person(
    house: House, tenant: Tenant
) -> None:
    browser = await tenant.signed_in()
    secret = (await login(house, await handed_over(browser))).json()["access_token"]
    stolen = house.browser()
    for cookie in browser.cookies.jar:
        if "session" in cookie.name:
            stolen.cookies.set(cookie.name, secret)
    own_page = {"Sec-Fetch-Site": "same-origin"}
    for method, path in (("GET", "/v1/me"), ("POST", "/v1/auth/hand-over")):
        assert (await stolen.request(method, path, headers=own_page)).status_code == 403
    token = await handed_over(browser)
    answer = await house.browser().post("/v1/auth/link", json={"token": token})
    assert answer.status_code != 200, "it begins no session of a browser"
    assert (await login(house, token)).status_code == 200


async def test_signing_out_everywhere_ends_what_was_handed_over_too(
    house: House, tenant: Tenant
) -> None:
    browser = await tenant.signed_in()
    token = await handed_over(browser)
    assert (await browser.delete("/v1/me/sessions")).status_code in (200, 204)
    assert (await login(house, token)).status_code == 403


async def test_letting_in_is_in_the_audit_log(house: House, tenant: Tenant) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    await handed_over(admin)
    action = {"action": "sign_in.handed_over"}
    [event] = (await admin.get("/v1/audit-events", params=action)).json()["items"][:1]
    me = (await admin.get("/v1/me")).json()["person"]["id"]
    assert (event["actor_id"], event["target_id"]) == (me, me)
