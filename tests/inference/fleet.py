"""A real scheduler with real workers, in a process of its own that a test may kill.

`python -m tests.inference.fleet SETTINGS` is that process.
"""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from hanse.inference import (
    Door,
    InferenceClient,
    Limits,
    Registry,
    ServiceClass,
    Standing,
    TextOutcome,
    TlsFiles,
    located,
    parse_address,
    serve,
    serve_workers,
)
from hanse.platform.bus import connect_bus
from hanse.platform.problems import Problem

FRAGILE = "tests.inference.fragile:engine"
ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 30.0

T = TypeVar("T")


class Settings(msgspec.Struct):
    """How to serve.

    With `listen` other machines come in there, with `cell` it is found in NATS. With `scheduler`
    it is a machine of workers alone.
    """

    folder: str
    workers: int
    limits: Limits
    certificates: str = ""
    listen: str = ""
    cell: str = ""
    nats_url: str = ""
    scheduler: str = ""


def tls_files(folder: Path, role: str) -> TlsFiles:
    """The certificate of a role, as `renew` writes it."""
    return TlsFiles(folder / f"{role}.pem", folder / f"{role}-key.pem", folder / "ca.pem")


async def until(condition: Callable[[], Awaitable[T]], seconds: float = 30.0) -> T:
    """Wait until the condition is true, and return its value."""
    end = time.monotonic() + seconds
    while not (value := await condition()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)
    return value


class Fleet:
    """A scheduler process and a client of it."""

    def __init__(self, folder: Path, workers: int, limits: Limits, **place: str) -> None:
        self.folder = folder
        self.socket = folder / "run" / "inference.sock"
        self.models_directory = folder / "models"
        self._settings = Settings(str(folder), workers, limits, **place)
        self.process = self._start()
        self.client: InferenceClient

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.inference.fleet",
                msgspec.json.encode(self._settings).decode(),
            ],
            cwd=ROOT,
        )

    async def connect(self) -> None:
        """Wait until all workers are there."""
        self.client = await InferenceClient.open(self.socket)
        await self.until_workers(self._settings.workers)

    async def until_workers(self, number: int) -> list[dict[str, Any]]:
        """Wait until so many workers are there, and return them."""

        async def there() -> list[dict[str, Any]]:
            if self.process.poll() is not None:
                raise AssertionError("the scheduler ended")
            try:
                workers = (await self.client.status())["workers"]
            except Problem:
                return []
            return list(workers) if len(workers) >= number else []

        return await until(there, START_TIMEOUT_S)

    def restart(self) -> None:
        """Start the scheduler again after it was killed."""
        self.process = self._start()

    async def counts(self) -> dict[str, int]:
        """What the scheduler counted."""
        return dict((await self.client.status())["counts"])

    async def run_each(self, *items: str, **options: Any) -> list[TextOutcome]:
        """Run items, by default through the fragile engine."""
        return await self.client.run_each(items=items, **(_DEFAULTS | options))

    async def run(self, *items: str, **options: Any) -> list[str]:
        """Run items, by default through the fragile engine."""
        return await self.client.run(items=items, **(_DEFAULTS | options))

    async def close(self) -> None:
        """Stop everything."""
        if not self._settings.scheduler:
            await self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


_DEFAULTS: dict[str, Any] = {
    "organisation_id": UUID(int=1),
    "model": "fragile",
    "service_class": ServiceClass.INTERACTIVE,
    "deadline_s": 30.0,
}


@asynccontextmanager
async def running_fleet(
    workers: int = 2, limits: Limits | None = None, **place: str
) -> AsyncIterator[Fleet]:
    """A fleet for the length of a block, with the bundled models, `pseudo` and `fragile`.

    `place` are settings of that name.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-fleet-") as folder:
        fleet = Fleet(Path(folder), workers, limits or Limits(), **place)
        try:
            await fleet.connect()
            yield fleet
        finally:
            await fleet.close()


@asynccontextmanager
async def machine_of_workers(
    workers: int, limits: Limits, *, scheduler: str, certificates: str
) -> AsyncIterator[Fleet]:
    """Workers for a scheduler elsewhere; a fleet without a client, for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="hanse-fleet-") as folder:
        machine = Fleet(
            Path(folder), workers, limits, scheduler=scheduler, certificates=certificates
        )
        try:
            yield machine
        finally:
            await machine.close()


async def _main(arguments: Sequence[str]) -> None:
    settings = msgspec.json.decode(arguments[0], type=Settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if settings.scheduler:
        await _serve_workers(settings, stop)
    else:
        await _serve(settings, stop)


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    folder = Path(settings.folder)
    door = standing = bus = None
    if settings.listen:
        address = parse_address(settings.listen)
        door = Door(address, tls_files(Path(settings.certificates), "scheduler"))
        if settings.cell:
            bus = await connect_bus(settings.nats_url)
            standing = Standing(Registry(bus), settings.cell, address)
    await serve(
        socket=folder / "run" / "inference.sock",
        models_directory=folder / "models",
        workers=settings.workers,
        pseudo=True,
        limits=settings.limits,
        stop=stop,
        engines=[FRAGILE],
        door=door,
        standing=standing,
    )
    if bus is not None:
        await bus.close()


async def _serve_workers(settings: Settings, stop: asyncio.Event) -> None:
    folder = Path(settings.folder)
    await serve_workers(
        locate=located(parse_address(settings.scheduler)),
        tls=tls_files(Path(settings.certificates), "worker"),
        folder=folder,
        models_directory=folder / "models",
        workers=settings.workers,
        pseudo=True,
        limits=settings.limits,
        stop=stop,
        kind="other",
        engines=[FRAGILE],
    )


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
