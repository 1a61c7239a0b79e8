"""A worker process that serves a scheduler on another machine, and finds it again when it moves.

Models stay in memory while no scheduler is there. What can go wrong with a connection ends it, and
another is made; only SIGTERM ends the worker, after the batch that runs. Imported by worker
processes: stays light.
"""

import faulthandler
import os
import select
import sys
import time

import msgspec

from hanse.inference.addresses import AddressError, connect_blocking, parse_address
from hanse.inference.assignment import Assignment, AssignmentFile
from hanse.inference.frames import BlockingConnection, FrameError
from hanse.inference.job import ModelSpec
from hanse.inference.messages import (
    PROTOCOL,
    BatchFailed,
    Beat,
    FromWorker,
    Hello,
    Holds,
    Leaving,
    Run,
    ToWorker,
)
from hanse.inference.worker import LEAVE_S, LoadedModels, answer

RECONNECT_S = 0.2


class RemoteWorker:
    """One worker. `stop` becomes readable when it is to end."""

    def __init__(
        self, file: AssignmentFile, models: LoadedModels, stop: int, kind: str, frame_bytes_max: int
    ) -> None:
        self._file = file
        self._models = models
        self._stop = stop
        self._kind = kind
        self._frame_bytes_max = frame_bytes_max
        self._told = ""
        self._assignment = file.read()
        self._specs = _by_hash(self._assignment)

    def run(self) -> None:
        """Serve until told to stop. Raises OSError if the file of the assignment is gone."""
        while not select.select([self._stop], [], [], 0)[0]:
            self._reread()
            try:
                connection = self._connect()
            except (OSError, AddressError) as error:
                self._say(str(error))
            else:
                if connection is not None:
                    try:
                        Session(connection, self._file, self._assignment, self).run()
                    except (OSError, FrameError) as error:
                        self._say(f"The scheduler is lost: {error}")
                    finally:
                        connection.close()
            if select.select([self._stop], [], [], RECONNECT_S)[0]:
                return

    @property
    def stop(self) -> int:
        """The descriptor that says when to end."""
        return self._stop

    def hello(self) -> Hello:
        """Introduce the worker."""
        told = self._assignment
        return Hello(
            PROTOCOL,
            self._kind,
            os.getpid(),
            host=told.host,
            models=list(self._specs),
            engines=told.engines,
            memory_bytes=told.memory_bytes,
            loaded=self._models.hashes,
        )

    def holds(self) -> Holds | None:
        """Read the file again; return news about the models, if there are any."""
        before = self._specs
        self._reread()
        return Holds(list(self._specs)) if self._specs.keys() != before.keys() else None

    @property
    def address(self) -> str | None:
        """Where the scheduler should be."""
        return self._assignment.address

    def answer(self, connection: "BlockingConnection[ToWorker]", run: Run) -> None:
        """Run a batch by our own idea of its model. Ends the process if that takes too long."""
        own = self._specs.get(run.model.info.hash)
        if own is None:
            connection.send(BatchFailed(run.batch, "This machine does not have the model."))
            return
        if run.allowed_s > 0:
            faulthandler.dump_traceback_later(run.allowed_s, exit=True)
        try:
            answer(connection, self._models, msgspec.structs.replace(run, model=own))
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _reread(self) -> None:
        if self._file.changed:
            self._assignment = self._file.read()
            self._specs = _by_hash(self._assignment)

    def _connect(self) -> "BlockingConnection[ToWorker] | None":
        if self._assignment.address is None:
            self._say("No scheduler is active.")
            return None
        peer = connect_blocking(parse_address(self._assignment.address), self._assignment.tls)
        self._told = ""
        return BlockingConnection(
            peer, msgspec.msgpack.Decoder(ToWorker), frame_bytes_max=self._frame_bytes_max
        )

    def _say(self, text: str) -> None:
        # Each attempt of a long outage fails in the same words: say them once.
        if text != self._told:
            self._told = text
            print(f"worker {os.getpid()}: {text}", file=sys.stderr)


class Session:
    """One connection to a scheduler, from `Hello` to its end."""

    def __init__(
        self,
        connection: "BlockingConnection[ToWorker]",
        file: AssignmentFile,
        told: Assignment,
        worker: RemoteWorker,
    ) -> None:
        self._connection = connection
        self._file = file
        self._told = told
        self._worker = worker
        self._left_at: float | None = None
        self._heard = self._sent = time.monotonic()

    def run(self) -> None:
        """Run batches until the scheduler closes the connection. Raises OSError, FrameError."""
        self._send(self._worker.hello())
        while True:
            watched = [self._connection.fileno()]
            if self._left_at is None:
                watched.append(self._worker.stop)
            readable, _, _ = select.select(watched, [], [], self._told.heartbeat_s / 2)
            if self._worker.stop in readable:
                self._send(Leaving())
                self._left_at = time.monotonic()
            if self._connection.fileno() in readable:
                messages = self._connection.receive()
                if messages is None:
                    return
                self._heard = time.monotonic()
                for message in messages:
                    if isinstance(message, Run):
                        self._worker.answer(self._connection, message)
                        self._sent = time.monotonic()
            self._look_around()

    def _look_around(self) -> None:
        now = time.monotonic()
        if now - self._heard > self._told.heartbeat_timeout_s:
            raise OSError("It is silent.")
        if self._left_at is not None and now - self._left_at > LEAVE_S:
            raise OSError("It does not let this worker go.")
        if now - self._sent >= self._told.heartbeat_s:
            self._send(Beat())
        if self._file.changed:
            news = self._worker.holds()
            if self._worker.address not in (None, self._told.address):
                raise OSError("Another one is active.")
            if news is not None:
                self._send(news)

    def _send(self, message: FromWorker) -> None:
        self._connection.send(message)
        self._sent = time.monotonic()


def _by_hash(assignment: Assignment) -> dict[str, ModelSpec]:
    return {model.info.hash: model for model in assignment.models}
