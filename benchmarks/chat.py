"""The chat: fan-out, memory of sockets, sends from end to end, and messages translated on the way.

`python -m benchmarks.chat NAME...` measures some of them (memory, fanout, sends, peers, translated)
and prints them; `python -m benchmarks --kept chat` puts what was kept into the report.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg
import msgspec
import psutil
from websockets.asyncio.client import ClientConnection

from benchmarks.chat_load import Key, Line, Place, Sockets, built, line, new_event, opened
from benchmarks.goodput import cpu_seconds, quantile
from benchmarks.load import Outcome, Plan, Shot, http_request, run_load
from benchmarks.peers.running import Unavailable
from benchmarks.peers.synapse import synapse_serving
from benchmarks.promises import Measured
from benchmarks.sentences import SENTENCES
from hanse import identity
from hanse.chat.gateway.frames import Events, Frame
from hanse.chat.log.model import Body, Event, Kind
from hanse.identity.people.service import Changes, apply_changes
from hanse.platform.embedded import embedded_url
from hanse.platform.ids import new_id
from tests.serving import free_port, serving

RESULTS = Path(__file__).parents[1] / "build" / "benchmarks" / "chat.json"

IDLE_SOCKETS = 10_000
IDLE_KEYS = 2_000
IDLE_S = 35.0
"""Longer than the time after which each socket's owner is looked up again."""
FOLLOWERS = 2_000
FOLLOWER_KEYS = 20
FAN_ROUNDS = 3
FAN_MESSAGES = {1: 100, 4: 200}
"""Messages of one round, by how many are on their way at a time."""
ROOMS = 100
SOCKETS_A_ROOM = 2
HOT_SENDERS = 60
HOT_FOLLOWERS = 2
WINDOW = 128
SENDING_S = 8.0
HTTP_CONNECTIONS = 32
HTTP_S = 8.0
SYNAPSE_ROOMS = 16
TRANSLATED_PER_S = 20.0
TRANSLATED_S = 15.0
ENGINE = "firefox"


class Cpu:
    """CPU time that processes take from now on; `totals` says what they took so far, by kind."""

    def __init__(self, totals: Callable[[], dict[str, float]]) -> None:
        self._totals = totals
        self._before = totals()

    def spent(self) -> dict[str, float]:
        """Seconds by kind of process, the largest first."""
        after = self._totals()
        spent = {kind: after[kind] - self._before.get(kind, 0.0) for kind in after}
        return dict(sorted(spent.items(), key=lambda each: -each[1]))


def _tree(place: Place) -> dict[str, float]:
    return cpu_seconds(place.hanse.process.pid)


def told(spent: dict[str, float], count: int) -> str:
    """CPU time of each of `count` things by kind of process, in words."""
    parts = [f"{kind} {s / count * 1e6:.0f}" for kind, s in spent.items() if s / count >= 1e-6]
    return f"{sum(spent.values()) / count * 1e6:.0f} µs of CPU time each ({', '.join(parts)})"


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
        cpu = Cpu(lambda: _tree(place))
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
                f"({len(frame)} bytes; on disk first)",
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


