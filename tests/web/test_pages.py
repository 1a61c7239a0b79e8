"""Every page as it is read, on a desk and on a phone, in light and in dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse

SIZES = [(1440, 900), (390, 844)]
THEMES = ["light", "dark"]
PAGES = [
    "/translate",
    "/translate/documents",
    "/chat",
    "/chat/{room}",
    "/chat/{room}?topic=Tides",
    "/chat/{room}?thread=3",
    "/welcome",
    "/connect?to=https%3A%2F%2Fclient.example.org%2F",
    "/account",
    "/account/notifications",
    "/notifications",
    "/admin/people",
    "/admin/groups",
    "/admin/groups/{group}",
    "/admin/glossaries",
    "/admin/glossaries/{glossary}",
    "/admin/models",
    "/admin/providers",
    "/admin/keys",
    "/admin/usage",
    "/admin/webhooks",
    "/admin/webhooks/{webhook}",
    "/admin/program-hosts",
    "/admin/audit",
    "/admin/nowhere",
]
OUTSIDE = ["/sign-in", "/sign-in/a-link-of-old"]


@pytest.fixture(scope="module")
def made(page: Page, hanse: Hanse) -> dict[str, str]:
    """An owner who is signed in, and a group and a glossary by their names in PAGES."""
    enter(page, hanse)
    outer = call(page, hanse, "POST", "/v1/groups", {"name": "Harbour office"})
    inner = call(page, hanse, "POST", "/v1/groups", {"name": "Pilots"})
    call(page, hanse, "PUT", f"/v1/groups/{outer['id']}/groups/{inner['id']}")
    me = call(page, hanse, "GET", "/v1/me")["person"]["id"]
    call(page, hanse, "PUT", f"/v1/groups/{outer['id']}/members/{me}", {"is_manager": True})
    dictionary = {
        "source_lang": "en",
        "target_lang": "pt",
        "entries": "boat\tembarcação\nquay\tcais",
        "entries_format": "tsv",
    }
    body = {"name": "Harbour words", "dictionaries": [dictionary]}
    glossary = call(page, hanse, "POST", "/v3/glossaries", body)
    webhook = call(page, hanse, "POST", "/v1/webhooks", {"url": "https://example.org/hanse"})
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Quay", "is_public": True})["id"]
    for key, text in enumerate(("High water at **nine**.", "| boat | berth |\n|-|-|\n| Ana | 4 |")):
        event = {"client_key": str(key), "text": text, "topic": "Tides"}
        call(page, hanse, "POST", f"/v1/rooms/{room}/events", event)
    reply = {"client_key": "reply", "text": "Seen.", "thread": 3}
    call(page, hanse, "POST", f"/v1/rooms/{room}/events", reply)
    return {
        "room": room,
        "group": outer["id"],
        "glossary": glossary["glossary_id"],
        "webhook": webhook["id"],
    }


@pytest.fixture(scope="module")
def outside(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of somebody who has not signed in."""
    context = browser.new_context(
        base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_well_in_every_size_and_theme(
    page: Page, made: dict[str, str], path: str
) -> None:
    reads_well(page, path.format(**made))


@pytest.mark.parametrize("path", OUTSIDE)
def test_so_does_a_page_before_the_door(outside: Page, path: str) -> None:
    reads_well(outside, path)


def reads_well(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_attached()
    found: list[str] = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found += [f"{width} {theme} {each}" for each in violations(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if overflow > 0:
            found.append(f"{width}: {overflow} pixels wider than the screen")
    assert found == []
