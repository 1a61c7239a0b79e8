"""The collector of cycles has little to do, and rarely does it."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from hanse.platform.collecting import THRESHOLDS, collect_seldom
from hanse.platform.http import as_problem
from hanse.platform.problems import Problem, Unavailable


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.enable()


class Held:
    """What a request holds in its frames."""


async def fail(held: Held) -> None:
    await asyncio.sleep(0)
    raise Unavailable(f"There is no room for {held!r}.")


async def test_a_refused_request_leaves_nothing_to_collect() -> None:
    gc.collect()
    gc.disable()

    async def answered() -> tuple[Problem, weakref.ref[Held]]:
        held = Held()
        work = asyncio.create_task(fail(held))
        try:
            await asyncio.shield(work)
        except Unavailable as error:
            return as_problem(error), weakref.ref(held)
        raise AssertionError

    problem, held = await answered()
    await asyncio.sleep(0)
    assert isinstance(problem, Unavailable)
    assert held() is None


async def test_what_a_process_is_made_of_is_set_aside_once_it_has_settled() -> None:
    before = gc.get_freeze_count()
    held = [Held() for _ in range(10_000)]
    gc.set_threshold(700)
    collect_seldom(asyncio.get_running_loop(), (0.01,))
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() == before
    await asyncio.sleep(0.1)
    assert gc.get_freeze_count() >= before + len(held)
