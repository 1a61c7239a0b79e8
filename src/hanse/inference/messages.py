"""The messages between clients, scheduler and workers.

Each travels as one MessagePack array `[tag, fields...]` in one frame (see `frames`). Fields may be
appended with a default; anything else needs a new `PROTOCOL`.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct, field

from hanse.inference.job import ModelInfo, ModelSpec, ServiceClass

PROTOCOL = 1
"""Version of this protocol; a worker of another version is refused."""


class Failure(Struct, frozen=True, array_like=True):
    """A typed error on its way: `code` names its class (see `errors`)."""

    code: str
    detail: str
    retry_after_s: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class ItemError(Struct, frozen=True, array_like=True):
    """An engine could not compute this one item."""

    detail: str


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
    then: tuple[str, ...] = ()


class Cancel(Struct, frozen=True, array_like=True, tag=2):
    """Nobody waits for request `id` any more."""

    id: int


class AskStatus(Struct, frozen=True, array_like=True, tag=3):
    """How is the fleet?"""

    id: int


FromClient = Submit | Cancel | AskStatus

# To a client


class Answer(Struct, frozen=True, array_like=True, tag=1):
    """What became of each item of request `id`, in order."""

    id: int
    outcomes: list[str | Failure]


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


ToClient = Answer | Refused | Models | Status

# From a worker


class Hello(Struct, frozen=True, array_like=True, tag=1):
    """A worker is there and free. Workers of one `kind` cost the same for the same batch."""

    protocol: int
    kind: str
    pid: int


class BatchDone(Struct, frozen=True, array_like=True, tag=2):
    """A batch is computed: one result or error for each item, and the worker is free again.

    `load_s` is the part of the time that went into loading the model first. `loaded` are the
    hashes of the models that the worker now holds.
    """

    batch: int
    outcomes: list[str | ItemError]
    load_s: float
    loaded: list[str]
    rss_bytes: int


class BatchFailed(Struct, frozen=True, array_like=True, tag=3):
    """A batch could not be started, since its model does not load; the worker is free again."""

    batch: int
    detail: str


FromWorker = Hello | BatchDone | BatchFailed

# To a worker


class Run(Struct, frozen=True, array_like=True, tag=1):
    """Compute this batch."""

    batch: int
    model: ModelSpec
    items: tuple[str, ...]


ToWorker = Run
