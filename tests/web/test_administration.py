"""What an administrator does in the browser with groups and glossaries. Steps build on another."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browsing import call, choose, enter
from tests.serving import Hanse


def test_a_group_gets_a_manager_a_group_within_and_a_permission(page: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    page.goto("/admin/groups")
    for name in ("Crew", "Port"):
        page.get_by_role("button", name="Make a group").first.click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("dialog").get_by_role("button", name="Make a group").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        if name == "Crew":
            page.get_by_role("link", name="Groups", exact=True).first.click()
    page.get_by_label("Add somebody").fill("owner")
    page.get_by_role("button", name="Add Owner").click()
    page.get_by_role("button", name="Make manager Owner").click()
    expect(page.get_by_role("button", name="No longer manager Owner")).to_be_visible()
    page.get_by_label("Add a group").fill("cre")
    page.get_by_role("button", name="Add Crew").click()
    expect(page.get_by_role("button", name="Remove Crew")).to_be_visible()
    page.get_by_label("Read the audit log").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    [port] = call(page, hanse, "GET", "/v1/groups?query=Port")["items"]
    [crew] = call(page, hanse, "GET", "/v1/groups?query=Crew")["items"]
    assert (port["member_count"], port["child_ids"]) == (1, [crew["id"]])
    assert port["permissions"] == ["audit:read"]
    [member] = call(page, hanse, "GET", f"/v1/groups/{port['id']}/members")["items"]
    assert member["is_manager"]
    page.get_by_role("link", name="Crew").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Crew")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/admin/groups$"))
    page.get_by_label("Find by the beginning").fill("Cr")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_a_glossary_is_written_by_keyboard(page: Page, hanse: Hanse) -> None:
    page.goto("/admin/glossaries")
    page.get_by_role("button", name="Make a glossary").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Boats")
    page.get_by_role("dialog").get_by_role("button", name="Make a glossary").click()
    page.get_by_role("button", name="Add a direction").click()
    choose(page, "Translate from", "English")
    choose(page, "Translate into", "Portuguese")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    page.get_by_label("English, entry 1").fill("boat")
    page.keyboard.press("Tab")
    page.keyboard.type("embarcação")
    page.keyboard.press("Enter")
    expect(page.get_by_label("English, entry 2")).to_be_focused()
    page.keyboard.type("boat")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("English, entry 1")).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("1 entry cannot be saved")
    expect(page.get_by_label("English, entry 2")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("quay")
    page.keyboard.press("Tab")
    page.keyboard.type("cais")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("2 entries · Saved")).to_be_visible()
    assert entries(page, hanse) == "boat\tembarcação\nquay\tcais"


def test_changes_that_are_not_saved_are_not_lost_by_a_slip(page: Page) -> None:
    page.get_by_label("Portuguese, entry 1").fill("lancha")
    page.get_by_role("link", name="Glossaries", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="Discard the changes")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Portuguese, entry 1")).to_have_value("lancha")
    page.get_by_label("Portuguese, entry 1").fill("embarcação")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 entries · Saved")).to_be_visible()


def test_entries_go_out_and_come_in_as_files(page: Page, hanse: Hanse, tmp_path: Path) -> None:
    with page.expect_download() as loaded:
        page.get_by_role("button", name="Export CSV").click()
    assert loaded.value.suggested_filename == "Boats en-pt.csv"
    loaded.value.save_as(tmp_path / "boats.csv")
    text = (tmp_path / "boats.csv").read_bytes().decode()
    assert text == "boat,embarcação\r\nquay,cais\r\n"
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog", name="Import")
    more = {"name": "more.csv", "mimeType": "text/csv", "buffer": b'tide,"mar\xc3\xa9"\n'}
    dialog.get_by_label("File").set_input_files(more)
    dialog.get_by_role("button", name="Import").click()
    expect(page.get_by_text("3 entries")).to_be_visible()
    assert entries(page, hanse).endswith("tide\tmaré")


def test_a_translation_follows_the_glossary_that_is_chosen(page: Page) -> None:
    page.goto("/translate")
    choose(page, "Translate into", "Brazilian Portuguese")
    page.get_by_label("Text to translate").fill("The boat is very old and lies in the harbour.")
    target = page.get_by_role("region", name="Translation")
    expect(target).to_contain_text("porto")
    expect(target).not_to_contain_text("embarcação")
    choose(page, "Glossary", "Boats")
    expect(target).to_contain_text("embarcação")
    expect(page.get_by_text("1 term of the glossary used")).to_be_visible()
    # It is of one direction, which is now said, and ends with it.
    expect(page.get_by_role("combobox", name="Translate from")).to_have_text("English")
    choose(page, "Translate into", "European Portuguese")
    expect(page.get_by_role("combobox", name="Glossary")).to_have_text("No glossary")


def test_a_history_is_kept_on_this_device_if_it_is_wanted(page: Page) -> None:
    page.goto("/translate")
    history = page.get_by_role("region", name="History")
    keep = page.get_by_label("Keep a history in this browser")
    expect(keep).not_to_be_checked()
    keep.check()
    page.get_by_label("Text to translate").fill("The water is cold.")
    expect(history.get_by_text("The water is cold.")).to_be_visible()
    page.reload()
    history.get_by_text("The water is cold.").click()
    expect(page.get_by_label("Text to translate")).to_have_value("The water is cold.")
    keep.uncheck()
    page.reload()
    expect(keep).not_to_be_checked()
    expect(history.get_by_text("The water is cold.")).to_have_count(0)


def entries(page: Page, hanse: Hanse) -> str:
    """What the server has for the glossary that the page shows, from English to Portuguese."""
    glossary = page.url.rpartition("/")[2]
    path = f"/v3/glossaries/{glossary}/entries?source_lang=en&target_lang=pt"
    return str(call(page, hanse, "GET", path)["dictionaries"][0]["entries"])
