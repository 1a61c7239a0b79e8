"""A request that is sent again joins the one that runs.

The official clients give an attempt up after ten seconds and send the same request again, while the
first goes on. Within one process the second waits for the first one's answer, so nothing is
computed or billed twice; an answer that took long is kept for a moment more, for the attempt that
is on its way. Equal requests that come sooner after one another are requests of their own.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

Answer = TypeVar("Answer")

SLOW_S: Final = 5.0
"""A request that runs for longer may have been given up by its client."""
KEPT_S: Final = 30.0
KEPT_MAX: Final = 256


class _Running(Generic[Answer]):
    def __init__(self, began_s: float, task: asyncio.Task[Answer]) -> None:
        self.began_s = began_s
        self.task = task


class Repeats(Generic[Answer]):
    """The requests that run in this process, and slow answers of late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[bytes, _Running[Answer]] = {}
        self._kept: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()

    async def once(
        self, caller: str, body: bytes, make: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """Return what `make` makes, or what it has made for long already for the same body.

        Nobody ever gets the answer of another `caller`. One that goes away does not end what
        others wait for. Raises what `make` raises.
        """
        key = hashlib.sha256(caller.encode() + b"\0" + body).digest()
        now = self._clock()
        self._forget(now)
        if key in self._kept:
            return self._kept[key][1]
        running = self._running.get(key)
        if running is None or now - running.began_s <= SLOW_S:
            running = _Running(now, asyncio.create_task(make()))
            first = self._running.setdefault(key, running)
            if first is running:
                running.task.add_done_callback(lambda task: self._ended(key, now, task))
        return await asyncio.shield(running.task)

    def _ended(self, key: bytes, began_s: float, task: asyncio.Task[Answer]) -> None:
        del self._running[key]
        now = self._clock()
        if now - began_s > SLOW_S and not task.cancelled() and task.exception() is None:
            self._kept[key] = (now + KEPT_S, task.result())

    def _forget(self, now: float) -> None:
        while self._kept and (
            len(self._kept) > KEPT_MAX or next(iter(self._kept.values()))[0] < now
        ):
            self._kept.popitem(last=False)
