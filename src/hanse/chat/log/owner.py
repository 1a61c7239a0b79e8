"""The owner of shards: collects drafts and commits them in groups.

While one transaction is on its way to the disk, the drafts that come meanwhile wait, and all go
into the next. Whoever asked is answered after the commit. Ownership is a lease in the database; an
owner that was held up and comes back too late is fenced off by the epoch in each room's head.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from hanse.chat import bell
from hanse.chat.log import asking, ownership
from hanse.chat.log.append import TOGETHER_MAX, Batch, Fenced, append_all
from hanse.chat.log.model import Draft, shard_of
from hanse.platform.bus import Bus, BusUnavailable, Listening
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log
from hanse.platform.waiting import passed

RENEW_S: Final = 0.5
WAITING_MAX: Final = 10_000
"""Drafts that may wait in one process; more are sent away to append themselves."""

_Waiting = tuple[Draft, str]

_drafts = Counter("hanse_chat_drafts_total", "Drafts by what became of them.", ["outcome"])
_together = Histogram(
    "hanse_chat_commit_drafts",
    "Drafts that share one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 200),
)


class Owner:
    """One process that owns shards for as long as its lease in the database holds."""

    def __init__(self, db: Db, bus: Bus) -> None:
        self.id = new_id()
        self.epochs: dict[int, int] = {}
        self._db = db
        self._bus = bus
        self._until = float("-inf")
        self._subscriptions: dict[int, Listening] = {}
        self._waiting: dict[UUID, deque[_Waiting]] = {}
        self._writers: set[asyncio.Task[None]] = set()
        self._count = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Own what is to be owned until `stop` is set; then hand it back and answer what waits."""
        while not stop.is_set():
            try:
                await self._renew()
            except Problem as problem:
                log.warning("chat_lease_not_renewed", error=problem.detail)
            except Exception as error:  # the edge of the process; two owners may have collided
                log.warning("chat_lease_not_renewed", exc_info=error)
            await self._listen()
            await passed(stop, RENEW_S)
        await self._listen(nothing=True)
        if self._writers:
            await asyncio.wait(self._writers)
        with suppress(Problem):
            await ownership.leave(self._db, self.id)

    async def _renew(self) -> None:
        asked_at = time.monotonic()
        epochs = await ownership.renew(self._db, self.id)
        self._until = asked_at + ownership.LEASE_S - ownership.MARGIN_S
        if epochs.keys() != self.epochs.keys():
            log.info("chat_shards_owned", shards=sorted(epochs))
        self.epochs = epochs

    async def _listen(self, *, nothing: bool = False) -> None:
        owned = () if nothing or time.monotonic() >= self._until else self.epochs.keys()
        for shard in self._subscriptions.keys() - set(owned):
            await self._bus.unsubscribe(self._subscriptions.pop(shard))
        for shard in owned:
            if shard not in self._subscriptions:
                self._subscriptions[shard] = await self._bus.subscribe(
                    asking.subject(shard), self._take
                )

    async def _take(self, message: Any) -> None:
        try:
            ask = asking.decode_ask(message.data)
        except msgspec.DecodeError:
            log.warning("chat_draft_unreadable")
            return
        if self._count >= WAITING_MAX or time.monotonic() >= self._until:
            await self._answer(message.reply, asking.NotMine())
            return
        self._count += 1
        waiting = self._waiting.get(ask.organisation_id)
        if waiting is None:
            waiting = self._waiting[ask.organisation_id] = deque()
            writer = asyncio.create_task(self._write(ask.organisation_id, waiting))
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        waiting.append((ask.draft, message.reply))

    async def _write(self, organisation_id: UUID, waiting: deque[_Waiting]) -> None:
        # Whatever the loop has ready is in the deque when this task first runs.
        await asyncio.sleep(0)
        while waiting:
            together = [waiting.popleft() for _ in range(min(len(waiting), TOGETHER_MAX))]
            self._count -= len(together)
            answers = await self._commit(organisation_id, [draft for draft, _ in together])
            for (_, reply), answer in zip(together, answers, strict=True):
                await self._answer(reply, answer)
        del self._waiting[organisation_id]

    async def _commit(self, organisation_id: UUID, drafts: list[Draft]) -> list[asking.Answer]:
        _together.observe(len(drafts))
        epochs = {each.room_id: self.epochs.get(shard_of(each.room_id), 0) for each in drafts}
        if not all(epochs.values()) or time.monotonic() >= self._until:
            return [asking.NotMine() for _ in drafts]
        try:
            async with self._db.tx(organisation_id) as tx:
                batch = await append_all(tx, drafts, epochs)
        except Fenced:
            self._until = float("-inf")
            return [asking.NotMine() for _ in drafts]
        except Problem as problem:
            return [asking.refused(problem) for _ in drafts]
        except Exception as error:  # the edge of the process: nothing may end an owner
            log.error("chat_commit_failed", exc_info=error)
            return [asking.NotMine() for _ in drafts]
        self._count_outcomes(batch)
        await bell.ring(self._bus, organisation_id, batch.events)
        return [asking.answer_of(outcome) for outcome in batch.outcomes]

    def _count_outcomes(self, batch: Batch) -> None:
        _drafts.labels("appended").inc(len(batch.events))
        _drafts.labels("repeated_or_refused").inc(len(batch.outcomes) - len(batch.events))

    async def _answer(self, reply: str, answer: asking.Answer) -> None:
        # Whoever gets no answer asks again, and is told the number that it has by now.
        with suppress(BusUnavailable):
            await self._bus.publish(reply, asking.encode(answer))


async def own_rooms(db: Db, bus: Bus, stop: asyncio.Event) -> None:
    """Own a fair share of all rooms until `stop` is set. `db` is of `hanse_app`."""
    await Owner(db, bus).run(stop)
