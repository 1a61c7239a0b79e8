"""Signing in by password and link, second factors, and sessions."""

import pyotp
import pytest

from hanse.identity import Role
from tests.identity.conftest import PASSWORD, House, Tenant


async def by_password(house: House, email: str, password: str = PASSWORD, **more: object):  # type: ignore[no-untyped-def]
    browser = house.browser(address=str(more.pop("address", "192.0.2.1")))
    body = {"email": email, "password": password, **more}
    return browser, await browser.post("/v1/auth/password", json=body)


async def test_a_password_lets_its_person_in(house: House, tenant: Tenant) -> None:
    await tenant.with_password(email="ana@example.org")
    browser, answer = await by_password(house, "Ana@Example.org")
    assert answer.status_code == 200
    assert answer.json()["person"]["email"] == "ana@example.org"
    assert answer.json()["account"]["signed_in_by"] == "password"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await browser.get("/v1/me")).json()["account"]["has_password"]


async def test_nobody_learns_whether_an_account_exists(house: House, tenant: Tenant) -> None:
    await tenant.with_password(email="bea@example.org")
    answers = [
        (await by_password(house, email, "not the password"))[1]
        for email in ("bea@example.org", "nobody@example.org")
    ]
    bodies = [{**answer.json(), "instance": ""} for answer in answers]
    assert answers[0].status_code == answers[1].status_code == 401
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "wrong_credentials"
    methods = [
        (await house.browser().get("/v1/auth/methods", params={"email": email})).json()
        for email in ("bea@example.org", "nobody@example.org")
    ]
    assert methods[0] == methods[1]


@pytest.mark.parametrize("email", ["guessed@example.org", "unknown@example.org"])
async def test_guessing_is_slowed_down_for_accounts_and_for_what_is_none(
    house: House, tenant: Tenant, email: str
) -> None:
    if email.startswith("guessed"):
        await tenant.with_password(email=email)
    answers = []
    while len(answers) < 12 and 429 not in answers:
        _, answer = await by_password(house, email, "wrong wrong", address="192.0.2.77")
        answers.append(answer.status_code)
    assert answers[:5] == [401] * 5
    _, answer = await by_password(house, email, address="192.0.2.78")
    assert answer.status_code == 429, "even with the right password, from wherever"
    assert answer.json()["code"] == "too_many_attempts"
    assert 0 < int(answer.headers["retry-after"]) <= 900


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "weak@example.org", "x" * 257])
async def test_a_password_that_is_the_first_guess_is_refused(
    house: House, tenant: Tenant, password: str
) -> None:
    browser = await tenant.signed_in(email=f"{len(password)}weak@example.org")
    password = password.replace("weak", f"{len(password)}weak")
    answer = await browser.put("/v1/me/password", json={"new": password})
    assert answer.status_code == 400
    assert (await browser.get("/v1/me")).json()["account"]["has_password"] is False


async def test_changing_the_password_ends_all_other_sessions(house: House, tenant: Tenant) -> None:
    here = await tenant.with_password(email="carla@example.org")
    elsewhere, _ = await by_password(house, "carla@example.org")
    copied = dict(here.cookies)
    body = {"current": PASSWORD, "new": "another fine password"}
    assert (await here.put("/v1/me/password", json=body)).status_code == 204
    assert (await here.get("/v1/me")).status_code == 200
    assert (await elsewhere.get("/v1/me")).status_code == 403
    thief = house.browser()
    thief.cookies.update(copied)
    assert (await thief.get("/v1/me")).status_code == 403
    assert (await by_password(house, "carla@example.org"))[1].status_code == 401


