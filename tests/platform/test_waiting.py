"""Pauses grow, stay within bounds, and are cut short by a stop."""

import asyncio

from hanse.platform.database import DatabaseUnavailable
from hanse.platform.waiting import Backoff, backoff_s, is_outage, passed


def test_pauses_double_up_to_their_maximum_with_some_jitter() -> None:
    for attempt, middle in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (10_000, 10.0)):
        pauses = {backoff_s(attempt, 1.0, 10.0) for _ in range(200)}
        assert 0.75 * middle <= min(pauses) < max(pauses) <= 1.25 * middle


def test_a_success_starts_the_pauses_anew() -> None:
    backoff = Backoff(1.0, 100.0)
    grown = [backoff.next_s() for _ in range(5)][-1]
    backoff.reset()
    assert backoff.next_s() < 2 < grown


async def test_a_stop_ends_a_pause_at_once() -> None:
    stop = asyncio.Event()
    assert not await passed(stop, 0.001)
    asyncio.get_running_loop().call_soon(stop.set)
    async with asyncio.timeout(30):
        assert await passed(stop, 3600)


def test_a_statement_that_timed_out_is_no_outage() -> None:
    outage, slow = DatabaseUnavailable("gone"), DatabaseUnavailable("slow")
    outage.__cause__, slow.__cause__ = ConnectionResetError(), TimeoutError()
    assert is_outage(outage)
    assert not is_outage(slow)
    assert not is_outage(RuntimeError())
