"""What one organisation may know of inference: the models, the workers, and its own line.

Made by the scheduler, so that nothing about other organisations' work leaves it. What models run
where is told without saying for whom. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from uuid import UUID

from msgspec import Struct

from hanse.inference.job import ModelInfo, ServiceClass
from hanse.inference.scheduler import Scheduler

COST_CHARS = 100


class ModelLoad(Struct, frozen=True):
    """How many workers have the files of a model, hold it in memory, and run it right now.

    `item_of_100_chars_s` is what an item of 100 characters was learned to cost, on the slowest
    kind of worker; None before the first batch.
    """

    name: str
    able: int = 0
    loaded: int = 0
    running: int = 0
    item_of_100_chars_s: float | None = None


class QueueLoad(Struct, frozen=True):
    """What waits in one class: items, and their predicted work in seconds of one worker."""

    service_class: ServiceClass
    items: int = 0
    predicted_s: float = 0.0


class Overview(Struct, frozen=True):
    """Workers and models of all; what waits and runs of one organisation, and its weight."""

    workers: int
    busy: int
    models: list[ModelLoad]
    running_items: int
    weight: float
    queues: list[QueueLoad]


def overview(scheduler: Scheduler, models: Iterable[ModelInfo], organisation_id: UUID) -> Overview:
    """Return what this organisation may know."""
    organisation = organisation_id.bytes
    workers = list(scheduler.fleet.workers.values())
    batches = [worker.batch for worker in workers if worker.batch is not None]
    able = Counter(chain.from_iterable(worker.able or () for worker in workers))
    able_of_all = sum(worker.able is None for worker in workers)
    loaded = Counter(chain.from_iterable(worker.loaded for worker in workers))
    running = Counter(batch.model.info.hash for batch in batches)
    learned: dict[str, float] = {}
    for (model_hash, _), cost in scheduler.fleet.costs.items():
        if cost.observations:
            seconds = round(cost.predict_item(COST_CHARS), 6)
            learned[model_hash] = max(seconds, learned.get(model_hash, 0.0))
    return Overview(
        workers=len(workers),
        busy=len(batches),
        models=[
            ModelLoad(
                name=model.name,
                able=able_of_all + able[model.hash],
                loaded=loaded[model.hash],
                running=running[model.hash],
                item_of_100_chars_s=learned.get(model.hash),
            )
            for model in models
        ],
        running_items=sum(
            item.organisation == organisation for batch in batches for item in batch.items
        ),
        weight=scheduler.limits.organisation_weights.get(organisation_id, 1.0),
        queues=[
            QueueLoad(each, queue.items_of(organisation), round(queue.seconds_of(organisation), 3))
            for each, queue in scheduler.queues.items()
        ],
    )


def together(parts: Sequence[Overview]) -> Overview:
    """Return the sum of several schedulers, of which there must be one at least."""
    names = dict.fromkeys(model.name for part in parts for model in part.models)
    classes = dict.fromkeys(queue.service_class for part in parts for queue in part.queues)
    return Overview(
        workers=sum(part.workers for part in parts),
        busy=sum(part.busy for part in parts),
        models=[
            _sum_of_models([model for part in parts for model in part.models if model.name == name])
            for name in names
        ],
        running_items=sum(part.running_items for part in parts),
        weight=parts[0].weight,
        queues=[
            _sum_of_queues([each for part in parts for each in part.queues], service_class)
            for service_class in classes
        ],
    )


def _sum_of_models(loads: Sequence[ModelLoad]) -> ModelLoad:
    learned = [load.item_of_100_chars_s for load in loads if load.item_of_100_chars_s is not None]
    return ModelLoad(
        name=loads[0].name,
        able=sum(load.able for load in loads),
        loaded=sum(load.loaded for load in loads),
        running=sum(load.running for load in loads),
        item_of_100_chars_s=max(learned, default=None),
    )


def _sum_of_queues(loads: Sequence[QueueLoad], service_class: ServiceClass) -> QueueLoad:
    own = [load for load in loads if load.service_class is service_class]
    return QueueLoad(
        service_class,
        items=sum(load.items for load in own),
        predicted_s=round(sum(load.predicted_s for load in own), 3),
    )
