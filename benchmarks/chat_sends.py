"""Messages from their senders onto the disk and to who follows, and the same of Synapse."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec

from benchmarks.chat_load import Cpu, Place, Sockets, line, new_event, told, tree
from benchmarks.goodput import cpu_seconds, quantile
from benchmarks.load import Outcome, Plan, Shot, http_request, run_load
from benchmarks.measured import Measured
from benchmarks.peers.running import Unavailable
from benchmarks.peers.synapse import synapse_serving
from hanse.platform.embedded import embedded_url

ROOMS = 100
SOCKETS_A_ROOM = 2
HOT_SENDERS = 200
HOT_FOLLOWERS = 2
WINDOW = 200
SENDING_S = 8.0
CONNECTIONS = 32
HTTP_S = 8.0
SYNAPSE_ROOMS = 16


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
    cpu = Cpu(lambda: tree(place))
    full = sockets.closed(WINDOW, int(SENDING_S * goal / guess.seconds), followers)
    spent = cpu.spent()
    assert (full.lost, full.errors) == (0, 0)
    count, per_s = len(full.took_us), len(full.took_us) / full.seconds
    rows = [
        Measured(
            f"Messages a second {where}, on disk and delivered",
            f"**{per_s:,.0f}**, {WINDOW} on the way, p50 {full.took_ms(0.5):.0f} ms; "
            f"{told(spent, count)}; the load generator took {full.cpu_s / full.seconds:.0%} of a "
            "core",
            f">= {goal:,}",
        )
    ]
    for rate, of, wanted in (
        (goal / 2, "the goal", "p99 <= 100 ms"),
        (per_s / 2, "what was measured", ""),
    ):
        time.sleep(2)
        load = sockets.at_rate(rate, int(SENDING_S * rate), followers)
        rows.append(
            Measured(
                f"The time from send to delivery at half of {of}, {rate:,.0f}/s",
                f"p50 {load.took_ms(0.5):.1f} ms, p99 **{load.took_ms(0.99):.1f} ms**; "
                f"{load.lost} lost",
                wanted,
            )
        )
    return rows


def peers(place: Place) -> list[Measured]:
    """Sends over HTTP, beside Synapse under the same client."""
    keys = place.make_keys(2 * SYNAPSE_ROOMS)
    rooms = [place.make_room(keys[at : at + 2]) for at in range(0, len(keys), 2)]
    headers = {key.secret: {"Authorization": f"Bearer {key.secret}"} for key in keys}

    def ask(number: int) -> bytes:
        at = number % SYNAPSE_ROOMS
        body = msgspec.json.encode(new_event(f"{number:08}"))
        return http_request(f"/v1/rooms/{rooms[at]}/events", headers[keys[2 * at].secret], body)

    with place.sockets([line(key, rooms[at // 2]) for at, key in enumerate(keys)]):
        ours = {"over HTTP": _asked(_port(place), lambda: tree(place), ask)}
    lines = [
        line(keys[at % len(keys)], rooms[at % len(keys) // 2], follows=at < len(keys), sends=True)
        for at in range(WINDOW)
    ]
    with place.sockets(lines) as sockets:
        for window in (CONNECTIONS, WINDOW):
            ours[f"over sockets, {window} on the way"] = _told_over(place, sockets, window)
    rows = [
        Measured(
            f"Messages a second {how}, in {SYNAPSE_ROOMS} rooms, on disk and delivered to two",
            f"{each.per_s:,.0f}, p50 {each.p50_ms:.0f} ms; {told(each.spent, each.count)}",
            "",
        )
        for how, each in ours.items()
    ]
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        what = f"Synapse on {name}: {CONNECTIONS} connections, followed by nobody"
        try:
            with tempfile.TemporaryDirectory(prefix="synapse-") as home:
                peer = _synapse(place, Path(home), database(place, Path(home)))
        except Unavailable as problem:
            rows.append(Measured(what, f"not measured: {problem}", ""))
            continue
        times = ", ".join(
            f"**{each.per_cpu_s / peer.per_cpu_s:.0f}** {how}" for how, each in ours.items()
        )
        rows.append(
            Measured(
                what,
                f"{peer.per_s:,.0f}, p50 {peer.p50_ms:.0f} ms; {peer.per_cpu_s:,.0f} a second of "
                f"CPU time. Hanse, times as many: {times}",
                ">= 30 times",
            )
        )
    return rows


def _told_over(place: Place, sockets: Sockets, window: int) -> "_Asked":
    sockets.closed(window, 1000, 2)
    guess = sockets.closed(window, 1000, 2)
    cpu = Cpu(lambda: tree(place))
    load = sockets.closed(window, int(HTTP_S * 1000 / guess.seconds), 2)
    spent = cpu.spent()
    assert (load.lost, load.errors) == (0, 0)
    count = len(load.took_us)
    return _Asked(count, count / load.seconds, load.took_ms(0.5), spent)


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
    outcomes = run_load(Plan("127.0.0.1", port, shots, CONNECTIONS))
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
            return own if is_lite else own | {"postgres": tree(place)["postgres"]}

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
