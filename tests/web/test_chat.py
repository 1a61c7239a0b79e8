"""Two people who talk in two languages, each in a browser of their own. Steps build on another."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import call, enter, violations
from tests.serving import Hanse, until

BIA = "bia@example.org"
MODEL_MS = 60_000


@pytest.fixture(scope="module")
def bia(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """A tab of somebody who reads Portuguese."""
    assert hanse.command("user", "create", BIA, "--name", "Bia Souza").returncode == 0
    context = browser.new_context(
        base_url=hanse.url,
        locale="pt-BR",
        viewport={"width": 1440, "height": 900},
        service_workers="block",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/sign-in/{hanse.command('user', 'link', BIA).stdout.strip().rpartition('/')[2]}")
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(re.compile("/(welcome|translate)$"))
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["pt"]})
    yield page
    context.close()


def messages(page: Page) -> Locator:
    return page.get_by_role("feed").first.get_by_role("article")


def say(page: Page, text: str) -> None:
    page.locator("textarea").first.fill(text)
    page.keyboard.press("Enter")


def test_a_channel_is_made_with_somebody_in_it(page: Page, bia: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    call(page, hanse, "PATCH", "/v1/me", {"languages": ["en"], "name": "Ada Quay"})
    page.goto("/translate")
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chat")
    page.get_by_role("button", name="Begin something").click()
    page.get_by_role("menuitem", name="Make a channel").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Harbour")
    dialog.get_by_label("Find people").fill("bia")
    dialog.get_by_role("button", name="Add Bia").click()
    dialog.get_by_role("button", name="Make a channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour")


def test_each_reads_the_other_in_their_own_language(page: Page, bia: Page) -> None:
    bia.goto("/chat")
    bia.get_by_role("link", name="Harbour").click()
    say(page, "The house stands by the river.")
    first = messages(bia).last
    expect(first).to_contain_text("casa", timeout=MODEL_MS)
    expect(first.locator("[lang=pt]")).to_be_visible()
    first.get_by_role("button", name="Traduzido de: inglês").click()
    expect(first.locator("[lang=en]")).to_contain_text("The house stands by the river.")
    say(bia, "O barco chega na segunda-feira.")
    expect(messages(page).last).to_contain_text("Monday", timeout=MODEL_MS)
    expect(messages(page).last).to_contain_text("boat")


def test_how_one_reads_a_room_is_kept_for_all_devices(page: Page, hanse: Hanse) -> None:
    boat = messages(page).filter(has=page.get_by_text("boat"))
    expect(boat).to_have_count(1)
    page.get_by_role("button", name="How to read other languages").click()
    page.get_by_role("menuitem", name="Side by side").click()
    expect(boat.locator("[lang=pt]")).to_contain_text("O barco chega")
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(boat.locator("[lang=en]")).to_be_visible()
    expect(boat.locator("[lang=pt]")).to_be_visible()
    [room] = [
        each for each in call(page, hanse, "GET", "/v1/rooms")["items"] if each["name"] == "Harbour"
    ]
    assert room["reading"] == "side_by_side"
    page.get_by_role("button", name="How to read other languages").click()
    page.get_by_role("menuitem", name="Translated").click()
    expect(boat.locator("[lang=pt]")).to_have_count(0)


def test_a_day_is_gone_to(page: Page) -> None:
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    with page.expect_request(lambda request: "/messages?" in request.url and "at=" in request.url):
        page.get_by_label("Go to a day").fill(today)
    expect(messages(page).first).to_contain_text("The house stands by the river.")


def found(page: Page, name: str, words: str) -> Locator:
    """Look for messages until some are found; the index is a moment behind."""
    page.keyboard.press("Control+Shift+F")
    field = page.get_by_role("searchbox", name=name)
    hits = page.get_by_role("dialog").get_by_role("listitem")

    def search() -> bool:
        field.fill("")
        field.fill(words)
        page.wait_for_timeout(500)
        return hits.count() > 0

    until(search, what=f"nothing was found by {words!r}")
    return hits


def test_messages_are_found_by_words_of_both_languages(page: Page, bia: Page) -> None:
    hits = found(bia, "Procurar mensagens", "rio casa")
    expect(hits).to_have_count(1)
    expect(hits).to_contain_text("Ada Quay, Harbour")
    expect(hits.locator("mark")).to_have_text(["casa", "rio"])
    assert violations(bia) == []
    hits.get_by_role("link").click()
    expect(bia).to_have_url(re.compile(r"\?message=\d+$"))
    expect(bia.get_by_role("dialog")).to_have_count(0)
    hits = found(page, "Find messages", "river house")
    expect(hits).to_have_count(1)
    expect(hits.locator("mark")).to_have_text(["house", "river"])
    page.keyboard.press("Escape")
    hits = found(page, "Find messages", "barco")
    expect(hits).to_contain_text("Bia Souza, Harbour")
    page.keyboard.press("Escape")


def test_marks_of_a_text_are_shown_and_its_html_is_not(page: Page, bia: Page) -> None:
    say(page, "**Boats** are <b>not</b> `code`: [map](javascript:alert(1))")
    last = messages(page).last
    expect(last.locator("strong")).to_have_text("Boats")
    expect(last.locator("code")).to_have_text("code")
    expect(last).to_contain_text("<b>not</b>")
    expect(last.get_by_role("link")).to_have_count(0)


def test_up_edits_the_last_message(page: Page, bia: Page) -> None:
    expect(messages(page).last).to_have_attribute("data-number", re.compile(r"\d+"))
    area = page.locator("textarea").first
    area.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Change the message")).to_be_focused()
    page.get_by_label("Change the message").fill("The boats leave in the morning.")
    page.keyboard.press("Enter")
    for each in (page, bia):
        expect(messages(each).last).to_contain_text(re.compile("morning|manhã"), timeout=MODEL_MS)
    page.get_by_role("button", name="(edited)").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")


def test_a_reaction_and_a_thread(page: Page, bia: Page) -> None:
    messages(bia).last.hover()
    bia.get_by_role("toolbar").get_by_role("button", name="Reagir").click()
    bia.get_by_role("menuitem", name="👍").click()
    person = "👍: 1 person (Bia Souza)"
    expect(messages(page).last.get_by_role("button", name=person)).to_be_visible()
    messages(bia).last.hover()
    bia.get_by_role("button", name="Responder no tópico").click()
    thread = bia.get_by_role("region", name="Tópico")
    thread.locator("textarea").fill("Bom dia!")
    bia.keyboard.press("Enter")
    expect(thread.get_by_role("article")).to_have_count(1)
    thread.get_by_role("button", name="Fechar").click()
    expect(messages(page).last).to_contain_text("in a thread")


def test_what_is_written_offline_comes_once(page: Page, bia: Page) -> None:
    before = messages(bia).count()
    page.context.set_offline(True)
    for word in ("Alpha", "Beta"):
        say(page, word)
    expect(messages(page).last).to_contain_text("Not sent yet")
    say(bia, "4711")
    expect(messages(bia)).to_have_count(before + 1)
    page.context.set_offline(False)
    expect(messages(bia)).to_have_count(before + 3, timeout=60_000)
    expect(messages(page)).to_have_count(before + 3)
    expect(messages(page).get_by_text("Not sent yet")).to_have_count(0)
    for word in ("Alpha", "Beta", "4711"):
        expect(messages(page).filter(has_text=word)).to_have_count(1)


def test_what_was_not_sent_survives_a_reload(page: Page, bia: Page) -> None:
    page.route("**/v1/rooms/*/events", lambda route: route.abort())
    say(page, "Kept over a reload")
    expect(messages(page).last).to_contain_text("Kept over a reload")
    page.reload()
    expect(messages(page).last).to_contain_text("Kept over a reload")
    page.unroute("**/v1/rooms/*/events")
    expect(messages(bia).last).to_contain_text(
        re.compile("Kept over a reload|recarga"), timeout=60_000
    )
    expect(messages(page).filter(has_text="Kept over a reload")).to_have_count(1)


def test_the_palette_finds_rooms_and_people(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("harb")
    expect(page.get_by_role("option", name="Harbour")).to_be_visible()
    page.get_by_role("combobox").fill("bia")
    page.get_by_role("option", name="Bia Souza Chat").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bia Souza")
    page.get_by_role("link", name="Harbour").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour")


def test_pages_may_connect_to_the_gateway_and_nowhere_else(page: Page, hanse: Hanse) -> None:
    gateway = call(page, hanse, "POST", "/v1/chat/tickets")["url"].removesuffix("/v1/chat/socket")
    policy = page.request.get("/chat").headers["content-security-policy"]
    assert f"connect-src 'self' {gateway};" in policy


def test_the_log_has_everything_once(page: Page, hanse: Hanse) -> None:
    room = page.url.rpartition("/")[2].partition("?")[0]
    log: list[dict[str, Any]] = call(page, hanse, "GET", f"/v1/rooms/{room}/events?limit=500")[
        "events"
    ]
    assert [each["number"] for each in log] == list(range(1, len(log) + 1))
    texts = [each["body"]["text"] for each in log if each["kind"] == "message"]
    assert len(texts) == len(set(texts))


def test_the_page_reads_well_to_a_screen_reader(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    expect(page.get_by_role("feed", name="Messages in Harbour")).to_be_visible()
    expect(page.get_by_role("log", name="New messages")).to_be_attached()
    expect(page.get_by_role("textbox", name="Write to Harbour")).to_be_visible()
    found = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found += [f"{theme} {each}" for each in violations(page)]
    assert found == []
