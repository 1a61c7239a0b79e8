"""What one abusive client of Matrix costs everybody else: their p99 with and without it."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx

from benchmarks.chat_load import Key, Place
from benchmarks.goodput import quantile
from tests.serving import free_port, serving

ROOMS = 20
ABUSED_ROOMS = 100
PER_S = 20
MEASURED_S = 15.0
ROUNDS = 3
CLIENT = "/_matrix/client/v3"
MIB = 1 << 20


def run() -> str:
    """Measure and return the section."""
    port = free_port()
    with serving(HANSE_GATEWAY_PORT=str(port), HANSE_LOG_LEVEL="warning") as hanse:
        place = Place(hanse, port)
        asyncio.run(place.found())
        rows = _rows(place)
    return (
        "## An abusive client of Matrix\n\n"
        f"{PER_S} messages and {PER_S} reads a second by HTTP, over {ROOMS} rooms, of a served "
        f"Hanse with its default settings ({os.cpu_count()} cores, which the load shares); then "
        f"the same while one client, who is in {ABUSED_ROOMS} rooms of 20 messages, at the same "
        "time syncs from the beginning in two loops, syncs with a forged `since`, sends events of "
        f"1 MiB and uploads files of 4 MiB, each as fast as it is answered, and waits where it is "
        f"told to. Each the best of {ROUNDS} in turns (`python -m benchmarks matrix`).\n\n"
        "| | without | with |\n|---|---|---|\n" + "".join(rows)
    )


def _rows(place: Place) -> list[str]:
    keys = place.make_keys(ROOMS)
    rooms = [place.make_room([key]) for key in keys]
    [abuser] = place.make_keys(1)
    for _ in range(ABUSED_ROOMS):
        _fill(place, abuser, place.make_room([abuser]))
    asyncio.run(_measured(place, keys, rooms))
    quiet, loud = [], []
    for _ in range(ROUNDS):
        quiet.append(asyncio.run(_measured(place, keys, rooms)))
        command = [sys.executable, "-m", "benchmarks.matrix", place.hanse.url, abuser.secret]
        abuse = subprocess.Popen(command, cwd=Path(__file__).parents[1])
        try:
            time.sleep(3)
            assert abuse.poll() is None
            loud.append(asyncio.run(_measured(place, keys, rooms)))
        finally:
            abuse.terminate()
            abuse.wait()
        time.sleep(3)
    return [
        _row(what, [each[at] for each in quiet], [each[at] for each in loud])
        for at, what in enumerate(("a message is sent", "a page is read"))
    ]


def _row(what: str, quiet: list[list[float]], loud: list[list[float]]) -> str:
    before, after = (min(quantile(took, 0.99) for took in all) for all in (quiet, loud))
    halves = [min(quantile(took, 0.5) for took in all) for all in (quiet, loud)]
    return (
        f"| {what}, p50 / p99 | {halves[0]:.1f} / {before:.1f} ms | "
        f"{halves[1]:.1f} / {after:.1f} ms ({after / before - 1:+.0%} at p99) |\n"
    )


def _fill(place: Place, key: Key, room: str) -> None:
    with place.client(key) as web:
        for number in range(20):
            event = {"client_key": f"{number}", "text": "Hello"}
            assert web.post(f"/v1/rooms/{room}/events", json=event).status_code == 201


async def _measured(place: Place, keys: list[Key], rooms: list[str]) -> list[list[float]]:
    """Milliseconds of each send and each read, begun at a rate whatever becomes of them."""
    sends, reads = list[float](), list[float]()
    async with httpx.AsyncClient(base_url=f"{place.hanse.url}/v1", timeout=30) as web:

        async def ask(took: list[float], method: str, at: int, path: str, **more: object) -> None:
            headers = {"Authorization": f"Bearer {keys[at].secret}"}
            url = f"/rooms/{rooms[at]}/{path}"
            began = time.perf_counter()
            answer = await web.request(method, url, headers=headers, **more)  # type: ignore[arg-type]
            took.append((time.perf_counter() - began) * 1e3)
            assert answer.status_code < 300, answer.text

        asked = []
        for number in range(int(PER_S * MEASURED_S)):
            event = {"client_key": f"{time.time()}", "text": "What about lunch?"}
            at = number % len(rooms)
            asked.append(asyncio.create_task(ask(sends, "POST", at, "events", json=event)))
            await asyncio.sleep(0.5 / PER_S)
            asked.append(asyncio.create_task(ask(reads, "GET", at, "messages")))
            await asyncio.sleep(0.5 / PER_S)
        await asyncio.gather(*asked)
    return [sends, reads]


async def _abuse(url: str, secret: str) -> None:
    """Do all that a client should not, until this process is ended."""
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as web:
        synced = (await web.get(f"{CLIENT}/sync")).json()
        room, forged = next(iter(synced["rooms"]["join"])), synced["next_batch"][:-8] + "AAAAAAAA"
        big = {"msgtype": "m.text", "body": "x" * MIB}
        numbers = count()
        await asyncio.gather(
            _again(lambda: web.get(f"{CLIENT}/sync")),
            _again(lambda: web.get(f"{CLIENT}/sync")),
            _again(lambda: web.get(f"{CLIENT}/sync?since={forged}")),
            _again(lambda: web.put(_send_path(room, next(numbers)), json=big)),
            _again(lambda: web.post("/_matrix/media/v3/upload", content=b"x" * 4 * MIB)),
        )


def _send_path(room: str, number: int) -> str:
    return f"{CLIENT}/rooms/{room}/send/m.room.message/{time.time()}-{number}"


async def _again(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    while True:
        with suppress(httpx.TransportError):
            answer = await ask()
            if answer.status_code == 429:
                await asyncio.sleep(answer.json()["retry_after_ms"] / 1000)


if __name__ == "__main__":
    asyncio.run(_abuse(*sys.argv[1:]))
