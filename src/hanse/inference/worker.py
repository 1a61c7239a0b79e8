"""A worker process: connects to the scheduler, loads the models it is told to and runs batches.

One thread and one loop. SIGTERM ends it after the batch that runs, in agreement with the scheduler,
so that no other batch is on its way to it; SIGINT is for the scheduler to act on. It is started so
that it dies with the scheduler. It imports nothing heavy, since there is one worker a core.
"""

import argparse
import ctypes
import gc
import os
import select
import signal
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from hanse.inference.engines import LoadedModel, ScoringModel, StreamingModel, find_engine
from hanse.inference.frames import BlockingConnection, FrameError
from hanse.inference.job import ModelSpec, Output, Result
from hanse.inference.messages import (
    PROTOCOL,
    BatchDone,
    BatchFailed,
    BatchPartial,
    FromWorker,
    Hello,
    ItemError,
    Leaving,
    LoadModel,
    ModelLoaded,
    Run,
    Stop,
    ToWorker,
    UnloadModels,
    wrapped,
)

LEAVE_S = 5.0
"""Time that a scheduler gets to let a worker go that runs nothing."""

_DETAIL_CHARS_MAX = 200
_STOPPED = "stopped"
_WARM_UP = ("Good morning.", "We had to wait until the last train was gone.")
_STATM = "/proc/self/statm"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class LoadedModels:
    """The models in memory, by their hash: those that the scheduler asked for.

    It counts them, and their memory. `models_max` is this process's own guard: were there more, the
    one that was used the longest time ago would go.
    """

    def __init__(self, models_max: int) -> None:
        self._models_max = models_max
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()
        self._engines: set[str] = set()

    @property
    def hashes(self) -> list[str]:
        """The hashes of the models in memory."""
        return list(self._models)

    def knows(self, engine: str) -> bool:
        """Whether a model of this engine was loaded before, so that its code is in memory."""
        return engine in self._engines

    def get(self, model: ModelSpec) -> LoadedModel:
        """Return the model, loading it first if needed. Raises whatever its engine raises."""
        loaded = self._models.get(model.info.hash)
        if loaded is not None:
            self._models.move_to_end(model.info.hash)
            return loaded
        while len(self._models) >= self._models_max:
            self._models.popitem(last=False)
        loaded = find_engine(model.info.engine).load(model)
        self._models[model.info.hash] = loaded
        self._engines.add(model.info.engine)
        _return_memory()
        return loaded

    def drop(self, *hashes: str) -> None:
        """Forget models, and give their memory back."""
        gone = [each for each in hashes if self._models.pop(each, None) is not None]
        if gone:
            _return_memory()


def load_model(models: LoadedModels, order: LoadModel) -> FromWorker:
    """Unload and load as ordered, and report it. What goes wrong is told, never raised."""
    models.drop(*order.unload)
    is_known = models.knows(order.model.info.engine)
    before_bytes = _rss_bytes()
    try:
        loaded = models.get(order.model)
        if order.warm and not _warmed(loaded):
            models.drop(order.model.info.hash)
            models.get(order.model)
    except BaseException as error:  # whatever an engine does, it is reported
        return BatchFailed(order.batch, _describe(error))
    rss_bytes = _rss_bytes()
    grown_bytes = max(0, rss_bytes - before_bytes) if is_known else 0
    return ModelLoaded(order.batch, grown_bytes, models.hashes, rss_bytes)


def _warmed(model: LoadedModel) -> bool:
    """Run a tiny batch; return whether the model can still be trusted after it."""
    # An engine that takes other than plain text refuses this one, and is not warmed up.
    try:
        model.run(_WARM_UP)
    except BaseException as error:
        return isinstance(error, Exception)
    return True


def run_batch(models: LoadedModels, run: Run) -> FromWorker:
    """Run a batch. What goes wrong with an item becomes its error, never an exception."""
    start = time.monotonic()
    try:
        model = models.get(run.model)
    except BaseException as error:  # whatever an engine does, it is reported
        return BatchFailed(run.batch, _describe(error))
    load_s = time.monotonic() - start
    outcomes = _outcomes(models, run, model, run.items)
    return BatchDone(run.batch, [*map(wrapped, outcomes)], load_s, models.hashes, _rss_bytes())


def answer(connection: BlockingConnection[ToWorker], models: LoadedModels, run: Run) -> None:
    """Run a batch and send its results. Raises FrameError or OSError if they cannot be sent."""
    try:
        streamed = run.output is Output.STREAMED
        connection.send(
            stream_batch(connection, models, run) if streamed else run_batch(models, run)
        )
    except (UnicodeEncodeError, TypeError):
        failed = "The engine gave results that are no text."
        connection.send(BatchFailed(run.batch, failed))


