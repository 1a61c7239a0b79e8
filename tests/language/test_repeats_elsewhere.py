"""What a client sends again is computed once, whichever web process gets it and whichever dies."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse import identity
from hanse.language.repeats import store
from hanse.language.repeats.sealing import Fingerprint
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from tests.conftest import Database
from tests.language.conftest import infer
from tests.serving import HANSE, Hanse

SENTENCES = 15
"""Seven seconds for two workers that do two texts: slow, and less than a deadline."""
LISTED_S = 6.5
"""By then a slow request is known everywhere."""
ATTEMPTS = "select answer from language.attempts"
BILLED = "select characters from language.translations"


async def make_key(db: Db) -> tuple[UUID, str]:
    organisation_id = new_id()
    async with db.tx(organisation_id) as tx:
        await identity.create_organisation(tx, "Test")
        access = identity.operator(organisation_id)
        _, key = await identity.create_api_key(tx, access, name="test", scopes=None)
    return organisation_id, key


async def fetch(db: Db, organisation_id: UUID, sql: str) -> list[Any]:
    async with db.tx(organisation_id) as tx:
        return [row[0] for row in await tx.fetch(sql)]


def text(word: str) -> str:
    return " ".join(f"The {word} has {number} doors." for number in range(SENTENCES))


def translate(url: str, key: str, word: str) -> "asyncio.Task[httpx.Response]":
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            return await client.post(
                "/v2/translate",
                headers={"Authorization": f"DeepL-Auth-Key {key}"},
                json={"text": [text(word)], "source_lang": "EN", "target_lang": "DE"},
            )

    return asyncio.create_task(ask())


async def take(tx: Tx, id: UUID, request_hash: bytes, lease: timedelta) -> bool:
    return await store.take_all(tx, {id: request_hash}, lease) == {id}


async def renew(tx: Tx, id: UUID, lease: timedelta) -> bool:
    return await store.renew_all(tx, [id], lease) == {id}


@contextmanager
def web(environment: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*HANSE, "serve", "web"], env={**environment, "HANSE_PORT": str(port)}
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait(10)


async def is_ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client, asyncio.timeout(40):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    db = await Db.open(database.url("hanse_app"))
    yield db
    await db.close()


async def test_what_runs_anywhere_is_told_by_hashes_alone(db: Db) -> None:
    organisation_id, _ = await make_key(db)
    async with db.tx(organisation_id) as tx:
        assert await take(tx, new_id(), b"the hash", timedelta(seconds=30))
    async with db.system_tx() as tx:
        assert b"the hash" in await store.running(tx)
        assert await tx.fetch("select id, answer from language.attempts") == []


async def test_a_repeat_elsewhere_waits_and_takes_over_from_a_killed_process(
    database: Database, nats_url: str, home: Path, db: Db
) -> None:
    (barns, barn_key), (mills, mill_key) = await make_key(db), await make_key(db)
    environment = Hanse.environment_for(
        home,
        {
            "HANSE_DATABASE_URL": database.url("hanse_app"),
            "HANSE_DATABASE_OWNER_URL": database.url("hanse"),
            "HANSE_NATS_URL": nats_url,
            "HANSE_INFERENCE_SOCKET": str(home / "inference.sock"),
        },
    )
    with ExitStack() as stack:
        async with infer(
            engines=["tests.language.slow:engine"],
            pseudo=True,
            workers=2,
            socket=home / "inference.sock",
        ):
            (dying, victim), (living, _), (third, _) = (
                stack.enter_context(web(environment)) for _ in range(3)
            )
            await asyncio.gather(*map(is_ready, (dying, living, third)))
            lost, kept = translate(dying, barn_key, "barn"), translate(living, mill_key, "mill")
            await asyncio.sleep(LISTED_S)
            asked = ((barn_key, "barn"), (mill_key, "mill"), (barn_key, "barn"))
            repeats = [translate(third, key, word) for key, word in asked]
            await asyncio.sleep(0.2)
            for organisation_id in (barns, mills):
                assert await fetch(db, organisation_id, ATTEMPTS) == [None]
            victim.send_signal(signal.SIGKILL)
            with pytest.raises(httpx.HTTPError):
                await lost
            answers = [await each for each in (*repeats, kept)]
            later = await translate(living, barn_key, "barn")
    assert [answer.status_code for answer in (*answers, later)] == [200] * 5
    barn, mill = text("barn").upper(), text("mill").upper()
    texts = [answer.json()["translations"][0]["text"] for answer in (*answers, later)]
    assert texts == [barn, mill, barn, mill, barn]
    for organisation_id, source in ((barns, barn), (mills, mill)):
        assert await fetch(db, organisation_id, BILLED) == [len(source)]
        (sealed,) = await fetch(db, organisation_id, ATTEMPTS)
        assert sealed is not None
        assert b"DOORS" not in sealed


async def test_no_organisation_sees_the_attempts_of_another(db: Db) -> None:
    ours, theirs = new_id(), new_id()
    request = Fingerprint("caller", b"body")
    async with db.tx(ours) as tx:
        assert await take(tx, new_id(), request.hash, timedelta(seconds=30))
    async with db.tx(theirs) as tx:
        assert await store.look(tx, request.hash) is None
        assert await take(tx, new_id(), request.hash, timedelta(seconds=30))


async def test_an_attempt_is_taken_from_the_dead_only_and_fenced(db: Db) -> None:
    organisation_id, first, second = new_id(), new_id(), new_id()
    request = Fingerprint("caller", b"body")
    alive, dead = timedelta(seconds=30), timedelta(seconds=-1)

    async with db.tx(organisation_id) as tx:
        assert await take(tx, first, request.hash, alive)
        assert not await take(tx, second, request.hash, alive)
        assert await renew(tx, first, dead)
        assert await take(tx, second, request.hash, alive)
        assert not await renew(tx, first, alive)
        assert not await store.settle(tx, first, request.hash, b"late", alive)
        assert await store.settle(tx, second, request.hash, b"answer", alive)
        await store.release(tx, first, request.hash)
        standing = await store.look(tx, request.hash)
    assert standing == store.Standing(b"answer", is_over=False)


async def test_attempts_of_the_past_are_deleted(database: Database, db: Db) -> None:
    organisation_id = new_id()
    old, new = Fingerprint("caller", b"old"), Fingerprint("caller", b"new")
    async with db.tx(organisation_id) as tx:
        await take(tx, new_id(), old.hash, timedelta(seconds=-1))
        await take(tx, new_id(), new.hash, timedelta(seconds=30))
    jobs = await Db.open(database.url("hanse_jobs"))
    async with jobs.system_tx() as tx:
        await store.purge(tx, 100)
    await jobs.close()
    async with db.tx(organisation_id) as tx:
        assert await store.look(tx, old.hash) is None
        assert await store.look(tx, new.hash) is not None


@given(st.text(), st.binary(), st.binary())
def test_only_the_same_request_unseals_its_answer(caller: str, body: bytes, answer: bytes) -> None:
    request = Fingerprint(caller, body)
    sealed = request.seal(answer)
    assert Fingerprint(caller, body).unseal(sealed) == answer
    assert sealed != request.seal(answer)
    assert Fingerprint(caller, body + b"x").unseal(sealed) is None
    assert Fingerprint(caller + "x", body).unseal(sealed) is None
    assert request.unseal(sealed[:-1]) is None
