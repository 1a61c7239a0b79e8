"""Schedulers and workers on several machines: one is killed, and the fleet goes on without it."""

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

from hanse.inference import (
    CellsClient,
    InferenceUnavailable,
    Registry,
    ServiceClass,
)
from hanse.platform.bus import connect_bus
from hanse.platform.problems import Problem
from hanse.server.certificates import renew
from tests.eventing import Breakable, breakable_nats, until
from tests.inference.fleet import tls_files
from tests.serving import HANSE, Hanse, free_port, temporary_home

ORGANISATION = UUID(int=7)
TAKE_OVER_S = 5.0
LINES = 200
"""Lines of a document. Numbers of two digits: no model writes them otherwise."""


def certificate(folder: Path, role: str) -> dict[str, str]:
    """The settings of a machine of this role."""
    return {
        "HANSE_INFERENCE_CERTIFICATE": str(folder / f"{role}.pem"),
        "HANSE_INFERENCE_KEY": str(folder / f"{role}-key.pem"),
        "HANSE_INFERENCE_AUTHORITY": str(folder / "ca.pem"),
    }


class Machines:
    """Machines of one cell, each a process tree with a home of its own."""

    def __init__(self, folder: Path, nats_url: str) -> None:
        self.folder = folder
        self.certificates = folder / "certificates"
        renew(self.certificates, days=1)
        self._nats_url = nats_url
        self.log = folder / "machines.log"
        self.trees: list[subprocess.Popen[bytes]] = []

    def scheduler(self, name: str) -> subprocess.Popen[bytes]:
        listen = f"tls://127.0.0.1:{free_port()}"
        return self._start(name, "scheduler", {"HANSE_INFERENCE_LISTEN": listen})

    def workers(self, name: str, number: int) -> subprocess.Popen[bytes]:
        return self._start(name, "worker", {"HANSE_WORKERS": str(number)})

    def _start(self, name: str, part: str, more: dict[str, str]) -> subprocess.Popen[bytes]:
        home = self.folder / name
        home.mkdir()
        environment = Hanse.environment_for(
            home,
            {
                "HANSE_NATS_URL": self._nats_url,
                "HANSE_INFERENCE_CELL": "cell",
                "HANSE_PSEUDO_ENGINE": "true",
                **certificate(self.certificates, part),
                **more,
            },
        )
        with self.log.open("ab") as log:
            tree = subprocess.Popen(
                [*HANSE, "serve", "inference", f"--{part}"], env=environment, stdout=log, stderr=log
            )
        self.trees.append(tree)
        return tree

    def end(self) -> None:
        for tree in self.trees:
            if tree.poll() is None:
                tree.send_signal(signal.SIGTERM)
        for tree in self.trees:
            tree.wait(20)


@asynccontextmanager
async def machines() -> AsyncIterator[tuple[Machines, Breakable, CellsClient]]:
    """A NATS, no machine yet, and a client of the cell."""
    async with breakable_nats() as nats:
        with temporary_home() as folder, ExitStack() as stack:
            cell = Machines(folder, nats.url)
            stack.callback(cell.end)
            bus = await connect_bus(nats.url)
            client = await CellsClient.open_cells(
                Registry(bus), ["cell"], tls_files(cell.certificates, "client")
            )
            try:
                yield cell, nats, client
            finally:
                await client.close()
                await bus.close()


async def ask(client: CellsClient, *items: str, bulk: bool = False) -> list[str]:
    return await client.run(
        organisation_id=ORGANISATION,
        model="en-pt",
        items=items,
        service_class=ServiceClass.BULK if bulk else ServiceClass.INTERACTIVE,
        deadline_s=60.0 if bulk else 2.0,
    )


async def answers(client: CellsClient) -> bool:
    try:
        return await ask(client, "Good morning!") == ["Bom dia!"]
    except Problem:
        return False


async def active(registry: Registry) -> str:
    entry, _ = await registry.read("cell")
    return entry.address if entry is not None and not entry.released else ""


async def test_a_standby_takes_over_when_the_active_scheduler_is_killed_under_load() -> None:
    async with machines() as (cell, _nats, client):
        first = cell.scheduler("one")
        cell.workers("workers", 2)
        await until(lambda: answers(client), "the first scheduler answers")
        cell.scheduler("two")
        await asyncio.sleep(2.0)  # it becomes a standby: the first is active

        counted: Counter[str] = Counter()
        last_refusal = 0.0
        ending = asyncio.Event()

        async def person(number: int) -> None:
            nonlocal last_refusal
            turn = 0
            while not ending.is_set():
                turn += 1
                two = str(turn % 80 + 11)
                text = f"Sentence {two} tells of {number + 11} new houses."
                try:
                    async with asyncio.timeout(10):
                        [answer] = await ask(client, text)
                    assert two in answer
                    counted["answered"] += 1
                except InferenceUnavailable:
                    counted["refused"] += 1
                    last_refusal = time.monotonic()
                except Problem as problem:
                    counted[problem.code] += 1
                await asyncio.sleep(0.05)

        async def document(number: int) -> list[str]:
            turn = 0
            while True:  # as jobs do
                sentences = [
                    f"Sentence {line + 11} tells of {turn * 40 + number * 10 + other} old houses."
                    for line in range(LINES // 5)
                    for other in range(5)
                ]
                try:
                    answers = await ask(client, *sentences, bulk=True)
                    if killed:  # until then the next one, so that the kill hits work
                        return answers
                    turn += 1
                except InferenceUnavailable:
                    counted["document again"] += 1
                    await asyncio.sleep(0.25)

        killed = 0.0
        people = [asyncio.create_task(person(number)) for number in range(8)]
        documents = [asyncio.create_task(document(number)) for number in range(4)]
        await asyncio.sleep(0.3)
        first.kill()
        killed = time.monotonic()
        first.wait()
        done = await asyncio.wait_for(asyncio.gather(*documents), 60)
        await until(lambda: answers(client), "the standby answers")
        ending.set()
        await asyncio.gather(*people)
        took_s = last_refusal - killed
        print(f"take-over {took_s:.2f} s, {dict(counted)}")
        for lines in done:
            assert len(lines) == LINES
            assert all(str(line // 5 + 11) in text for line, text in enumerate(lines))
        assert 0 < took_s < TAKE_OVER_S
        assert counted["answered"] > 8
        assert set(counted) <= {"answered", "refused", "document again"}, counted
        assert counted["document again"] >= 1, "the kill hit work"
