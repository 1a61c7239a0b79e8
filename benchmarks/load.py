"""An open-loop load generator, in a process of its own.

Each request is sent at its scheduled moment, whatever became of those before it, and its latency
counts from that moment: a server that stalls is charged for everybody who came meanwhile (no
coordinated omission). With `connections` it is a closed loop instead: so many connections, each of
which sends the next request when its last one is answered. `python -m benchmarks.load` reads a
`Plan` and writes `Outcome`s, both as MessagePack, on its standard input and output.
"""

import asyncio
import subprocess
import sys
import time
from typing import Any

import msgspec
import uvloop

GRACE_S = 30.0
"""Time after the last arrival, after which what is missing counts as never answered."""


class Shot(msgspec.Struct, array_like=True):
    """One request: when (seconds from the start), of what kind, and its bytes after the start."""

    at_s: float
    kind: str
    sentences: int
    request: bytes


class Plan(msgspec.Struct):
    """Where to send what; `connections` 0 for each at its moment."""

    host: str
    port: int
    shots: list[Shot]
    connections: int = 0


class Outcome(msgspec.Struct, array_like=True):
    """What became of a request; `status` 0 and the time waited if it was not answered."""

    kind: str
    sentences: int
    at_s: float
    latency_s: float
    status: int


def run_load(plan: Plan) -> list[Outcome]:
    """Carry out a plan in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.msgpack.encode(plan),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.msgpack.decode(done.stdout, type=list[Outcome])


def http_request(path: str, headers: dict[str, str], body: bytes, *, method: str = "POST") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class _Connection(asyncio.Protocol):
    """A keep-alive connection that carries one request at a time."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._transport: Any = None
        self._buffer = bytearray()
        self._shot: Shot | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, shot: Shot) -> None:
        self._shot = shot
        self._transport.write(shot.request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        fields = bytes(self._buffer[:head]).lower().split(b"\r\n")
        if not self._complete(fields, head + 4):
            return
        shot, self._shot = self._shot, None
        self._buffer.clear()
        stays = b"connection: close" not in fields
        if not stays:
            self._transport.close()
        assert shot is not None
        self._load.answered(shot, int(fields[0].split()[1]), self if stays else None)

    def _complete(self, fields: list[bytes], start: int) -> bool:
        for field in fields:
            if field.startswith(b"content-length:"):
                return len(self._buffer) >= start + int(field.split(b":")[1])
        return self._buffer.endswith(b"0\r\n\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._shot is not None:
            shot, self._shot = self._shot, None
            self._load.answered(shot, 0, None)
        self._load.gone(self)


class _Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._idle: list[_Connection] = []
        self._outcomes: list[Outcome] = []
        self._missing = dict.fromkeys(range(len(plan.shots)))
        self._numbers = {id(shot): number for number, shot in enumerate(plan.shots)}
        self._tasks: set[asyncio.Task[None]] = set()
        self._done = asyncio.Event()
        self._start = 0.0
        self._waiting = iter(plan.shots)

    async def run(self) -> list[Outcome]:
        # The clock of the loop counts whole milliseconds.
        loop_start, self._start = self._loop.time() + 0.2, time.perf_counter() + 0.2
        if self._plan.connections:
            for _ in range(self._plan.connections):
                self._loop.call_at(loop_start, self._next)
        else:
            for shot in self._plan.shots:
                self._loop.call_at(loop_start + shot.at_s, self._fire, shot)
        last = max((shot.at_s for shot in self._plan.shots), default=0.0)
        try:
            async with asyncio.timeout(last + GRACE_S):
                await self._done.wait()
        except TimeoutError:
            for number in list(self._missing):
                self.answered(self._plan.shots[number], 0, None)
        return self._outcomes

    def _next(self) -> None:
        shot = next(self._waiting, None)
        if shot is not None:
            shot.at_s = time.perf_counter() - self._start
            self._fire(shot)

    def _fire(self, shot: Shot) -> None:
        if self._idle:
            self._idle.pop().send(shot)
            return
        task = self._loop.create_task(self._open(shot))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, shot: Shot) -> None:
        try:
            _, connection = await self._loop.create_connection(
                lambda: _Connection(self), self._plan.host, self._plan.port
            )
        except OSError:
            self.answered(shot, 0, None)
            return
        connection.send(shot)

    def answered(self, shot: Shot, status: int, connection: _Connection | None) -> None:
        if connection is not None:
            self._idle.append(connection)
        number = self._numbers[id(shot)]
        if number not in self._missing:
            return
        del self._missing[number]
        latency_s = time.perf_counter() - self._start - shot.at_s
        self._outcomes.append(Outcome(shot.kind, shot.sentences, shot.at_s, latency_s, status))
        if not self._missing:
            self._done.set()
        elif self._plan.connections:
            self._next()

    def gone(self, connection: _Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)


async def _main() -> None:
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    outcomes = await _Load(plan).run()
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcomes))


if __name__ == "__main__":
    uvloop.run(_main())
