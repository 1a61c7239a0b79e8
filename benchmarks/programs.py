"""What rooms as programs cost: memory, time for an event, and going on from a snapshot."""

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psutil

from benchmarks import program_rooms
from hanse.chat.log.model import Body, Kind
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.reduction import Reduction
from hanse.chat.programs.sandbox import FUEL_PER_EVENT, Program, ProgramFault

LIVE = 200
EVENTS = 5_000
RESTORES = 200

COUNTER = """
export const initialState = { said: {} };
export function onEvent(event, state) {
  const said = (state.said[event.sender_id] ?? 0) + 1;
  return {
    state: { said: { ...state.said, [event.sender_id]: said } },
    effects: said % 100 ? [] : [{ type: "post", text: `${said} messages!` }],
  };
}
"""
LUA_COUNTER = """
initial_state = { said = {} }
function on_event(event, state)
  local said = (state.said[event.sender_id] or 0) + 1
  state.said[event.sender_id] = said
  local effects = nil
  if said % 100 == 0 then effects = { { type = "post", text = said .. " messages!" } } end
  return { state = state, effects = effects }
end
"""
COUNTERS = {Language.JAVASCRIPT: COUNTER, Language.LUA: LUA_COUNTER}
ROWS = (
    "an event, p50 / p99",
    "events a second, one core",
    "fuel of an event",
    f"memory of a live program, of {LIVE}",
    "to load a program",
)
BOMB = "export function onEvent() { const all = []; for (;;) all.push({}); }"
ROOM = UUID("0199b1f0-0000-7000-8000-00000000000a")
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def run() -> str:
    """Measure and return the section."""
    measured = {language: _measured(language) for language in Language}
    resumed_ms = _resumed_ms()
    stopped_ms = _stopped_ms()
    return (
        "## Programs of rooms\n\n"
        f"A program that counts what each of three people says, over {EVENTS} messages, on one "
        "core (`python -m benchmarks programs`). An event is decoded, handled and its effects "
        "checked; the state of each is canonical JSON and its hash.\n\n"
        "| | JavaScript | Lua |\n|---|---|---|\n"
        + "".join(
            f"| {what} | {' | '.join(each[row] for each in measured.values())} |\n"
            for row, what in enumerate(ROWS)
        )
        + "\nIn JavaScript:\n\n| | |\n|---|---|\n"
        f"| to load it and go on from a snapshot with one event | {resumed_ms:.2f} ms |\n"
        f"| to stop one that fills its memory, then an event of another | {stopped_ms:.1f} ms |\n\n"
        "One live program serves any number of rooms, one after another: a room is its state.\n\n"
        "In rooms of a served Hanse with one runner, which the load generator shares the machine "
        "with (`benchmarks/program_rooms.py`):\n\n"
        "| | |\n|---|---|\n"
        + "".join(f"| {what} | {figure} |\n" for what, figure in program_rooms.rows())
    )


def _measured(language: Language) -> tuple[str, ...]:
    """A column of the table, in the order of ROWS."""
    source = COUNTERS[language]
    with Program(source, language) as first:
        load_ms = _median_ms(lambda: Program(source, language).close(), RESTORES)
        took, fuel = _events(first)
    live_kib = _live_kib(source, language)
    took.sort()
    return (
        f"{took[len(took) // 2]:.0f} / {took[int(len(took) * 0.99)]:.0f} µs",
        f"{len(took) / (sum(took) / 1e6):,.0f}",
        f"{statistics.median(fuel):,.0f} of {FUEL_PER_EVENT:,}",
        f"{live_kib:.0f} KiB",
        f"{load_ms:.2f} ms",
    )


def _events(program: Program) -> tuple[list[float], list[int]]:
    reduction = Reduction(program, ROOM.bytes, Rights())
    steps = [reduction.feed(_message(number)) for number in range(1, EVENTS + 1)]
    assert not any(step.fault for step in steps)
    said = json.loads(reduction.snapshot.state)["said"]
    assert sum(said.values()) == EVENTS
    return [step.took_us for step in steps], [step.fuel for step in steps]


def _resumed_ms() -> float:
    with Program(COUNTER) as program:
        reduction = Reduction(program, ROOM.bytes, Rights())
        reduction.feed(_message(1))
        snapshot = reduction.snapshot

    def resume() -> None:
        with Program(COUNTER) as again:
            Reduction(again, ROOM.bytes, Rights(), snapshot).feed(_message(2))

    return _median_ms(resume, RESTORES)


def _stopped_ms() -> float:
    with Program(BOMB) as bomb, Program(COUNTER) as other:

        def explode() -> None:
            try:
                bomb.run(b"{}", b"null", now_ns=0, seed=bytes(16))
            except ProgramFault:
                Reduction(other, ROOM.bytes, Rights()).feed(_message(1))

        return _median_ms(explode, RESTORES // 10)


def _live_kib(source: str, language: Language) -> float:
    process = psutil.Process()
    before = process.memory_info().rss
    live = [Program(source, language) for _ in range(LIVE)]
    for program in live:
        Reduction(program, ROOM.bytes, Rights()).feed(_message(1))
    after = process.memory_info().rss
    for program in live:
        program.close()
    return (after - before) / LIVE / 1024


def _message(number: int) -> Event:
    return Event(
        room_id=ROOM,
        number=number,
        sender_id=UUID(int=ROOM.int + number % 3),
        kind=Kind.MESSAGE,
        created_at=BEGIN + timedelta(seconds=number),
        body=Body(text="The new plan of the harbour is in the folder; tell me what you think."),
    )


def _median_ms(act: Callable[[], None], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e3
