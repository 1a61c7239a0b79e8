"""The messages between clients, scheduler and workers.

Each travels as one MessagePack array `[tag, fields...]` in one frame (see `frames`). Fields may be
appended with a default; anything else needs a new `PROTOCOL`.
"""

from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct, field

from hanse.inference.job import ModelInfo, ModelSpec, Output, Result, ServiceClass

T = TypeVar("T")

PROTOCOL = 2
"""Version of this protocol; a worker of another version is refused."""


class Failure(Struct, frozen=True, array_like=True, tag=1):
    """A typed error on its way: `code` names its class (see `errors`)."""

    code: str
    detail: str
    retry_after_s: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class ItemError(Struct, frozen=True, array_like=True, tag=2):
    """An engine could not compute this one item."""

    detail: str


class Binary(Struct, frozen=True, array_like=True, tag=3):
    """A result that is no text: MessagePack tells bytes from text, unions of msgspec do not."""

    data: bytes


def wrapped(result: Result | T) -> str | Binary | T:
    """Return a result in the form in which it travels; what is none stays as it is."""
    return Binary(result) if isinstance(result, bytes) else result


def unwrapped(result: str | Binary | T) -> Result | T:
    """Return what `wrapped` was given."""
    return result.data if isinstance(result, Binary) else result


# From a client


class Submit(Struct, frozen=True, array_like=True, tag=1):
    """Please compute `items`; `id` is the client's own, unique on its connection.

    Results go through the models of `then`, one after the other, before they are answered.
    """

    id: int
    organisation_id: UUID
    model: str
    items: tuple[str, ...]
    service_class: ServiceClass
    deadline_s: float
    output: Output = Output.TEXT
    then: tuple[str, ...] = ()


class Cancel(Struct, frozen=True, array_like=True, tag=2):
    """Nobody waits for request `id` any more."""

    id: int


class AskStatus(Struct, frozen=True, array_like=True, tag=3):
    """How is the fleet? With an organisation: what may that one know of it (see `overview`)?"""

    id: int
    organisation_id: UUID | None = None


FromClient = Submit | Cancel | AskStatus

# To a client


class Answer(Struct, frozen=True, array_like=True, tag=1):
    """What became of each item of request `id`, in order."""

    id: int
    outcomes: list[str | Binary | Failure]


class Refused(Struct, frozen=True, array_like=True, tag=2):
    """Request `id` as a whole was not taken."""

    id: int
    failure: Failure


class Models(Struct, frozen=True, array_like=True, tag=3):
    """The models that can be asked for: sent first of all, and again at every change."""

    models: list[ModelInfo]


class Status(Struct, frozen=True, array_like=True, tag=4):
    """The answer to `AskStatus`."""

    id: int
    status: dict[str, Any]


class Load(Struct, frozen=True, array_like=True, tag=5):
    """How much waits, sent every now and then: for clients that know several cells.

    `backlog_s` is predicted work in seconds of one worker, by class; `models` are the names of
    those that at least one worker can run.
    """

    workers: int
    backlog_s: dict[str, float]
    models: list[str]


class Partial(Struct, frozen=True, array_like=True, tag=6):
    """The next piece of the answer to the streamed request `id`."""

    id: int
    text: str


ToClient = Partial | Answer | Refused | Models | Status | Load

# From a worker


class Hello(Struct, frozen=True, array_like=True, tag=1):
    """A worker is there and free. Workers of one `kind` cost the same for the same batch.

    This, and each result, is the credit for one batch: more is never sent. `models` are the hashes
    of the models whose files it has; None means all that the scheduler has. `loaded` are those in
    its memory, from an earlier connection.
    """

    protocol: int
    kind: str
    pid: int
    host: str = ""
    models: list[str] | None = None
    engines: list[str] = field(default_factory=list)
    memory_bytes: int = 0
    loaded: list[str] = field(default_factory=list)


class BatchDone(Struct, frozen=True, array_like=True, tag=2):
    """A batch is computed: one result or error for each item, and the worker is free again.

    `load_s` is the part of the time that went into loading the model first. `loaded` are the
    hashes of the models that the worker now holds.
    """

    batch: int
    outcomes: list[str | Binary | ItemError]
    load_s: float
    loaded: list[str]
    rss_bytes: int


class BatchFailed(Struct, frozen=True, array_like=True, tag=3):
    """A batch could not be started, since its model does not load; the worker is free again."""

    batch: int
    detail: str


class Beat(Struct, frozen=True, array_like=True, tag=4):
    """I live: both ways, in a fixed rhythm, where a broken network might hide an end."""


class Holds(Struct, frozen=True, array_like=True, tag=5):
    """The worker's model files changed: it has those with these hashes."""

    models: list[str]


class Leaving(Struct, frozen=True, array_like=True, tag=6):
    """The worker wants no more work; once it has none, the scheduler closes the connection."""


class BatchPartial(Struct, frozen=True, array_like=True, tag=7):
    """The next piece of the answer to the item in this place of a batch that runs."""

    batch: int
    place: int
    text: str


FromWorker = BatchPartial | Hello | BatchDone | BatchFailed | Beat | Holds | Leaving

# To a worker


class Run(Struct, frozen=True, array_like=True, tag=1):
    """Compute this batch."""

    batch: int
    model: ModelSpec
    items: tuple[str, ...]
    allowed_s: float = 0.0
    """A worker on another machine ends itself when this takes longer; 0: it is ended from here."""
    output: Output = Output.TEXT


class Stop(Struct, frozen=True, array_like=True, tag=2):
    """Nobody waits for this batch any more: end it, and answer it nevertheless."""

    batch: int


ToWorker = Run | Stop | Beat
