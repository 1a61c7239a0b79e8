"""Waiting that can be cut short, and pauses that grow."""

import asyncio
import random

from hanse.platform.database import DatabaseUnavailable


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
