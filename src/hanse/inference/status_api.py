"""How inference is, over HTTP. Routes only.

Everybody with the permission learns about models and workers, and of what waits only about the own
organisation's. The whole, with everybody's queues, is for the organisation that runs the server.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from hanse.identity import Access
from hanse.inference.client import InferenceClient
from hanse.inference.errors import InferenceUnavailable
from hanse.inference.job import ModelInfo
from hanse.inference.overview import ModelLoad, QueueLoad, together
from hanse.platform.http import problem_responses

PERMISSION: Final = "inference:read"
VERSION_CHARS: Final = 12
INFERENCE: Final = "inference"
GENERATION: Final = "generation"


class ModelState(StrEnum):
    """How near a model is to answering."""

    RUNNING = "running"
    """A worker computes with it at this moment."""
    LOADED = "loaded"
    """It is in a worker's memory: the next request starts at once."""
    READY = "ready"
    """A worker has its files, and loads it with the first request."""
    NO_WORKER = "no_worker"
    """No worker can run it."""


class WorkerCounts(Struct):
    """Workers that are connected, and those of them that compute at this moment."""

    total: int
    busy: int


class ModelStatus(Struct):
    """An installed model. `version` is the start of the hash of its files.

    `workers_able` have its files, `workers_loaded` hold it in memory, `workers_running` compute
    with it. `item_of_100_chars_s` is the time that 100 characters were learned to take, on the
    slowest kind of worker; null before the first request.
    """

    name: str
    task: str
    source: str | None
    target: str | None
    engine: str
    version: str
    state: ModelState
    workers_able: int
    workers_loaded: int
    workers_running: int
    item_of_100_chars_s: float | None


class OrganisationStatus(Struct):
    """What the caller's own organisation has under way and waiting.

    `weight` is the time of the workers that it is given while others wait too, as a multiple of
    what those get.
    """

    running_items: int
    weight: float
    queues: list[QueueLoad]


class SchedulerStatus(Struct):
    """Everything about one scheduler, as `hanse inference status --json` has it. It may grow."""

    name: str
    status: dict[str, Any]


class InferenceStatus(Struct):
    """How inference is.

    `unavailable` names parts that do not answer: `generation`, or cells. `schedulers` is null for
    all organisations but the one that runs the server.
    """

    workers: WorkerCounts
    models: list[ModelStatus]
    organisation: OrganisationStatus
    unavailable: list[str]
    schedulers: list[SchedulerStatus] | None


@get(
    "/v1/inference/status",
    operation_id="getInferenceStatus",
    summary="How inference is",
    tags=["Operation"],
    responses=problem_responses(),
)
async def get_inference_status(
    access: NamedDependency[Access],
    inference: NamedDependency[InferenceClient],
    generation: NamedDependency[InferenceClient | None],
    operating_organisation: NamedDependency[UUID | None],
) -> InferenceStatus:
    """Tell which models there are and how they are, and what waits of the own organisation."""
    access.require(PERMISSION)
    clients = {INFERENCE: inference} | ({GENERATION: generation} if generation else {})
    told = [await client.overviews(access.organisation_id) for client in clients.values()]
    workers = [each for each in told[0].values() if each is not None]
    if not workers:
        raise InferenceUnavailable("Inference does not answer. Try again.")
    fleet = together(workers)
    whole = together([each for cells in told for each in cells.values() if each is not None])
    return InferenceStatus(
        workers=WorkerCounts(fleet.workers, fleet.busy),
        models=_models([await _infos(client) for client in clients.values()], whole.models),
        organisation=OrganisationStatus(whole.running_items, whole.weight, whole.queues),
        unavailable=[
            cell or part
            for part, cells in zip(clients, told, strict=True)
            for cell, known in cells.items()
            if known is None
        ],
        schedulers=await _schedulers(clients)
        if operating_organisation == access.organisation_id
        else None,
    )


async def _infos(client: InferenceClient) -> list[ModelInfo]:
    try:
        return await client.models()
    except InferenceUnavailable:
        return []


def _models(infos: Iterable[Iterable[ModelInfo]], loads: Iterable[ModelLoad]) -> list[ModelStatus]:
    load_of = {load.name: load for load in loads}
    models = [
        _model(info, load_of.get(info.name, ModelLoad(info.name)))
        for each in infos
        for info in each
    ]
    return sorted(models, key=lambda model: model.name)


def _model(info: ModelInfo, load: ModelLoad) -> ModelStatus:
    if load.running:
        state = ModelState.RUNNING
    elif load.loaded:
        state = ModelState.LOADED
    else:
        state = ModelState.READY if load.able else ModelState.NO_WORKER
    return ModelStatus(
        name=info.name,
        task=info.task,
        source=info.source,
        target=info.target,
        engine=info.engine,
        version=info.hash[:VERSION_CHARS],
        state=state,
        workers_able=load.able,
        workers_loaded=load.loaded,
        workers_running=load.running,
        item_of_100_chars_s=load.item_of_100_chars_s,
    )


async def _schedulers(clients: Mapping[str, InferenceClient]) -> list[SchedulerStatus]:
    told = [await client.statuses() for client in clients.values()]
    return [
        SchedulerStatus(cell or part, status)
        for part, cells in zip(clients, told, strict=True)
        for cell, status in cells.items()
        if status is not None
    ]


routes: Final = (Router("/", route_handlers=[get_inference_status]),)