def stream_batch(
    connection: BlockingConnection[ToWorker], models: LoadedModels, run: Run
) -> FromWorker:
    """Run a batch item by item, and send each piece of an answer as soon as it is there."""
    start = time.monotonic()
    try:
        model = models.get(run.model)
    except BaseException as error:  # whatever an engine does, it is reported
        return BatchFailed(run.batch, _describe(error))
    load_s = time.monotonic() - start

    def is_stopped() -> bool:
        try:
            messages = connection.receive()
        except (FrameError, OSError):
            return True
        return messages is None or Stop(run.batch) in messages

    outcomes: list[str | ItemError] = []
    for place, item in enumerate(run.items):

        def tell(text: str, place: int = place) -> None:
            connection.send(BatchPartial(run.batch, place, text))

        outcomes.append(_streamed(model, item, tell, connection.fileno(), is_stopped))
    return BatchDone(run.batch, [*outcomes], load_s, models.hashes, _rss_bytes())


def _streamed(
    model: LoadedModel,
    item: str,
    tell: Callable[[str], None],
    wakes: int,
    is_stopped: Callable[[], bool],
) -> str | ItemError:
    if not isinstance(model, StreamingModel):
        return ItemError("The engine of this model does not tell its answers piece by piece.")
    try:
        return model.run_streamed(item, tell, wakes=wakes, is_stopped=is_stopped)
    except (FrameError, OSError):
        raise
    except Exception as error:
        return ItemError(_describe(error))


def _outcomes(
    models: LoadedModels, run: Run, model: LoadedModel, items: Sequence[str]
) -> list[Result | ItemError]:
    # A panic in Rust arrives as a BaseException that is no Exception. The model is not trusted
    # after one, and the batch is repeated item by item to find the culprit.
    try:
        if run.output is Output.TEXT:
            return list(model.run(items))
        if not isinstance(model, ScoringModel):
            return [ItemError("The engine of this model gives no probabilities.")] * len(items)
        return list(model.run_scored(items, run.output))
    except BaseException as error:
        if not isinstance(error, Exception):
            models.drop(run.model.info.hash)
        if len(items) == 1:
            return [ItemError(_describe(error))]
    return [outcome for text in items for outcome in _outcomes(models, run, model, [text])]


def _describe(error: BaseException) -> str:
    # Texts of customers may be part of a message; only its type is certain not to be.
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"[:_DETAIL_CHARS_MAX]
    return type(error).__name__


@cache
def _statm() -> int:
    # Kept open: it is read after every batch.
    return os.open(_STATM, os.O_RDONLY | os.O_CLOEXEC)


def _rss_bytes() -> int:
    try:
        return int(os.pread(_statm(), 128, 0).split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _return_memory() -> None:
    # The files' bytes were copied by the engine; glibc keeps them unless told otherwise.
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def work(connection: BlockingConnection[ToWorker], models: LoadedModels, stop: int) -> None:
    """Run batches until the scheduler closes the connection.

    When `stop` becomes readable, the scheduler is told: what it sent meanwhile is run, and then it
    closes. Raises FrameError or OSError when the connection breaks, or is not closed in LEAVE_S.
    """
    watched = [connection.fileno(), stop]
    patience_s: float | None = None
    while True:
        readable, _, _ = select.select(watched, [], [], patience_s)
        if not readable:
            raise OSError("The scheduler does not let this worker go.")
        if stop in readable:
            connection.send(Leaving())
            watched, patience_s = [connection.fileno()], LEAVE_S
            continue
        runs = connection.receive()
        if runs is None:
            return
        for run in runs:
            if isinstance(run, Run) and Stop(run.batch) in runs:
                connection.send(
                    BatchDone(
                        run.batch, [_STOPPED] * len(run.items), 0, models.hashes, _rss_bytes()
                    )
                )
            elif isinstance(run, Run):
                answer(connection, models, run)
            elif isinstance(run, LoadModel):
                connection.send(load_model(models, run))
            elif isinstance(run, UnloadModels):
                models.drop(*run.unload)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker until it is told to end. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="hanse.inference.worker", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", help="the scheduler of this machine")
    where.add_argument("--assignment", help="a file that says where the scheduler is")
    parser.add_argument("--kind", default="cpu")
    parser.add_argument("--models-max", type=int, required=True)
    parser.add_argument("--memory-bytes", type=int, default=0, help="that models may take")
    parser.add_argument("--frame-bytes-max", type=int, required=True)
    parser.add_argument("--nice", type=int, default=0)
    options = parser.parse_args(arguments)
    os.nice(options.nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The handler only wakes the loop, so that a batch is never cut in two.
    stop, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    models = LoadedModels(options.models_max)
    if options.assignment:
        return _serve_elsewhere(options, models, stop)
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        peer.connect(options.socket)
        decoder = msgspec.msgpack.Decoder(ToWorker)
        connection = BlockingConnection(peer, decoder, frame_bytes_max=options.frame_bytes_max)
        connection.send(
            Hello(PROTOCOL, options.kind, os.getpid(), memory_bytes=options.memory_bytes)
        )
        work(connection, models, stop)
    except (OSError, FrameError) as error:
        print(f"worker {os.getpid()}: {error}", file=sys.stderr)
        return 1
    return 0


def _serve_elsewhere(options: argparse.Namespace, models: LoadedModels, stop: int) -> int:
    from hanse.inference.assignment import AssignmentFile
    from hanse.inference.remote import RemoteWorker

    file = AssignmentFile(Path(options.assignment))
    try:
        RemoteWorker(file, models, stop, options.kind, options.frame_bytes_max).run()
    except OSError as error:
        print(f"worker {os.getpid()}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
