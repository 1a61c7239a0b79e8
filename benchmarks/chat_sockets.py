"""What sockets of the chat cost: idle ones, and one message to all of them."""

import statistics
import subprocess
import time

import msgspec
import psutil

from benchmarks.chat_load import Cpu, Line, Place, Sockets, built, line, new_event, opened, tree
from benchmarks.measured import Measured
from hanse.chat.gateway.frames import Events, Frame
from hanse.chat.log.model import Body, Event, Kind
from hanse.platform.ids import new_id

IDLE_SOCKETS = 10_000
IDLE_KEYS = 2_000
IDLE_S = 35.0
"""Longer than the time after which each socket's owner is looked up again."""
FOLLOWERS = 2_000
FOLLOWER_KEYS = 20
FAN_ROUNDS = 3
FAN_MESSAGES = {1: 100, 4: 200}
"""Messages of one round, by how many are on their way at a time."""


def memory(place: Place) -> list[Measured]:
    """What a socket costs that is somebody's, follows a room, and says nothing."""
    keys = place.make_keys(IDLE_KEYS)
    rooms = [place.make_room(keys[at : at + 100]) for at in range(0, IDLE_KEYS, 100)]
    # The same key comes again after seconds only: each socket is looked up by itself.
    lines = [
        line(keys[number % IDLE_KEYS], rooms[number % IDLE_KEYS // 100])
        for number in range(IDLE_SOCKETS)
    ]
    [gateway] = place.hanse.processes("serve gateway")
    before = _pss(gateway)
    started = time.monotonic()
    with place.sockets(lines):
        opened_s = time.monotonic() - started
        time.sleep(2.0)
        at_first = (_pss(gateway) - before) / IDLE_SOCKETS / 1024
        cpu = Cpu(lambda: tree(place))
        time.sleep(IDLE_S)
        later = (_pss(gateway) - before) / IDLE_SOCKETS / 1024
        idle = cpu.spent()
    shares = ", ".join(f"{kind} {s / IDLE_S:.1%}" for kind, s in idle.items() if s / IDLE_S > 0.005)
    return [
        Measured(
            f"Memory of the gateway for each of {IDLE_SOCKETS:,} idle sockets "
            f"({IDLE_KEYS:,} API keys, each socket in a room)",
            f"**{at_first:.1f} KB** (PSS), {later:.1f} KB after {IDLE_S:.0f} s; all were open "
            f"after {opened_s:.0f} s",
            "<= 12 KB",
        ),
        Measured(
            "CPU time while they idle, each looked up again every 30 s, in parts of one core",
            shares or "less than 0.5 %",
            "",
        ),
    ]


def _pss(process: psutil.Process) -> int:
    """Proportional set size in bytes."""
    return int(process.memory_full_info().pss)


def fanout(place: Place) -> list[Measured]:
    """One message to all sockets of a process, beside a server in C that does nothing else."""
    keys = place.make_keys(FOLLOWER_KEYS)
    room = place.make_room(keys)
    lines = [
        line(keys[number % FOLLOWER_KEYS], room, sends=number < 16) for number in range(FOLLOWERS)
    ]
    frame = _frame_of_same_length(room)
    floor = subprocess.Popen([built("fan_server")], stdout=subprocess.PIPE, text=True)
    assert floor.stdout is not None
    port = int(floor.stdout.readline())
    [gateway] = place.hanse.processes("serve gateway")
    plain = [Line(message=frame)] * FOLLOWERS
    found: dict[tuple[int, bool], list[_Fan]] = {}
    try:
        with place.sockets(lines) as ours, opened(port, plain) as bare:
            for window, messages in FAN_MESSAGES.items():
                _fan(gateway.pid, ours, window, 20)
                _fan(floor.pid, bare, window, 20)
                for _ in range(FAN_ROUNDS):
                    time.sleep(1)
                    found.setdefault((window, False), []).append(
                        _fan(floor.pid, bare, window, messages)
                    )
                    time.sleep(1)
                    found.setdefault((window, True), []).append(
                        _fan(gateway.pid, ours, window, messages)
                    )
    finally:
        floor.kill()
        floor.wait()
    rows = []
    for window in FAN_MESSAGES:
        mine, its = _median(found[window, True]), _median(found[window, False])
        rows.append(
            Measured(
                f"Deliveries a second of a message to {FOLLOWERS:,} sockets, {window} on the way "
                f"({len(frame)} bytes; on disk first, {mine.in_a_frame:.1f} messages a frame)",
                f"{mine.per_s:,.0f} to {its.per_s:,.0f} of a bare server in C: "
                f"**{mine.per_s / its.per_s:.2f}**; of CPU time of the one process "
                f"{mine.per_cpu_s:,.0f} to {its.per_cpu_s:,.0f}: "
                f"**{mine.per_cpu_s / its.per_cpu_s:.2f}**; until all have it p50 "
                f"{mine.p50_ms:.1f} to {its.p50_ms:.1f} ms, p99 {mine.p99_ms:.1f} to "
                f"{its.p99_ms:.1f} ms",
                ">= 0.75",
            )
        )
    return rows


class _Fan(msgspec.Struct):
    per_s: float
    per_cpu_s: float
    p50_ms: float
    p99_ms: float
    in_a_frame: float


def _fan(server: int, sockets: Sockets, window: int, messages: int) -> _Fan:
    before = psutil.Process(server).cpu_times()
    load = sockets.closed(window, messages, FOLLOWERS)
    after = psutil.Process(server).cpu_times()
    assert (load.lost, load.errors) == (0, 0)
    cpu_s = after.user + after.system - before.user - before.system
    return _Fan(
        load.deliveries / load.seconds,
        load.deliveries / cpu_s,
        load.took_ms(0.5),
        load.took_ms(0.99),
        load.deliveries / load.frames,
    )


def _median(fans: list[_Fan]) -> _Fan:
    return _Fan(
        *(
            statistics.median(getattr(each, name) for each in fans)
            for name in _Fan.__struct_fields__
        )
    )


def _frame_of_same_length(room: str) -> str:
    """What the gateway sends of such a message."""
    event = new_event()
    sent = Event(
        room_id=room,  # type: ignore[arg-type]
        number=100,
        messages=100,
        sender_id=new_id(),
        device=event["device"],
        client_key=event["client_key"],
        kind=Kind.MESSAGE,
        created_at="2026-01-01T00:00:00.000000Z",  # type: ignore[arg-type]
        body=Body(text=event["text"]),
    )
    return Frame(Events(room_id=room, events=[sent])).json.decode()  # type: ignore[arg-type]
