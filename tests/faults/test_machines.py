"""Machines of workers are stopped or freeze, and of several cells one loses its scheduler."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from hanse.inference import CellsClient, Ended, InferenceUnavailable, Limits, Registry, ServiceClass
from hanse.platform.bus import connect_bus
from hanse.server.certificates import renew
from tests.faults.test_workers import until_gone
from tests.inference.fleet import (
    Fleet,
    machine_of_workers,
    running_fleet,
    tls_files,
    until,
)
from tests.serving import free_port

LIMITS = Limits(heartbeat_s=0.2, heartbeat_timeout_s=1.0, restart_first_s=0.05)
ORGANISATION = UUID(int=7)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    renew(folder, days=1)
    return folder


@asynccontextmanager
async def two_machines(certificates: Path) -> AsyncIterator[tuple[Fleet, Fleet]]:
    """A scheduler with one worker of its own, and a machine with two more."""
    listen = f"tls://127.0.0.1:{free_port()}"
    async with (
        running_fleet(1, LIMITS, listen=listen, certificates=str(certificates)) as fleet,
        machine_of_workers(2, LIMITS, scheduler=listen, certificates=str(certificates)) as machine,
    ):
        await fleet.until_workers(3)
        yield fleet, machine


async def remote_pids(fleet: Fleet) -> list[int]:
    """The workers of the other machine."""
    workers = (await fleet.client.status())["workers"]
    return [int(worker["pid"]) for worker in workers if worker["host"]]


async def test_a_machine_of_workers_that_is_stopped_under_load_loses_nothing(
    certificates: Path,
) -> None:
    async with two_machines(certificates) as (fleet, machine):
        items = [f"sleep 0.01 {number}" for number in range(200)]
        bulk = asyncio.create_task(
            fleet.run(*items, service_class=ServiceClass.BULK, deadline_s=60)
        )
        await until(lambda: _all_run(fleet))
        machine.process.terminate()
        assert await asyncio.to_thread(machine.process.wait, 20) == 0
        assert await remote_pids(fleet) == []
        assert await bulk == [text.upper() for text in items]
        counts = await fleet.counts()
        assert counts["run_items"] == 200
        assert counts["retried_items"] == counts["workers_lost"] == counts["workers_hung"] == 0


async def _all_run(fleet: Fleet) -> bool:
    return all(worker["running_items"] for worker in await fleet.until_workers(3))


async def test_a_frozen_worker_is_given_up_by_its_silence_and_comes_back(
    certificates: Path,
) -> None:
    async with two_machines(certificates) as (fleet, _machine):
        frozen, other = await remote_pids(fleet)
        os.kill(frozen, signal.SIGSTOP)
        started = time.monotonic()
        answered = 0

        async def noticed() -> bool:
            return frozen not in await remote_pids(fleet)

        await until(noticed, 10)
        silent_s = time.monotonic() - started
        while answered < 50:
            answered += 1
            assert await fleet.run(f"after {answered}") == [f"AFTER {answered}"]
        counts = await fleet.counts()
        assert (counts["workers_lost"], counts["retried_items"]) == (1, 0)
        assert silent_s < 2 * LIMITS.heartbeat_timeout_s
        assert other in await remote_pids(fleet)
        os.kill(frozen, signal.SIGCONT)

        async def back() -> bool:
            return frozen in await remote_pids(fleet)

        await until(back, 10)
        assert (await fleet.counts())["failed_items"] == 0


@asynccontextmanager
async def two_cells(
    certificates: Path, nats_url: str
) -> AsyncIterator[tuple[dict[str, Fleet], CellsClient]]:
    """Two cells of two workers each, and a client of both."""
    async with AsyncExitStack() as stack:
        names = [f"cell-{uuid4().hex}" for _ in range(2)]
        fleets = [
            await stack.enter_async_context(
                running_fleet(
                    2,
                    LIMITS,
                    listen=f"tls://127.0.0.1:{free_port()}",
                    certificates=str(certificates),
                    cell=name,
                    nats_url=nats_url,
                )
            )
            for name in names
        ]
        bus = await connect_bus(nats_url)
        stack.push_async_callback(bus.close)
        tls = tls_files(certificates, "client")
        client = await CellsClient.open_cells(Registry(bus), names, tls)
        stack.push_async_callback(client.close)

        async def both_report() -> bool:
            known = await client.statuses()
            return all(known.values()) and "fragile" in client.ready_models()

        await until(both_report)
        await asyncio.sleep(2 * LIMITS.report_s)
        yield dict(zip(names, fleets, strict=True)), client


async def run_items(client: CellsClient) -> dict[str, int]:
    """The items that each cell has run."""
    known = await client.statuses()
    return {name: status["counts"]["run_items"] if status else 0 for name, status in known.items()}


async def test_callers_go_to_the_other_cell_when_a_scheduler_is_killed_under_load(
    certificates: Path, nats_url: str
) -> None:
    async with two_cells(certificates, nats_url) as (cells, client):
        counted: Counter[str] = Counter()
        last_refusal = 0.0
        ending = asyncio.Event()

        async def person(name: str) -> None:
            nonlocal last_refusal
            turn = 0
            while not ending.is_set():
                text = f"sleep 0.01 {name} {turn}"
                try:
                    [answer] = await client.run(
                        organisation_id=ORGANISATION,
                        model="fragile",
                        items=[text],
                        service_class=ServiceClass.INTERACTIVE,
                        deadline_s=10.0,
                    )
                except InferenceUnavailable:
                    counted[f"{name} refused"] += 1
                    last_refusal = time.monotonic()
                    continue  # sends it again, as clients do
                assert answer == text.upper()
                counted["answered"] += 1
                turn += 1

        people = [asyncio.create_task(person(f"person-{number}")) for number in range(12)]
        await asyncio.sleep(1.0)
        before = await run_items(client)
        assert min(before.values()) > 10, "both cells have their part"
        killed, other = cells
        pids = [int(worker["pid"]) for worker in await cells[killed].until_workers(2)]
        cells[killed].process.kill()
        at = time.monotonic()
        answered = counted["answered"]
        await asyncio.sleep(1.0)
        ending.set()
        await asyncio.gather(*people)
        after = await run_items(client)
        assert counted["answered"] > answered + 20
        assert after[other] - before[other] >= counted["answered"] - answered
        refusals = [times for what, times in counted.items() if what.endswith("refused")]
        assert sum(refusals) >= 1, "the kill hit work"
        assert max(refusals) <= 2, counted
        assert last_refusal - at < 0.5
        await until_gone(pids)


async def test_streams_choose_a_cell_as_other_requests_do(
    certificates: Path, nats_url: str
) -> None:
    async with two_cells(certificates, nats_url) as (_cells, client):

        async def streamed(number: int) -> list[str | Ended]:
            pieces = client.stream(
                organisation_id=ORGANISATION,
                model="fragile",
                item=f"one two {number}",
                service_class=ServiceClass.INTERACTIVE,
                deadline_s=10.0,
            )
            return [piece async for piece in pieces]

        answers = await asyncio.gather(*map(streamed, range(24)))
        assert answers == [["ONE", "TWO", str(number), Ended("end")] for number in range(24)]
        ran = await run_items(client)
        assert sum(ran.values()) == 24
        assert min(ran.values()) > 0
