"""How smoothly the chat's page scrolls through a room of 100,000 messages, in Chromium.

The page is scrolled by the browser's own gestures, upwards from the newest message, while older
ones are loaded; each frame that the page's thread makes is noted. A page with one long text that is
there from the beginning, scrolled likewise, says what this browser can do on this machine.
`python -m benchmarks.scroll` prints the section.
"""

import json
import os
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, ViewportSize, sync_playwright

from benchmarks.goodput import quantile
from benchmarks.sentences import SENTENCES
from tests.browsing import call, enter
from tests.serving import Hanse, serving
from tests.web.conftest import ARGUMENTS, CHROMIUM

MESSAGES = 100_000
SPEEDS = {"read": 1_500, "skim": 6_000}
"""Pixels a second: a line of text has some 24."""
SECONDS = 10
FRAME_S = 1 / 60
SIZE: ViewportSize = {"width": 1280, "height": 800}
WRITERS = 20
BEGAN_S = 1_767_225_600

_WATCH = """() => {
  window.frames_s = [];
  const note = (at) => {
    window.frames_s.push(at / 1000);
    window.noting = requestAnimationFrame(note);
  };
  window.noting = requestAnimationFrame(note);
}"""
_WATCHED = "() => { cancelAnimationFrame(window.noting); return window.frames_s; }"
_FIRST = "() => Number(document.querySelector('article[data-number]')?.dataset.number ?? 0)"
_ROWS = "() => document.querySelectorAll('[data-row]').length"


class Scrolled(NamedTuple):
    """Seconds between frames, older messages that were loaded, rows it had at the end, and MB."""

    gaps_s: list[float]
    messages: int
    rows: int
    heap_mb: float


def run() -> str:
    """Measure and return the section."""
    with serving(HANSE_RATE_LIMIT_PER_MINUTE="0", HANSE_LOG_LEVEL="warning") as hanse:
        with tempfile.TemporaryDirectory() as folder:
            brought = hanse.command("chat", "import", str(_history(Path(folder))))
            assert brought.returncode == 0, brought.stderr
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_context(
                base_url=hanse.url, locale="en-GB", viewport=SIZE, service_workers="block"
            ).new_page()
            rows = "".join(_rows(page, hanse))
            browser.close()
    return (
        "## Scrolling\n\n"
        f"The chat's page in Chromium without a GPU, {SIZE['width']} x {SIZE['height']}, in a room "
        f"of {MESSAGES:,} messages; Hanse serves it on the same {os.cpu_count()} cores. Scrolled "
        f"upwards from the newest message for {SECONDS} s by gestures of the browser, while older "
        "ones are loaded; each frame of the page's thread is noted, of which 60 a second are due. "
        "The baseline is one long text that is there from the beginning "
        "(`python -m benchmarks scroll`).\n\n"
        "| page | pixels/s | frames/s | p95, longest between two | over 33 ms | older ones loaded "
        "| rows kept | heap |\n|---|---|---|---|---|---|---|---|\n" + rows
    )


def _rows(page: Page, hanse: Hanse) -> list[str]:
    enter(page, hanse)
    [room] = call(page, hanse, "GET", "/v1/rooms")["items"]
    found = []
    for speed in SPEEDS.values():
        page.set_content(f"<pre style='white-space: pre-wrap'>{'All is calm. ' * 200_000}</pre>")
        page.mouse.move(SIZE["width"] / 2, SIZE["height"] / 2)
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        found.append(_row("one text", speed, _scrolled(page, speed)))
        page.goto(f"/chat/{room['id']}")
        page.locator("article[data-number]").last.wait_for()
        page.wait_for_timeout(2_000)
        found.append(_row("chat", speed, _scrolled(page, speed)))
    return found


def _scrolled(page: Page, speed: int) -> Scrolled:
    debugger = page.context.new_cdp_session(page)
    before: int = page.evaluate(_FIRST)
    page.evaluate(_WATCH)
    debugger.send(
        "Input.synthesizeScrollGesture",
        {
            "x": SIZE["width"] / 2,
            "y": SIZE["height"] / 2,
            "yDistance": speed * SECONDS,
            "speed": speed,
            "gestureSourceType": "mouse",
        },
    )
    at_s: list[float] = page.evaluate(_WATCHED)
    debugger.send("Performance.enable")
    metrics: list[dict[str, Any]] = debugger.send("Performance.getMetrics")["metrics"]
    heap = next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize")
    loaded = before - page.evaluate(_FIRST)
    return Scrolled(
        [after - first for first, after in pairwise(at_s)],
        loaded,
        page.evaluate(_ROWS),
        heap / 1e6,
    )


def _row(name: str, speed: int, found: Scrolled) -> str:
    gaps = found.gaps_s
    late = sum(each > 2 * FRAME_S for each in gaps) / len(gaps)
    seen = f"{found.messages:,} | {found.rows} | {found.heap_mb:.0f} MB" if found.rows else " | | "
    return (
        f"| {name} | {speed:,} | **{len(gaps) / sum(gaps):.1f}** | "
        f"{quantile(gaps, 0.95) * 1000:.0f} ms, {max(gaps) * 1000:.0f} ms | {late:.1%} | {seen} |\n"
    )


def _history(folder: Path) -> Path:
    """Write a room of many messages of several people, a minute apart, in the form of Slack."""
    users = [
        {"id": f"U{at}", "name": f"writer{at}", "profile": {"real_name": f"Writer {at}"}}
        for at in range(1, WRITERS)
    ]
    owner = {"id": "U0", "name": "owner", "profile": {"email": "owner@localhost"}}
    channel = {"id": "C1", "name": "harbour", "created": BEGAN_S, "members": ["U0", "U1"]}
    messages = [
        {
            "type": "message",
            "ts": f"{BEGAN_S + 60 * at}.000100",
            "user": f"U{at * 7 % WRITERS}",
            "text": " ".join(
                SENTENCES[(at * 13 + more) % len(SENTENCES)] for more in range(1 + at % 3)
            ),
        }
        for at in range(MESSAGES)
    ]
    made = folder / "slack.zip"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", json.dumps([owner, *users]))
        archive.writestr("channels.json", json.dumps([channel]))
        archive.writestr("harbour/2026-01-01.json", json.dumps(messages))
    return made


if __name__ == "__main__":
    print(run())
