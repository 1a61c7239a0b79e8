"""An administrator says in the browser which hosts programs may ask. Steps build on another."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse

PATH = "/v1/chat/program-hosts"


def test_hosts_are_added_one_by_one(page: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    page.goto("/admin")
    page.get_by_role("link", name="Hosts for programs").click()
    expect(page.get_by_text("No hosts yet")).to_be_visible()
    page.get_by_role("button", name="Add a host").click()
    dialog = page.get_by_role("dialog", name="Add a host")
    for wrong in ("https://example.org/", "*.example.org", "example.org/path"):
        dialog.get_by_label("Host").fill(wrong)
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("Write only the host")).to_be_visible()
    dialog.get_by_label("Host").fill(" Rates.example.org:8443 ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="rates.example.org:8443")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="rates.example.org:8443")).to_be_visible()
    assert violations(page) == []
    assert call(page, hanse, "GET", PATH) == {"hosts": ["rates.example.org:8443"]}


def test_what_somebody_else_added_meanwhile_stays(page: Page, hanse: Hanse) -> None:
    hosts = ["rates.example.org:8443", "weather.example.org"]
    call(page, hanse, "PUT", PATH, {"hosts": hosts})
    page.get_by_role("button", name="Add a host").click()
    dialog = page.get_by_role("dialog", name="Add a host")
    dialog.get_by_label("Host").fill("rates.example.org:8443")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("in the list already")).to_be_visible()
    dialog.get_by_label("Host").fill("tides.example.org")
    dialog.get_by_role("button", name="Add a host").click()
    expect(page.get_by_role("listitem").filter(has_text="weather.example.org")).to_be_visible()
    assert call(page, hanse, "GET", PATH) == {
        "hosts": ["rates.example.org:8443", "tides.example.org", "weather.example.org"]
    }


def test_a_host_is_removed_once_that_is_confirmed(page: Page, hanse: Hanse) -> None:
    page.get_by_role("button", name="Remove tides.example.org").click()
    dialog = page.get_by_role("dialog", name="Remove the host")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("listitem").filter(has_text="tides.example.org")).to_be_visible()
    page.get_by_role("button", name="Remove tides.example.org").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("tides.example.org was removed.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="tides.example.org")).to_have_count(0)
    assert "tides.example.org" not in call(page, hanse, "GET", PATH)["hosts"]


def test_a_failure_is_said_and_nothing_is_lost(page: Page) -> None:
    page.route(re.compile(f"{PATH}$"), lambda route: route.abort())
    page.get_by_role("button", name="Remove weather.example.org").click()
    dialog = page.get_by_role("dialog", name="Remove the host")
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    page.unroute(re.compile(f"{PATH}$"))
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="weather.example.org")).to_be_visible()


def test_members_do_not_see_the_page(page: Page, browser: Browser, hanse: Hanse) -> None:
    hanse.command("user", "create", "mia@example.org", "--name", "Mia")
    context = browser.new_context(base_url=hanse.url, locale="en-GB", service_workers="block")
    theirs = context.new_page()
    enter(theirs, hanse, "mia@example.org")
    expect(theirs.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
    answer = theirs.request.put(
        PATH,
        data={"hosts": []},
        headers={"Origin": hanse.url, "Sec-Fetch-Site": "none"},
    )
    assert answer.status == 403
    context.close()
