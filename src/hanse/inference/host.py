"""A machine of workers: keeps their processes alive, and tells them of models and the scheduler."""

import asyncio
import os
import socket as sockets
from collections.abc import Sequence
from pathlib import Path

from hanse.inference.addresses import TlsFiles
from hanse.inference.assignment import Assignment, AssignmentFile
from hanse.inference.catalogue import ModelWatch, catalogue_of, own_models
from hanse.inference.job import Limits, ModelSpec
from hanse.inference.machine import machine_kind, models_bytes
from hanse.inference.metrics import Metrics
from hanse.inference.onnx_models import OnnxCatalogue
from hanse.inference.processes import WorkerProcesses
from hanse.inference.registry import Locate
from hanse.platform.telemetry import log

LOCATE_S = 0.5
"""Time between two looks for the active scheduler."""


async def serve_workers(
    *,
    locate: Locate,
    tls: TlsFiles | None,
    folder: Path,
    models_directory: Path,
    workers: int,
    pseudo: bool,
    limits: Limits,
    stop: asyncio.Event,
    translation_engine: str = "auto",
    kind: str = "",
    engines: Sequence[str] = (),
    worker_bytes: int = 0,
) -> None:
    """Run `workers` worker processes for a scheduler elsewhere, until `stop` is set; then drain.

    Workers run the models that lie in `models_directory` or are bundled, known by their hash.
    `kind` names machines of equal speed; by default it is the processor's name. The models of each
    worker may take `worker_bytes`; 0 means an equal part of half the machine. `folder` holds what
    the processes are told. Must run in the main thread.

    Raises SetupError if the translation engine cannot be used.
    """
    own = own_models(pseudo=pseudo, engines=engines)
    catalogue = catalogue_of(models_directory, translation_engine)
    file = AssignmentFile(folder / f"workers-{os.getpid()}.json")
    telling = Telling(
        file,
        locate,
        tls,
        limits,
        engines_of=[model.info.engine for model in own],
        memory_bytes=models_bytes(workers, worker_bytes),
    )
    watch = ModelWatch(catalogue, OnnxCatalogue(models_directory), own, telling.set_models)
    metrics = Metrics()
    try:
        await watch.look()
        await telling.look()
        processes = WorkerProcesses(
            file.path,
            count=workers,
            limits=limits,
            restarted=metrics.restarted,
            kind=kind or machine_kind(),
            remote=True,
        )
        log.info("workers", count=workers, kind=kind or machine_kind())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(processes.run())
            background = [
                group.create_task(watch.run(limits.rescan_s)),
                group.create_task(telling.run()),
            ]
            await stop.wait()
            processes.stop()
            await running
            for task in background:
                task.cancel()
    finally:
        file.path.unlink(missing_ok=True)


class Telling:
    """Writes the file of the worker processes whenever something in it changed."""

    def __init__(
        self,
        file: AssignmentFile,
        locate: Locate,
        tls: TlsFiles | None,
        limits: Limits,
        *,
        engines_of: list[str],
        memory_bytes: int,
    ) -> None:
        self._file = file
        self._locate = locate
        self._tls = tls
        self._limits = limits
        self._engines = engines_of
        self._memory_bytes = memory_bytes
        self._models: list[ModelSpec] = []
        self._address: str | None = None
        self._written: Assignment | None = None

    def set_models(self, models: list[ModelSpec]) -> None:
        """These are the models of this machine."""
        self._models = models
        self._write()

    async def look(self) -> None:
        """Look for the scheduler once."""
        address = await self._locate()
        self._address = None if address is None else str(address)
        self._write()

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOCATE_S)
            await self.look()

    def _write(self) -> None:
        engines = {model.info.engine for model in self._models} | set(self._engines)
        assignment = Assignment(
            address=self._address,
            models=self._models,
            host=sockets.gethostname(),
            engines=sorted(engines),
            memory_bytes=self._memory_bytes,
            tls=self._tls,
            heartbeat_s=self._limits.heartbeat_s,
            heartbeat_timeout_s=self._limits.heartbeat_timeout_s,
        )
        if assignment != self._written:
            self._written = assignment
            self._file.write(assignment)
