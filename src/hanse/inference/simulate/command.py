"""`hanse bench simulate`: carries out a study and writes what it found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hanse.inference.simulate import plots, studies, tables
from hanse.inference.simulate.cells import CHOICES, simulate_cells
from hanse.inference.simulate.engines import Trouble
from hanse.inference.simulate.measure import Figures
from hanse.inference.simulate.policies import NAMES, OURS, RIVALS
from hanse.inference.simulate.trial import Scenario, Trial
from hanse.inference.simulate.workload import Arrival, Pattern, Traffic, record, recorded

STUDIES = ("compare", "flood", "limits", "placement", "scale", "cells")
PLOT_LOAD = 0.8
FLOODED_PLOTTED = 3
SCALES = (100, 1_000, 10_000)


class Found(Struct, frozen=True):
    """What a study found: `text` for people, `figures` for programs, `files` that were drawn."""

    text: str
    figures: Any
    files: list[Path]

    def json(self) -> str:
        """Return the figures as JSON."""
        return msgspec.json.format(msgspec.json.encode(self.figures)).decode()


def from_options(
    *,
    study: str,
    engine: str,
    workers: int,
    paces: Sequence[float],
    policies: Sequence[str],
    loads: Sequence[float],
    pattern: Pattern,
    heavy: bool,
    organisations: int,
    models: int,
    fitting: int,
    load_time: float | None,
    flood: float,
    duration: float,
    noise: float,
    crashes: float,
    hangs: float,
    slow: float,
    seed: int,
    traffic: Path | None,
    record: Path | None,
    plots: Path | None,
) -> Found:
    """Carry out what the command line asks for. Raises ValueError for an unknown policy too."""
    unknown = set(policies) - set(NAMES)
    if unknown:
        raise ValueError(f"There is no policy '{min(unknown)}'. Known: {', '.join(NAMES)}.")
    scenario = Scenario(
        engine=engine,
        workers=workers,
        models_per_worker=fitting,
        load_s=load_time,
        paces=tuple(paces),
        traffic=Traffic(pattern=pattern, heavy=heavy, organisations=organisations, models=models),
        duration_s=duration,
        seed=seed,
        trouble=Trouble(noise=noise, crashes_per_h=crashes, hangs_per_h=hangs, slow_share=slow),
    )
    return carry_out(
        study,
        scenario,
        policies=policies or RIVALS,
        loads=loads or (studies.LOADS if study == "compare" else (PLOT_LOAD,)),
        flood=flood,
        plots_to=plots,
        traffic_from=traffic,
        record_to=record,
    )


def carry_out(
    study: str,
    scenario: Scenario,
    *,
    policies: Sequence[str],
    loads: Sequence[float],
    flood: float = 10.0,
    plots_to: Path | None = None,
    traffic_from: Path | None = None,
    record_to: Path | None = None,
) -> Found:
    """Carry out a study. Raises BadRecording, and NoPlots without matplotlib."""
    if plots_to is not None:
        plots.check()
        plots_to.mkdir(parents=True, exist_ok=True)
    if record_to is not None:
        record(replace(scenario, load=loads[0]).arrivals(), record_to)
    if traffic_from is not None:
        return _replay(scenario, policies, list(recorded(traffic_from)))
    match study:
        case "flood":
            floods = studies.flood(replace(scenario, load=loads[0]), policies, flood)
            return Found(tables.floods(floods), floods, [])
        case "limits":
            tried = studies.limits(replace(scenario, load=loads[0]))
            return Found(tables.limits(tried), tried, [])
        case "placement":
            placed = studies.placement(replace(scenario, load=loads[0]))
            return Found(tables.placed(placed), placed, [])
        case "scale":
            scales = studies.scale(SCALES, scenario.seed)
            return Found(tables.scales(scales, SCALES), scales, [])
        case "cells":
            cells = [simulate_cells(choice, seed=scenario.seed) for choice in CHOICES]
            return Found(tables.cells(cells), cells, [])
    figures = studies.compare(scenario, policies, loads)
    files = _plot(scenario, figures, policies, plots_to, flood) if plots_to else []
    return Found(tables.comparison(figures), figures, files)


def _replay(scenario: Scenario, policies: Sequence[str], arrivals: list[Arrival]) -> Found:
    last = arrivals[-1].at
    items = sum(len(arrival.lengths) for arrival in arrivals)
    duration_s = max(last, 1.0) + 1e-3
    load = items / duration_s / scenario.ceiling_items_per_s
    played = replace(scenario, warm_s=0.0, duration_s=duration_s, load=round(load, 3))
    figures = [Trial(policy, played, arrivals).run() for policy in policies]
    return Found(tables.comparison(figures), figures, [])


def _plot(
    scenario: Scenario,
    figures: Sequence[Figures],
    policies: Sequence[str],
    folder: Path,
    flood: float,
) -> list[Path]:
    files = [plots.attainment(figures, folder)]
    trials = [(policy, Trial(policy, replace(scenario, load=PLOT_LOAD))) for policy in policies]
    for _, trial in trials:
        trial.run()
    files.append(plots.latency(trials, folder))
    wild = replace(scenario, load=PLOT_LOAD, traffic=replace(scenario.traffic, flood=flood))
    chosen = [policy for policy in policies if policy in {"fifo", "triton-priority", OURS}]
    flooded = [(policy, Trial(policy, wild)) for policy in chosen or policies[:FLOODED_PLOTTED]]
    for _, trial in flooded:
        trial.run()
    files.append(plots.fairness(flooded, folder))
    return files
