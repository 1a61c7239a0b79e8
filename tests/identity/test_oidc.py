"""Signing in by OpenID Connect, with a provider that runs beside the test."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread

from hanse.identity import Role
from hanse.identity.providers.flow import safe_path
from tests.identity.conftest import House, Tenant

CLAIMS: dict[str, dict[str, Any]] = {
    "ana": {"email": "ana@example.org", "email_verified": True, "name": "Ana Souza"},
    "bea": {"email": "bea@example.org", "email_verified": True, "name": "Bea", "groups": ["dev"]},
    "carla": {"email": "carla@example.org", "email_verified": False, "name": "Carla"},
    "dora": {"email": "dora@elsewhere.example", "email_verified": True, "name": "Dora"},
    "owner": {"email": "owner@example.org", "email_verified": True, "name": "Olga"},
}


class Provider:
    """The provider's address, and the token requests that it got."""

    def __init__(self, server: Any) -> None:
        self.issuer = f"http://localhost:{server.server_port}"
        self.tokens_asked: list[dict[str, list[str]]] = []
        app = server.app

        def noting(environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"].endswith("/token"):
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                self.tokens_asked.append(parse_qs(body.decode()))
                import io

                environ["wsgi.input"] = io.BytesIO(body)
            return app(environ, start_response)

        server.app = noting


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A running OpenID Connect provider that knows the people of CLAIMS."""
    users = [User(sub=sub, claims=claims) for sub, claims in CLAIMS.items()]
    with run_server_in_thread(user_claims=users, require_nonce=True) as server:
        yield Provider(server)


async def connect(tenant: Tenant, provider: Provider, **settings: Any) -> str:
    """Set the provider up as an administrator does; return its id."""
    admin = await tenant.signed_in(Role.ADMIN)
    body = {
        "name": "House sign-on",
        "issuer": provider.issuer,
        "client_id": "hanse",
        "client_secret": "s3cret",
        "allowed_domains": ["Example.org"],
        "provisioning": True,
        **settings,
    }
    answer = await admin.post("/v1/identity-providers", json=body)
    assert answer.status_code == 201, answer.text
    assert "s3cret" not in answer.text
    return str(answer.json()["id"])


async def depart(browser: httpx.AsyncClient, id: str, next_path: str = "/translate") -> str:
    answer = await browser.get(f"/v1/auth/oidc/{id}", params={"next": next_path})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def consent(location: str, sub: str) -> str:
    """What happens at the provider: the person says yes, and is sent back."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(location, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def sign_in(house: House, id: str, sub: str) -> tuple[httpx.AsyncClient, str]:
    browser = house.browser()
    answer = await browser.get(await consent(await depart(browser, id), sub))
    assert answer.status_code == 302, answer.text
    return browser, answer.headers["location"]


async def test_a_person_comes_in_with_a_proof_of_possession(
    house: House, provider: Provider
) -> None:
    id = await connect(await house.organisation("PKCE"), provider)
    browser = house.browser()
    location = await depart(browser, id)
    asked = parse_qs(urlsplit(location).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    answer = await browser.get(await consent(location, "ana"))
    assert answer.headers["location"] == "/translate"
    verifier = provider.tokens_asked[-1]["code_verifier"][0]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    assert asked["code_challenge"] == [challenge.decode().rstrip("=")]
    me = (await browser.get("/v1/me")).json()
    assert me["person"]["name"] == "Ana Souza"
    assert me["person"]["role"] == "member"
    assert me["account"]["signed_in_by"] == "oidc"


async def test_somebody_known_is_the_same_person_each_time(
    house: House, provider: Provider
) -> None:
    tenant = await house.organisation("Known")
    id = await connect(tenant, provider)
    person_id = await tenant.person(Role.ADMIN, email="Ana@Example.org")
    for _ in range(2):
        browser, _location = await sign_in(house, id, "ana")
        assert (await browser.get("/v1/me")).json()["person"]["id"] == str(person_id)


@pytest.mark.parametrize(
    ("sub", "settings"),
    [
        ("carla", {}),  # whose address the provider does not vouch for
        ("dora", {}),  # of another domain
        ("ana", {"provisioning": False}),
        ("owner", {}),
    ],
)
async def test_nobody_else_comes_in(
    house: House, provider: Provider, sub: str, settings: dict[str, Any]
) -> None:
    tenant = await house.organisation("Strict")
    await tenant.person(Role.OWNER, email="owner@example.org")
    browser, location = await sign_in(house, await connect(tenant, provider, **settings), sub)
    assert location == "/?sign_in_error=not_invited"
    assert (await browser.get("/v1/me")).status_code == 401


async def test_a_deactivated_person_stays_out(house: House, provider: Provider) -> None:
    tenant = await house.organisation("Left")
    id = await connect(tenant, provider)
    browser, _ = await sign_in(house, id, "ana")
    person = (await browser.get("/v1/me")).json()["person"]["id"]
    owner = await tenant.signed_in(Role.OWNER)
    await owner.patch(f"/v1/people/{person}", json={"status": "deactivated"})
    _, location = await sign_in(house, id, "ana")
    assert location == "/?sign_in_error=not_invited"


async def test_groups_follow_what_the_provider_says(house: House, provider: Provider) -> None:
    tenant = await house.organisation("Groups")
    owner = await tenant.signed_in(Role.OWNER)
    groups = {}
    for name in ("dev", "ops", "own"):
        groups[name] = (await owner.post("/v1/groups", json={"name": name})).json()["id"]
    mapping = {"dev": groups["dev"], "ops": groups["ops"]}
    id = await connect(tenant, provider, group_mapping=mapping)
    browser, _ = await sign_in(house, id, "bea")
    me = (await browser.get("/v1/me")).json()
    assert me["group_ids"] == [groups["dev"]]
    path = f"/v1/groups/{groups['own']}/members/{me['person']['id']}"
    assert (await owner.put(path, json={})).status_code == 204
    CLAIMS["bea"]["groups"] = ["ops"]
    browser, _ = await sign_in(house, id, "bea")
    CLAIMS["bea"]["groups"] = ["dev"]
    assert set((await browser.get("/v1/me")).json()["group_ids"]) == {groups["ops"], groups["own"]}


async def test_an_answer_works_once_and_in_its_own_browser_only(
    house: House, provider: Provider
) -> None:
    id = await connect(await house.organisation("Once"), provider)
    ana, mallory = house.browser(), house.browser()
    back = await consent(await depart(ana, id), "ana")
    await depart(mallory, id)
    stolen = await mallory.get(back)
    assert stolen.headers["location"] == "/?sign_in_error=sign_in_expired"
    assert (await ana.get(back)).headers["location"] == "/?sign_in_error=sign_in_expired"
    back = await consent(await depart(ana, id), "ana")
    assert (await ana.get(back)).headers["location"] == "/translate"
    assert (await ana.get(back)).headers["location"] == "/?sign_in_error=sign_in_expired"


async def test_a_token_of_another_sign_in_is_refused(house: House, provider: Provider) -> None:
    id = await connect(await house.organisation("Nonce"), provider)
    browser = house.browser()
    location = await depart(browser, id)
    nonce = parse_qs(urlsplit(location).query)["nonce"][0]
    back = await consent(location.replace(nonce, "another"), "ana")
    answer = await browser.get(back)
    assert answer.headers["location"] == "/?sign_in_error=identity_token_refused"
    other = await consent(await depart(browser, id), "ana")
    answer = await browser.get(f"{other}&iss=https://evil.example")
    assert answer.headers["location"] == "/?sign_in_error=identity_token_refused"


async def test_the_choice_of_providers_depends_on_the_domain_alone(
    house: House, provider: Provider
) -> None:
    id = await connect(await house.organisation("D"), provider, allowed_domains=["d.example"])
    for email, offered in (("x@D.example", True), ("x@other.example", False), ("", False)):
        answer = await house.browser().get("/v1/auth/methods", params={"email": email})
        ids = [each["id"] for each in answer.json()["providers"]]
        assert (id in ids) is offered


async def test_a_provider_that_is_away_is_told_and_nothing_breaks(
    house: House, provider: Provider
) -> None:
    id = await connect(await house.organisation("Away"), provider, issuer="http://localhost:9")
    answer = await house.browser().get(f"/v1/auth/oidc/{id}")
    assert answer.status_code == 502
    assert answer.json()["code"] == "identity_provider_unavailable"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://provider.example"},
        {"issuer": "https://user@provider.example"},
        {"allowed_domains": ["not a domain"]},
        {"allowed_domains": []},
        {"default_role": "admin"},
        {"scopes": ["email"]},
        {"group_mapping": {"dev": "01890000-0000-7000-8000-000000000000"}},
    ],
)
async def test_settings_that_let_in_too_many_are_refused(
    tenant: Tenant, changes: dict[str, Any]
) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    body = {
        "name": "P",
        "issuer": "https://p.example",
        "client_id": "c",
        "allowed_domains": ["example.org"],
        "provisioning": True,
    }
    answer = await admin.post("/v1/identity-providers", json={**body, **changes})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_identity_provider"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/translate?a=b#c", True),
        ("/", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/\t/evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("", False),
        (None, False),
        ("/" + "a" * 3000, False),
    ],
)
def test_nobody_is_sent_to_another_site(path: str | None, kept: bool) -> None:
    assert safe_path(path) == (path if kept else "/")
