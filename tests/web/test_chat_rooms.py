"""What the chat's page does about rooms, and what one keeps of them. Steps build on another."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import call, choose, enter, violations
from tests.serving import Hanse

CAI = "cai@example.org"


@pytest.fixture(scope="module")
def cai(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of somebody else."""
    assert hanse.command("user", "create", CAI, "--name", "Cai Moor").returncode == 0
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', CAI).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))
    yield page
    context.close()


def messages(page: Page) -> Locator:
    return page.get_by_role("feed").first.get_by_role("article")


def say(page: Page, text: str) -> Locator:
    page.locator("textarea").first.fill(text)
    page.keyboard.press("Enter")
    last = messages(page).filter(has_text=text)
    expect(last).to_have_attribute("data-number", re.compile(r"\d+"))
    return last


def open_menu(page: Page, item: str) -> None:
    """Choose something about the open room."""
    header = page.locator("section header").first
    header.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=item).click()


def about(page: Page, message: Locator, *items: str) -> None:
    """Choose something about a message, or behind that."""
    message.hover()
    message.get_by_role("button", name="More", exact=True).click()
    for item in items:
        page.get_by_role("menuitem", name=item).click()


def test_a_moderator_brings_people_in_and_gives_them_roles(
    page: Page, cai: Page, hanse: Hanse
) -> None:
    enter(page, hanse)
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Quay", "kind": "channel"})
    page.goto(f"/chat/{room['id']}")
    open_menu(page, "Details and members")
    dialog = page.get_by_role("dialog", name="Quay")
    expect(dialog.get_by_role("heading", name="1 member")).to_be_visible()
    dialog.get_by_label("Bring people in").fill("cai")
    dialog.get_by_role("button", name="Add Cai Moor").click()
    expect(dialog.get_by_role("heading", name="2 members")).to_be_visible()
    row = dialog.get_by_role("listitem").filter(has_text="Cai Moor")
    row.get_by_role("button", name="What to do about Cai Moor").click()
    page.get_by_role("menuitem", name="Make them: Moderator").click()
    expect(row).to_contain_text("Moderator")
    assert violations(page) == []
    cai.goto("/chat")
    cai.get_by_role("link", name="Quay").click()
    expect(cai.get_by_role("heading", level=1)).to_have_text("Quay")


def test_who_only_reads_for_a_while_is_told_until_when(page: Page, cai: Page) -> None:
    dialog = page.get_by_role("dialog", name="Quay")
    row = dialog.get_by_role("listitem").filter(has_text="Cai Moor")
    row.get_by_role("button", name="What to do about Cai Moor").click()
    page.get_by_role("menuitem", name="Let them only read for 1 hour").click()
    expect(row).to_contain_text("only reads until")
    row.get_by_role("button", name="What to do about Cai Moor").click()
    page.get_by_role("menuitem", name="Let them write again").click()
    expect(row).not_to_contain_text("only reads until")


def test_a_room_is_named_and_described(page: Page, cai: Page) -> None:
    dialog = page.get_by_role("dialog", name="Quay")
    dialog.get_by_label("Name", exact=True).fill("Quayside")
    dialog.get_by_label("What the channel is for").fill("Ships in and out")
    dialog.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("dialog", name="Quayside")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quayside")
    expect(cai.get_by_role("heading", level=1)).to_have_text("Quayside")
    expect(cai.get_by_text("Ships in and out")).to_be_visible()


def test_one_chooses_of_what_to_be_told(page: Page, hanse: Hanse) -> None:
    open_menu(page, "Details and members")
    choose(page, "Notify me of", "Nothing")
    expect(page.get_by_role("combobox", name="Notify me of")).to_have_text("Nothing")
    page.keyboard.press("Escape")
    page.reload()
    open_menu(page, "Details and members")
    expect(page.get_by_role("combobox", name="Notify me of")).to_have_text("Nothing")


def test_a_moderator_chooses_who_addresses_everybody(page: Page, hanse: Hanse) -> None:
    choose(page, "Who may address everybody", "Owners and moderators")
    box = page.get_by_role("combobox", name="Who may address everybody")
    expect(box).to_have_text("Owners and moderators")
    room = page.url.split("/chat/")[1].partition("?")[0]
    with_choice: Any = call(page, hanse, "GET", f"/v1/rooms/{room}")
    assert with_choice["reach_all"] == "moderators"
    choose(page, "Who may address everybody", "By size: whoever writes, up to 50 members")
    expect(box).to_have_text("By size: whoever writes, up to 50 members")


def test_an_administrator_says_how_long_a_room_keeps_messages(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Quayside")
    expect(dialog).to_contain_text("Messages are kept for ever.")
    dialog.get_by_label("Keep messages for days").fill("30")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog).to_contain_text("Messages are kept for 30 days.")
    dialog.get_by_role("button", name="As the organisation").click()
    expect(dialog).to_contain_text("Messages are kept for ever.")
    page.keyboard.press("Escape")


