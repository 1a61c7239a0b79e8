"""A message is reported and decided about, and a legal hold is placed and read, in the page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse

DEA = "dea@example.org"


@pytest.fixture(scope="module")
def dea(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of a member."""
    assert hanse.command("user", "create", DEA, "--name", "Dea Lock").returncode == 0
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', DEA).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))
    yield page
    context.close()


def test_a_member_reports_a_message(page: Page, dea: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    me = call(dea, hanse, "GET", "/v1/me")["person"]["id"]
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Locks", "member_ids": [me]})
    said = {"client_key": "k", "text": "Buy my boats, cheap!"}
    call(dea, hanse, "POST", f"/v1/rooms/{room['id']}/events", said)
    page.goto(f"/chat/{room['id']}")
    message = page.get_by_role("article").filter(has_text="Buy my boats")
    message.hover()
    message.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Report").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Send the report")).to_be_disabled()
    assert violations(page) == []
    dialog.get_by_label("Spam or advertising").check()
    dialog.get_by_label("What they should know").fill("Every day")
    dialog.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("status").filter(has_text="Thank you.")).to_be_visible()
    dea.goto("/chat/reports")
    expect(dea.get_by_text("No reports")).to_be_visible()


def test_a_legal_hold_is_placed_on_a_room(page: Page) -> None:
    room = page.request.get("/v1/rooms").json()["items"]
    [locks] = [each["id"] for each in room if each["name"] == "Locks"]
    page.goto("/admin/holds")
    expect(page.get_by_text("There is no hold")).to_be_visible()
    page.get_by_role("button", name="Place a hold").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Case 12")
    dialog.get_by_label("Why").fill("A claim about boats")
    dialog.get_by_label("A room").check()
    dialog.get_by_label("Link to the room").fill(f"http://localhost/chat/{locks}?message=4")
    assert violations(page) == []
    dialog.get_by_role("button", name="Place a hold").click()
    expect(page.get_by_role("row").filter(has_text="Case 12")).to_contain_text("Room Locks")


def test_who_moderates_everything_decides(page: Page, dea: Page) -> None:
    page.goto("/chat/reports")
    report = page.get_by_role("region", name="Reports").get_by_role("listitem")
    expect(report).to_contain_text("Buy my boats, cheap!")
    expect(report).to_contain_text("“Every day”")
    expect(report).to_contain_text("Dea Lock")
    expect(report).to_contain_text("Reported by")
    assert violations(page) == []
    report.get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").get_by_label("Delete the message").check()
    page.get_by_role("dialog").get_by_role("button", name="Do it").click()
    expect(page.get_by_text("No reports")).to_be_visible()
    page.get_by_label("Show those that are decided").check()
    expect(report).to_contain_text("Delete the message, by")
    dea.get_by_role("link", name="Locks").click()
    expect(dea.get_by_text("This message was deleted.")).to_be_visible()


def test_what_is_held_is_read_with_what_was_deleted(page: Page) -> None:
    page.goto("/admin/holds")
    page.get_by_role("link", name="Case 12").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Case 12")
    held = page.get_by_role("listitem").filter(has_text="Buy my boats, cheap!").first
    expect(held).to_contain_text("deleted")
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as JSON lines").click()
    assert "Buy my boats" in download.value.path().read_text()
    page.get_by_role("link", name="Legal holds").first.click()
    page.get_by_role("button", name="Release Case 12").click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_role("row").filter(has_text="Case 12")).to_contain_text("Released")
