"""Waiting that can be cut short, and pauses that grow."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from hanse.platform.database import DatabaseUnavailable
from hanse.platform.telemetry import log


async def passed(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for `seconds`, or until `stop` is set; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


def backoff_s(attempt: int, first_s: float, max_s: float) -> float:
    """Return the pause after failure number `attempt` (from 1): doubling, with +-25 % of jitter.

    The jitter keeps many that failed together from coming back together.
    """
    doubled = first_s * 2.0 ** min(attempt - 1, 30)
    return min(doubled, max_s) * random.uniform(0.75, 1.25)


class Backoff:
    """Counts failures in a row and says how long to wait after each."""

    def __init__(self, first_s: float, max_s: float) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._failures = 0

    def next_s(self) -> float:
        """Count one more failure; return the pause after it in seconds."""
        self._failures += 1
        return backoff_s(self._failures, self._first_s, self._max_s)

    def reset(self) -> None:
        """Forget the failures: something succeeded."""
        self._failures = 0


def is_outage(error: BaseException) -> bool:
    """Whether it says that PostgreSQL was away, and nothing about the work that met it.

    A statement that ran into its time-out looks the same to a request, but would do so again.
    """
    return isinstance(error, DatabaseUnavailable) and not isinstance(error.__cause__, TimeoutError)


async def keep_picking(
    pick: Callable[[], Awaitable[bool]],
    running: Collection[asyncio.Task[Any]],
    stop: asyncio.Event,
    *,
    name: str,
    poll_s: float,
    interrupted_max_s: float,
) -> None:
    """Let `pick` start due work as tasks in `running`, until `stop` is set.

    It returns whether to wait before the next time: until something ends, `poll_s` at most. What
    goes wrong is waited out with growing pauses and logged under `name`.
    """
    backoff = Backoff(poll_s, interrupted_max_s)
    stopped = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            try:
                idle = await pick()
            except Exception as error:  # the edge of the process: nothing may end it
                pause_s = backoff.next_s()
                log.warning(f"{name}_interrupted", error=repr(error), retry_in_s=round(pause_s, 2))
                await passed(stop, pause_s)
                continue
            backoff.reset()
            if idle:
                await asyncio.wait(
                    {stopped, *running}, timeout=poll_s, return_when=asyncio.FIRST_COMPLETED
                )
    finally:
        stopped.cancel()
