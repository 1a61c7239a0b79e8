"""A program over the log of a room: its state after each event. Pure but for the sandbox."""

import time
from typing import Final

import msgspec
from msgspec import Struct

from hanse.chat.programs.effects import Effect, Rights, decode_effects
from hanse.chat.programs.events import Event, nanoseconds
from hanse.chat.programs.sandbox import Fault, Program, ProgramFault, seed_of, state_hash

_encoder: Final = msgspec.json.Encoder()


class Snapshot(Struct, frozen=True):
    """All that is needed to go on after an event: its number, and the state as JSON."""

    number: int
    state: bytes


class Step(Struct, frozen=True):
    """What came of one event. With a fault there are no effects, and the state is as before."""

    number: int
    effects: tuple[Effect, ...]
    state_hash: str
    fuel: int
    took_us: float
    fault: Fault | None = None


class Reduction:
    """One room's state under a program, from the start or from a snapshot of the same program."""

    def __init__(
        self, program: Program, room_seed: bytes, rights: Rights, snapshot: Snapshot | None = None
    ) -> None:
        self._program = program
        self._room_seed = room_seed
        self._rights = rights
        self.snapshot = snapshot or Snapshot(0, program.initial_state)

    def feed(self, event: Event) -> Step:
        """Handle the next event. What is wrong with the program is told, not raised.

        Raises ValueError if the event does not come after the last one.
        """
        last = self.snapshot
        if event.number <= last.number:
            raise ValueError(f"Event {event.number} cannot follow event {last.number}.")
        began = time.perf_counter()
        state = last.state
        effects: tuple[Effect, ...] = ()
        fault: Fault | None = None
        try:
            answer = self._program.run(
                _encoder.encode(event),
                last.state,
                now_ns=nanoseconds(event.created_at),
                seed=seed_of(self._room_seed, event.number),
            )
            effects = decode_effects(answer.effects, self._rights)
            state = answer.state
        except ProgramFault as found:
            fault = found.fault
        self.snapshot = Snapshot(event.number, state)
        took_us = (time.perf_counter() - began) * 1e6
        return Step(
            event.number, effects, state_hash(state), self._program.fuel_used, took_us, fault
        )
