"""The questions that `hanse bench simulate` asks. Each study is deterministic for a seed."""

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hanse.inference.job import Limits, ServiceClass
from hanse.inference.simulate.measure import ANSWERED, Figures, quantile
from hanse.inference.simulate.policies import ON_DEMAND, OURS
from hanse.inference.simulate.trial import Scenario, Trial, attempt
from hanse.inference.simulate.workload import Traffic

LOADS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.2, 2.0)
LIMITS_TRIED: dict[str, tuple[float, ...]] = {
    "urgent_wait_share": (0.02, 0.05, 0.1, 0.25, 0.5),
    "batch_overhead_share": (0.02, 0.05, 0.07, 0.1, 0.2),
    "bulk_share_min": (0.02, 0.05, 0.1, 0.2),
}
SCALE_FACTOR = 0.8
PLACED_WORKERS, PLACED_MODELS = 16, 100
PLACED_FITTING = (4, 8, 16, 100)
"""Models for which each worker has memory: in the first case not all models fit anywhere."""
PLACED_WARM_S = 30.0


def compare(scenario: Scenario, policies: Sequence[str], loads: Iterable[float]) -> list[Figures]:
    """Run every policy under every load, on all cores."""
    tasks = [
        (policy, replace(scenario, load=load)) for load in sorted(loads) for policy in policies
    ]
    return _all(tasks)


def goodput(figures: Iterable[Figures], policy: str) -> Figures | None:
    """Return the highest load under which a policy still met every objective, or None."""
    met = [each for each in figures if each.policy == policy and each.meets_objectives]
    return max(met, key=lambda each: each.load, default=None)


class Flood(Struct, frozen=True):
    """Another organisation's p99 without and with one that floods, in seconds."""

    policy: str
    alone_s: float
    flooded_s: float
    jain: float
    service_gap_s: float
    others_attainment: float
    """The part of the others' interactive requests that met the objective under the flood."""


def flood(scenario: Scenario, policies: Sequence[str], factor: float = 10.0) -> list[Flood]:
    """Let organisation 0 send `factor` times as much, and look at all others' interactive p99."""
    calm = replace(scenario, traffic=replace(scenario.traffic, flood=1.0))
    wild = replace(scenario, traffic=replace(scenario.traffic, flood=factor))
    found = []
    for policy in policies:
        alone, flooded = Trial(policy, calm), Trial(policy, wild)
        alone.run()
        figures = flooded.run()
        alone_s, _ = _others(alone)
        flooded_s, attainment = _others(flooded)
        found.append(
            Flood(policy, alone_s, flooded_s, figures.jain, figures.service_gap_s, attainment)
        )
    return found


def _others(trial: Trial) -> tuple[float, float]:
    others = [each for each in trial.counted(ServiceClass.INTERACTIVE) if each.organisation != 0]
    latencies = sorted(each.latency_s for each in others if each.fate == ANSWERED)
    objective_s = trial.scenario.objectives[ServiceClass.INTERACTIVE].seconds
    in_time = sum(latency_s <= objective_s for latency_s in latencies)
    return quantile(latencies, 0.99), in_time / max(1, len(others))


class Tried(Struct, frozen=True):
    """One value of one limit, and what came of it."""

    limit: str
    value: float
    usual: bool
    figures: Figures


def limits(scenario: Scenario) -> list[Tried]:
    """Try other values of the scheduler's constants, one at a time."""
    tried = [(name, value) for name, values in LIMITS_TRIED.items() for value in values]
    figures = _all(
        [(OURS, replace(scenario, limits=_with(scenario.limits, *each))) for each in tried]
    )
    return [
        Tried(name, value, getattr(scenario.limits, name) == value, each)
        for (name, value), each in zip(tried, figures, strict=True)
    ]


def _with(known: Limits, name: str, value: float) -> Limits:
    changed: dict[str, Any] = {name: value}
    return replace(known, **changed)


class Placed(Struct, frozen=True):
    """One way of placing models on workers that have memory for so many of them each."""

    models_per_worker: int
    figures: Figures


def placement(scenario: Scenario) -> list[Placed]:
    """Try a hundred models on workers with memory for few, by demand and on demand."""
    crowded = replace(
        scenario,
        workers=PLACED_WORKERS,
        traffic=replace(scenario.traffic, models=PLACED_MODELS),
        warm_s=PLACED_WARM_S,
    )
    tried = [(fitting, policy) for fitting in PLACED_FITTING for policy in (ON_DEMAND, OURS)]
    found = _all(
        [(policy, replace(crowded, models_per_worker=fitting)) for fitting, policy in tried]
    )
    return [Placed(fitting, each) for (fitting, _), each in zip(tried, found, strict=True)]


def scale(workers: Sequence[int], seed: int) -> list[Figures]:
    """Run fleets of these sizes on items of most of a second, as a language model answers them.

    A scheduler decides item by item, so what it can drive is items a second, not workers: ten
    thousand workers of a fast engine are many cells.
    """
    return [
        attempt(
            (
                OURS,
                Scenario(
                    engine="generation",
                    workers=number,
                    paces=(1.0, 1.5, 0.75),
                    traffic=Traffic(organisations=50, models=100, bulk_items=20),
                    load=SCALE_FACTOR,
                    duration_s=10.0,
                    warm_s=10.0,
                    seed=seed,
                ),
            )
        )
        for number in workers
    ]


def _all(tasks: list[tuple[str, Scenario]]) -> list[Figures]:
    workers = min(os.cpu_count() or 1, len(tasks))
    if workers == 1:
        return [attempt(task) for task in tasks]
    # Longest first, so that no core is left alone with one; spawned, since the caller may be
    # anything.
    order = sorted(range(len(tasks)), key=lambda place: -tasks[place][1].load)
    found: dict[int, Figures] = {}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for place, figures in zip(
            order, pool.map(attempt, [tasks[place] for place in order]), strict=True
        ):
            found[place] = figures
    return [found[place] for place in range(len(tasks))]
