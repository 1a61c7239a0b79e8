"""Files and links in the chat's page, as somebody brings, sees and saves them."""

import asyncio
import io
import re
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from hanse.chat.previews.model import url_hash
from hanse.platform.embedded.postgres import socket_url
from tests.browsing import call, enter, violations
from tests.serving import Hanse

LINK = "https://harbour.example/tides"


def picture(width: int, height: int, colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "PNG")
    return target.getvalue()


def sound() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(b"\x80" * 8000)
    return target.getvalue()


def messages(page: Page) -> Locator:
    return page.get_by_role("feed").first.get_by_role("article")


def attach(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files as the dialog of the browser gives them."""
    page.locator("input[data-attach]").first.set_input_files(
        [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    )


def attached(page: Page) -> Locator:
    return page.get_by_role("list", name="Attached files").get_by_role("listitem")


def send(page: Page, text: str = "") -> Locator:
    """Send what is attached; return the message as it stands in the log."""
    before = messages(page).count()
    if text:
        page.locator("textarea").first.fill(text)
    page.get_by_role("button", name="Send", exact=True).first.click()
    expect(messages(page)).to_have_count(before + 1)
    last = messages(page).last
    expect(last).to_have_attribute("data-number", re.compile(r"\d+"))
    return last


def bring(page: Page, event: str, target: str, files: dict[str, str], text: str = "") -> None:
    """Paste or drop files, made of base64, as the browser tells it."""
    page.evaluate(
        """([event, target, files, text]) => {
            const data = new DataTransfer();
            for (const [name, content] of Object.entries(files)) {
                const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
                data.items.add(new File([bytes], name));
            }
            if (text) data.setData("text/plain", text);
            const options = {bubbles: true, cancelable: true};
            const made = event === "paste"
                ? new ClipboardEvent(event, {...options, clipboardData: data})
                : new DragEvent(event, {...options, dataTransfer: data});
            document.querySelector(target).dispatchEvent(made);
        }""",
        [event, target, files, text],
    )


def test_an_image_and_a_document_come_with_a_message(page: Page, hanse: Hanse) -> None:
    enter(page, hanse)
    room = call(page, hanse, "POST", "/v1/rooms", {"name": "Photos", "kind": "channel"})
    page.goto(f"/chat/{room['id']}")
    attach(page, ("pier.png", picture(900, 600, "navy")), ("notes.txt", b"High water at nine."))
    expect(attached(page)).to_have_count(2)
    expect(page.get_by_text("2 files are attached")).to_be_attached()
    assert violations(page) == []
    last = send(page, "Look at this")
    expect(attached(page)).to_have_count(0)
    image = last.get_by_role("button", name="Open the image pier.png").locator("img")
    expect(image).to_have_js_property("complete", value=True)
    box = image.bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (400, 267)
    assert image.evaluate("each => each.naturalWidth") > 0
    expect(last.get_by_role("link", name="notes.txt", exact=True)).to_be_visible()
    with page.expect_download() as download:
        last.get_by_role("link", name="Save notes.txt").click()
    assert Path(download.value.path()).read_bytes() == b"High water at nine."


def test_images_are_seen_in_full_one_after_the_other(page: Page) -> None:
    attach(page, *((f"{each}.png", picture(50, 40, each)) for each in ("red", "green", "blue")))
    expect(page.get_by_text("3 files are attached")).to_be_attached()
    last = send(page)
    last.get_by_role("button", name="Open the image green.png").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("green.png")
    expect(dialog.get_by_role("img", name="green.png")).to_have_js_property("naturalWidth", 50)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).to_have_text("blue.png")
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).to_have_text("red.png")
    expect(dialog).to_contain_text("1 / 3")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(last.get_by_role("button", name="Open the image green.png")).to_be_focused()


def test_what_can_be_heard_is_played(page: Page) -> None:
    attach(page, ("horn.wav", sound()))
    expect(page.get_by_text("1 file is attached")).to_be_attached()
    player = send(page).locator("audio")
    expect(player).to_have_js_property("error", None)
    page.wait_for_function("document.querySelector('audio').duration === 1")


def test_files_are_pasted_and_dropped(page: Page) -> None:
    bring(page, "paste", "textarea", {"cut.txt": "Y3V0"})
    expect(attached(page)).to_have_text([re.compile("cut.txt")])
    bring(page, "dragover", "[role=feed]", {"dropped.txt": "ZHJvcA=="})
    expect(page.get_by_text("Drop the files here to attach them")).to_be_visible()
    bring(page, "drop", "[role=feed]", {"dropped.txt": "ZHJvcA=="})
    expect(page.get_by_text("Drop the files here to attach them")).to_be_hidden()
    expect(attached(page)).to_have_count(2)
    # A spreadsheet adds a picture of what is copied; the words are meant.
    bring(page, "paste", "textarea", {"cells.png": "eA=="}, text="1 2 3")
    expect(attached(page)).to_have_count(2)
    attached(page).first.get_by_role("button", name="Take cut.txt away").click()
    expect(attached(page)).to_have_text([re.compile("dropped.txt")])
    expect(send(page)).to_contain_text("dropped.txt")


def test_what_is_refused_says_why_and_holds_nothing_up(page: Page) -> None:
    attach(page, ("empty.txt", b""), ("good.txt", b"good"))
    refused = attached(page).filter(has_text="empty.txt")
    expect(refused.get_by_role("alert")).to_have_text("The file is empty.")
    expect(page.get_by_role("button", name="Send", exact=True).first).to_be_disabled()
    refused.get_by_role("button", name="Take empty.txt away").click()
    attach(page, *((f"{each}.txt", b"x") for each in range(10)))
    expect(page.get_by_text("A message brings up to 10 files.")).to_be_visible()
    expect(attached(page)).to_have_count(1)
    expect(send(page)).to_contain_text("good.txt")


def test_an_upload_that_was_cut_off_is_tried_again(page: Page) -> None:
    page.route("**/files?name=*", lambda route: route.abort())
    attach(page, ("late.txt", b"late"))
    expect(attached(page).get_by_role("alert")).to_contain_text("The server was not reached.")
    page.unroute("**/files?name=*")
    attached(page).get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 file is attached")).to_be_attached()
    expect(send(page)).to_contain_text("late.txt")


def test_an_upload_goes_on_while_one_looks_at_another_room(page: Page, hanse: Hanse) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/files?name=*", hold)
    attach(page, ("slow.txt", b"slow"))
    expect(attached(page).get_by_role("progressbar")).to_be_visible()
    here = page.url
    other = call(page, hanse, "POST", "/v1/rooms", {"name": "Elsewhere", "kind": "channel"})
    page.get_by_role("link", name="Elsewhere").click()
    expect(page).to_have_url(re.compile(other["id"]))
    expect(attached(page)).to_have_count(0)
    held[0].continue_()
    page.get_by_role("link", name="Photos").click()
    expect(page).to_have_url(here)
    expect(page.get_by_text("1 file is attached")).to_be_attached()
    page.unroute("**/files?name=*")
    expect(messages(page).first).to_be_visible()
    expect(send(page)).to_contain_text("slow.txt")


def test_a_link_shows_what_its_page_says(page: Page, hanse: Hanse) -> None:
    last = send(page, f"Tides: {LINK}")
    number = last.get_attribute("data-number")

    async def keep() -> None:
        url = socket_url(hanse.home / "run/postgres", "hanse", "hanse")
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(
                "insert into chat.link_pages select organisation_id, $1, 'Tide <b>tables</b>', "
                "'High and low water.', 'Harbour', now() + interval '1 day' "
                "from chat.rooms where name = 'Photos'",
                url_hash(LINK),
            )
        finally:
            await connection.close()

    with ThreadPoolExecutor() as threads:
        threads.submit(asyncio.run, keep()).result()
    page.reload()
    shown = page.locator(f"article[data-number='{number}']")
    preview = shown.get_by_role("list", name="Pages behind the links").get_by_role("listitem")
    expect(preview).to_contain_text("Harbour")
    expect(preview).to_contain_text("High and low water.")
    link = preview.get_by_role("link", name="Tide <b>tables</b>")
    expect(link).to_have_attribute("href", LINK)
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert violations(page) == []


def test_a_phone_shows_all_of_it(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for each in page.get_by_role("feed").locator("img, audio, a").all():
        box = each.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
