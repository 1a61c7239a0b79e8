"""A request that is sent again joins the one that runs.

The official clients give an attempt up after ten seconds and send the same request again, while the
first goes on. The second waits for the first one's answer, so nothing is computed or billed twice;
an answer that took long is kept for a moment more, for the attempt that is on its way. Equal
requests that come sooner after one another are requests of their own.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec

from hanse.language.repeats.attempts import KEPT_S, Attempt, Attempts, Superseded
from hanse.language.repeats.leases import SLOW_S
from hanse.language.repeats.sealing import Fingerprint

Answer = TypeVar("Answer")
Make = Callable[[Attempt], Coroutine[Any, Any, Answer]]
"""Computes an answer. It settles the attempt in the transaction that bills the request."""

KEPT_MAX: Final = 256


class Request(msgspec.Struct, frozen=True):
    """Who asks, and for what; `caller` has all that an answer depends on besides the body."""

    organisation_id: UUID
    caller: str
    body: bytes


class _Running(Generic[Answer]):
    def __init__(self, began_s: float, task: asyncio.Task[Answer], *, waits: bool) -> None:
        self.began_s = began_s
        self.task = task
        self.waits = waits


class Repeats(Generic[Answer]):
    """The requests that run in this process, slow answers of late, and what runs elsewhere."""

    def __init__(
        self,
        attempts: Attempts,
        answer_type: type[Answer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._answer_type = answer_type
        self._clock = clock
        self._running: dict[bytes, _Running[Answer]] = {}
        self._kept: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()

    async def once(self, request: Request, make: Make[Answer]) -> Answer:
        """Return what `make` makes, or what it has made for long already for the same request.

        Nobody ever gets the answer of another caller. One that goes away does not end what others
        wait for; one whose process dies is computed anew by a waiting one. Raises what `make`
        raises.
        """
        caller = f"{request.organisation_id} {request.caller}"
        fingerprint = Fingerprint(caller, request.body)
        key = fingerprint.hash
        runs_elsewhere = await self._attempts.may_run(fingerprint)
        now = self._clock()
        self._forget(now)
        if key in self._kept:
            return self._kept[key][1]
        running = self._running.get(key)
        if running is None or (now - running.began_s <= SLOW_S and not running.waits):
            work = self._join if runs_elsewhere else self._compute
            task = asyncio.create_task(work(request.organisation_id, fingerprint, make))
            running = _Running(now, task, waits=runs_elsewhere)
            first = self._running.setdefault(key, running)
            if first is running:
                task.add_done_callback(lambda task: self._ended(key, now, task))
        return await asyncio.shield(running.task)

    async def _join(
        self, organisation_id: UUID, fingerprint: Fingerprint, make: Make[Answer]
    ) -> Answer:
        found = await self._attempts.answer(organisation_id, fingerprint)
        if isinstance(found, Attempt):
            return await self._make(found, organisation_id, fingerprint, make)
        return msgspec.json.decode(found, type=self._answer_type)

    async def _compute(
        self, organisation_id: UUID, fingerprint: Fingerprint, make: Make[Answer]
    ) -> Answer:
        attempt = self._attempts.new(organisation_id, fingerprint)
        return await self._make(attempt, organisation_id, fingerprint, make)

    async def _make(
        self,
        attempt: Attempt,
        organisation_id: UUID,
        fingerprint: Fingerprint,
        make: Make[Answer],
    ) -> Answer:
        attempt.start()
        try:
            return await make(attempt)
        except Superseded:
            return await self._join(organisation_id, fingerprint, make)
        except BaseException:
            await asyncio.shield(attempt.fail())
            raise
        finally:
            await attempt.stop()

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
