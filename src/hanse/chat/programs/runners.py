"""The runners of one process: starts them, asks them, and replaces those that die or hang."""

import asyncio
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
from prometheus_client import Counter

from hanse.chat.programs.guests import Language
from hanse.chat.programs.messages import (
    FRAME_BYTES_MAX,
    LENGTH,
    Answer,
    Ready,
    Run,
    Unknown,
    decode_answer,
    encode,
)
from hanse.platform.process import ProcessSpec, spawn
from hanse.platform.telemetry import log

START_TIMEOUT_S: Final = 60.0
"""The first start of all compiles the guest."""
TURN_TIMEOUT_S: Final = 10.0
"""A turn takes milliseconds; a runner that needs longer hangs."""
RESTART_PAUSE_S: Final = 0.2
KNOWN_MAX: Final = 10_000
"""Sources that a runner was told, of which it may have let go since."""
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "XDG_CACHE_HOME", "PYTHONPATH", "VIRTUAL_ENV")

_deaths = Counter("hanse_chat_program_runner_deaths_total", "Runners that died or hung.")


class RunnerDied(Exception):
    """The runner died, or did not answer in time, and is gone; `in_turn` if it had begun one."""

    def __init__(self, *, in_turn: bool) -> None:
        super().__init__("The runner of programs died.")
        self.in_turn = in_turn


class Runner:
    """One runner process; one turn at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._known: set[bytes] = set()

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process else None

    async def run(self, asked: Run, source: str) -> Answer:
        """Have a turn run. Raises RunnerDied; the next turn is then that of another process."""
        in_turn = False
        try:
            if self._streams is None:
                await self._start()
            in_turn = True
            if asked.digest in self._known:
                answer = await self._ask(asked)
                if not isinstance(answer, Unknown):
                    return answer
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known.add(asked.digest)
            return await self._ask(msgspec.structs.replace(asked, source=source))
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _deaths.inc()
            log.warning("chat_program_runner_died", error=repr(error))
            await self.stop()
            raise RunnerDied(in_turn=in_turn) from error

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await spawn(_spec(theirs.fileno()))
        ours.setblocking(False)
        self._streams = await asyncio.open_connection(sock=ours)
        async with asyncio.timeout(START_TIMEOUT_S):
            ready = await self._receive()
        if not (isinstance(ready, Ready) and ready.is_confined):
            log.warning("chat_program_runner_not_confined")

    async def _ask(self, asked: Run) -> Answer:
        assert self._streams is not None
        body = encode(asked)
        async with asyncio.timeout(TURN_TIMEOUT_S):
            self._streams[1].write(LENGTH.pack(len(body)) + body)
            await self._streams[1].drain()
            return await self._receive()

    async def _receive(self) -> Answer:
        assert self._streams is not None
        reader, _ = self._streams
        (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if size > FRAME_BYTES_MAX:
            raise EOFError("The frame is too large.")
        return decode_answer(await reader.readexactly(size))

    async def stop(self) -> None:
        """End the process, if there is one."""
        process, streams = self._process, self._streams
        self._process = self._streams = None
        self._known.clear()
        if streams is not None:
            streams[1].close()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Runners:
    """So many runners, each with one turn at a time. Whoever waits longest is served first."""

    def __init__(self, count: int) -> None:
        self.all = tuple(Runner() for _ in range(count))
        self._free: asyncio.LifoQueue[Runner] = asyncio.LifoQueue()
        for runner in self.all:
            self._free.put_nowait(runner)

    async def run(self, asked: Run, source: str) -> Answer:
        """Have a turn run by a runner that is free. Raises RunnerDied."""
        async with self._one() as runner:
            return await runner.run(asked, source)

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[Runner]:
        runner = await self._free.get()
        try:
            yield runner
        except RunnerDied:
            await asyncio.sleep(RESTART_PAUSE_S)
            raise
        except BaseException:
            # It was left in the middle of a turn, and what it answers is nobody's.
            await runner.stop()
            raise
        finally:
            self._free.put_nowait(runner)

    async def stop(self) -> None:
        """End all of them."""
        await asyncio.gather(*(each.stop() for each in self.all))


def digest_of(source: str, language: Language) -> bytes:
    """Return the name by which a runner knows a source."""
    return hashlib.sha256(f"{language}\0{source}".encode(errors="replace")).digest()


def _spec(descriptor: int) -> ProcessSpec:
    async def ready() -> bool:
        return True

    return ProcessSpec(
        name="program-runner",
        argv=[sys.executable, "-m", "hanse.chat.programs.runner", str(descriptor)],
        # No address, no password: nothing of Hanse's settings is told.
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        ready=ready,
        pass_fds=(descriptor,),
    )
