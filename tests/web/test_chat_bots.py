"""An owner lets programs into a room, and people ask them by commands, in the page."""

import json
import re
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse


def test_an_owner_makes_an_address_at_which_a_tool_posts(page: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Alerts"})["id"]
    page.goto(f"/chat/{room}")
    header = page.locator("section header").first
    header.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Details and members").click()
    part = page.get_by_role("region", name="Bots and webhooks")
    expect(part.get_by_text("No program takes part")).to_be_visible()
    part.get_by_label("Name in the room").fill("Watchman")
    part.get_by_role("button", name="Add a program").click()
    url = part.get_by_role("status").locator("code").inner_text()
    expect(part.get_by_role("listitem").filter(has_text="Watchman")).to_be_visible()
    assert violations(page) == []
    said = {"text": "The **tide** is high", "username": "Tide table"}
    with urlopen(Request(url, json.dumps(said).encode()), timeout=10) as answer:
        assert json.load(answer)["ok"]
    page.keyboard.press("Escape")
    message = page.get_by_role("article", name=re.compile("Tide table"))
    expect(message).to_contain_text("The tide is high")
    expect(message.get_by_text("program", exact=True)).to_be_visible()


def test_commands_are_offered_and_unknown_ones_are_not_sent(page: Page, hanse: Hanse) -> None:
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Commands"})["id"]
    command = {
        "name": "Deployer",
        "url": "https://deploy.example/hanse",
        "sends": "command",
        "word": "deploy",
        "hint": "SERVICE",
        "description": "Ships a service",
    }
    call(page, hanse, "POST", f"/v1/rooms/{room}/outgoing-webhooks", command)
    page.goto(f"/chat/{room}")
    area = page.get_by_role("textbox", name=re.compile("Commands"))
    area.press_sequentially("/de")
    option = page.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(option).to_have_text("/deploySERVICE – Ships a service")
    assert violations(page) == []
    area.press("Enter")
    expect(area).to_have_value("/deploy ")
    expect(page.get_by_text("/deploy SERVICE – Ships a service")).to_be_visible()
    area.fill("/dance now")
    area.press("Enter")
    expect(page.get_by_text("There is no command /dance here.")).to_be_visible()
    expect(area).to_have_value("/dance now")
    area.fill("//dance now")
    area.press("Enter")
    expect(page.get_by_role("article").filter(has_text="/dance now")).to_be_visible()
    area.fill("/deploy api")
    area.press("Enter")
    expect(page.get_by_role("article").filter(has_text="/deploy api")).to_be_visible()
