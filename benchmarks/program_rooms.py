"""What programs cost in rooms of a served Hanse: memory of runners, appends, and neighbours.

`python -m benchmarks.program_rooms burns bombs` measures the neighbours alone.
"""

import asyncio
import statistics
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import psutil

from benchmarks.chat import placed
from benchmarks.chat_load import Key, Place, line
from benchmarks.goodput import quantile
from hanse.chat.log.model import Body, Kind
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.messages import Ran, Run
from hanse.chat.programs.model import FUEL_AT_ONCE, Due
from hanse.chat.programs.runners import Runners, digest_of

LIVE_ROOMS = 1_000
SUSPENDED_ROOMS = 10_000
TURNS = 2_000
ROOMS = 50
WINDOW = 50
MESSAGES = 12_000
NEIGHBOURS = 1_000
PER_S = 50
REPLYING_S = 20.0
ROUNDS = 3

REPLIES = """
export const initialState = { n: 0 };
export function onEvent(event, state) {
  if (event.kind !== "message") return;
  return { state: { n: state.n + 1 }, effects: [{ type: "post", text: `${event.number}` }] };
}
"""
COUNTS = REPLIES.replace('effects: [{ type: "post", text: `${event.number}` }]', "")
BURNS = """
export function onEvent() {
  for (let i = 0; i < 80_000; i++) ;
}
"""
# A third failure in a row would stop it.
BOMBS = """
export function onEvent(event) {
  if (event.number % 3 === 0) return;
  const all = [];
  for (;;) all.push(new Uint8Array(65_536));
}
"""
ABUSES = {
    "burns": (BURNS, "takes 47 of its 50 million instructions for each"),
    "bombs": (BOMBS, "fills its memory at two of each three"),
}


def rows() -> list[tuple[str, str]]:
    """Measure; return what was measured and the figure."""
    found = asyncio.run(_runner())
    with placed() as place:
        found += _appends(place)
        found += asyncio.run(_neighbours(place, tuple(ABUSES)))
    return found


