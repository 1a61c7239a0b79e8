"""The first hour of somebody with Hanse, in a real browser. The steps build on each other."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import call, choose, violations
from tests.serving import Hanse, serving

PASSWORD = "a tide of nine herrings"


@pytest.fixture(scope="module")
def hanse(browser: Browser) -> Iterator[Hanse]:
    """A server at its first start, where nobody has been before."""
    with serving(HANSE_RATE_LIMIT_PER_MINUTE="0", HANSE_SIGN_IN_LIMIT_PER_MINUTE="0") as hanse:
        yield hanse


def test_the_first_start_link_leads_to_a_password(page: Page, hanse: Hanse) -> None:
    assert hanse.sign_in_url is not None
    page.goto(hanse.sign_in_url)
    assert violations(page) == []
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome, Owner")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile("/translate$"))


def test_signing_out_and_in_by_password(page: Page, hanse: Hanse) -> None:
    sign_out(page)
    page.goto("/translate/documents")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    assert violations(page) == []
    page.get_by_label("E-mail address").fill(owner_of(hanse))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/translate/documents$"))


def test_an_address_of_another_site_is_not_followed(page: Page, hanse: Hanse) -> None:
    sign_out(page)
    page.goto("/sign-in?next=//evil.example/")
    sign_in(page, hanse)
    expect(page).to_have_url(f"{hanse.url}/translate")


def test_a_passkey_is_made_and_signs_in(page: Page) -> None:
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/account")
    page.get_by_label("Name of the passkey").fill("lighthouse")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("button", name="Remove lighthouse")).to_be_visible()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/translate$"))


def test_text_is_translated_sentence_by_sentence(page: Page) -> None:
    page.goto("/translate")
    choose(page, "Translate into", "Brazilian Portuguese")
    page.get_by_label("Text to translate").fill("Good morning. The house stands by the river.")
    target = page.get_by_role("region", name="Translation")
    expect(target).to_contain_text("casa")
    sentences = target.get_by_role("button")
    expect(sentences).to_have_count(2)
    sentences.nth(1).click()
    expect(page.locator("mark")).to_have_text("The house stands by the river.")
    assert violations(page) == []
    page.get_by_role("button", name="Swap languages").click()
    expect(page.get_by_label("Text to translate")).to_have_value(re.compile("casa"))
    expect(target).to_contain_text("house")


def test_a_document_is_translated(page: Page, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The ship arrives on Monday.")
    file = BytesIO()
    document.save(file)
    page.goto("/translate/documents")
    choose(page, "Translate into", "Brazilian Portuguese")
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    with page.expect_file_chooser() as chosen:
        page.locator("button", has_text="Choose files").click()
    chosen.value.set_files({"name": "ship.docx", "mimeType": kind, "buffer": file.getvalue()})
    with page.expect_download() as loaded:
        page.get_by_role("link", name="Download").click()
    assert loaded.value.suggested_filename == "ship.pt-BR.docx"
    loaded.value.save_as(tmp_path / "ship.pt-BR.docx")
    texts = [each.text for each in docx.Document(str(tmp_path / "ship.pt-BR.docx")).paragraphs]
    assert "segunda" in " ".join(texts)


def test_the_command_that_is_shown_with_a_new_key_works(page: Page) -> None:
    page.goto("/admin/keys")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_label("Name").fill("web shop")
    page.get_by_role("dialog").get_by_role("button", name="Make a key").click()
    shown = page.get_by_role("dialog").locator("pre").inner_text()
    assert violations(page) == []
    if shutil.which("curl") is None:
        pytest.skip("no curl is installed")
    answer = subprocess.run(shlex.split(shown), capture_output=True, timeout=60, check=True)
    assert "dia" in json.loads(answer.stdout)["translations"][0]["text"]


def test_a_key_may_do_what_was_chosen_until_its_last_day(page: Page, hanse: Hanse) -> None:
    page.goto("/admin/keys")
    page.get_by_role("button", name="Make a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("till")
    dialog.get_by_label("Single permissions").check()
    expect(dialog.get_by_role("button", name="Make a key")).to_be_disabled()
    dialog.get_by_label("See the usage").check()
    dialog.get_by_label("Read the audit log").check()
    dialog.get_by_label("Last day").fill("2099-12-31")
    dialog.get_by_label("Requests a minute").fill("2")
    assert violations(page) == []
    dialog.get_by_role("button", name="Make a key").click()
    secret = dialog.locator("code").first.inner_text()
    dialog.get_by_role("button", name="Close").last.click()
    row = page.get_by_role("row").filter(has_text="till")
    expect(row).to_contain_text("Dec 31, 2099")
    expect(row).to_contain_text("Up to 2 requests a minute")
    row.get_by_text("2 permissions").click()
    expect(row.get_by_role("listitem")).to_have_text(["Read the audit log", "See the usage"])
    assert violations(page) == []

    def ask(path: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.get(f"{hanse.url}{path}", headers=headers, timeout=60).status_code

    answers = [ask(path) for path in ("/v1/audit-events", "/v1/people", "/v1/audit-events")]
    assert answers == [200, 403, 429]


@pytest.mark.parametrize(
    ("purpose", "scopes"),
    [
        ("Keep people and groups up to date", {"provisioning"}),
        ("Read everything, change nothing", None),
        ("Translate", None),
    ],
)
def test_a_key_for_a_purpose_may_do_no_more(
    page: Page, hanse: Hanse, purpose: str, scopes: set[str] | None
) -> None:
    page.goto("/admin/keys")
    page.get_by_role("button", name="Make a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(purpose)
    dialog.get_by_role("radio", name=purpose, exact=True).check()
    dialog.get_by_role("button", name="Make a key").click()
    expect(dialog.locator("code").first).to_be_visible()
    [key] = [
        each
        for each in call(page, hanse, "GET", "/v1/api-keys?limit=200")["items"]
        if each["name"] == purpose
    ]
    given = set(key["scopes"])
    assert given == scopes if scopes else given
    if purpose.startswith("Read"):
        assert all(each.endswith(":read") for each in given)
    if purpose == "Translate":
        assert "translate:text" in given
        assert "people:read" not in given


def test_a_phone_shows_where_one_is_and_leads_to_every_system(page: Page) -> None:
    page.goto("/translate/documents")
    page.set_viewport_size({"width": 390, "height": 844})
    button = page.get_by_role("button", name="Systems: Documents")
    expect(button).to_be_visible()
    for each in page.get_by_role("banner").get_by_role("button").all():
        box = each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    button.focus()
    page.keyboard.press("Enter")
    items = page.get_by_role("menuitem")
    expect(items).to_have_text(["Translate", "Documents", "Chat", "Admin"])
    expect(items.nth(1)).to_have_attribute("aria-current", "page")
    assert violations(page) == []
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/"))
    expect(page.get_by_role("button", name="Systems: Admin")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_palette_leads_to_people_groups_and_glossaries(page: Page, hanse: Hanse) -> None:
    group = call(page, hanse, "POST", "/v1/groups", {"name": "Lighthouse"})
    call(page, hanse, "POST", "/v1/people", {"email": "lia@example.org", "name": "Lia Lighter"})
    page.goto("/admin/people")
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("ligh")
    expect(page.get_by_role("option")).to_have_text(
        ["Lia Lighter lia@example.org", "Lighthouse", "Lia Lighter Chat"]
    )
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text("lia@example.org")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("lighth")
    expect(page.get_by_role("option")).to_have_text(["Lighthouse"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/admin/groups/{group['id']}$"))


def test_a_colleague_is_invited_and_comes_in(page: Page) -> None:
    page.goto("/admin/people")
    page.get_by_role("button", name="Invite somebody").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail address").fill("ada@example.org")
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_role("button", name="Invite somebody").click()
    link = dialog.locator("code").inner_text()
    assert violations(page) == []
    assert page.context.browser is not None
    context = page.context.browser.new_context(locale="en-GB")
    other = context.new_page()
    other.goto(link)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Welcome, Ada")).to_be_visible()
    expect(other.get_by_role("link", name="Admin")).to_have_count(0)
    context.close()


def test_the_interface_speaks_another_language(page: Page) -> None:
    page.goto("/translate")
    page.get_by_role("button", name="Language of the interface").click()
    page.get_by_role("menuitemradio", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Text übersetzen")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def owner_of(hanse: Hanse) -> str:
    return hanse.environment.get("HANSE_OWNER_EMAIL", "owner@localhost")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def sign_in(page: Page, hanse: Hanse) -> None:
    page.get_by_label("E-mail address").fill(owner_of(hanse))
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
