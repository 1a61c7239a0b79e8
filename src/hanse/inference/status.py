"""The state of a scheduler in plain values, without any text: for people on call, and metrics."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import structs

from hanse.inference.worth import DEMAND_MIN

if TYPE_CHECKING:
    from hanse.inference.scheduler import Scheduler


def cost_errors(scheduler: "Scheduler") -> list[tuple[str, str, float]]:
    """Return model, kind of worker and how far off predictions are, as a part of the time."""
    names = _names(scheduler)
    return [
        (names[model_hash], kind, cost.error)
        for (model_hash, kind), cost in scheduler.fleet.costs.items()
        if model_hash in names and cost.observations
    ]


def status_of(scheduler: "Scheduler", now: float) -> dict[str, Any]:
    """Return what waits, what runs, who holds what, and what was learned."""
    names = _names(scheduler)
    memory = scheduler.placement.memory
    fleet = scheduler.fleet.status(now)
    for worker in fleet["workers"]:
        worker["loaded"] = sorted(names.get(each, each[:12]) for each in worker["loaded"])
        worker["models_bytes"] = memory.held_bytes(scheduler.fleet.workers[worker["worker"]])
    for cost in fleet["costs"]:
        cost["model"] = names.get(cost["model_hash"], cost["model_hash"][:12])
    limits, stats = scheduler.limits, scheduler.stats
    return {
        "counts": structs.asdict(stats),
        "requests": len(scheduler.intake.ledger.requests),
        "queues": _queues(scheduler, now),
        "cache": {
            "entries": len(scheduler.cache),
            "bytes": scheduler.cache.bytes,
            "hit_rate": round(stats.cached_items / max(1, stats.items), 3),
            "shared": limits.cache_shared,
        },
        "organisation_weights": {
            str(each): weight for each, weight in limits.organisation_weights.items()
        },
        **fleet,
        "placement": models_of(scheduler, now),
        "pinned": {name: name in scheduler.intake.models for name in limits.pinned_models},
        "models": sorted(scheduler.intake.models),
    }


def models_of(scheduler: "Scheduler", now: float) -> list[dict[str, Any]]:
    """Return each model that is held, loaded, asked for, pinned or cannot be had."""
    placement = scheduler.placement
    fleet, waiting = scheduler.fleet, _waiting(scheduler)
    rows = []
    for model_hash, model in placement.memory.models.items():
        problem = placement.problem(model, now)
        demand = placement.demand.of(model_hash)
        is_held = model_hash in fleet.holders or model_hash in fleet.loading
        is_pinned = model_hash in placement.memory.pinned
        if not (is_held or is_pinned or problem or demand >= DEMAND_MIN):
            continue
        rows.append(
            {
                "model": model.info.name,
                "workers": len(fleet.holders.get(model_hash, ())),
                "loading": fleet.loading.get(model_hash, 0),
                "demand": round(demand, 6),
                "waiting_items": waiting.get(model.info.name, 0),
                "bytes": placement.memory.bytes_of(model_hash),
                "load_s": round(placement.facts.load_s(model), 3),
                "pinned": is_pinned,
                "problem": problem.detail if problem is not None else None,
            }
        )
    return sorted(rows, key=lambda row: (-row["demand"], row["model"]))


def _queues(scheduler: "Scheduler", now: float) -> dict[str, Any]:
    queued = [item for item in scheduler.intake.ledger.items.values() if item.token]
    return {
        service_class.value: {
            "items": queue.items,
            "predicted_s": round(queue.seconds, 3),
            "slack_s": min(
                (
                    round(item.deadline - now, 3)
                    for item in queued
                    if item.service_class is service_class
                ),
                default=None,
            ),
            "owed_s": round(scheduler.shares.owed_s.get(service_class, 0.0), 3),
        }
        for service_class, queue in scheduler.queues.items()
    }


def _waiting(scheduler: "Scheduler") -> Mapping[str, int]:
    items: dict[str, int] = {}
    for queue in scheduler.queues.values():
        for name, waits in queue.backlog.models.items():
            items[name] = items.get(name, 0) + waits.items
    return items


def _names(scheduler: "Scheduler") -> dict[str, str]:
    return {model.info.hash: name for name, model in scheduler.intake.models.items()}
