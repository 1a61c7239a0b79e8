"""Topics of a room as a whole: renamed, divided, resolved, and found from old links."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse


@pytest.fixture(scope="module")
def room(page: Page, hanse: Hanse) -> str:
    """A room with two topics."""
    enter(page, hanse)
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["en"]})
    made: Any = call(page, hanse, "POST", "/v1/rooms", {"name": "Quay"})
    for key, topic in enumerate(("tides", "tides", "boats", "tides")):
        event = {"client_key": str(key), "text": f"Message {key}", "topic": topic}
        call(page, hanse, "POST", f"/v1/rooms/{made['id']}/events", event)
    return str(made["id"])


def topics(page: Page) -> Locator:
    return page.get_by_role("list", name="Topics")


def said(page: Page) -> Locator:
    return page.get_by_role("feed").get_by_role("article")


def test_an_open_topic_is_renamed_and_an_old_link_finds_it(page: Page, room: str) -> None:
    page.goto(f"/chat/{room}?topic=tides")
    expect(said(page)).to_have_count(3)
    page.get_by_role("button", name="Actions for topic tides").click()
    page.get_by_role("menuitem", name="Rename topic").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Topic", exact=True).fill("boats")
    expect(dialog).to_contain_text("There is such a topic already")
    assert violations(page) == []
    dialog.get_by_label("Topic", exact=True).fill("high water")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile(r"topic=high(\+|%20)water"))
    expect(said(page)).to_have_count(3)
    expect(topics(page).get_by_role("link", name="high water")).to_be_visible()
    expect(topics(page).get_by_role("link", name="tides")).to_have_count(0)
    page.goto(f"/chat/{room}?topic=tides")
    expect(page).to_have_url(re.compile(r"topic=high(\+|%20)water"))
    expect(said(page)).to_have_count(3)


def test_a_message_moves_with_the_later_ones_of_its_topic(page: Page, room: str) -> None:
    page.goto(f"/chat/{room}?topic=boats")
    expect(said(page)).to_have_count(1)
    page.goto(f"/chat/{room}")
    said(page).filter(has_text="Message 1").hover()
    page.get_by_role("toolbar").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Move to another topic").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Topic", exact=True).fill("boats")
    dialog.get_by_label("This and the later ones of its topic").check()
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_have_count(0)
    page.goto(f"/chat/{room}?topic=boats")
    expect(said(page)).to_have_count(3)
    expect(said(page).first).to_contain_text("Message 1")
    page.goto(f"/chat/{room}?topic=high+water")
    expect(said(page)).to_have_count(1)


def test_a_topic_is_resolved_and_opened_again(page: Page, room: str) -> None:
    page.goto(f"/chat/{room}")
    page.get_by_role("button", name="Actions for topic boats").click()
    page.get_by_role("menuitem", name="Mark as resolved").click()
    links = topics(page).get_by_role("link")
    expect(links).to_have_text(["#high water", "Resolved:boats"])
    assert violations(page) == []
    page.get_by_role("button", name="Actions for topic boats").click()
    page.get_by_role("menuitem", name="Open again").click()
    expect(links).to_have_text(["#boats", "#high water"])
