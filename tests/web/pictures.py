"""Pictures of every page, on a desk and on a phone, in light and in dark.

    python -m tests.web.pictures FOLDER    all of them, to look at
    python -m tests.web.pictures           those that the documentation shows, into docs/images

It starts a Hanse of its own, with a few things in it, and ends it.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browsing import call, choose, enter
from tests.serving import Hanse, serving

SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES = ["light", "dark"]
COLOURS = 160
IMAGES = Path(__file__).parents[2] / "docs/images"
KEPT = {
    "chat": "chat desk light",
    "chat-phone": "chat phone dark",
    "translate": "translate desk light",
    "translate-phone": "translate phone dark",
    "documents": "documents desk light",
    "glossary": "glossary desk light",
    "groups": "group desk dark",
    "usage": "usage desk light",
    "people-phone": "people phone light",
    "account-phone": "account phone dark",
    "sign-in": "sign-in desk light",
}
"""The pictures of the documentation, by the names of their files."""
TALK = [
    (True, "O navio chega na segunda-feira de manhã. Qual cais está livre?", "Arrivals"),
    (False, "Berth **four**. The pilot comes on board at six.", "Arrivals"),
    (True, "Obrigado! A maré alta é às nove horas.", "Arrivals"),
    (
        False,
        "Then this is the order:\n\n1. pilot at six\n2. tugs at seven\n3. `quay 4`",
        "Arrivals",
    ),
    (True, "A casa do porto está fechada hoje.", None),
]
"""Who speaks - the office by its key, or the owner - what they say, and under which topic."""
TEXT = (
    "The house stands by the river. In the morning the boats leave the quay.\n\n"
    "At night the water is cold, and the harbour is quiet."
)


def main(folder: str | None) -> None:
    """Take the pictures."""
    taken = Path(folder) if folder else None
    if taken:
        taken.mkdir(parents=True, exist_ok=True)
    names = {picture: name for name, picture in KEPT.items()}
    with serving(HANSE_RATE_LIMIT_PER_MINUTE="0") as hanse, _tab(hanse) as page:
        for picture, image in _pictures(page, hanse):
            if taken:
                (taken / f"{picture.replace(' ', '-')}.png").write_bytes(image)
            elif picture in names:
                _write(IMAGES / f"{names[picture]}.png", image)


@contextmanager
def _tab(hanse: Hanse) -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=hanse.url, locale="en-GB", service_workers="block", reduced_motion="reduce"
        )
        yield context.new_page()
        browser.close()


def _pictures(page: Page, hanse: Hanse) -> Iterator[tuple[str, bytes]]:
    yield from _of(page, "sign-in", "/sign-in")
    yield from _of(page, "sign-in-link", "/sign-in/a-link")
    enter(page, hanse)
    yield from _of(page, "welcome", "/welcome")
    for path in ("groups", "glossaries", "webhooks", "usage"):
        yield from _of(page, f"{path}-empty", f"/admin/{path}")
    made = _fill(page, hanse)
    yield from _of(page, "translate-empty", "/translate")
    yield from _translate(page)
    yield from _documents(page)
    for name, path in {
        "chat-rooms": "/chat",
        "chat": f"/chat/{made['room']}",
        "chat-thread": f"/chat/{made['room']}?thread={made['thread']}",
        "account": "/account",
        "notifications": "/notifications",
        "preferences": "/account/notifications",
        "people": "/admin/people",
        "groups": "/admin/groups",
        "group": f"/admin/groups/{made['group']}",
        "glossaries": "/admin/glossaries",
        "glossary": f"/admin/glossaries/{made['glossary']}",
        "models": "/admin/models",
        "providers": "/admin/providers",
        "keys": "/admin/keys",
        "usage": "/admin/usage",
        "webhooks": "/admin/webhooks",
        "webhook": f"/admin/webhooks/{made['webhook']}",
        "audit": "/admin/audit",
        "nowhere": "/admin/nowhere",
    }.items():
        yield from _of(page, name, path)
    page.goto("/admin/people")
    page.get_by_role("button", name="Invite somebody").click()
    yield from _as_it_stands(page, "dialog")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    yield from _as_it_stands(page, "palette")


def _fill(page: Page, hanse: Hanse) -> dict[str, str]:
    def post(path: str, **body: Any) -> Any:
        return call(page, hanse, "POST", path, body)

    people = [
        post("/v1/people", email=f"{name.lower().replace(' ', '.')}@example.org", name=name)["id"]
        for name in ("Front desk", "Harbour office", "Translation office")
    ]
    port = post("/v1/groups", name="Harbour", description="Everybody who works at the quay")["id"]
    for name in ("Pilots", "Tugs"):
        inner = post("/v1/groups", name=name, permissions=["translate:text"])["id"]
        call(page, hanse, "PUT", f"/v1/groups/{port}/groups/{inner}")
    for person in people:
        body = {"is_manager": person == people[1]}
        call(page, hanse, "PUT", f"/v1/groups/{port}/members/{person}", body)
    directions = {
        ("en", "pt"): "boat\tembarcação\nharbour\tporto\nquay\tcais\npilot\tprático\ntide\tmaré",
        ("pt", "en"): "cais\tquay\nmaré\ttide",
    }
    glossary = post(
        "/v3/glossaries",
        name="Harbour words",
        dictionaries=[
            {"source_lang": a, "target_lang": b, "entries": entries, "entries_format": "tsv"}
            for (a, b), entries in directions.items()
        ],
    )["glossary_id"]
    post("/v1/api-keys", name="web shop")
    post("/v1/api-keys", name="timetables")
    post("/v2/translate", text=[TEXT] * 4, target_lang="PT-BR")
    post(
        "/v1/identity-providers",
        name="House sign-on",
        issuer="https://login.example.org",
        client_id="hanse",
    )
    webhook = post("/v1/webhooks", url="https://example.org/hanse", description="Timetables")["id"]
    call(page, hanse, "POST", f"/v1/webhooks/{webhook}/ping")
    room, thread = _talk(page, hanse, people)
    return {"room": room, "thread": thread, "group": port, "glossary": glossary, "webhook": webhook}


def _talk(page: Page, hanse: Hanse, people: list[str]) -> tuple[str, str]:
    """A channel in two languages; return it, and a message that has replies."""

    def post(path: str, **body: Any) -> Any:
        return call(page, hanse, "POST", path, body)

    call(page, hanse, "PATCH", "/v1/me", {"languages": ["en"]})
    post("/v1/rooms", name="Announcements", is_public=True)
    post("/v1/rooms", name="Night shift")
    for person in people[:2]:
        post("/v1/rooms", kind="direct", member_ids=[person])
    about = "What comes and goes at the quay"
    room = post("/v1/rooms", name="Harbour", description=about, is_public=True)["id"]
    desk = _key(hanse, "Harbour office")
    call(page, hanse, "PUT", f"/v1/rooms/{room}/members/{desk[0]}", {})
    numbers = []
    for index, (is_desk, text, topic) in enumerate(TALK):
        event = {"client_key": str(index), "text": text, "topic": topic}
        if is_desk:
            path = f"{hanse.url}/v1/rooms/{room}/events"
            headers = {"Authorization": f"Bearer {desk[1]}"}
            answer = httpx.post(path, json=event, headers=headers)
            numbers.append(answer.raise_for_status().json()["number"])
        else:
            numbers.append(post(f"/v1/rooms/{room}/events", **event)["number"])
    path = f"/v1/rooms/{room}/events"
    post(path, client_key="r", kind="reaction", target=numbers[0], emoji="✔")
    post(path, client_key="t", text="Berth four is free from noon on.", thread=numbers[0])
    return room, str(numbers[0])


def _key(hanse: Hanse, name: str) -> tuple[str, str]:
    scopes = ("--scope", "chat:read", "--scope", "chat:write")
    secret = hanse.command("key", "create", name, *scopes).stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    me = httpx.get(f"{hanse.url}/v1/me", headers=headers).raise_for_status().json()
    return me["api_key_id"], secret


def _translate(page: Page) -> Iterator[tuple[str, bytes]]:
    page.goto("/translate")
    choose(page, "Translate into", "Brazilian Portuguese")
    page.get_by_label("Keep a history in this browser").check()
    page.get_by_label("Text to translate").fill(TEXT)
    target = page.get_by_role("region", name="Translation")
    expect(target).to_contain_text("porto")
    choose(page, "Glossary", "Harbour words")
    expect(target).to_contain_text("cais")
    expect(page.get_by_role("region", name="History").get_by_role("listitem")).not_to_have_count(0)
    target.get_by_role("button").nth(1).click()
    yield from _as_it_stands(page, "translate")


def _documents(page: Page) -> Iterator[tuple[str, bytes]]:
    page.goto("/translate/documents")
    expect(page.get_by_role("combobox", name="Translate into")).to_be_visible()
    files: list[Any] = [
        {"name": "timetable.txt", "mimeType": "text/plain", "buffer": TEXT.encode()},
        {"name": "picture.bmp", "mimeType": "image/bmp", "buffer": b"BM"},
    ]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    yield from _as_it_stands(page, "documents")


def _of(page: Page, name: str, path: str) -> Iterator[tuple[str, bytes]]:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    yield from _as_it_stands(page, name)


def _as_it_stands(page: Page, name: str) -> Iterator[tuple[str, bytes]]:
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            page.wait_for_timeout(250)  # colours change slowly
            yield f"{name} {size} {theme}", page.screenshot()


def _write(path: Path, image: bytes) -> None:
    picture = Image.open(BytesIO(image)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