async def _runner() -> list[tuple[str, str]]:
    """A runner by itself, with a program of its own for each room."""
    runners = Runners(1)
    try:
        sources = [f"{REPLIES}// {number}" for number in range(LIVE_ROOMS)]
        await _turn(runners, REPLIES, 1)
        process = psutil.Process(runners.all[0].pid)
        one = [await _turn(runners, REPLIES, 1) for _ in range(TURNS)]
        many = [await _turn(runners, REPLIES, 50) for _ in range(TURNS // 20)]
        before = process.memory_info().rss
        for source in sources:
            await _turn(runners, source, 1)
        live_kib = (process.memory_info().rss - before) / LIVE_ROOMS / 1024
        # Each comes when 999 others have had a turn: it is suspended by then.
        again = [await _turn(runners, source, 1) for source in sources]
    finally:
        await runners.stop()
    tracemalloc.start()
    waiting = [Due(uuid4(), uuid4(), uuid4()) for _ in range(SUSPENDED_ROOMS)]
    rooms = {due.room_id: [due] for due in waiting}
    host_mib = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    assert len(rooms) == SUSPENDED_ROOMS
    return [
        ("a turn of one event through a runner, p50", f"{statistics.median(one) * 1e6:.0f} µs"),
        (
            "an event of a turn of 50, p50",
            f"{statistics.median(many) / 50 * 1e6:.0f} µs",
        ),
        (
            f"memory of a runner for a room, of {LIVE_ROOMS:,} with programs that all differ",
            f"{live_kib:.0f} KiB",
        ),
        (
            "a turn of one event of a program that was suspended (suspends another one), p50",
            f"{statistics.median(again) * 1e3:.2f} ms",
        ),
        (
            f"memory of the role rooms for {SUSPENDED_ROOMS:,} programs that wait in the database",
            f"{host_mib:.0f} MiB",
        ),
    ]


async def _turn(runners: Runners, source: str, events: int) -> float:
    at = time.time()
    asked = Run(
        digest=digest_of(source, Language.JAVASCRIPT),
        room_seed=b"room",
        rights=Rights(),
        number=0,
        state=None,
        events=[_message(number, at) for number in range(1, events + 1)],
        fuel_max=10**9,
    )
    began = time.perf_counter()
    ran = await runners.run(asked, source)
    took = time.perf_counter() - began
    assert isinstance(ran, Ran)
    assert len(ran.steps) == events
    assert not any(step.fault for step in ran.steps)
    return took


def _message(number: int, at: float) -> Event:
    text = "The new plan of the harbour is in the folder; tell me what you think."
    return Event(
        room_id=UUID(int=1),
        number=number,
        sender_id=UUID(int=2),
        kind=Kind.MESSAGE,
        created_at=datetime.fromtimestamp(at, UTC),
        body=Body(text=text),
    )


def _appends(place: Place) -> list[tuple[str, str]]:
    """Appends in rooms without programs, and in the same ones with a program that counts."""
    keys = place.make_keys(ROOMS)
    rooms = [place.make_room([key]) for key in keys]
    lines = [
        line(key, room, follows=False, sends=True) for key, room in zip(keys, rooms, strict=True)
    ] + [line(key, room) for key, room in zip(keys, rooms, strict=True)]
    figures = []
    with place.sockets(lines) as sockets:
        sockets.closed(WINDOW, MESSAGES // 4, 1)
        for with_programs in (False, True):
            if with_programs:
                asyncio.run(_attach_all(place, keys, rooms, COUNTS))
            load = sockets.closed(WINDOW, MESSAGES, 1)
            assert (load.lost, load.errors) == (0, 0)
            figures.append((load.took_ms(0.5), load.took_ms(0.99)))
    (p50, p99), (with_p50, with_p99) = figures
    return [
        (
            f"an append, delivered, {WINDOW} on the way, over {ROOMS} rooms, p50 / p99",
            f"{p50:.1f} / {p99:.1f} ms",
        ),
        (
            "the same while each room has a program that counts its messages",
            f"{with_p50:.1f} / {with_p99:.1f} ms: {with_p50 / p50:.2f} x at p50",
        ),
    ]


async def _attach_all(place: Place, keys: list[Key], rooms: list[str], source: str) -> None:
    for key, room in zip(keys, rooms, strict=True):
        async with _web(place, key) as web:
            await _attach(web, room, source)


async def _attach(web: httpx.AsyncClient, room: str, source: str) -> str:
    made = await web.post(f"/rooms/{room}/programs", json={"name": "Program", "source": source})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@asynccontextmanager
async def _web(place: Place, key: Key) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key.secret}"}
    async with httpx.AsyncClient(
        base_url=f"{place.hanse.url}/v1", timeout=30, headers=headers
    ) as web:
        yield web


async def _neighbours(place: Place, abuses: Sequence[str]) -> list[tuple[str, str]]:
    """How long replies of programs take, by the clock of the database, with and without abuse."""
    [key] = await asyncio.to_thread(place.make_keys, 1)
    figures = []
    async with _web(place, key) as web:
        rooms = []
        for number in range(NEIGHBOURS + 1):
            made = await web.post("/rooms", json={"name": f"{number}"})
            rooms.append(made.json()["id"])
        abused = rooms.pop()
        for number, room in enumerate(rooms):
            await _attach(web, room, f"{REPLIES}// {number}")
        await _replies(place, web, rooms, abused)
        for name in abuses:
            figures += await _with_and_without(place, web, rooms, abused, name)
    return figures


async def _with_and_without(
    place: Place, web: httpx.AsyncClient, rooms: list[str], abused: str, name: str
) -> list[tuple[str, str]]:
    """Both in turns, for the machine changes meanwhile; of the rounds the middle one counts.

    The program is another one each time.
    """
    source, what = ABUSES[name]
    quiet: list[tuple[float, float]] = []
    loud: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        quiet.append(await _replies(place, web, rooms, abused))
        program = await _attach(web, abused, f"{source}// {number}")
        loud.append(await _replies(place, web, rooms, abused))
        found = (await web.get(f"/programs/{program}")).json()
        assert found["program"]["status"] == "running"
        assert found["progress"]["fuel"] > FUEL_AT_ONCE
        assert (await web.delete(f"/programs/{program}")).status_code == 204
    middle = ROUNDS // 2
    p50, p99 = (sorted(each)[middle] for each in zip(*quiet, strict=True))
    loud_p50, loud_p99 = (sorted(each)[middle] for each in zip(*loud, strict=True))
    return [
        (
            f"from a message to the program's reply on disk, {PER_S} a second over {NEIGHBOURS:,} "
            "rooms with programs that all differ, while another room is sent as many, p50 / p99",
            f"{p50:.1f} / {p99:.1f} ms",
        ),
        (
            f"the same while a program there {what}, from its first message on",
            f"{loud_p50:.1f} / {loud_p99:.1f} ms: {loud_p99 / p99 - 1:+.0%} at p99",
        ),
    ]


async def _replies(
    place: Place, web: httpx.AsyncClient, rooms: list[str], abused: str
) -> tuple[float, float]:
    """Milliseconds from a message to the reply, which stands in the log: p50 and p99."""
    db = await place.open_db()
    async with db.tx(place.organisation_id) as tx:
        since = await tx.fetchval("select clock_timestamp()")
    sending = []
    began = time.perf_counter()
    for number in range(int(PER_S * REPLYING_S)):
        sending.append(asyncio.create_task(_send(web, rooms[number % len(rooms)])))
        sending.append(asyncio.create_task(_send(web, abused)))
        await asyncio.sleep(max(0, began + (number + 1) / PER_S - time.perf_counter()))
    await asyncio.gather(*sending)
    await asyncio.sleep(3)
    async with db.tx(place.organisation_id) as tx:
        found = await tx.fetch(
            """
            select extract(epoch from r.created_at - e.created_at) * 1000 as ms
            from chat.events r join chat.events e
                on e.room_id = r.room_id and e.number = (r.body ->> 'text')::bigint
            where r.body ? 'program_id' and r.kind = 'message' and r.created_at > $1
                and r.room_id = any($2)
            """,
            since,
            [UUID(room) for room in rooms],
        )
    await db.close()
    took = [float(row["ms"]) for row in found]
    assert len(took) == int(PER_S * REPLYING_S), len(took)
    p50, p99 = quantile(sorted(took), 0.5), quantile(sorted(took), 0.99)
    print(f"{p50:.1f} / {p99:.1f} ms", file=sys.stderr)
    return p50, p99


async def _send(web: httpx.AsyncClient, room: str) -> None:
    body = {"client_key": str(uuid4()), "text": "Hello"}
    sent = await web.post(f"/rooms/{room}/events", json=body)
    assert sent.status_code == 201, sent.text


if __name__ == "__main__":
    with placed() as served:
        for what, figure in asyncio.run(_neighbours(served, sys.argv[1:])):
            print(f"| {what} | {figure} |")
