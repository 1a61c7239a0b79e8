"""Programs of a room in the page, for two people in two languages. Steps build on another."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import call, choose, enter, violations
from tests.serving import Hanse, until

EVA = "eva@example.org"
MODEL_MS = 60_000
FORM = """
export const initialState = 0;
export function onEvent(event, state) {
  const { text, values } = event.body;
  if (event.kind === "press")
    return { state: state + 1, effects: [{ type: "post", text: JSON.stringify(
      [values.sum, values.what, values.on, values.why]) }] };
  if (text === "boom") throw new Error("It burst.");
  if (text === "form")
    return { effects: [{ type: "card", key: "form", title: "Expense", text: "Who paid what?",
      fields: [
        { name: "sum", label: "Sum", kind: "number", is_required: true },
        { name: "what", label: "What", kind: "choice", choices: ["Train", "Meal"] },
        { name: "on", label: "Day", kind: "date" },
        { name: "why", label: "Why", kind: "lines" },
      ],
      buttons: [{ name: "send", label: "Send it in" }] }] };
}
"""


@pytest.fixture(scope="module")
def eva(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of somebody who reads Portuguese."""
    assert hanse.command("user", "create", EVA, "--name", "Eva Luz").returncode == 0
    context = browser.new_context(
        base_url=hanse.url, locale="pt-BR", service_workers="block", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', EVA).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["pt"]})
    yield page
    context.close()


def messages(page: Page) -> Locator:
    return page.get_by_role("feed").first.get_by_role("article")


def card(page: Page) -> Locator:
    return messages(page).get_by_role("group").last


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Write to Lunch").fill(text)
    page.keyboard.press("Enter")


def open_programs(page: Page) -> Locator:
    page.locator("section header").first.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Programs").click()
    return page.get_by_role("dialog")


def test_a_program_is_added_from_a_template(page: Page, eva: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    me = call(eva, hanse, "GET", "/v1/me")
    new = {"name": "Lunch", "kind": "channel", "member_ids": [me["person"]["id"]]}
    room = call(page, hanse, "POST", "/v1/rooms", new)
    page.goto(f"/chat/{room['id']}")
    dialog = open_programs(page)
    expect(dialog).to_contain_text("No programs yet")
    dialog.get_by_role("button", name="Add a program").click()
    choose(page, "Begin with", "Stand-up")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Stand-up")
    translates = dialog.get_by_label("Have texts translated")
    choose(page, "Begin with", "Glossary")
    expect(translates).to_be_checked()
    choose(page, "Begin with", "Expenses")
    expect(dialog).to_contain_text("a button settles up")
    expect(translates).not_to_be_checked()
    choose(page, "Begin with", "Poll")
    expect(dialog).to_contain_text("everybody has one vote")
    assert violations(page) == []
    dialog.get_by_role("button", name="Put it into the room").click()
    dialog = page.get_by_role("dialog", name="Poll")
    expect(dialog.get_by_text("running", exact=True)).to_be_visible()
    expect(dialog.get_by_label("Source (JavaScript)")).to_have_value(re.compile("// A poll"))
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_only_those_who_may_are_offered_programs(eva: Page) -> None:
    eva.goto("/chat")
    eva.get_by_role("link", name="Lunch").click()
    eva.locator("section header").first.get_by_role("button", name="Mais", exact=True).click()
    expect(eva.get_by_role("menuitem", name="Detalhes e membros")).to_be_visible()
    expect(eva.get_by_role("menuitem", name="Programas")).to_have_count(0)
    eva.keyboard.press("Escape")


def test_two_people_vote_in_two_languages_and_see_the_count(page: Page, eva: Page) -> None:
    say(page, "/poll Where do we eat today? | Canteen | Harbour")
    article = messages(page).filter(has=page.get_by_role("group", name="Where do we eat today?"))
    expect(article).to_have_attribute("aria-label", re.compile(r"^Poll \(program\), "))
    button = card(page).get_by_role("button", name="Canteen")
    button.focus()
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("status")).to_have_text("Sent: Canteen")
    expect(button).to_be_focused()
    expect(card(page)).to_contain_text("1 · Canteen")
    theirs = card(eva)
    expect(theirs).to_contain_text("1 · ")
    theirs.get_by_role("button", name="Harbour").click()
    expect(theirs.get_by_role("status")).to_have_text("Enviado: Harbour")
    expect(card(page)).to_contain_text("1 · Harbour")
    theirs.get_by_role("button", name="Canteen").click()
    expect(card(page)).to_contain_text("2 · Canteen")
    expect(theirs).to_contain_text("2 · ")
    expect(messages(eva).filter(has=eva.get_by_role("group"))).to_have_attribute(
        "aria-label", re.compile(r"^Poll \(programa\), ")
    )
    expect(theirs.locator("p[lang=pt]").first).to_be_visible(timeout=MODEL_MS)
    expect(theirs).to_have_accessible_name(re.compile("hoje"))
    assert violations(page) == []
    assert violations(eva) == []


def test_another_version_is_tried_saved_and_rolled_back(page: Page, eva: Page) -> None:
    dialog = open_programs(page)
    dialog.get_by_role("button", name="Poll").click()
    source = dialog.get_by_label("Source (JavaScript)")
    before = source.input_value()
    source.fill("export const = 1;")
    dialog.get_by_role("button", name="Save as a new version").click()
    expect(dialog.get_by_role("alert")).to_contain_text("does not load")
    source.fill(before.replace("} · ${", "} votes for ${"))
    dialog.get_by_role("button", name="Try on the room’s past").click()
    result = dialog.get_by_role("region", name="What would have come of it")
    expect(result.get_by_role("status")).to_have_text(re.compile(r"\d events tried: [1-9]\d* effe"))
    expect(result).to_contain_text("1 votes for Canteen")
    assert violations(page) == []
    page.keyboard.press("Escape")
    asking = page.get_by_role("dialog", name="Discard changes")
    asking.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Save as a new version").click()
    expect(dialog.get_by_text("Version 2 runs now.")).to_be_visible()
    theirs = card(eva)
    theirs.get_by_role("button", name="Harbour").click()
    mine = page.locator("article fieldset").last  # behind the dialog
    expect(mine).to_contain_text("1 votes for Harbour")
    dialog.get_by_role("tab", name="Versions").click()
    items = dialog.get_by_role("tabpanel").get_by_role("listitem")
    expect(items).to_contain_text([re.compile("Version 2.*current"), "Version 1"])
    assert violations(page) == []
    dialog.get_by_role("button", name="Run version 1").click()
    expect(items).to_contain_text(["Version 2", re.compile("Version 1.*current")])
    theirs.get_by_role("button", name="Canteen").click()
    expect(mine).to_contain_text("2 · Canteen")


def test_a_paused_program_takes_no_presses_until_it_goes_on(page: Page, eva: Page) -> None:
    dialog = page.get_by_role("dialog", name="Poll")
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog.get_by_text("paused", exact=True)).to_be_visible()
    theirs = card(eva)
    theirs.get_by_role("button", name="Harbour").click()
    expect(theirs.get_by_role("alert")).to_contain_text("does not run")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_text("running", exact=True)).to_be_visible()
    theirs.get_by_role("button", name="Harbour").click()
    expect(page.locator("article fieldset").last).to_contain_text("1 · Harbour")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_form_is_filled_in_and_faults_stand_in_the_log(page: Page, eva: Page) -> None:
    dialog = open_programs(page)
    dialog.get_by_role("button", name="Add a program").click()
    choose(page, "Begin with", "Own source")
    dialog.get_by_label("Name", exact=True).fill("Till")
    dialog.get_by_label("Source (JavaScript)").fill(FORM)
    dialog.get_by_role("button", name="Put it into the room").click()
    expect(page.get_by_role("dialog", name="Till")).to_be_visible()
    page.keyboard.press("Escape")
    say(page, "form")
    form = card(eva)
    form.get_by_role("button", name="Send it in").click()
    expect(form.get_by_label("Sum")).to_be_focused()
    form.get_by_label("Sum").fill("1e2")
    form.get_by_label("What").select_option("Meal")
    form.get_by_label("Day").fill("2026-03-02")
    form.get_by_label("Why").fill("Soup,\nand bread")
    form.get_by_role("button", name="Send it in").click()
    expect(form.get_by_role("alert")).to_contain_text("not a number")
    form.get_by_label("Sum").fill("12.5")
    assert violations(eva) == []
    form.get_by_role("button", name="Send it in").click()
    expect(form.get_by_label("Sum")).to_have_value("")
    sent = '["12.5","Meal","2026-03-02","Soup,\\nand bread"]'
    expect(messages(page).filter(has_text='"12.5"')).to_contain_text(sent)
    say(page, "boom")
    dialog = open_programs(page)
    dialog.get_by_role("button", name="Till").click()
    dialog.get_by_role("tab", name="Log").click()

    def shown() -> bool:
        dialog.get_by_role("button", name="Refresh").click()
        return dialog.get_by_text("It burst.").count() > 0

    until(shown)
    expect(dialog.get_by_role("tabpanel")).to_contain_text("line 8, column")
    assert violations(page) == []


def test_a_deleted_program_is_still_known_by_name(page: Page, eva: Page) -> None:
    dialog = page.get_by_role("dialog", name="Till")
    dialog.get_by_role("tab", name="Settings").click()
    dialog.get_by_label("Name", exact=True).fill("Cash box")
    dialog.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Cash box")
    dialog.get_by_role("button", name="Delete the program").click()
    page.get_by_role("dialog", name="Delete the program").get_by_role(
        "button", name="Delete", exact=True
    ).click()
    dialog = page.get_by_role("dialog", name="Programs")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Escape")
    eva.reload()
    expect(messages(eva).filter(has=eva.get_by_role("group")).last).to_have_attribute(
        "aria-label", re.compile(r"^Cash box \(programa\)")
    )
