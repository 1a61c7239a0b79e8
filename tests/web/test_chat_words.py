"""Words on their way: whom they reach, and what was begun and is not said yet."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse

CLEO = "cleo@example.org"


@pytest.fixture(scope="module")
def room(page: Page, hanse: Hanse) -> str:
    """A room of two, in which moderators alone speak to many."""
    enter(page, hanse)
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["en"]})
    assert hanse.command("user", "create", CLEO, "--name", "Cleo Bay").returncode == 0
    people: Any = call(page, hanse, "GET", "/v1/people?query=cleo")
    ids = [people["items"][0]["id"]]
    made: Any = call(page, hanse, "POST", "/v1/rooms", {"name": "Quay", "member_ids": ids})
    call(page, hanse, "POST", "/v1/groups", {"name": "Dockers"})
    call(page, hanse, "PATCH", f"/v1/rooms/{made['id']}", {"reach_all": "moderators"})
    return str(made["id"])


@pytest.fixture(scope="module")
def cleo(browser: Browser, hanse: Hanse, room: str) -> Iterator[Page]:
    """A tab of a member who is no moderator."""
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', CLEO).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/welcome")
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["en"]})
    yield page
    context.close()


def test_a_group_is_offered_and_mentioned(page: Page, room: str) -> None:
    page.goto(f"/chat/{room}")
    page.locator("textarea").fill("")
    page.locator("textarea").press_sequentially("Come @dock")
    option = page.get_by_role("option", name="Dockers")
    expect(option).to_contain_text("group")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    said = page.get_by_role("feed").get_by_role("article").last
    expect(said.locator(".mention")).to_have_text("@Dockers")


def test_who_may_not_speak_to_many_is_told_before_sending(cleo: Page, room: str) -> None:
    cleo.goto(f"/chat/{room}")
    area = cleo.locator("textarea")
    area.press_sequentially("Hello @dock")
    expect(cleo.get_by_role("option")).to_have_count(0)
    area.fill("Hello @Dockers")
    expect(cleo.get_by_text("only owners and moderators speak")).to_be_visible()
    area.fill("Hello all")
    expect(cleo.get_by_text("only owners and moderators speak")).to_have_count(0)
    area.fill("")


def test_a_draft_follows_to_another_device_and_goes_when_it_is_sent(
    page: Page, browser: Browser, hanse: Hanse, room: str
) -> None:
    page.goto(f"/chat/{room}")
    with page.expect_response(lambda answer: answer.url.endswith("/draft")):
        page.locator("textarea").fill("Begun at the desk")
    state: Any = page.context.storage_state()
    phone = browser.new_context(
        base_url=hanse.url,
        locale="en-GB",
        service_workers="block",
        storage_state={"cookies": state["cookies"], "origins": []},
    )
    try:
        other = phone.new_page()
        other.goto("/chat")
        other.get_by_text("1 draft", exact=True).click()
        other.get_by_role("link", name="Begun at the desk").click()
        expect(other.locator("textarea")).to_have_value("Begun at the desk")
        assert violations(other) == []
        with other.expect_response(lambda answer: answer.url.endswith("/draft")):
            other.locator("textarea").press("Enter")
        expect(other.get_by_text("1 draft", exact=True)).to_have_count(0)
    finally:
        phone.close()
    page.reload()
    expect(page.get_by_role("feed").get_by_role("article").last).to_contain_text("Begun at")
    expect(page.locator("textarea")).to_have_value("")


def test_do_not_disturb_is_set_and_ended_in_the_menu(page: Page, hanse: Hanse) -> None:
    def until() -> Any:
        found: Any = call(page, hanse, "GET", "/v1/me/notification-preferences")
        return found["do_not_disturb_until"]

    for item, is_on in (("Do not disturb for an hour", True), ("End do not disturb", False)):
        page.get_by_role("button", name="Account").click()
        with page.expect_response(lambda answer: answer.request.method == "PATCH"):
            page.get_by_role("menuitem", name=item).click()
        assert (until() is not None) == is_on
