"""A virtual fleet for the tests of the scheduler: models, jobs and engines that only take time."""

from collections.abc import Callable
from itertools import count
from uuid import UUID

from msgspec.structs import replace

from hanse.inference.commands import Finish, Reject
from hanse.inference.job import (
    CostPrior,
    Job,
    Limits,
    ModelInfo,
    ModelSpec,
    ServiceClass,
    Traits,
)
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate import Crash, Engine, Hang, Simulation

A, B, C = (UUID(int=number) for number in (1, 2, 3))
INTERACTIVE, LIVE, BULK = ServiceClass

FIXED_S, ITEM_S = 0.0005, 0.01
"""What a batch costs in these tests, unless they say otherwise."""

_requests = count(1)


def model(
    name: str = "en-pt",
    *,
    model_hash: str = "",
    batch_items_max: int = 16,
    pads: bool = False,
    fixed_s: float = FIXED_S,
    size: int = 0,
) -> ModelSpec:
    """A model whose prior is the true cost; a larger fixed cost makes for larger batches."""
    return ModelSpec(
        info=ModelInfo(name, "translate", "en", "pt", "virtual", model_hash or f"hash of {name}"),
        traits=Traits(batch_items_max, pads, CostPrior(fixed_s, ITEM_S, 0.0, 0.0)),
        bytes=size,
    )


def texts(number: int, prefix: str = "text") -> tuple[str, ...]:
    """So many different texts."""
    return tuple(f"{prefix} {place}" for place in range(number))


def job(
    *items: str,
    of: UUID = A,
    kind: ServiceClass = BULK,
    deadline_s: float = 60.0,
    model: str = "en-pt",
) -> Job:
    """A job with the next free number."""
    return Job(next(_requests), of, model, items, kind, deadline_s)


def upper(items: tuple[str, ...]) -> tuple[float, list[str | ItemError]]:
    """The usual engine: every item takes ten milliseconds and comes back in capitals."""
    for text in items:
        if "kill" in text:
            raise Crash
        if "hang" in text:
            raise Hang
    outcomes: list[str | ItemError] = [
        ItemError("ValueError") if "fail" in text else text.upper() for text in items
    ]
    return FIXED_S + ITEM_S * len(items), outcomes


def simulation(
    *,
    workers: int = 2,
    limits: Limits | None = None,
    engine: Engine = upper,
    models: tuple[ModelSpec, ...] = (),
) -> Simulation:
    """A simulation with one model, which every worker holds from its start on."""
    models = models or (model(),)
    names = tuple(each.info.name for each in models)
    scheduler = Scheduler(replace(limits or Limits(), pinned_models=names))
    scheduler.set_models(models)
    return Simulation(scheduler, engine, workers=workers)


def answer(simulation: Simulation, request: Job) -> list[object]:
    """The outcomes of a finished request."""
    _, command = simulation.answers[request.request]
    assert isinstance(command, Finish), command
    return list(command.outcomes)


def refusal(simulation: Simulation, request: Job) -> Exception:
    """Why a request was refused."""
    _, command = simulation.answers[request.request]
    assert isinstance(command, Reject), command
    return command.problem


def took(simulation: Simulation, request: Job, since: float = 0.0) -> float:
    """When a request was answered."""
    return simulation.answers[request.request][0] - since


def share_of(simulation: Simulation, chosen: Callable[[str], bool]) -> float:
    """The part of all items run that is `chosen`."""
    items = [text for run in simulation.runs for text in run.items]
    return sum(map(chosen, items)) / len(items)
