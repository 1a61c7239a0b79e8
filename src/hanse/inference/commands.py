"""What the scheduler decides, for the shell around it to carry out."""

from msgspec import Struct

from hanse.inference.errors import Outcome
from hanse.inference.job import ModelSpec, Output
from hanse.platform.problems import Problem


class RunBatch(Struct, frozen=True):
    """Send these items to this worker; they should take `predicted_s`."""

    worker: int
    batch: int
    model: ModelSpec
    items: tuple[str, ...]
    predicted_s: float
    output: Output = Output.TEXT
    requests: tuple[int, ...] = ()
    """For each item of a streamed output, the one request that it is for."""


class LoadModel(Struct, frozen=True):
    """Let this worker unload some models, by their hash, and load one; `warm`: try it out, too.

    That should take `predicted_s` and is reported like a batch.
    """

    worker: int
    batch: int
    model: ModelSpec
    unload: tuple[str, ...]
    warm: bool
    predicted_s: float


class UnloadModels(Struct, frozen=True):
    """Let this worker, which stays free, unload models, by their hash."""

    worker: int
    unload: tuple[str, ...]


class Finish(Struct, frozen=True):
    """Answer a request: one outcome for each of its items, in order."""

    request: int
    outcomes: list[Outcome]


class Reject(Struct, frozen=True):
    """Refuse a request as a whole; `problem.retry_after_s` says when it may be taken."""

    request: int
    problem: Problem


class KillWorker(Struct, frozen=True):
    """End this worker, which hangs. The scheduler has given it up already."""

    worker: int
    reason: str


Command = RunBatch | LoadModel | UnloadModels | Finish | Reject | KillWorker
