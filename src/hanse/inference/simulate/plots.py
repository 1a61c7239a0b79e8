"""What the studies found, as SVG files. matplotlib is needed for this alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hanse.inference.job import ServiceClass
from hanse.inference.simulate.measure import ANSWERED, BIN_S, Figures
from hanse.inference.simulate.trial import Trial


class NoPlots(Exception):
    """matplotlib is missing; the message says what to do."""


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise NoPlots(
            "Plots need matplotlib, which Hanse itself does not. Install it: pip install matplotlib"
        ) from error
    mpl.use("svg")
    # Equal figures make equal files.
    mpl.rcParams.update({"svg.hashsalt": "hanse", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    return plt


def check() -> None:
    """Raise NoPlots if nothing can be drawn."""
    _pyplot()


def _save(plt: Any, figure: Any, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
    return path


def attainment(figures: Sequence[Figures], folder: Path) -> Path:
    """Draw the part of interactive and bulk requests in time against the offered load."""
    plt = _pyplot()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
    for axis, name in zip(axes, ("interactive", "bulk"), strict=True):
        for policy in dict.fromkeys(each.policy for each in figures):
            runs = [each for each in figures if each.policy == policy and name in each.classes]
            axis.plot(
                [each.load for each in runs],
                [each.classes[name].attainment for each in runs],
                marker=".",
                linewidth=2.2 if policy == "ours" else 1.1,
                label=policy,
            )
        axis.set_title(name)
        axis.set_xlabel("offered load / ceiling")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("in time, of all offered")
    axes[1].legend(fontsize=7)
    return _save(plt, figure, folder / "attainment.svg")


def latency(trials: Sequence[tuple[str, Trial]], folder: Path) -> Path:
    """Draw the distribution of interactive latencies."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(5, 3.2))
    for policy, trial in trials:
        counted = trial.counted(ServiceClass.INTERACTIVE)
        values = sorted(each.latency_s for each in counted if each.fate == ANSWERED)
        if not values:
            continue
        points = range(0, len(values), max(1, len(values) // 200))
        axis.plot(
            [values[point] * 1000 for point in points],
            [(point + 1) / len(counted) for point in points],
            linewidth=2.2 if policy == "ours" else 1.1,
            label=policy,
        )
    objective_s = trials[0][1].scenario.objectives[ServiceClass.INTERACTIVE].seconds
    axis.axvline(objective_s * 1000, color="grey", linestyle=":")
    axis.set_xscale("log")
    axis.set_xlabel("interactive latency, ms")
    axis.set_ylabel("part of all offered")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
    return _save(plt, figure, folder / "latency.svg")


def fairness(trials: Sequence[tuple[str, Trial]], folder: Path) -> Path:
    """Draw the service that each organisation got over time; the first one floods."""
    plt = _pyplot()
    figure, axes = plt.subplots(1, len(trials), figsize=(3.2 * len(trials), 2.8), sharey=True)
    for axis, (policy, trial) in zip([axes] if len(trials) == 1 else axes, trials, strict=True):
        for organisation in range(trial.scenario.traffic.organisations):
            row = trial.service.cumulated(organisation)
            axis.plot(
                [BIN_S * (place + 1) for place in range(len(row))],
                row,
                linewidth=2.0 if organisation == 0 else 0.8,
            )
        axis.set_title(policy)
        axis.set_xlabel("time, s")
        axis.grid(alpha=0.3)
        axis.set_ylabel("service, s of a worker")
    return _save(plt, figure, folder / "fairness.svg")
