"""Trials: a program is fed events without any room, by a runner of whoever owns a shard."""

import asyncio
import json
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.chat.log.model import SHARDS
from hanse.chat.programs.effects import Effect, Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.messages import Ran, Run, Unloadable
from hanse.chat.programs.runners import RunnerDied, Runners, digest_of
from hanse.chat.programs.sandbox import Fault
from hanse.platform.bus import Bus, BusUnavailable, Listening
from hanse.platform.problems import Unavailable

SUBJECT: Final = "chat.programs.try"
EVENTS_MAX: Final = 200
FUEL_MAX: Final = 2_000_000_000
FUEL_PER_TURN: Final = 20_000_000
ANSWER_BYTES_MAX: Final = 700_000
ASK_BYTES_MAX: Final = 900_000
"""A message over NATS has a megabyte."""
TIMEOUT_S: Final = 15.0
WAITING_MAX: Final = 20


class ProgramsAway(Unavailable):
    """No process runs programs at the moment."""

    code = "programs_away"
    title = "Programs cannot be run now"


class Trial(Struct, frozen=True):
    """What is to be tried. `shard` says whose owner does it."""

    shard: int
    source: str
    language: Language
    room_seed: bytes
    rights: Rights
    events: list[Event]


class TrialStep(Struct, frozen=True, omit_defaults=True):
    """What would have come of one event; with a `fault`, nothing."""

    number: int
    effects: tuple[Effect, ...]
    state_hash: str
    fuel: int
    fault: Fault | None = None


class Tried(Struct, frozen=True, omit_defaults=True):
    """What came of a trial. `fault` says why the program cannot be loaded.

    `is_whole` is false if there was too much, or it took too long: the rest was left out.
    """

    steps: list[TrialStep] = []
    state: Any = None
    fault: Fault | None = None
    is_whole: bool = True


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_trial: Final = msgspec.msgpack.Decoder(Trial).decode


class _Carried(Struct, frozen=True):
    steps: list[TrialStep]
    state: bytes
    fault: Fault | None
    is_whole: bool


class Trials:
    """Tries programs for others while it listens."""

    def __init__(self, bus: Bus, runners: Runners, shards: Callable[[], Collection[int]]) -> None:
        self._bus = bus
        self._runners = runners
        self._shards = shards
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: Listening | None = None

    async def listen(self) -> None:
        """Answer from now on."""
        self._listening = await self._bus.subscribe(SUBJECT, self._hear)

    async def close(self) -> None:
        """Answer no more."""
        if self._listening is not None:
            await self._bus.unsubscribe(self._listening)
        for task in self._tasks:
            task.cancel()

    async def _hear(self, message: Any) -> None:
        try:
            asked = _decode_trial(message.data)
        except msgspec.DecodeError:
            return
        if asked.shard in self._shards() and len(self._tasks) < WAITING_MAX:
            task = asyncio.create_task(self._answer(asked, message.reply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, asked: Trial, reply: str) -> None:
        with suppress(BusUnavailable, RunnerDied):
            try:
                carried = await self._try(asked)
            except RunnerDied:
                # It may have died of something else, before this trial came to it.
                carried = await self._try(asked)
            await self._bus.publish(reply, _encode(carried))

    async def _try(self, asked: Trial) -> _Carried:
        steps: list[TrialStep] = []
        size, fuel, state, last = 0, 0, None, 0
        events = asked.events
        began = time.monotonic()
        while True:
            run = Run(
                digest=digest_of(asked.source, asked.language),
                room_seed=asked.room_seed,
                rights=asked.rights,
                number=last,
                state=state,
                events=events,
                fuel_max=FUEL_PER_TURN,
                language=asked.language,
            )
            answer = await self._runners.run(run, asked.source)
            if isinstance(answer, Unloadable):
                return _Carried([], b"null", answer.fault, is_whole=True)
            assert isinstance(answer, Ran)
            state = answer.state
            for each in answer.steps:
                step = TrialStep(each.number, each.effects, each.state_hash, each.fuel, each.fault)
                size += len(_encode(step))
                fuel += each.fuel
                last = each.number
                if size > ANSWER_BYTES_MAX:
                    return _Carried(steps, b"null", None, is_whole=False)
                steps.append(step)
            events = [each for each in events if each.number > last]
            if not events:
                return _Carried(steps, state, None, is_whole=True)
            if fuel > FUEL_MAX or time.monotonic() - began > TIMEOUT_S / 2:
                return _Carried(steps, state, None, is_whole=False)


async def try_program(bus: Bus | None, trial: Trial) -> Tried:
    """Have a program tried, by its first events if all are too many. Raises ProgramsAway."""
    away = ProgramsAway("Nothing runs programs at the moment. Try again in a moment.")
    if bus is None:
        raise away
    assert 0 <= trial.shard < SHARDS
    events, data = list(trial.events), _encode(trial)
    while len(data) > ASK_BYTES_MAX and events:
        events = events[: len(events) // 2]
        data = _encode(msgspec.structs.replace(trial, events=events))
    try:
        reply = await bus.request(SUBJECT, data, TIMEOUT_S)
    except (BusUnavailable, TimeoutError):
        raise away from None
    if reply is None:
        raise away
    carried = msgspec.msgpack.decode(reply, type=_Carried)
    return Tried(
        carried.steps,
        json.loads(carried.state),
        carried.fault,
        carried.is_whole and len(events) == len(trial.events),
    )