async def test_the_second_factor_is_asked_for_and_a_code_works_once(
    house: House, tenant: Tenant
) -> None:
    email = "dora@example.org"
    browser = await tenant.with_password(email=email)
    secret = (await browser.post("/v1/me/totp")).json()["secret"]
    assert (await by_password(house, email))[1].status_code == 200, "not yet confirmed"
    app = pyotp.TOTP(secret)
    wrong = await browser.put("/v1/me/totp", json={"code": "000000"})
    assert wrong.json()["code"] == "wrong_code"
    code = app.now()
    answer = await browser.put("/v1/me/totp", json={"code": code})
    codes = answer.json()["recovery_codes"]
    assert len(codes) == 10
    for more in ({}, {"code": "123"}, {"code": code}):
        _, answer = await by_password(house, email, **more)
        assert answer.status_code == 401
        assert answer.json()["code"] == "second_factor_required"
    for expected in (200, 401):
        _, answer = await by_password(house, email, code=codes[0])
        assert answer.status_code == expected
    assert (await browser.get("/v1/me")).json()["account"]["recovery_codes_left"] == 9
    assert (await browser.delete("/v1/me/totp")).status_code == 204
    assert (await by_password(house, email))[1].status_code == 200


async def test_an_address_of_two_organisations_chooses_between_them(house: House) -> None:
    one, two = await house.organisation("Uma"), await house.organisation("Duas")
    email = "eva@example.org"
    for tenant in (one, two):
        await tenant.with_password(email=email)
    _, answer = await by_password(house, email)
    assert answer.status_code == 409
    assert {each["name"] for each in answer.json()["organisations"]} == {"Uma", "Duas"}
    _, answer = await by_password(house, email, organisation_id=str(two.id))
    assert answer.json()["organisation"]["name"] == "Duas"


async def test_an_organisation_can_do_without_passwords(house: House) -> None:
    tenant = await house.organisation("Sem senha")
    owner = await tenant.signed_in(Role.OWNER)
    await tenant.with_password(email="fia@example.org")
    changed = await owner.patch("/v1/organisation", json={"password_sign_in": False})
    assert changed.json()["password_sign_in"] is False
    assert (await by_password(house, "fia@example.org"))[1].status_code == 401


async def test_a_mailed_link_lets_in_once_and_unknown_addresses_get_the_same_answer(
    house: House, tenant: Tenant
) -> None:
    await tenant.person(email="gil@example.org")
    browser = house.browser()
    for email in ("gil@example.org", "nobody@example.org"):
        answer = await browser.post("/v1/auth/links", json={"email": email})
        assert answer.status_code == 204
        assert answer.content == b""
    assert [letter["email"] for letter in house.mailer.sent] == ["gil@example.org"]
    token = house.mailer.sent[0]["url"].rpartition("/")[2]
    for expected in (200, 403):
        assert (
            await house.browser().post("/v1/auth/link", json={"token": token})
        ).status_code == expected


async def test_sessions_can_be_seen_and_ended(house: House, tenant: Tenant) -> None:
    here = await tenant.with_password(email="hugo@example.org")
    others = [(await by_password(house, "hugo@example.org"))[0] for _ in range(2)]
    sessions = (await here.get("/v1/me/sessions")).json()
    assert [each["is_current"] for each in sessions] == [False, False, True]
    assert sessions[0]["address"] == "192.0.2.1"
    assert sessions[0]["user_agent"] == "Test browser"
    assert (await here.delete(f"/v1/me/sessions/{sessions[0]['id']}")).status_code == 204
    assert (await others[1].get("/v1/me")).status_code == 403
    assert (await here.delete("/v1/me/sessions")).status_code == 204
    for browser in (here, others[0]):
        browser.cookies = others[0].cookies
        assert (await browser.get("/v1/me")).status_code == 403


async def test_signing_out_ends_the_session_on_the_server(house: House, tenant: Tenant) -> None:
    browser = await tenant.signed_in()
    stolen = dict(browser.cookies)
    assert (await browser.delete("/v1/auth/session")).status_code == 204
    assert (await browser.get("/v1/me")).status_code == 401
    thief = house.browser()
    thief.cookies.update(stolen)
    assert (await thief.get("/v1/me")).status_code == 403


async def test_somebody_deactivated_is_out_at_once_and_stays_out(
    house: House, tenant: Tenant
) -> None:
    owner = await tenant.signed_in(Role.OWNER)
    browser = await tenant.with_password(email="ida@example.org")
    me = (await browser.get("/v1/me")).json()["person"]["id"]
    answer = await owner.patch(f"/v1/people/{me}", json={"status": "deactivated"})
    assert answer.json()["status"] == "deactivated"
    assert (await browser.get("/v1/me")).status_code == 403
    assert (await by_password(house, "ida@example.org"))[1].status_code == 401
