"""People, keys and sessions over HTTP, against a running server."""

import re
from uuid import uuid4

import httpx
import pytest

from hanse.identity import Permission
from hanse.identity.policy import TEXT_SCOPES
from tests.serving import Hanse


@pytest.fixture(scope="module")
def admin(hanse: Hanse) -> httpx.Client:
    """A client whose key may do everything."""
    made = hanse.command(
        *("key", "create", "admin"),
        *(f"--scope={scope}" for scope in ALL_SCOPES),
    )
    assert made.returncode == 0, made.stderr
    return hanse.client(made.stdout.strip())


ALL_SCOPES = tuple(Permission)


def sign_in(hanse: Hanse, email: str = "owner@localhost") -> httpx.Client:
    """A browser in which that person has used a fresh sign-in link."""
    link = hanse.command("user", "link", email).stdout.strip()
    browser = hanse.client()
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    answer = browser.post("/v1/auth/link", json={"token": link.rpartition("/")[2]})
    assert answer.status_code == 200
    return browser


def test_without_a_key_the_answer_is_401_and_says_how_to_send_one(hanse: Hanse) -> None:
    answer = hanse.client().get("/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "DeepL-Auth-Key" in answer.json()["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["hns_wrong", "x" * 300, "ключ", ""])
def test_a_wrong_key_is_403(hanse: Hanse, key: str) -> None:
    headers = {"Authorization": f"DeepL-Auth-Key {key}".strip().encode()}
    answer = hanse.client().get("/v1/me", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "wrong_credentials"


@pytest.mark.parametrize("scheme", ["DeepL-Auth-Key", "Bearer", "bearer"])
def test_a_key_works_under_both_schemes(hanse: Hanse, scheme: str) -> None:
    key = hanse.make_key()
    answer = hanse.client().get("/v1/me", headers={"Authorization": f"{scheme} {key}"})
    assert answer.status_code == 200
    assert answer.json()["permissions"] == sorted(TEXT_SCOPES)


def test_a_key_may_do_only_what_its_scopes_say(hanse: Hanse) -> None:
    client = hanse.client(hanse.make_key())
    answer = client.post("/v1/people", json={"email": "a@example.org", "name": "A"})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Missing required scope(s): people:write"


def test_a_revoked_key_stops_working(hanse: Hanse, admin: httpx.Client) -> None:
    made = admin.post("/v1/api-keys", json={"name": "short-lived"}).json()
    client = hanse.client(made["secret"])
    assert admin.delete(f"/v1/api-keys/{made['key']['id']}").json()["revoked_at"]
    assert client.get("/v1/me").status_code == 403


def test_a_key_cannot_hand_on_what_it_may_not_do(hanse: Hanse, admin: httpx.Client) -> None:
    made = admin.post("/v1/api-keys", json={"name": "k", "scopes": ["api_keys:write"]}).json()
    weak = hanse.client(made["secret"])
    answer = weak.post("/v1/api-keys", json={"name": "strong", "scopes": ["people:write"]})
    assert answer.status_code == 403


def test_the_secret_is_in_the_first_answer_and_nowhere_else(admin: httpx.Client) -> None:
    made = admin.post("/v1/api-keys", json={"name": "secret"}).json()
    assert made["secret"].startswith("hns_")
    assert made["secret"] not in admin.get("/v1/api-keys?limit=200").text


def test_using_a_key_is_noted(hanse: Hanse, admin: httpx.Client) -> None:
    made = admin.post("/v1/api-keys", json={"name": "used"}).json()
    assert made["key"]["last_used_at"] is None
    assert hanse.client(made["secret"]).get("/v1/me").status_code == 200
    keys = {key["id"]: key for key in everything(admin, "/v1/api-keys")}
    assert keys[made["key"]["id"]]["last_used_at"] is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": " "}, "invalid_name"),
        ({"name": "a\nb"}, "invalid_name"),
        ({"name": "a", "scopes": ["fly"]}, "unknown_scope"),
        ({"name": "a", "expires_at": "2001-01-01T00:00:00Z"}, "invalid_expiry"),
        ({"name": "a", "expires_at": "9999-12-31T23:59:59-23:00"}, "invalid_expiry"),
        ({"name": 5}, "bad_request"),
        ({"nmae": "a"}, "bad_request"),
        ({}, "bad_request"),
    ],
)
def test_a_malformed_key_is_refused_precisely(
    admin: httpx.Client, body: dict[str, object], code: str
) -> None:
    answer = admin.post("/v1/api-keys", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


def everything(client: httpx.Client, path: str, limit: int = 2) -> list[dict[str, object]]:
    items, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = client.get(path, params=query).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def test_pages_give_everything_once_in_order(admin: httpx.Client) -> None:
    for number in range(5):
        admin.post("/v1/people", json={"email": f"p{number}-{uuid4()}@example.org", "name": "P"})
    ids = [str(person["id"]) for person in everything(admin, "/v1/people")]
    assert len(ids) == len(set(ids)) >= 6
    assert ids == sorted(ids)


@pytest.mark.parametrize("query", ["cursor=x", "cursor=%00", "limit=0", "limit=201", "limit=a"])
def test_a_malformed_page_is_refused(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/v1/people?{query}").status_code == 400


def test_a_repeat_with_the_same_key_has_one_effect(admin: httpx.Client) -> None:
    body = {"email": f"{uuid4()}@example.org", "name": "Once"}
    headers = {"Idempotency-Key": str(uuid4())}
    first = admin.post("/v1/people", json=body, headers=headers)
    second = admin.post("/v1/people", json=body, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert admin.post("/v1/people", json=body).json()["code"] == "email_taken"


def test_the_same_key_with_another_body_is_refused(admin: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    for status, name in ((201, "One"), (422, "Two")):
        body = {"email": f"{uuid4()}@example.org", "name": name}
        assert admin.post("/v1/people", json=body, headers=headers).status_code == status


def test_a_repeat_does_not_show_a_secret_again(admin: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = admin.post("/v1/api-keys", json={"name": "k"}, headers=headers).json()
    second = admin.post("/v1/api-keys", json={"name": "k"}, headers=headers).json()
    assert first["secret"]
    assert second == {**first, "secret": None}


def test_a_sign_in_link_works_once(hanse: Hanse) -> None:
    link = hanse.command("user", "link", "owner@localhost").stdout.strip()
    path = link[link.index("/sign-in/") :]
    body = {"token": link.rpartition("/")[2]}
    one, other = hanse.client(), hanse.client()
    assert one.get(path).status_code == 200, "opening it does not use it up"
    assert one.post("/v1/auth/link", json=body).status_code == 200
    assert one.get("/v1/me").json()["person"]["role"] == "owner"
    assert other.post("/v1/auth/link", json=body).status_code == 403
    assert other.get("/v1/me").status_code == 401


def test_a_person_makes_a_key_and_signs_out(hanse: Hanse) -> None:
    browser = sign_in(hanse)
    secret = browser.post("/v1/api-keys", json={"name": "from the page"}).json()["secret"]
    assert re.fullmatch(r"hns_[\w-]{43}", secret)
    assert hanse.client(secret).get("/v1/me").status_code == 200
    stolen = browser.cookies.get("hanse_session")
    browser.post("/sign-out")
    assert browser.get("/v1/me").status_code == 401
    thief = hanse.client(cookies={"hanse_session": stolen})
    assert thief.get("/v1/me").status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}]
)
def test_another_site_cannot_act_with_a_session(hanse: Hanse, headers: dict[str, str]) -> None:
    browser = sign_in(hanse)
    del browser.headers["Sec-Fetch-Site"]
    answer = browser.post("/v1/api-keys", json={"name": "stolen"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site_request"


def test_a_member_may_not_make_keys(hanse: Hanse) -> None:
    email = f"{uuid4()}@example.org"
    assert hanse.command("user", "create", email).returncode == 0
    browser = sign_in(hanse, email)
    assert browser.post("/v1/api-keys", json={"name": "k"}).status_code == 403


def test_an_administrator_cannot_become_an_owner(hanse: Hanse) -> None:
    email = f"{uuid4()}@example.org"
    hanse.command("user", "create", email, "--role", "admin")
    browser = sign_in(hanse, email)
    body = {"email": f"{uuid4()}@example.org", "name": "O", "role": "owner"}
    assert browser.post("/v1/people", json=body).status_code == 403
    people = browser.get("/v1/people?limit=200").json()["items"]
    owner = next(person for person in people if person["role"] == "owner")
    assert browser.post(f"/v1/people/{owner['id']}/sign-in-links").status_code == 403
