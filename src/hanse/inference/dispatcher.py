"""The shell around the scheduler: sockets, worker processes, models on disk, the clock.

All frames that arrive in one turn of the event loop go into the scheduler together, then it decides
once, and each peer gets what concerns it in one write.
"""

import asyncio
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from hanse.inference import messages as wire
from hanse.inference.addresses import Role
from hanse.inference.clients import ClientConnection, Clients
from hanse.inference.commands import (
    Command,
    Finish,
    KillWorker,
    LoadModel,
    Reject,
    RunBatch,
    UnloadModels,
)
from hanse.inference.connection import Connection
from hanse.inference.job import Job, Limits, ModelSpec
from hanse.inference.messages import (
    PROTOCOL,
    AskStatus,
    BatchDone,
    BatchFailed,
    BatchPartial,
    Beat,
    Cancel,
    FromClient,
    FromWorker,
    Hello,
    Holds,
    ItemError,
    Leaving,
    Load,
    ModelLoaded,
    Run,
    Status,
    Stop,
    Submit,
    unwrapped,
)
from hanse.inference.metrics import Metrics
from hanse.inference.overview import overview
from hanse.inference.processes import WorkerProcesses
from hanse.inference.scheduler import Scheduler
from hanse.platform.telemetry import log

WorkerConnection = Connection[FromWorker]

_MARGIN_S = 1.0
"""What a worker on another machine gets on top, before it ends itself: we are to notice first."""


