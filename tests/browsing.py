"""What journeys through the web client share."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.serving import Hanse

AXE = Path(__file__).parents[1] / "web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, by the rules of WCAG 2.2 AA."""
    # By the debugger's way: the page's policy forbids scripts from elsewhere, as it should.
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run({runOnly: rules}).then(result => result.violations)", RULES
    )
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


def enter(page: Page, hanse: Hanse, email: str = "owner@localhost") -> None:
    """Come in by a link that an administrator makes, and leave the welcome aside."""
    page.goto(f"/sign-in/{hanse.command('user', 'link', email).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))


def call(page: Page, hanse: Hanse, method: str, path: str, body: Any = None) -> Any:
    """Ask the API as the person who is signed in on the page; return its answer."""
    answer = page.request.fetch(
        path, method=method, data=body, headers={"Origin": hanse.url, "Sec-Fetch-Site": "none"}
    )
    assert answer.ok, f"{answer.status} {answer.text()}"
    return answer.json() if answer.body() else None


def choose(page: Page, select: str, option: str) -> None:
    """Choose one of the options of a select."""
    page.get_by_role("combobox", name=select, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()
