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

from hanse.inference.addresses import Role
from hanse.inference.commands import Command, Finish, KillWorker, Reject, RunBatch
from hanse.inference.connection import Connection
from hanse.inference.errors import RequestTooLarge, to_failure
from hanse.inference.frames import FrameError
from hanse.inference.job import Job, Limits, ModelInfo, ModelSpec
from hanse.inference.messages import (
    PROTOCOL,
    Answer,
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
    Models,
    Partial,
    Refused,
    Run,
    Status,
    Stop,
    Submit,
    unwrapped,
    wrapped,
)
from hanse.inference.metrics import Metrics
from hanse.inference.overview import overview
from hanse.inference.processes import WorkerProcesses
from hanse.inference.scheduler import Scheduler
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

ClientConnection = Connection[FromClient]
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
        self._models: list[ModelInfo] = []
        # A client's own ids to requests, and back.
        self._clients: dict[ClientConnection, dict[int, int]] = {}
        self._origins: dict[int, tuple[ClientConnection, int]] = {}
        self._workers: dict[int, WorkerConnection] = {}
        self._worker_ids: dict[WorkerConnection, int] = {}
        self._pids: dict[int, int] = {}
        # Workers on other machines: what they told, and when they were last heard of.
        self._remote: dict[int, Hello] = {}
        self._heard: dict[int, float] = {}
        self._leaving: set[int] = set()
        self._batches: dict[int, tuple[RunBatch, float]] = {}
        self._request_numbers = count(1)
        self._worker_numbers = count(1)
        self._turn_due = False
        self._timer: asyncio.TimerHandle | None = None

    def client(self) -> ClientConnection:
        """Return the protocol of a client that connects."""
        return Connection(
            msgspec.msgpack.Decoder(FromClient),
            frame_bytes_max=self._limits.frame_bytes_max,
            buffer_bytes_max=self._limits.peer_buffer_bytes_max,
            made=self._client_made,
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
        self._models = [model.info for model in models]
        for connection in self._clients:
            connection.send(Models(self._models))
        self._wake()

    def drain(self) -> None:
        """Answer whatever waits that inference is stopping; batches that run may end."""
        self.scheduler.drain()
        self._turn()

    def close(self) -> None:
        """Send what is left to the clients, and close all connections."""
        if self._timer is not None:
            self._timer.cancel()
        for client in list(self._clients):
            client.close()
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
            worker["memory_bytes"] = told.memory_bytes if told else 0
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
        for client in self._clients:
            client.send(load)

    # Clients

    def _client_made(self, connection: ClientConnection) -> None:
        self._clients[connection] = {}
        if len(self._clients) > self._limits.connections_max:
            log.warning("too many clients", connections_max=self._limits.connections_max)
            connection.cut("Too many clients.")
            return
        connection.send(Models(self._models))

    def _client_sent(self, connection: ClientConnection, messages: list[FromClient]) -> None:
        requests = self._clients[connection]
        for message in messages:
            match message:
                case Submit():
                    self._submit(connection, requests, message)
                case Cancel():
                    request = requests.pop(message.id, None)
                    if request is not None:
                        del self._origins[request]
                        self._cancel(request)
                case AskStatus(organisation_id=None):
                    connection.send(Status(message.id, self.status()))
                case AskStatus(organisation_id=UUID() as organisation):
                    known = overview(self.scheduler, self._models, organisation)
                    connection.send(Status(message.id, msgspec.to_builtins(known)))
        self._wake()

    def _submit(
        self, connection: ClientConnection, requests: dict[int, int], message: Submit
    ) -> None:
        if message.id in requests:
            connection.cut("A request id was used twice.")
            return
        request = next(self._request_numbers)
        requests[message.id] = request
        self._origins[request] = (connection, message.id)
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
        requests = self._clients.pop(connection)
        for request in requests.values():
            del self._origins[request]
            self._cancel(request)
        log.debug("client left", reason=reason, cancelled=len(requests))
        self._wake()

    def _cancel(self, request: int) -> None:
        self.scheduler.cancel(request)
        for batch, (command, _) in self._batches.items():
            # Nobody else waits for a streamed answer.
            if command.requests == (request,):
                self._workers[command.worker].send(Stop(batch))

    def _tell(self, message: BatchPartial) -> None:
        command, _ = self._batches.get(message.batch, (None, 0.0))
        if command is None or not 0 <= message.place < len(command.requests):
            return
        origin = self._origins.get(command.requests[message.place])
        if origin is not None:
            connection, client_id = origin
            connection.send(Partial(client_id, message.text))

    def _answer(self, request: int, outcome: Finish | Problem) -> None:
        origin = self._origins.pop(request, None)
        if origin is None:
            return
        connection, client_id = origin
        del self._clients[connection][client_id]
        if isinstance(outcome, Problem):
            self._metrics.refused(outcome.code)
            connection.send(Refused(client_id, to_failure(outcome)))
            return
        outcomes = [
            to_failure(one) if isinstance(one, Problem) else wrapped(one)
            for one in outcome.outcomes
        ]
        try:
            connection.send(Answer(client_id, outcomes))
        except FrameError:
            problem = RequestTooLarge("The results are too large to send. Ask for fewer items.")
            connection.send(Refused(client_id, to_failure(problem)))

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
                    self.scheduler.worker_ready(worker, message.kind)
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
        if command is not None:
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
        if self._batches:
            self.idle.clear()
        else:
            self.idle.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake = self.scheduler.next_wake()
        if wake is not None:
            self._timer = self._loop.call_at(wake, self._turn)

    def _carry_out(self, command: Command) -> None:
        match command:
            case RunBatch():
                self._batches[command.batch] = (command, self._loop.time())
                self._run(command)
            case Finish():
                self._answer(command.request, command)
            case Reject():
                self._answer(command.request, command.problem)
            case KillWorker():
                log.error("worker hangs", pid=self._pids[command.worker], why=command.reason)
                if command.worker not in self._remote:
                    self._processes.kill(self._pids[command.worker])
                self._workers[command.worker].cut("The worker hangs.")

    def _run(self, command: RunBatch) -> None:
        model, allowed_s = command.model, 0.0
        if command.worker in self._remote:
            # A path of this machine means nothing there.
            model = structs.replace(model, directory=None)
            limits = self._limits
            allowed_s = max(limits.hang_factor * command.predicted_s, limits.hang_floor_s)
            allowed_s += limits.load_timeout_s + _MARGIN_S
        run = Run(command.batch, model, command.items, allowed_s, command.output)
        self._workers[command.worker].send(run)