def sends(place: Place) -> list[Measured]:
    """Messages from the sender's socket onto the disk and to who follows, as fast as it goes."""
    keys = place.make_keys(2 * ROOMS)
    rooms = [place.make_room(keys[at : at + 2]) for at in range(0, len(keys), 2)]
    lines = [
        line(key, rooms[number // 2], sends=True)
        for number, key in enumerate(keys[: ROOMS * SOCKETS_A_ROOM])
    ]
    rows = []
    with place.sockets(lines) as sockets:
        rows += _sends(
            place, sockets, f"over {ROOMS} rooms, each followed by two", SOCKETS_A_ROOM, 3_000
        )
    lines = [
        *(line(keys[at % 2], rooms[0], follows=False, sends=True) for at in range(HOT_SENDERS)),
        *(line(keys[at % 2], rooms[0]) for at in range(HOT_FOLLOWERS)),
    ]
    with place.sockets(lines) as sockets:
        rows += _sends(
            place,
            sockets,
            f"in one room, of {HOT_SENDERS} sockets, followed by two",
            HOT_FOLLOWERS,
            1_000,
        )
    return rows


def _sends(place: Place, sockets: Sockets, where: str, followers: int, goal: int) -> list[Measured]:
    sockets.closed(WINDOW, goal // 2, followers)
    guess = sockets.closed(WINDOW, goal, followers)
    time.sleep(1)
    cpu = Cpu(lambda: _tree(place))
    full = sockets.closed(WINDOW, int(SENDING_S * goal / guess.seconds), followers)
    spent = cpu.spent()
    assert (full.lost, full.errors) == (0, 0)
    count, per_s = len(full.took_us), len(full.took_us) / full.seconds
    time.sleep(2)
    half = sockets.at_rate(per_s / 2, int(SENDING_S * per_s / 2), followers)
    return [
        Measured(
            f"Messages a second {where}, on disk and delivered",
            f"**{per_s:,.0f}**, {WINDOW} on the way, p50 {full.took_ms(0.5):.0f} ms; "
            f"{told(spent, count)}; the load generator took {full.cpu_s / full.seconds:.0%} of a "
            "core",
            f">= {goal:,}",
        ),
        Measured(
            f"The time from send to delivery at half of that, {per_s / 2:,.0f}/s",
            f"p50 {half.took_ms(0.5):.1f} ms, p99 **{half.took_ms(0.99):.1f} ms**; "
            f"{half.lost} lost",
            "p99 <= 100 ms",
        ),
    ]


def peers(place: Place) -> list[Measured]:
    """Sends over HTTP, beside Synapse under the same client."""
    keys = place.make_keys(2 * SYNAPSE_ROOMS)
    rooms = [place.make_room(keys[at : at + 2]) for at in range(0, len(keys), 2)]
    headers = {key.secret: {"Authorization": f"Bearer {key.secret}"} for key in keys}

    def ask(number: int) -> bytes:
        at = number % SYNAPSE_ROOMS
        body = msgspec.json.encode(new_event(f"{number:08}"))
        return http_request(f"/v1/rooms/{rooms[at]}/events", headers[keys[2 * at].secret], body)

    with place.sockets([line(key, rooms[at // 2]) for at, key in enumerate(keys)]) as _:
        hanse = _asked(_port(place), lambda: _tree(place), ask)
    with place.sockets(
        [line(key, rooms[at // 2], sends=True) for at, key in enumerate(keys)]
    ) as sockets:
        sockets.closed(HTTP_CONNECTIONS, 1000, 2)
        cpu = Cpu(lambda: _tree(place))
        load = sockets.closed(HTTP_CONNECTIONS, int(HTTP_S * 1000), 2)
        spent = sum(cpu.spent().values())
    by_socket = len(load.took_us) / spent
    rows = [
        Measured(
            f"Messages a second over HTTP, {SYNAPSE_ROOMS} rooms, {HTTP_CONNECTIONS} connections, "
            "on disk and delivered to two sockets",
            f"{hanse.per_s:,.0f}, p50 {hanse.p50_ms:.0f} ms; {told(hanse.spent, hanse.count)}",
            "",
        )
    ]
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        try:
            with tempfile.TemporaryDirectory(prefix="synapse-") as home:
                peer = _synapse(place, Path(home), database(place, Path(home)))
        except Unavailable as problem:
            rows.append(Measured(f"The same of Synapse on {name}", f"not measured: {problem}", ""))
            continue
        rows.append(
            Measured(
                f"The same of Synapse 1.163 on {name}, with nobody who follows",
                f"{peer.per_s:,.0f}, p50 {peer.p50_ms:.0f} ms; {peer.per_cpu_s:,.0f} a second of "
                f"CPU time: Hanse does **{hanse.per_cpu_s / peer.per_cpu_s:.0f} times** as many "
                f"over HTTP and **{by_socket / peer.per_cpu_s:.0f} times** over sockets",
                ">= 30",
            )
        )
    return rows


class _Asked(msgspec.Struct):
    count: int
    per_s: float
    p50_ms: float
    spent: dict[str, float]

    @property
    def per_cpu_s(self) -> float:
        return self.count / sum(self.spent.values())


def _port(place: Place) -> int:
    return int(place.hanse.url.rpartition(":")[2])


def _asked(
    port: int, totals: Callable[[], dict[str, float]], ask: Callable[[int], bytes]
) -> _Asked:
    """Ask in a closed loop for about HTTP_S, after a first while that says how fast it goes."""
    _, first_s = _loop(port, [ask(number) for number in range(200)])
    requests = [ask(200 + number) for number in range(int(200 / first_s * HTTP_S))]
    cpu = Cpu(totals)
    outcomes, seconds = _loop(port, requests)
    spent = cpu.spent()
    return _Asked(
        len(outcomes),
        len(outcomes) / seconds,
        quantile([each.latency_s for each in outcomes], 0.5) * 1000,
        spent,
    )


def _loop(port: int, requests: list[bytes]) -> tuple[list[Outcome], float]:
    shots = [Shot(0.0, "send", 1, each) for each in requests]
    outcomes = run_load(Plan("127.0.0.1", port, shots, HTTP_CONNECTIONS))
    bad = [each for each in outcomes if each.status not in (200, 201)]
    assert not bad, bad[:3]
    return outcomes, max(each.at_s + each.latency_s for each in outcomes)


def _synapse(place: Place, home: Path, database: dict[str, Any]) -> _Asked:
    with synapse_serving(home, database, SYNAPSE_ROOMS) as matrix:

        def ask(number: int) -> bytes:
            token, room = matrix.senders[number % SYNAPSE_ROOMS]
            body = {"msgtype": "m.text", "body": new_event(f"{number:08}")["text"]}
            return http_request(
                f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{number}",
                {"Authorization": f"Bearer {token}"},
                msgspec.json.encode(body),
                method="PUT",
            )

        def totals() -> dict[str, float]:
            own = {"synapse": sum(cpu_seconds(matrix.process).values())}
            # Its PostgreSQL is Hanse's, which has nothing else to do meanwhile.
            return own if is_lite else own | {"postgres": _tree(place)["postgres"]}

        is_lite = database["name"] == "sqlite3"
        return _asked(matrix.port, totals, ask)


def _sqlite(_place: Place, home: Path) -> dict[str, Any]:
    return {"name": "sqlite3", "args": {"database": str(home / "synapse.db")}}


def _postgres(place: Place, _home: Path) -> dict[str, Any]:
    url = urlsplit(embedded_url(place.hanse.home, "hanse", "synapse"))
    where = parse_qs(url.query)
    asyncio.run(_create_database(embedded_url(place.hanse.home, "hanse"), "synapse"))
    return {
        "name": "psycopg2",
        "allow_unsafe_locale": True,
        "args": {
            "user": url.username,
            "dbname": "synapse",
            "host": where["host"][0],
            "port": where["port"][0],
            "cp_min": 5,
            "cp_max": 10,
        },
    }


async def _create_database(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"create database {name}")
    await connection.close()


def translated(place: Place) -> list[Measured]:
    """From the sending of English to the Portuguese on the socket of somebody who reads that."""
    keys = place.make_keys(2)
    reader = asyncio.run(_make_reader(place, ["pt"]))
    room = place.make_room(keys, [reader])
    texts = [each for each in SENTENCES if 20 <= len(each) <= 200]
    asyncio.run(_translate(place, keys, room, texts[:40]))
    count = int(TRANSLATED_PER_S * TRANSLATED_S)
    cpu = Cpu(lambda: _tree(place))
    took = asyncio.run(_translate(place, keys, room, texts[40 : 40 + count]))
    spent = cpu.spent()
    p50, p99 = (quantile(took, part) * 1000 for part in (0.5, 0.99))
    return [
        Measured(
            f"Sending of English to the Portuguese on a reader's socket, {TRANSLATED_PER_S:.0f} "
            f"messages a second, engine `{ENGINE}`",
            f"p50 **{p50:.0f} ms**, p99 **{p99:.0f} ms** of {len(took)}; {told(spent, len(took))}",
            "p50 <= 150 ms, p99 <= 400 ms",
        )
    ]


async def _make_reader(place: Place, languages: list[str]) -> UUID:
    """Somebody who reads these languages."""
    db = await place.open_db()
    async with db.tx(place.organisation_id) as tx:
        access = identity.operator(place.organisation_id)
        person = await identity.create_person(
            tx,
            access,
            email=f"{new_id().hex}@example.org",
            name="Reader",
            role=identity.Role.MEMBER,
        )
        await apply_changes(tx, access, person, Changes(languages=languages))
    await db.close()
    return person.id


async def _translate(place: Place, keys: list[Key], room: str, texts: list[str]) -> list[float]:
    """Send texts one after the other; return how long each took, in seconds."""
    sender, reader = line(keys[0], room), line(keys[1], room)
    async with place.socket(sender) as sending, place.socket(reader) as reading:
        await reading.send(_json({"op": "languages", "languages": ["pt"]}))
        following = asyncio.create_task(_follow(reading, len(texts)))
        sent: dict[str, float] = {}
        start = time.perf_counter() + 0.2
        for number, text in enumerate(texts):
            due = start + number / TRANSLATED_PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            event = {"client_key": str(number), "device": new_id().hex, "text": text}
            sent[event["device"]] = due
            await sending.send(_json({"op": "send", "room_id": room, "event": event}))
        devices, done = await following
    return [done.get(number, float("inf")) - sent[device] for number, device in devices.items()]


async def _follow(reading: ClientConnection, count: int) -> tuple[dict[int, str], dict[int, float]]:
    """Return the device that sent each message, and the moment when its translation came."""
    devices: dict[int, str] = {}
    done: dict[int, float] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(count / TRANSLATED_PER_S + 15):
            while len(done) < count:
                frame = msgspec.json.decode(await reading.recv())
                if frame["op"] == "events":
                    devices |= {each["number"]: each["device"] for each in frame["events"]}
                elif frame["op"] == "translation":
                    done[frame["translation"]["number"]] = time.perf_counter()
    return devices, done


def _json(content: Any) -> str:
    return msgspec.json.encode(content).decode()


PARTS: dict[str, Callable[[Place], list[Measured]]] = {
    each.__name__: each for each in (memory, fanout, sends, peers, translated)
}


@contextmanager
def _placed() -> Iterator[Place]:
    port = free_port()
    with serving(
        HANSE_GATEWAY_PORT=str(port),
        HANSE_RATE_LIMIT_PER_MINUTE="0",
        HANSE_TRANSLATION_ENGINE=ENGINE,
        HANSE_LOG_LEVEL="warning",
    ) as hanse:
        place = Place(hanse, port)
        asyncio.run(place.found())
        yield place


def run() -> str:
    """Measure all and return the section."""
    main([])
    return section()


def section() -> str:
    """The section made of what was kept."""
    kept = _load()
    rows = [
        f"| {one.what} | {one.figure} | {one.goal} |"
        for name in PARTS
        for one in kept.get(name, [])
    ]
    return f"""## Chat

One served Hanse with its default settings ({os.cpu_count()} cores, which the load generator \
shares) but for the limit on requests, which is off: everybody is who their API key says, each \
message of 300 characters is on disk (`fsync` and `synchronous_commit` on) before anybody hears of \
it, and events go through the outbox as ever. The load generator and the bare server are in C \
(`benchmarks/native`).

| what | measured | goal |
|---|---|---|
{chr(10).join(rows)}

Commands: `python -m benchmarks chat`; `python -m benchmarks.chat NAME...` for some of \
{", ".join(PARTS)}. Synapse is installed into `.venv-synapse` from `benchmarks/peers/synapse.txt`.
"""


def _load() -> dict[str, list[Measured]]:
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, list[Measured]])


def main(names: list[str]) -> None:
    """Measure the named parts, or all; keep and print them."""
    kept = _load()
    with _placed() as place:
        for name in names or PARTS:
            kept[name] = PARTS[name](place)
            for one in kept[name]:
                print(f"{one.what}: {one.figure} (goal {one.goal})", flush=True)
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))


if __name__ == "__main__":
    main(sys.argv[1:])
