"""Processes are killed with -9 under a mixed load: what was answered is on record, once."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from uuid import UUID

import httpx

from hanse import identity
from hanse.platform.database import Db
from hanse.platform.embedded import embedded_url
from hanse.platform.ids import new_id
from tests.serving import Hanse, serving, until

STRIKES = (
    (1.0, "hanse.inference.worker"),
    (2.5, "serve inference"),
    (4.5, "serve jobs"),
    (5.0, "hanse.inference.worker"),
    (5.5, "serve web"),
)
TEXT = "The ferry leaves at noon."
MAY_BE_TOLD = {200, 429, 503}


class Callers:
    """Threads that send one request after the other, each with a tag of its own."""

    def __init__(self, hanse: Hanse, key: str) -> None:
        self.told: dict[str, int] = {}
        self.without_advice = 0
        self.cut = 0
        self._hanse = hanse
        self._key = key
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(name, texts))
            for name, texts in (("a", 1), ("b", 1), ("c", 1), ("d", 40), ("e", 40))
        ]

    @property
    def answered(self) -> set[str]:
        """The tags of the requests that got their translation."""
        return {tag for tag, status in list(self.told.items()) if status == 200}

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _call(self, name: str, texts: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            tag = f"{name}{number}"
            body = {
                "text": [f"{TEXT} {name}{number}.{each}" for each in range(texts)],
                "source_lang": "EN",
                "target_lang": "PT-BR",
            }
            headers = {"X-DeepL-Reporting-Tag": tag}
            try:
                with self._hanse.client(self._key) as client:
                    answer = client.post("/v2/translate", json=body, headers=headers)
            except httpx.HTTPError:
                self.cut += 1
                time.sleep(0.1)
                continue
            self.told[tag] = answer.status_code
            if answer.status_code != 200:
                self.without_advice += "retry-after" not in answer.headers
                time.sleep(0.05)


async def make_key(hanse: Hanse) -> tuple[UUID, str]:
    organisation_id = new_id()
    db = await Db.open(embedded_url(hanse.home, "hanse_app"))
    async with db.tx(organisation_id) as tx:
        await identity.create_organisation(tx, "Under load")
        access = identity.operator(organisation_id)
        _, secret = await identity.create_api_key(tx, access, name="load", scopes=None)
    await db.close()
    return organisation_id, secret


async def records(hanse: Hanse, organisation_id: UUID) -> tuple[Counter[str], int, int]:
    """How often each tag is on record, the characters on record, and those in the usage."""
    db = await Db.open(embedded_url(hanse.home, "hanse_app"))
    async with db.tx(organisation_id) as tx:
        rows = await tx.fetch("select reporting_tag, characters from language.translations")
        used = await tx.fetchval("select coalesce(sum(characters), 0) from language.usage_days")
    await db.close()
    return (
        Counter(row["reporting_tag"] for row in rows),
        sum(row["characters"] for row in rows),
        int(used),
    )


def test_what_was_answered_is_on_record_once_whatever_is_killed() -> None:
    with serving(HANSE_WORKERS="2") as hanse:
        organisation_id, key = asyncio.run(make_key(hanse))
        callers = Callers(hanse, key)
        callers.start()
        until(lambda: len(callers.answered) >= 5)
        began = time.monotonic()
        for moment, victim in STRIKES:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            until(lambda victim=victim: hanse.processes(victim))  # type: ignore[misc]
            os.kill(hanse.processes(victim)[0].pid, signal.SIGKILL)
        before = len(callers.answered)
        until(lambda: len(callers.answered) >= before + 10, 60, "nobody is answered any more")
        callers.stop()
        answered = callers.answered
        assert set(callers.told.values()) <= MAY_BE_TOLD
        assert callers.without_advice == 0

        def settled() -> bool:
            _, on_record, used = asyncio.run(records(hanse, organisation_id))
            return on_record == used

        # The events catch up once the jobs process is back; each counts once.
        until(settled, 40, "the usage never became what is on record")
        tags, _, _ = asyncio.run(records(hanse, organisation_id))
        assert answered <= tags.keys()
        assert max(tags.values()) == 1
        # Only a request that was cut off may be on record without its answer.
        assert len(tags.keys() - answered) <= callers.cut
