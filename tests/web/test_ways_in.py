"""Ways to come in besides a password and a passkey: an identity provider, and a second factor."""

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page, expect

from hanse import identity
from hanse.identity import Access
from hanse.identity.secrets import digest, new_secret
from hanse.identity.signing import store
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.server.operator import operate
from hanse.server.settings import Settings
from tests.browsing import enter, violations
from tests.serving import Hanse

PASSWORD = "seven herrings in a barrel"
BEA = "bea@house.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a running OpenID Connect provider that knows Ana."""
    claims = {"email": "ana@example.org", "email_verified": True, "name": "Ana Souza"}
    users = [User(sub="ana", claims=claims)]
    with run_server_in_thread(user_claims=users, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def visitor(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of somebody who has not signed in yet."""
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def test_an_administrator_connects_a_provider(page: Page, hanse: Hanse, issuer: str) -> None:
    enter(page, hanse)
    page.goto("/admin/providers")
    page.get_by_role("button", name="Add a provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("House sign-on")
    dialog.get_by_label("Issuer").fill(issuer)
    dialog.get_by_label("Client ID").fill("hanse")
    dialog.get_by_label("Client secret").fill("s3cret")
    dialog.get_by_label("Domains").fill("example.org")
    dialog.get_by_label("Add people who are not known yet").check()
    assert violations(page) == []
    dialog.get_by_role("button", name="Add a provider").click()
    expect(page.get_by_role("row", name="House sign-on")).to_contain_text(issuer)


def test_somebody_comes_in_through_the_provider(visitor: Page) -> None:
    visitor.goto("/translate/documents")
    visitor.get_by_label("E-mail address").fill("ana@example.org")
    visitor.get_by_role("button", name="Continue").click()
    visitor.get_by_role("link", name="Sign in with House sign-on").click()
    visitor.get_by_role("button", name="ana", exact=True).click()
    expect(visitor).to_have_url(re.compile("/translate/documents$"))
    visitor.get_by_role("button", name="Account").click()
    expect(visitor.get_by_text("Ana Souza")).to_be_visible()


def test_a_second_factor_is_set_up(visitor: Page, hanse: Hanse, codes: list[str]) -> None:
    visitor.context.clear_cookies()
    assert hanse.command("user", "create", BEA, "--name", "Bea").returncode == 0
    enter(visitor, hanse, BEA)
    visitor.get_by_label("New password").fill(PASSWORD)
    visitor.get_by_role("button", name="Set the password").click()
    expect(visitor.get_by_text("Saved")).to_be_visible()
    visitor.goto("/account")
    visitor.get_by_role("button", name="Set up").click()
    secret = visitor.locator("code").inner_text()
    expect(visitor.get_by_role("img", name="QR code")).to_be_visible()
    assert violations(visitor) == []
    visitor.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).now())
    visitor.get_by_role("button", name="Turn on").click()
    shown = visitor.get_by_role("status").get_by_role("listitem")
    expect(shown).to_have_count(10)
    codes.extend([secret, *shown.all_inner_texts()])


def test_the_second_factor_is_asked_for_after_the_password(visitor: Page, codes: list[str]) -> None:
    visitor.get_by_role("button", name="Account").click()
    visitor.get_by_role("menuitem", name="Sign out").click()
    visitor.get_by_label("E-mail address").fill(BEA)
    visitor.get_by_role("button", name="Continue").click()
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.get_by_label("Code")).to_be_focused()
    expect(visitor.get_by_role("alert")).to_have_count(0)
    visitor.get_by_label("Code").fill("000000")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.get_by_role("alert")).to_contain_text("The code is wrong")
    # That of this moment was used up when it was set up; the clock may be a step ahead.
    visitor.get_by_label("Code").fill(pyotp.TOTP(codes[0]).at(time.time() + 30))
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor).to_have_url(re.compile("/translate$"))


def test_a_mailed_link_asks_for_the_second_factor_too(
    visitor: Page, hanse: Hanse, codes: list[str]
) -> None:
    visitor.context.clear_cookies()
    visitor.goto(f"/sign-in/{mailed_link(hanse, BEA)}")
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_label("Code")).to_be_focused()
    assert violations(visitor) == []
    visitor.get_by_label("Code").fill("000000")
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("alert")).to_contain_text("The code is wrong")
    visitor.get_by_label("Code").fill(codes[1])
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor).to_have_url(re.compile("/translate$"))
    visitor.go_back()
    assert "/sign-in/" not in visitor.url, "the secret of the link is not in the history"


def test_a_link_that_was_used_up_leads_to_other_ways(visitor: Page, hanse: Hanse) -> None:
    token = hanse.command("user", "link", BEA).stdout.strip().rpartition("/")[2]
    for wanted in (True, False):
        visitor.goto(f"/sign-in/{token}")
        visitor.get_by_role("button", name="Sign in").click()
        if wanted:
            expect(visitor).to_have_url(re.compile("/translate$"))
    expect(visitor.get_by_role("alert")).to_contain_text("was used before")
    visitor.get_by_role("link", name="Sign in another way").click()
    expect(visitor).to_have_url(re.compile("/sign-in$"))


@pytest.fixture(scope="module")
def codes() -> list[str]:
    """Bea's secret for the app, and her recovery codes, once she has them."""
    return []


def mailed_link(hanse: Hanse, email: str) -> str:
    """The token of a link as it is mailed; this server sends no mail."""
    token = new_secret()

    async def make(tx: Tx, _: Access) -> None:
        person = await identity.get_person_by_email(tx, email)
        assert person is not None
        until = datetime.now(UTC) + timedelta(minutes=5)
        await store.insert_link(tx, new_id(), person.id, digest(token), until, second_factor=True)

    # The browser has an event loop in this thread already.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, operate(Settings(home=str(hanse.home)), make)).result()
    return token
