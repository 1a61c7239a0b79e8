"""The worker processes of this machine: started, started again when they end, and stopped."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hanse.inference.job import Limits
from hanse.platform.process import ProcessSpec, describe_exit, spawn, stop
from hanse.platform.telemetry import log

HEALTHY_S = 10.0
"""A worker that ran for this long is started again without delay when it ends."""

NICE = 10
"""Workers give way to the processes that feed them and answer for them: there is one a core.

A tenth of a busy core is left to each, so that none seems to hang (docs/decisions/0074).
"""


class WorkerProcesses:
    """Keeps `count` worker processes alive until told to stop.

    Of Hanse's settings they see only the variables in `told`. They connect to the scheduler at
    `socket`; with `remote` that is the file which says where it is (see `assignment`). The models
    of each may take `memory_bytes`; 0 means that there is no bound.
    """

    def __init__(
        self,
        socket: Path,
        *,
        count: int,
        limits: Limits,
        restarted: Callable[[], None],
        kind: str = "cpu",
        memory_bytes: int = 0,
        told: Sequence[str] = (),
        remote: bool = False,
    ) -> None:
        self._count = count
        self._limits = limits
        self._restarted = restarted
        self._stopping = asyncio.Event()
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._spec = ProcessSpec(
            name="worker",
            argv=[
                sys.executable,
                "-m",
                "hanse.inference.worker",
                f"--{'assignment' if remote else 'socket'}={socket}",
                f"--kind={kind}",
                f"--models-max={limits.worker_models_max}",
                f"--memory-bytes={memory_bytes}",
                f"--frame-bytes-max={limits.frame_bytes_max}",
                f"--nice={NICE}",
            ],
            # Workers run native code on anybody's text: they are told no passwords but those that
            # their engine needs. One thread each: there is a worker for every core.
            env={
                **{
                    key: value
                    for key, value in os.environ.items()
                    if not key.startswith("HANSE_") or key in told
                },
                "OPENBLAS_NUM_THREADS": "1",
            },
            ready=_ready,
            stop_signal=signal.SIGTERM,
            parent_death_signal=signal.SIGKILL,
            stop_timeout_s=limits.drain_s,
        )

    async def run(self) -> None:
        """Keep the workers alive; returns after `stop` once all have ended."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._keep())

    def stop(self) -> None:
        """Let every worker end after the batch it runs."""
        self._stopping.set()

    def kill(self, pid: int) -> None:
        """End a worker at once, if it is one of ours."""
        process = self._running.get(pid)
        if process is not None and process.returncode is None:
            process.kill()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = self._limits.restart_first_s
        while not self._stopping.is_set():
            started = loop.time()
            process = await spawn(self._spec)
            self._running[process.pid] = process
            try:
                await self._until_end(process)
            finally:
                if process.returncode is None:
                    process.kill()
                del self._running[process.pid]
            if self._stopping.is_set():
                return
            ran_s = loop.time() - started
            if ran_s >= HEALTHY_S:
                pause_s = self._limits.restart_first_s
            ended = describe_exit(process.returncode)
            log.warning("worker ended", pid=process.pid, how=ended, ran_s=round(ran_s, 1))
            self._restarted()
            await self._pause(pause_s)
            pause_s = min(pause_s * 2, self._limits.restart_last_s)

    async def _until_end(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.ensure_future(process.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await stop(process, self._spec)
        finally:
            ended.cancel()
            stopping.cancel()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _ready() -> bool:
    return True
