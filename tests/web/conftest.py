"""A browser before a served Hanse, as people have it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hanse.server import web
from tests.serving import Hanse, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hanse(browser: Browser) -> Iterator[Hanse]:
    """A server for all; without a browser none is started."""
    assert (web.FOLDER / "index.html").is_file(), "the web client was not built: make web"
    with serving(HANSE_RATE_LIMIT_PER_MINUTE="0", HANSE_SIGN_IN_LIMIT_PER_MINUTE="0") as hanse:
        yield hanse


@pytest.fixture(scope="module")
def page(browser: Browser, hanse: Hanse) -> Iterator[Page]:
    """One tab for all steps of a journey. Whatever the browser complains about fails the step."""
    context = browser.new_context(
        base_url=hanse.url,
        locale="en-GB",
        color_scheme="light",
        viewport={"width": 1440, "height": 900},
        service_workers="block",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
