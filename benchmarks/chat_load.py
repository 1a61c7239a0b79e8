"""Rooms, keys and sockets to measure a chat with, and its load generator, which is written in C."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.goodput import cpu_seconds, quantile
from hanse import identity
from hanse.chat import asyncapi_document
from hanse.platform.database import Db
from hanse.platform.embedded import embedded_url
from hanse.platform.ids import new_id
from tests.serving import Hanse

SOURCES = Path(__file__).parent / "native"
BUILT = Path(__file__).parents[1] / "build" / "benchmarks"
NUMBER = "@@@@@@@@"
"""What the load generator replaces by the number of the message."""
TEXT_CHARACTERS = 300
SCOPES = ["chat:read", "chat:write", "chat:channels"]
ROOM_MEMBERS_MAX = 100


class Key(NamedTuple):
    """An API key that chats."""

    id: UUID
    secret: str


class Line(NamedTuple):
    """What one socket does: who it is, what it says first, and what it sends when told to."""

    key: str = ""
    first: str = ""
    message: str = ""


class Load(msgspec.Struct):
    """What came of a load; `took_us` of each message until all who follow had it, -1 for never."""

    seconds: float
    deliveries: int
    frames: int
    errors: int
    cpu_s: float
    took_us: list[int]

    @property
    def lost(self) -> int:
        """Messages that did not reach everybody."""
        return sum(took < 0 for took in self.took_us)

    def took_ms(self, part: float) -> float:
        """A quantile of the time of the messages; what was lost counts as endless."""
        return quantile([took / 1000 if took >= 0 else float("inf") for took in self.took_us], part)


class Sockets:
    """Open sockets under the load generator's hand."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def closed(self, window: int, messages: int, followers: int) -> Load:
        """Send so many messages, `window` at a time; `followers` get each."""
        return self._run(f"closed {window} {messages} {followers}")

    def at_rate(self, per_s: float, messages: int, followers: int) -> Load:
        """Send so many messages at a rate, whatever becomes of them."""
        return self._run(f"open {per_s} {messages} {followers}")

    def _run(self, command: str) -> Load:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Load)


def built(name: str) -> Path:
    """Return a program of `benchmarks/native`, compiled by the system's C compiler."""
    compiler = next(filter(shutil.which, ("cc", "gcc", "clang")))
    BUILT.mkdir(parents=True, exist_ok=True)
    program = BUILT / name
    source = SOURCES / f"{name}.c"
    subprocess.run([compiler, "-O2", "-Wall", "-o", program, source], check=True)
    return program


@contextmanager
def opened(
    port: int, lines: Sequence[Line], *, path: str = "/", ready: str = ""
) -> Iterator[Sockets]:
    """Open sockets, and yield once a frame that begins with `ready` has come on each."""
    with tempfile.NamedTemporaryFile("w", suffix=".lines") as file:
        file.writelines("\t".join(line) + "\n" for line in lines)
        file.flush()
        process = subprocess.Popen(
            [built("chat_load"), str(port), path, ready, file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Sockets(process)
        finally:
            process.kill()
            process.wait()


class Place:
    """A served Hanse with a gateway, and an organisation of its own in it."""

    def __init__(self, hanse: Hanse, gateway_port: int) -> None:
        self.hanse = hanse
        self.gateway_port = gateway_port
        self.organisation_id = new_id()
        [channel] = asyncapi_document("")["channels"].values()
        self._path = channel["address"]

    async def found(self) -> None:
        """Make the organisation. Raises AssertionError unless what is committed is on disk."""
        db = await self.open_db()
        async with db.tx(self.organisation_id) as tx:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                assert await tx.fetchval(f"show {name}") == "on", name
            await identity.create_organisation(tx, "Benchmark")
        await db.close()

    def make_keys(self, count: int) -> list[Key]:
        """Make API keys that may chat."""
        return asyncio.run(self._make_keys(count))

    async def _make_keys(self, count: int) -> list[Key]:
        keys = []
        db = await self.open_db()
        async with db.tx(self.organisation_id) as tx:
            access = identity.operator(self.organisation_id)
            for _ in range(count):
                key, secret = await identity.create_api_key(tx, access, name="load", scopes=SCOPES)
                keys.append(Key(key.id, secret))
        await db.close()
        return keys

    async def open_db(self) -> Db:
        """A pool of connections to its database."""
        return await Db.open(embedded_url(self.hanse.home, "hanse_app"))

    def make_room(self, keys: Sequence[Key], people: Sequence[UUID] = ()) -> str:
        """Make a room with these members; return its id."""
        ids = [*(key.id for key in keys[1:]), *people]
        with self.client(keys[0]) as client:
            made = client.post(
                "/v1/rooms", json={"name": "Load", "member_ids": [str(each) for each in ids]}
            )
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def client(self, key: Key) -> httpx.Client:
        """An HTTP client with a key."""
        headers = {"Authorization": f"Bearer {key.secret}"}
        return httpx.Client(base_url=self.hanse.url, headers=headers, timeout=60)

    @contextmanager
    def sockets(self, lines: Sequence[Line]) -> Iterator[Sockets]:
        """Open sockets that are somebody's and follow what they asked for."""
        ready = '{"op":"subscribed"' if any(line.first for line in lines) else '{"op":"welcome"'
        with opened(self.gateway_port, lines, path=self._path, ready=ready) as sockets:
            yield sockets

    @asynccontextmanager
    async def socket(self, line: Line) -> AsyncIterator[ClientConnection]:
        """Open one socket without the load generator."""
        url = f"ws://127.0.0.1:{self.gateway_port}{self._path}"
        async with connect(url, additional_headers={"Authorization": line.key}) as wire:
            await wire.send(line.first)
            yield wire


def line(key: Key, room: str, *, follows: bool = True, sends: bool = False) -> Line:
    """A socket of a key that follows a room, sends to it, or both."""
    rooms = {room: None} if follows else {}
    return Line(
        f"Bearer {key.secret}",
        json_of({"op": "subscribe", "rooms": rooms}),
        json_of({"op": "send", "id": 1, "room_id": room, "event": new_event()}) if sends else "",
    )


def new_event(number: str = NUMBER) -> dict[str, Any]:
    """A message of 300 characters of another device each time."""
    return {
        "client_key": number,
        "device": new_id().hex,
        "text": (f"#{number} " + "What about lunch? " * 20)[:TEXT_CHARACTERS],
    }


def json_of(content: Any) -> str:
    return msgspec.json.encode(content).decode()


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


def tree(place: Place) -> dict[str, float]:
    """CPU seconds so far of a whole Hanse, by kind of process."""
    return cpu_seconds(place.hanse.process.pid)


def told(spent: dict[str, float], count: int) -> str:
    """CPU time of each of `count` things by kind of process, in words."""
    parts = [f"{kind} {s / count * 1e6:.0f}" for kind, s in spent.items() if s / count >= 1e-6]
    return f"{sum(spent.values()) / count * 1e6:.0f} µs of CPU time each ({', '.join(parts)})"