class Dispatcher:
    """Carries events to the scheduler and its commands out. Belongs to one event loop."""

    def __init__(self, limits: Limits, processes: WorkerProcesses, metrics: Metrics) -> None:
        self.scheduler = Scheduler(limits)
        self.idle = asyncio.Event()
        """Set while no batch runs."""
        self.idle.set()
        self._limits = limits
        self._processes = processes
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._clients = Clients(limits, metrics)
        self._workers: dict[int, WorkerConnection] = {}
        self._worker_ids: dict[WorkerConnection, int] = {}
        self._pids: dict[int, int] = {}
        # Workers on other machines: what they told, and when they were last heard of.
        self._remote: dict[int, Hello] = {}
        self._heard: dict[int, float] = {}
        self._leaving: set[int] = set()
        # What workers compute or load, and since when.
        self._batches: dict[int, tuple[RunBatch | LoadModel, float]] = {}
        self._worker_numbers = count(1)
        self._turn_due = False
        self._timer: asyncio.TimerHandle | None = None

    def client(self) -> ClientConnection:
        """Return the protocol of a client that connects."""
        return Connection(
            msgspec.msgpack.Decoder(FromClient),
            frame_bytes_max=self._limits.frame_bytes_max,
            buffer_bytes_max=self._limits.peer_buffer_bytes_max,
            made=self._clients.made,
            receive=self._client_sent,
            lost=self._client_lost,
            peer_role=Role.CLIENT,
        )

    def worker(self) -> WorkerConnection:
        """Return the protocol of a worker that connects."""
        return Connection(
            msgspec.msgpack.Decoder(FromWorker),
            frame_bytes_max=self._limits.frame_bytes_max,
            buffer_bytes_max=self._limits.peer_buffer_bytes_max,
            made=lambda _connection: None,
            receive=self._worker_sent,
            lost=self._worker_lost,
            peer_role=Role.WORKER,
        )

    def set_models(self, models: list[ModelSpec]) -> None:
        """Serve these models from now on, and tell the clients."""
        self.scheduler.set_models(models)
        self._clients.set_models([model.info for model in models])
        named = {model.info.name for model in models}
        for name in self._limits.pinned_models:
            if name not in named:
                log.warning("a pinned model is not there", model=name)
        self._wake()

    def drain(self) -> None:
        """Answer whatever waits that inference is stopping; batches that run may end."""
        self.scheduler.drain()
        self._turn()

    def close(self) -> None:
        """Send what is left to the clients, and close all connections."""
        if self._timer is not None:
            self._timer.cancel()
        self._clients.close()
        for worker in list(self._worker_ids):
            worker.close()

    def status(self) -> dict[str, Any]:
        """Return how the fleet is, in plain values."""
        status = self.scheduler.status(self._loop.time())
        for worker in status["workers"]:
            worker["pid"] = self._pids[worker["worker"]]
            told = self._remote.get(worker["worker"])
            worker["host"] = told.host if told else ""
            worker["engines"] = told.engines if told else []
        return status | {"clients": len(self._clients)}

    # Rhythms

    def beat(self) -> None:
        """Tell workers on other machines that we live, and give up those that are silent.

        One that runs a batch is silent until that is done, within the time of the batch.
        """
        silent_since = self._loop.time() - self._limits.heartbeat_timeout_s
        busy = {command.worker for command, _ in self._batches.values()}
        for worker in list(self._remote):
            if worker not in busy and self._heard[worker] < silent_since:
                self._workers[worker].cut("The worker is silent.")
            else:
                self._workers[worker].send(Beat())

    def report(self) -> None:
        """Tell all clients how much waits."""
        scheduler = self.scheduler
        load = Load(
            workers=len(scheduler.fleet.workers),
            backlog_s={each.value: queue.seconds for each, queue in scheduler.queues.items()},
            models=scheduler.able_models(),
        )
        self._clients.tell_all(load)

    # Clients

    def _client_sent(self, connection: ClientConnection, messages: list[FromClient]) -> None:
        for message in messages:
            match message:
                case Submit():
                    self._submit(connection, message)
                case Cancel():
                    request = self._clients.cancelled(connection, message.id)
                    if request is not None:
                        self._cancel(request)
                case AskStatus(organisation_id=None):
                    connection.send(Status(message.id, self.status()))
                case AskStatus(organisation_id=UUID() as organisation):
                    known = overview(self.scheduler, organisation)
                    connection.send(Status(message.id, msgspec.to_builtins(known)))
        self._wake()

    def _submit(self, connection: ClientConnection, message: Submit) -> None:
        request = self._clients.opened(connection, message.id)
        if request is None:
            return
        job = Job(
            request=request,
            organisation_id=message.organisation_id,
            model=message.model,
            items=message.items,
            service_class=message.service_class,
            deadline_s=message.deadline_s,
            output=message.output,
            then=message.then,
        )
        self.scheduler.submit(job, self._loop.time())

    def _client_lost(self, connection: ClientConnection, reason: str) -> None:
        requests = self._clients.lost(connection)
        for request in requests:
            self._cancel(request)
        log.debug("client left", reason=reason, cancelled=len(requests))
        self._wake()

    def _cancel(self, request: int) -> None:
        self.scheduler.cancel(request)
        for batch, (command, _) in self._batches.items():
            # Nobody else waits for a streamed answer.
            if isinstance(command, RunBatch) and command.requests == (request,):
                self._workers[command.worker].send(Stop(batch))

    def _tell(self, message: BatchPartial) -> None:
        command, _ = self._batches.get(message.batch, (None, 0.0))
        if isinstance(command, RunBatch) and 0 <= message.place < len(command.requests):
            self._clients.tell(command.requests[message.place], message.text)

    # Workers

    def _worker_sent(self, connection: WorkerConnection, messages: list[FromWorker]) -> None:
        for message in messages:
            worker = self._worker_ids.get(connection)
            match message:
                case Hello() if worker is None and message.protocol == PROTOCOL:
                    worker = next(self._worker_numbers)
                    self._workers[worker] = connection
                    self._worker_ids[connection] = worker
                    self._pids[worker] = message.pid
                    self.scheduler.worker_ready(worker, message.kind, message.memory_bytes)
                    if message.models is not None:
                        self._remote[worker] = message
                        self.scheduler.worker_has(worker, message.models, message.loaded)
                    log.info("worker ready", pid=message.pid, kind=message.kind, host=message.host)
                case BatchDone() if worker is not None:
                    self._batch_done(worker, message)
                case BatchFailed() if worker is not None:
                    log.error("model not loaded", pid=self._pids[worker], detail=message.detail)
                    self._batches.pop(message.batch, None)
                    self.scheduler.batch_failed(worker, message.batch, message.detail)
                case ModelLoaded() if worker is not None:
                    self._model_loaded(worker, message)
                case BatchPartial() if worker is not None:
                    self._tell(message)
                case Beat() if worker is not None:
                    pass
                case Holds() if worker is not None and worker in self._remote:
                    self.scheduler.worker_has(worker, message.models)
                case Leaving() if worker is not None:
                    self._leaving.add(worker)
                case _:
                    connection.cut("A worker of another protocol.")
                    return
            worker = self._worker_ids[connection]
            self._heard[worker] = self._loop.time()
            if worker in self._leaving and self._let_go(worker, connection):
                break
        self._wake()

    def _let_go(self, worker: int, connection: WorkerConnection) -> bool:
        """Part from a worker that is leaving as soon as it runs nothing."""
        state = self.scheduler.fleet.workers.get(worker)
        if state is not None and state.batch is not None:
            return False
        self.scheduler.worker_left(worker)
        log.info("worker left", pid=self._forget(worker, connection))
        connection.close()
        return True

    def _forget(self, worker: int, connection: WorkerConnection) -> int:
        del self._worker_ids[connection]
        del self._workers[worker]
        self._remote.pop(worker, None)
        self._heard.pop(worker, None)
        self._leaving.discard(worker)
        return self._pids.pop(worker)

    def _batch_done(self, worker: int, message: BatchDone) -> None:
        now = self._loop.time()
        command, started = self._batches.pop(message.batch, (None, 0.0))
        if isinstance(command, RunBatch):
            took_s = now - started - message.load_s
            self._metrics.batch(len(command.items), command.predicted_s, took_s)
        for outcome in message.outcomes:
            if isinstance(outcome, ItemError):
                log.error("item failed", pid=self._pids[worker], detail=outcome.detail)
        self.scheduler.batch_done(
            worker,
            message.batch,
            [*map(unwrapped, message.outcomes)],
            now,
            load_s=message.load_s,
            loaded=message.loaded,
            rss_bytes=message.rss_bytes,
        )

    def _model_loaded(self, worker: int, message: ModelLoaded) -> None:
        now = self._loop.time()
        command, started = self._batches.pop(message.batch, (None, 0.0))
        if isinstance(command, LoadModel):
            self._metrics.loaded(now - started)
            name, took_s = command.model.info.name, round(now - started, 3)
            log.info("model loaded", pid=self._pids[worker], model=name, took_s=took_s)
        self.scheduler.model_loaded(
            worker,
            message.batch,
            now,
            grown_bytes=message.grown_bytes,
            loaded=message.loaded,
            rss_bytes=message.rss_bytes,
        )

    def _worker_lost(self, connection: WorkerConnection, reason: str) -> None:
        worker = self._worker_ids.get(connection)
        if worker is None:
            if reason:
                log.debug("connection of a worker ended", reason=reason)
            return
        log.info("worker gone", pid=self._forget(worker, connection), reason=reason)
        self._batches = {
            batch: (run, started)
            for batch, (run, started) in self._batches.items()
            if run.worker != worker
        }
        self.scheduler.worker_lost(worker)
        self._wake()

    # Turns

    def _wake(self) -> None:
        if not self._turn_due:
            self._turn_due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_due = False
        for command in self.scheduler.tick(self._loop.time()):
            self._carry_out(command)
        if any(isinstance(command, RunBatch) for command, _ in self._batches.values()):
            self.idle.clear()
        else:
            self.idle.set()
        self._set_timer(self.scheduler.next_wake())

    def _set_timer(self, wake: float | None) -> None:
        # One that rings too early is left alone: most turns put off what is next.
        if self._timer is not None and (wake is None or wake < self._timer.when()):
            self._timer.cancel()
            self._timer = None
        if wake is not None and self._timer is None:
            self._timer = self._loop.call_at(wake, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._turn()

    def _carry_out(self, command: Command) -> None:
        match command:
            case RunBatch():
                self._batches[command.batch] = (command, self._loop.time())
                self._run(command)
            case LoadModel():
                self._batches[command.batch] = (command, self._loop.time())
                self._load(command)
            case UnloadModels():
                self._workers[command.worker].send(wire.UnloadModels(command.unload))
            case Finish():
                self._clients.answer(command.request, command)
            case Reject():
                self._clients.answer(command.request, command.problem)
            case KillWorker():
                log.error("worker hangs", pid=self._pids[command.worker], why=command.reason)
                if command.worker not in self._remote:
                    self._processes.kill(self._pids[command.worker])
                self._workers[command.worker].cut("The worker hangs.")

    def _run(self, command: RunBatch) -> None:
        model, allowed_s = self._told(command)
        run = Run(command.batch, model, command.items, allowed_s, command.output)
        self._workers[command.worker].send(run)

    def _load(self, command: LoadModel) -> None:
        model, allowed_s = self._told(command)
        load = wire.LoadModel(command.batch, model, command.unload, command.warm, allowed_s)
        self._workers[command.worker].send(load)

    def _told(self, command: RunBatch | LoadModel) -> tuple[ModelSpec, float]:
        """Return the model, and the time that it is allowed, as its worker is told them."""
        if command.worker not in self._remote:
            return command.model, 0.0
        limits = self._limits
        allowed_s = max(limits.hang_factor * command.predicted_s, limits.hang_floor_s)
        # A path of this machine means nothing there.
        model = structs.replace(command.model, directory=None)
        return model, allowed_s + limits.load_timeout_s + _MARGIN_S
