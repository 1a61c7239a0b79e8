"""Runs the programs of the rooms whose shards this process owns.

The bell says where there is something to do, and a look at the database every few seconds finds
what the bell did not tell. Each program has one turn at a time; whoever has had one stands behind
all others that wait. Nothing here decides what is true: that is the turn's transaction.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from hanse.chat import bell
from hanse.chat.log.model import Kind
from hanse.chat.log.owner import Owner
from hanse.chat.programs import turn, turn_store
from hanse.chat.programs.messages import Ran, Run, Unloadable
from hanse.chat.programs.model import Budget, Due
from hanse.chat.programs.reduction import Step
from hanse.chat.programs.runners import RunnerDied, Runners, digest_of
from hanse.chat.programs.sandbox import Fault, state_hash
from hanse.chat.programs.trial import Trials
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log
from hanse.platform.waiting import passed

LOOK_S: Final = 5.0
"""How often the database is asked what there is to do."""
TICK_S: Final = 0.5
"""How often it is asked which timers are due."""
FUEL_PER_TURN: Final = 20_000_000
"""A turn ends with the event that goes beyond it: 2 to 8 ms, and others have their turn."""
TIMERS_PER_TURN: Final = 50
BEHIND_MAX: Final = 5_000
_CRASHED: Final = Fault("crashed", "The program brought down the process that ran it, twice.")

_turns = Counter("hanse_chat_program_turns_total", "Turns of programs.", ["outcome"])
_seconds = Histogram(
    "hanse_chat_program_turn_seconds",
    "Time of a turn with its transactions.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
)


class Host:
    """The programs of one process. `shards` says which are owned at the moment."""

    def __init__(
        self, db: Db, bus: Bus, runners: Runners, shards: Callable[[], Collection[int]]
    ) -> None:
        self._db = db
        self._bus = bus
        self._runners = runners
        self._shards = shards
        self._rooms: dict[UUID, list[Due]] = {}
        self._queue: asyncio.Queue[Due] = asyncio.Queue()
        self._queued: set[UUID] = set()
        self._busy: set[UUID] = set()
        self._again: set[UUID] = set()
        self._at: dict[UUID, int] = {}
        self._budgets: dict[UUID, Budget] = {}
        self._look_now = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Run programs until `stop` is set; what is in work is finished."""
        listening = await self._bus.subscribe(bell.ALL, self._hear)
        trials = Trials(self._bus, self._runners, self._shards)
        await trials.listen()
        workers = [asyncio.create_task(self._work()) for _ in range(2 * len(self._runners.all))]
        tasks = [asyncio.create_task(each(stop)) for each in (self._looking, self._ticking)]
        try:
            done, _ = await asyncio.wait(
                [asyncio.create_task(stop.wait()), *tasks, *workers],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for each in done:
                each.result()
        finally:
            await self._bus.unsubscribe(listening)
            await trials.close()
            for task in (*workers, *tasks):
                task.cancel()
            await asyncio.gather(*workers, *tasks, return_exceptions=True)
            await self._runners.stop()

    async def _hear(self, message: Any) -> None:
        try:
            frame = bell.decoded(message.data)
        except msgspec.DecodeError:
            return
        if not frame.events or any(each.kind is Kind.PROGRAM for each in frame.events):
            self._look_now.set()
        for due in self._rooms.get(frame.room_id, ()):
            if self._at.get(due.program_id, 0) < frame.head:
                self._ready(due)

    def _ready(self, due: Due) -> None:
        if due.program_id in self._busy:
            self._again.add(due.program_id)
        elif due.program_id not in self._queued:
            self._queued.add(due.program_id)
            self._queue.put_nowait(due)

    async def _looking(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._look()
            except Problem as problem:
                log.warning("chat_programs_not_seen", error=problem.detail)
            except Exception as error:  # the edge of the process
                log.error("chat_programs_not_seen", exc_info=error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._look_now.wait()
            self._look_now.clear()

    async def _look(self) -> None:
        async with self._db.system_tx() as tx:
            found = [due for due, _ in await turn_store.all_of_shards(tx, list(self._shards()))]
        rooms: dict[UUID, list[Due]] = {}
        tenants: dict[UUID, list[Due]] = {}
        for due in found:
            rooms.setdefault(due.room_id, []).append(due)
            tenants.setdefault(due.organisation_id, []).append(due)
        self._rooms = rooms
        known = {due.program_id for due in found}
        for kept in (self._at, self._budgets):
            for gone in kept.keys() - known:
                del kept[gone]
        for organisation_id, programs in tenants.items():
            for start in range(0, len(programs), BEHIND_MAX):
                ids = [each.program_id for each in programs[start : start + BEHIND_MAX]]
                async with self._db.tx(organisation_id) as tx:
                    for due in await turn_store.behind(tx, ids):
                        self._ready(due)

    async def _ticking(self, stop: asyncio.Event) -> None:
        while not await passed(stop, TICK_S):
            try:
                async with self._db.system_tx() as tx:
                    waking = await turn_store.waking(tx, list(self._shards()), BEHIND_MAX)
            except Exception as error:  # the edge of the process: the next look comes soon
                log.warning("chat_timers_not_seen", error=repr(error))
                continue
            for due in waking:
                await self._fire(due)

    async def _fire(self, due: Due) -> None:
        try:
            async with self._db.tx(due.organisation_id) as tx:
                events = await turn.fire_timers(tx, due, TIMERS_PER_TURN)
        except Problem as problem:
            log.warning("chat_timers_not_fired", error=problem.detail)
        except Exception as error:  # the edge of the process: other timers do not wait for it
            log.error("chat_timers_not_fired", program=str(due.program_id), exc_info=error)
        else:
            await bell.ring(self._bus, due.organisation_id, events)

    async def _work(self) -> None:
        while True:
            due = await self._queue.get()
            self._queued.discard(due.program_id)
            self._busy.add(due.program_id)
            again = False
            try:
                with _seconds.time():
                    again = await self._turn(due)
            except RunnerDied:
                again = True
            except Problem as problem:  # the next look finds what was left
                log.warning("chat_program_later", error=problem.detail)
            except Exception as error:  # the edge of the process: nobody else waits for it
                _turns.labels("failed").inc()
                log.error("chat_program_failed", program=str(due.program_id), exc_info=error)
            finally:
                self._busy.discard(due.program_id)
            if due.program_id in self._again or again:
                self._again.discard(due.program_id)
                self._ready(due)

    async def _turn(self, due: Due) -> bool:
        """Have a turn; tell whether there may be need of another."""
        now = time.monotonic()
        budget = self._budgets.setdefault(due.program_id, Budget(now))
        fuel = budget.left_fuel(now)
        if fuel == 0:
            _turns.labels("waits").inc()
            return False  # one of the next looks finds it
        async with self._db.tx(due.organisation_id) as tx:
            next_one = await turn.read_turn(tx, due)
        if next_one is None:
            return False
        try:
            done, used = await self._take(due, next_one, min(fuel, FUEL_PER_TURN))
        except turn.Raced:
            _turns.labels("raced").inc()
            return True
        budget.use(time.monotonic(), *used)
        self._at[due.program_id] = done.cursor
        await bell.ring(self._bus, due.organisation_id, done.events)
        _turns.labels("taken").inc()
        return not done.is_done

    async def _take(
        self, due: Due, next_one: turn.Turn, fuel: int
    ) -> tuple[turn.Finished, tuple[int, int]]:
        if not next_one.events:
            async with self._db.tx(due.organisation_id) as tx:
                return await turn.pass_over(tx, due, next_one), (0, 0)
        ran = await self._run(due, next_one, fuel)
        async with self._db.tx(due.organisation_id) as tx:
            if isinstance(ran, Unloadable):
                return await turn.stop_unloadable(tx, due, next_one, ran.fault), (0, 0)
            done = await turn.finish(tx, due, next_one, ran)
        used = sum(step.fuel for step in ran.steps)
        return done, (used, sum(len(step.effects) for step in ran.steps))

    async def _run(self, due: Due, next_one: turn.Turn, fuel: int) -> Ran | Unloadable:
        """Have the events handled. What brings a runner down is found, and counts as a fault."""
        before = next_one.before
        source = before.source or ""
        asked = Run(
            digest=digest_of(source, before.language),
            room_seed=due.room_id.bytes,
            rights=turn.rights_of(before),
            number=before.cursor,
            state=None if before.state is None else before.state.encode(),
            events=next_one.events,
            fuel_max=fuel,
            language=before.language,
        )
        for attempt in range(3):
            try:
                answer = await self._runners.run(asked, source)
            except RunnerDied as died:
                if not died.in_turn:
                    raise  # which says nothing about the program
                if attempt == 0:
                    first = next_one.events[:1]
                    asked = msgspec.structs.replace(asked, events=first)
                continue
            assert isinstance(answer, Ran | Unloadable)
            return answer
        state = asked.state or b"null"
        number = next_one.events[0].number
        return Ran([Step(number, (), state_hash(state), 0, 0.0, _CRASHED)], state)


async def run_rooms(db: Db, bus: Bus, stop: asyncio.Event, runners: int) -> None:
    """Own a fair share of all rooms until `stop` is set, and run their programs in `runners`.

    `db` is of `hanse_app`.
    """
    owner = Owner(db, bus)
    if not runners:
        await owner.run(stop)
        return

    def shards() -> Collection[int]:
        return owner.epochs.keys()

    host = Host(db, bus, Runners(runners), shards)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(owner.run(stop))
        tasks.create_task(host.run(stop))
