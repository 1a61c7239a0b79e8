"""What is asked of inference, and the limits within which it is answered.

This module is imported by worker processes: it stays free of everything but msgspec.
"""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class ServiceClass(StrEnum):
    """How urgent a job is, most urgent first."""

    INTERACTIVE = "interactive"
    """A person waits for the answer."""
    LIVE = "live"
    """A conversation goes on meanwhile: chat translation."""
    BULK = "bulk"
    """Documents, indexing: nobody watches, but it must never starve."""


class Output(StrEnum):
    """What is asked of a model for each item."""

    TEXT = "text"
    """Its plain result."""
    SCORED = "scored"
    """A translation with the probability and the source of each token (see `scored`)."""
    RATED = "rated"
    """The same for a translation that is given: items are made by `scored.pair`."""
    STREAMED = "streamed"
    """A text that is told piece by piece; the result says why it ended. Computed for one request
    alone, never twice, and not cached."""


Result = str | bytes
"""What an engine makes of an item: text, or anything else in an encoding of its own."""


class ModelInfo(Struct, frozen=True):
    """A model that can be asked for.

    `name` is what a job names ("en-pt"). `source` and `target` are BCP 47 tags, or None for a
    model of any language. `hash` changes whenever the model may answer differently.
    """

    name: str
    task: str
    source: str | None
    target: str | None
    engine: str
    hash: str


class CostPrior(Struct, frozen=True):
    """What a batch is believed to cost before it was ever measured, in seconds.

    A batch of items with c characters each costs
    `fixed_s + sum(item_s + char_s * c + char_squared_s * c**2) + longest_char_s * max(c)`.
    """

    fixed_s: float = 0.001
    item_s: float = 0.001
    char_s: float = 0.0001
    char_squared_s: float = 0.0
    longest_char_s: float = 0.0


class Traits(Struct, frozen=True):
    """What the scheduler must know about an engine.

    `batch_items_max` is the largest batch the engine takes. An engine that `pads` computes each
    item at the length of the longest one in its batch, so it is given items of similar length.
    `item_chars_max` bounds its items in place of the limit of that name.
    """

    batch_items_max: int
    pads: bool
    prior: CostPrior = CostPrior()
    item_chars_max: int | None = None


class ModelSpec(Struct, frozen=True):
    """A model with what is needed to run it; `directory` holds its files, if it has any.

    `bytes` is how large they are: it takes at least so much memory.
    """

    info: ModelInfo
    traits: Traits
    directory: str | None = None
    bytes: int = 0


class Job(Struct, frozen=True):
    """One request: items for one model, answered together and in order.

    `request` is unique among the requests of a scheduler. `deadline_s` counts from now. Results go
    through the models of `then`, one after the other, before they are answered.
    """

    request: int
    organisation_id: UUID
    model: str
    items: tuple[str, ...]
    service_class: ServiceClass
    deadline_s: float
    output: Output = Output.TEXT
    then: tuple[str, ...] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """Every bound of inference. Each has a name, and running into one is a typed error."""

    # One request
    items_max: int = 5_000
    item_chars_max: int = 1_000
    request_chars_max: int = 2_000_000
    deadline_max_s: float = 24 * 3600.0
    steps_max: int = 4
    """Models that one request may go through."""

    # What waits
    queue_items_max: int = 100_000
    queue_chars_max: int = 20_000_000
    requests_max: int = 100_000
    live_queue_share: float = 0.9
    """Part of the queue open to live and bulk jobs; the rest is kept for interactive ones."""
    bulk_queue_share: float = 0.8
    """Part of the queue open to bulk jobs."""
    organisation_queue_share: float = 0.5
    """Part of the queue that one organisation may fill."""

    # Organisations
    organisation_running_max: int = 4_096
    """Items of one organisation that run at once; more of them wait, even for free workers."""
    organisation_weights: dict[UUID, float] = {}
    """Time that an organisation is given, as a multiple of what others get; 1 for all others."""

    bulk_deadline_share: float = 0.8
    """Bulk work is taken if it should be done within this part of its deadline: what is taken and
    expires half done has cost everybody (see decision 0027)."""

    # Batches
    batch_items_max: int = 64
    batch_overhead_share: float = 0.07
    """A batch is made long enough that its fixed cost is no more than this part of it ..."""
    urgent_deadline_s: float = 0.25
    urgent_wait_share: float = 0.25
    """... but an urgent arrival waits at most this part of its deadline for one to end."""
    live_share_min: float = 0.2
    """Part of the workers' time that waiting live jobs get under any load of urgent ones."""
    bulk_share_min: float = 0.1
    """The same for bulk jobs."""

    # Failures
    hang_factor: float = 5.0
    """A batch that takes this many times its predicted time is hung, ..."""
    hang_floor_s: float = 5.0
    """... but not before this time."""
    load_timeout_s: float = 60.0
    """Time that a worker gets to load a model and warm it up."""
    load_attempts_max: int = 3
    """Times that a model fails to load, in a row, before those who wait for it are told."""
    strikes_max: int = 2
    """Workers that an item may kill while it runs alone, before it is given up."""

    # Memory
    cache_bytes_max: int = 64 * 1024 * 1024
    cache_shared: bool = False
    """Whether what was computed for one organisation may answer another from the cache."""
    worker_models_max: int = 64
    """Models that one worker holds, however small they are."""
    pinned_models: tuple[str, ...] = ()
    """Names of models that every worker holds from its start on, as far as they fit."""
    frame_bytes_max: int = 32 * 1024 * 1024
    connections_max: int = 256
    peer_buffer_bytes_max: int = 64 * 1024 * 1024
    """Answers that a client may leave unread before its connection is closed."""

    # Between machines
    heartbeat_s: float = 1.0
    heartbeat_timeout_s: float = 4.0
    """A peer that was silent for so long, and computes nothing, is gone."""
    report_s: float = 0.25
    """Time between two reports of a scheduler's load to its clients."""

    # Processes
    rescan_s: float = 3.0
    restart_first_s: float = 0.1
    restart_last_s: float = 5.0
    drain_s: float = 10.0
