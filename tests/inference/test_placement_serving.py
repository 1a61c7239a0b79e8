"""Placement with real processes: pinned models, little memory, and workers that die meanwhile."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hanse.inference import Limits, ModelTooLarge
from tests.inference.fleet import Fleet, running_fleet, until
from tests.inference.test_fetch import bundled

LIMITS = Limits(
    pinned_models=("en-pt", "missing"), rescan_s=0.2, restart_first_s=0.05, cache_bytes_max=0
)
MEMORY_BYTES = 60 << 20
"""For the pinned model, and one of the others."""


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    """Two workers with little memory for all tests of this module."""
    async with running_fleet(workers=2, limits=LIMITS, worker_bytes=MEMORY_BYTES) as fleet:
        yield fleet


async def workers(fleet: Fleet) -> list[dict[str, Any]]:
    return list((await fleet.client.status())["workers"])


async def until_pinned(fleet: Fleet) -> None:
    """Wait until both workers hold the pinned model."""

    async def pinned() -> bool:
        return [("en-pt" in worker["loaded"]) for worker in await workers(fleet)] == [True, True]

    await until(pinned)


async def test_pinned_models_are_loaded_before_anybody_asks(fleet: Fleet) -> None:
    await until_pinned(fleet)
    status = await fleet.client.status()
    assert status["counts"]["items"] == 0
    assert status["pinned"] == {"en-pt": True, "missing": False}
    [row] = [row for row in status["placement"] if row["model"] == "en-pt"]
    assert row["pinned"]
    assert row["workers"] == 2


async def test_a_worker_that_is_killed_comes_back_with_the_pinned_models(fleet: Fleet) -> None:
    [first, _] = await workers(fleet)
    os.kill(first["pid"], signal.SIGKILL)

    async def replaced() -> bool:
        pids = {worker["pid"] for worker in await workers(fleet)}
        return first["pid"] not in pids and len(pids) == 2

    await until(replaced)
    await until_pinned(fleet)


async def test_models_that_do_not_fit_together_are_all_served_and_memory_is_kept(
    fleet: Fleet,
) -> None:
    fleet.models_directory.mkdir(exist_ok=True)
    names = ["en-aa", "en-bb", "en-cc"]
    for name in names:
        incoming = fleet.models_directory / ".incoming"
        shutil.copytree(bundled("en-pt"), incoming)
        # What is in the file of its shortlist tells this one from the others.
        with next(incoming.glob("lex.*.bin")).open("ab") as file:
            file.write(name.encode())
        incoming.rename(fleet.models_directory / name)

    async def known() -> bool:
        return set(names) <= {model.name for model in await fleet.client.models()}

    await until(known)
    for _ in range(2):
        asked = (fleet.run("The house is blue.", model=name) for name in names)
        assert await asyncio.gather(*asked) == [["A casa é azul."]] * 3
    status = await fleet.client.status()
    assert status["counts"]["unloaded_models"] >= 1
    for worker in status["workers"]:
        assert worker["models_bytes"] <= worker["memory_bytes"] == MEMORY_BYTES
        assert "en-pt" in worker["loaded"]
    assert status["counts"]["failed_items"] == 0


async def test_a_model_that_no_worker_has_the_memory_for_is_refused_with_the_reason(
    fleet: Fleet,
) -> None:
    incoming = fleet.models_directory / ".incoming"
    shutil.copytree(bundled("en-pt"), incoming)
    os.truncate(next(incoming.glob("lex.*.bin")), MEMORY_BYTES)
    incoming.rename(fleet.models_directory / "en-zz")

    async def known() -> bool:
        return "en-zz" in {model.name for model in await fleet.client.models()}

    await until(known)
    with pytest.raises(ModelTooLarge, match="en-zz"):
        await fleet.run("Hello.", model="en-zz")
    assert await fleet.run("The house is blue.", model="en-pt") == ["A casa é azul."]
