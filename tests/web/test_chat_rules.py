"""A moderator sets rules of a room, and a member reads why something was not sent."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import call, choose, enter, violations
from tests.serving import Hanse

FAY = "fay@example.org"


@pytest.fixture(scope="module")
def fay(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of a member."""
    assert hanse.command("user", "create", FAY, "--name", "Fay Reef").returncode == 0
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', FAY).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))
    yield page
    context.close()


def write(page: Page, text: str) -> Locator:
    """Write and send something; return where it was written."""
    area = page.locator("textarea").first
    area.fill(text)
    area.press("Enter")
    return area


def messages(page: Page) -> Locator:
    return page.get_by_role("feed").first.get_by_role("article")


def rules(page: Page) -> Locator:
    """Open the rules in the details of the room."""
    header = page.locator("section header").first
    header.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Details and members").click()
    return page.get_by_role("region", name="Rules for messages")


def test_a_refused_message_goes_back_to_where_it_was_written(
    page: Page, fay: Page, hanse: Hanse
) -> None:
    enter(page, hanse)
    me = call(fay, hanse, "GET", "/v1/me")["person"]["id"]
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Shoal", "member_ids": [me]})
    page.goto(f"/chat/{room['id']}")
    part = rules(page)
    part.get_by_label("Words that nobody writes").fill("barnacle\nold tub*")
    part.get_by_label("Reason", exact=True).fill("Be kind to boats.")
    assert violations(page) == []
    part.get_by_role("button", name="Save the rules").click()
    expect(part.get_by_role("status")).to_have_text("The rules hold from now on.")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    fay.goto(f"/chat/{room['id']}")
    area = write(fay, "You BARNACLE!")
    why = fay.get_by_role("alert")
    expect(why).to_have_text("Not sent. This room does not allow “barnacle”. Be kind to boats.")
    expect(area).to_have_value("You BARNACLE!")
    expect(messages(fay)).to_have_count(0)
    assert violations(fay) == []
    fay.reload()
    expect(area).to_have_value("You BARNACLE!")
    write(fay, "You limpet!")
    expect(messages(page).filter(has_text="You limpet!")).to_be_visible()
    expect(area).to_have_value("")
    expect(why).to_have_count(0)


def test_a_refused_edit_stays_open(fay: Page) -> None:
    area = fay.locator("textarea").first
    area.press("ArrowUp")
    expect(area).to_have_value("You limpet!")
    write(fay, "You old tubs!")
    expect(fay.get_by_role("alert")).to_contain_text("does not allow “old tub*”")
    expect(area).to_have_value("You old tubs!")
    fay.get_by_role("button", name="Cancel").click()
    expect(messages(fay)).to_have_count(1)
    expect(messages(fay).first).to_contain_text("You limpet!")
    expect(fay.get_by_role("alert")).to_have_count(0)


def test_slow_mode_says_when_to_write_again_and_moderators_see_how_often_it_held(
    page: Page, fay: Page
) -> None:
    part = rules(page)
    expect(part.get_by_label("Words that nobody writes")).to_have_value("barnacle\nold tub*")
    choose(page, "Slow mode", "One message in 1 hour")
    part.get_by_role("button", name="Save the rules").click()
    expect(part.get_by_role("status")).to_have_text("The rules hold from now on.")
    area = write(fay, "And another thing")
    said = re.compile(r"Slow mode is on: write again in (1 hour|60 minutes)\.")
    expect(fay.get_by_role("alert")).to_contain_text(said)
    expect(area).to_have_value("And another thing")
    page.reload()
    part = rules(page)
    expect(part.get_by_role("listitem").filter(has_text="Slow mode: 1, last on")).to_be_visible()
    expect(
        part.get_by_role("listitem").filter(has_text="Words that nobody writes: 2")
    ).to_be_visible()
    choose(page, "Slow mode", "Off")
    choose(page, "Links", "Only to these hosts")
    part.get_by_label("Hosts", exact=True).fill("https://example.org")
    part.get_by_role("button", name="Save the rules").click()
    expect(part.get_by_role("alert")).to_contain_text(
        "'https://example.org' is no host such as example.org."
    )
    part.get_by_label("Hosts", exact=True).fill("example.org")
    part.get_by_role("button", name="Save the rules").click()
    expect(part.get_by_role("status")).to_have_text("The rules hold from now on.")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    area.press("Enter")
    expect(messages(page).filter(has_text="And another thing")).to_be_visible()
    write(fay, "See https://other.example/x")
    expect(fay.get_by_role("alert")).to_contain_text(
        "Leave out the link to other.example: this room does not allow it. "
        "Links may lead to example.org."
    )
