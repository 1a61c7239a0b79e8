"""Workers and the scheduler are killed, hang and crash; nobody but the guilty item notices."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from hanse.inference import InferenceUnavailable, ItemFailed, Limits, ServiceClass
from tests.inference.fleet import Fleet, running_fleet, until
from tests.inference.fragile import Fragile

QUICK = Limits(hang_floor_s=1.0, load_timeout_s=0.5, restart_first_s=0.05)


async def busy_worker(fleet: Fleet) -> int:
    """The process id of a worker that runs a batch right now."""

    async def busy() -> int:
        workers = (await fleet.client.status())["workers"]
        return next((int(worker["pid"]) for worker in workers if worker["running_items"]), 0)

    return await until(busy)


async def test_a_worker_killed_during_a_bulk_request_costs_nobody_an_error() -> None:
    async with running_fleet(workers=2) as fleet:
        # Seconds of work for any engine; numbers of two digits, which no model writes otherwise.
        pairs = [(number // 80 + 11, number % 80 + 11) for number in range(4_000)]
        sentences = [f"Sentence {one} tells of {other} old houses." for one, other in pairs]
        bulk = asyncio.create_task(
            fleet.run(*sentences, model="en-pt", service_class=ServiceClass.BULK, deadline_s=120)
        )
        killed = set()
        for _ in range(3):
            await asyncio.sleep(0.15)
            killed.add(pid := await busy_worker(fleet))
            os.kill(pid, signal.SIGKILL)
            assert await fleet.run("Good morning!", model="en-pt") == ["Bom dia!"]
        results = await bulk
        assert len(results) == len(pairs)
        for (one, other), result in zip(pairs, results, strict=True):
            assert str(one) in result
            assert str(other) in result
        counts = await fleet.counts()
        assert counts["workers_lost"] == 3
        assert counts["retried_items"] >= 1
        assert counts["failed_items"] == counts["poison_items"] == 0
        workers = await fleet.until_workers(2)
        assert not killed & {worker["pid"] for worker in workers}


@pytest.mark.parametrize("poison", ["kill", "hang"])
async def test_a_poison_item_fails_alone_and_the_fleet_goes_on(poison: str) -> None:
    async with running_fleet(workers=2, limits=QUICK) as fleet:
        items = [f"item {number}" for number in range(30)]
        items[13] = poison
        outcomes = await fleet.run_each(*items, deadline_s=60)
        assert isinstance(outcomes[13], ItemFailed)
        assert [each for place, each in enumerate(outcomes) if place != 13] == [
            text.upper() for text in items if text != poison
        ]
        counts = await fleet.counts()
        assert counts["poison_items"] == 1
        assert counts["workers_lost"] + counts["workers_hung"] <= 3
        await fleet.until_workers(2)
        assert await fleet.run("fine") == ["FINE"]


async def test_a_killed_scheduler_is_a_clean_error_and_the_client_finds_the_next_one() -> None:
    async with running_fleet(workers=2) as fleet:
        workers = [int(worker["pid"]) for worker in await fleet.until_workers(2)]
        running = [asyncio.create_task(fleet.run(f"sleep 30 {number}")) for number in range(2)]

        async def all_busy() -> bool:
            return all(worker["running_items"] for worker in await fleet.until_workers(2))

        await until(all_busy)
        waiting = [asyncio.create_task(fleet.run(f"waits {number}")) for number in range(20)]
        await fleet.counts()
        fleet.process.kill()
        fleet.process.wait(10)
        for request in running + waiting:
            with pytest.raises(InferenceUnavailable) as unavailable:
                await request
            assert unavailable.value.retry_after_s is not None
        with pytest.raises(InferenceUnavailable):
            await fleet.run("nobody there")
        await until_gone(workers)
        fleet.restart()
        await fleet.until_workers(2)
        assert await fleet.run("back again") == ["BACK AGAIN"]


async def until_gone(pids: list[int]) -> None:
    """Wait until none of these processes runs."""

    async def gone() -> bool:
        alive = [pid for pid in pids if psutil.pid_exists(pid)]
        return all(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in alive)

    await until(gone, 10)


async def test_a_stopped_scheduler_finishes_what_runs_and_returns_what_waits() -> None:
    async with running_fleet(workers=1) as fleet:
        running = asyncio.create_task(fleet.run("sleep 0.5"))
        await busy_worker(fleet)
        waiting = asyncio.create_task(fleet.run("waits"))
        [worker] = [int(worker["pid"]) for worker in await fleet.until_workers(1)]
        fleet.process.terminate()
        assert await running == ["SLEEP 0.5"]
        with pytest.raises(InferenceUnavailable):
            await waiting
        assert await asyncio.to_thread(fleet.process.wait, 20) == 0
        await until_gone([worker])
        assert list(fleet.socket.parent.iterdir()) == []


async def test_a_worker_asked_to_end_finishes_its_batch_first() -> None:
    async with running_fleet(workers=1) as fleet:
        running = asyncio.create_task(fleet.run("sleep 0.5"))
        os.kill(pid := await busy_worker(fleet), signal.SIGTERM)
        assert await running == ["SLEEP 0.5"]

        async def replaced() -> bool:
            return pid not in {worker["pid"] for worker in await fleet.until_workers(1)}

        await until(replaced)
        counts = await fleet.counts()
        assert counts["retried_items"] == 0
        assert await fleet.run("fine") == ["FINE"]


async def test_workers_that_drain_under_load_finish_what_they_run_and_lose_nothing() -> None:
    async with running_fleet(workers=2) as fleet:
        items = [f"sleep 0.01 {number}" for number in range(200)]
        bulk = asyncio.create_task(
            fleet.run(*items, service_class=ServiceClass.BULK, deadline_s=60)
        )
        drained = set()
        for number in range(2):
            drained.add(pid := await busy_worker(fleet))
            os.kill(pid, signal.SIGTERM)
            assert await fleet.run(f"meanwhile {number}") == [f"MEANWHILE {number}"]
            await until_gone([pid])
        assert await bulk == [text.upper() for text in items]
        counts = await fleet.counts()
        assert (counts["run_items"], counts["items"]) == (202, 202)
        assert counts["retried_items"] == counts["workers_lost"] == counts["workers_hung"] == 0
        assert not drained & {worker["pid"] for worker in await fleet.until_workers(2)}


async def test_a_worker_that_is_stopped_in_its_batch_is_noticed_and_its_items_run_elsewhere() -> (
    None
):
    async with running_fleet(workers=2, limits=QUICK) as fleet:
        items = [f"sleep 0.01 {number}" for number in range(200)]
        bulk = asyncio.create_task(
            fleet.run(*items, service_class=ServiceClass.BULK, deadline_s=60)
        )
        os.kill(pid := await busy_worker(fleet), signal.SIGSTOP)
        stopped = time.monotonic()
        asked = 0
        while (await fleet.counts())["workers_hung"] == 0:
            assert time.monotonic() - stopped < 10
            asked += 1
            assert await fleet.run(f"meanwhile {asked}") == [f"MEANWHILE {asked}"]
        # It may still be loading, or between two batches: then the next one is its last.
        assert time.monotonic() - stopped < 2 * (QUICK.hang_floor_s + QUICK.load_timeout_s)
        assert await bulk == [text.upper() for text in items]
        counts = await fleet.counts()
        assert (counts["workers_hung"], counts["workers_lost"]) == (1, 0)
        assert 1 <= counts["retried_items"] <= Fragile.traits.batch_items_max
        assert counts["failed_items"] == counts["poison_items"] == counts["expired_items"] == 0
        await until_gone([pid])
        await fleet.until_workers(2)


async def test_an_interrupt_from_the_terminal_does_not_end_a_worker() -> None:
    async with running_fleet(workers=1) as fleet:
        [worker] = await fleet.until_workers(1)
        os.kill(worker["pid"], signal.SIGINT)
        assert await fleet.run("fine") == ["FINE"]
        assert (await fleet.until_workers(1))[0]["pid"] == worker["pid"]


async def test_workers_are_told_no_passwords() -> None:
    os.environ["HANSE_DATABASE_URL"] = "postgresql://secret"
    try:
        async with running_fleet(workers=1) as fleet:
            [worker] = await fleet.until_workers(1)
            assert "HANSE_DATABASE_URL" not in psutil.Process(worker["pid"]).environ()
    finally:
        del os.environ["HANSE_DATABASE_URL"]


async def test_the_socket_of_a_killed_scheduler_does_not_prevent_the_next_start() -> None:
    async with running_fleet(workers=1) as fleet:
        for _ in range(3):
            fleet.process.kill()
            fleet.process.wait(10)
            assert fleet.socket.exists()
            started = time.monotonic()
            fleet.restart()
            await fleet.until_workers(1)
            assert await fleet.run(f"after {started}") == [f"AFTER {started}".upper()]


def test_a_worker_without_a_scheduler_ends_with_an_error() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "hanse.inference.worker", "--socket=/nonexistent/socket"),
            *("--models-max=1", "--frame-bytes-max=1000"),
        ],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert b"worker" in done.stderr
    assert b"Traceback" not in done.stderr