def test_what_is_pinned_is_listed_and_gone_to(page: Page, cai: Page) -> None:
    open_menu(page, "Pinned messages")
    expect(page.get_by_role("dialog")).to_contain_text("Nothing is pinned here")
    assert violations(page) == []
    page.keyboard.press("Escape")
    about(page, say(page, "Pilots wait at the north mole."), "Pin")
    expect(messages(cai).filter(has_text="Pilots")).to_contain_text("Pinned")
    open_menu(cai, "Pinned messages")
    cai.get_by_role("dialog").get_by_role("link", name=re.compile("Pilots wait")).click()
    expect(cai).to_have_url(re.compile(r"message=\d+"))
    open_menu(cai, "Pinned messages")
    cai.get_by_role("dialog").get_by_role("button", name="Unpin").click()
    expect(cai.get_by_role("dialog")).to_contain_text("Nothing is pinned here")
    cai.keyboard.press("Escape")


def test_messages_are_kept_for_later_with_reminders(page: Page, hanse: Hanse) -> None:
    message = say(page, "Order new ropes.")
    about(page, message, "Save for later")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    about(page, say(page, "Ask for the tide tables."), "Remind me", "In an hour")
    expect(page.get_by_role("status").filter(has_text="You will be reminded.")).to_be_visible()
    page.get_by_role("link", name="Saved messages").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved messages")
    saved = page.get_by_role("region", name="Saved messages").get_by_role("listitem")
    expect(saved).to_have_text([re.compile("tide tables"), re.compile("new ropes")])
    assert violations(page) == []

    def reminders() -> list[Any]:
        items = call(page, hanse, "GET", "/v1/chat/saved")["items"]
        return [each["remind_at"] for each in items]

    hour = datetime.now(UTC) + timedelta(hours=1)
    assert abs(datetime.fromisoformat(reminders()[0]) - hour) < timedelta(minutes=1)
    saved.last.get_by_role("button", name="Remind me").click()
    page.get_by_role("menuitem", name="At another time").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("When").fill("2001-01-01T09:00")
    dialog.get_by_role("button", name="Remind me").click()
    expect(dialog).to_be_visible()
    tomorrow = page.evaluate("new Date(Date.now() + 864e5).toLocaleDateString('sv')")
    dialog.get_by_label("When").fill(f"{tomorrow}T10:30")
    dialog.get_by_role("button", name="Remind me").click()
    expect(dialog).to_have_count(0)
    moment = page.evaluate(f"new Date('{tomorrow}T10:30').toISOString()")
    assert datetime.fromisoformat(reminders()[1]) == datetime.fromisoformat(moment)
    saved.first.get_by_role("button", name="Done: take it off the list").click()
    expect(saved).to_have_text([re.compile("new ropes")])
    saved.get_by_role("link").click()
    expect(messages(page).filter(has_text="new ropes")).to_be_visible()
    page.go_back()
    saved.get_by_role("button", name="Done: take it off the list").click()
    expect(page.get_by_text("You saved no messages yet")).to_be_visible()


def test_saved_messages_are_a_place_to_go_to(page: Page) -> None:
    page.goto("/translate")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("saved")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/chat/saved$"))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved messages")
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def test_public_channels_are_found_and_joined(page: Page, cai: Page, hanse: Hanse) -> None:
    for name in ("Pilots", "Cranes", "Ropes"):
        body = {"name": name, "kind": "channel", "is_public": True}
        call(page, hanse, "POST", "/v1/rooms", body)
    cai.goto("/chat")
    cai.get_by_role("button", name="Begin something").click()
    cai.get_by_role("menuitem", name="Browse channels").click()
    dialog = cai.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("cra")
    expect(dialog.get_by_role("listitem")).to_have_text([re.compile("Cranes")])
    dialog.get_by_role("searchbox").fill("nothing like it")
    expect(dialog).to_contain_text("Nothing was found.")
    dialog.get_by_role("searchbox").fill("cranes")
    dialog.get_by_role("link", name="Cranes").click()
    cai.get_by_role("button", name="Join the channel").click()
    expect(cai.get_by_role("textbox", name="Write to Cranes")).to_be_visible()


def test_one_leaves_after_a_question_and_the_last_owner_does_not(page: Page, cai: Page) -> None:
    open_menu(cai, "Leave the channel")
    dialog = cai.get_by_role("dialog")
    expect(dialog).to_contain_text("You can join again.")
    dialog.get_by_role("button", name="Leave", exact=True).click()
    expect(cai).to_have_url(re.compile("/chat$"))
    page.goto("/chat")
    page.get_by_role("link", name="Cranes").click()
    open_menu(page, "Leave the channel")
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Make somebody else an owner")
    page.keyboard.press("Escape")


def test_an_archived_channel_is_read_only_until_it_is_opened_again(page: Page) -> None:
    open_menu(page, "Details and members")
    page.get_by_role("dialog").get_by_role("button", name="Archive the channel").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Open it again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("This channel is archived.")).to_be_visible()
    open_menu(page, "Details and members")
    page.get_by_role("dialog").get_by_role("button", name="Open it again").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Write to Cranes")).to_be_visible()
