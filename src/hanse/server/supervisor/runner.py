"""One supervised child: started, awaited, restarted until it is told to end."""

import asyncio
import time
from collections.abc import Callable

import structlog

from hanse.platform.process import (
    NotReady,
    ProcessSpec,
    SetupError,
    describe_exit,
    spawn,
    stop,
    wait_ready,
)
from hanse.server.supervisor.output import CapturedOutput
from hanse.server.supervisor.restarts import START_FAILURES_MAX, after_exit

OnExit = Callable[[str, int], None]

log = structlog.get_logger()


class StartFailed(RuntimeError):
    """A child never became ready; the message holds the last lines it wrote."""


class Runner:
    """Keeps one child running. `up` is set once it has been ready for the first time."""

    def __init__(self, spec: ProcessSpec, on_exit: OnExit | None) -> None:
        self.spec = spec
        self.up = asyncio.Event()
        self.restarts = 0
        self.ready = False
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._output: CapturedOutput | None = None

    @property
    def pid(self) -> int | None:
        """The process id while the child lives."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def keep_running(self) -> None:
        """Start the child again and again until cancelled; cancelling leaves it running.

        Raises StartFailed or SetupError when it cannot be brought up for the first time.
        """
        if self.spec.capture:
            self._output = CapturedOutput(self.spec.name, self.spec.severity)
        failures = 0
        while True:
            healthy_s = await self._live_once(failures)
            failures, pause_s = after_exit(failures, healthy_s)
            log.info("Restarting a process", process=self.spec.name, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            self.restarts += 1

    async def end(self, hurry: asyncio.Event) -> None:
        """Stop the child: gracefully, or quickly once `hurry` is set."""
        if self._process is not None and self._process.returncode is None:
            log.debug("Stopping a process", process=self.spec.name, pid=self._process.pid)
            await stop(self._process, self.spec, hurry=hurry)
            self._exited(self._process, asked=True)
        if self._output is not None:
            self._output.close()
            self._output = None

    async def _live_once(self, failures: int) -> float:
        """One life of the child, from its start to its end: the seconds it was ready."""
        spec = self.spec
        process = await self._spawn()
        if process is None:
            return 0.0
        try:
            await wait_ready(process, spec)
        except NotReady as reason:
            slow = process.returncode is None
            await stop(process, spec)
            self._exited(process)
            if not self.up.is_set() and (slow or failures + 1 >= START_FAILURES_MAX):
                raise StartFailed(self._explain(reason, failures + 1)) from None
            return 0.0
        log.debug("A process is ready", process=spec.name, pid=process.pid)
        since = time.monotonic()
        self.up.set()
        self.ready = True
        await process.wait()
        self._exited(process)
        return time.monotonic() - since

    async def _spawn(self) -> asyncio.subprocess.Process | None:
        writer = None if self._output is None else self._output.writer
        try:
            self._process = await spawn(self.spec, output=writer)
        except SetupError as error:
            if not self.up.is_set():
                raise
            log.warning("A process cannot be restarted", process=self.spec.name, reason=str(error))
            return None
        return self._process

    def _exited(self, process: asyncio.subprocess.Process, *, asked: bool = False) -> None:
        self.ready = False
        how = describe_exit(process.returncode)
        level = log.debug if asked else log.warning
        level("A process ended", process=self.spec.name, pid=process.pid, how=how)
        if self._on_exit is not None:
            self._on_exit(self.spec.name, process.pid)

    def _explain(self, reason: NotReady, attempts: int) -> str:
        tries = f" ({attempts} attempts)" if attempts > 1 else ""
        lines = self._output.tail() if self._output is not None else []
        if not lines:
            return f"{reason}{tries}; see what it wrote above."
        return f"{reason}{tries}. Its last lines:\n" + "\n".join(f"  {line}" for line in lines)
