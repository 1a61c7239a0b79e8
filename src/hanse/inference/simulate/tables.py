"""What the studies found, as tables for a terminal. Pure."""

import math
from collections.abc import Iterable, Sequence

from hanse.inference.simulate.cells import CellsFigures
from hanse.inference.simulate.measure import ClassFigures, Figures
from hanse.inference.simulate.studies import Flood, Placed, Tried, goodput


def comparison(figures: Sequence[Figures]) -> str:
    """Return goodput by policy, then every run."""
    policies = list(dict.fromkeys(each.policy for each in figures))
    head = figures[0]
    rows = []
    for policy in policies:
        best = goodput(figures, policy)
        rows.append(
            [policy, "none", "-", "-"]
            if best is None
            else [
                policy,
                f"{best.goodput_items_per_s:.1f}/s",
                f"{best.goodput_items_per_s / best.ceiling_items_per_s:.2f}",
                f"{best.load:g}",
            ]
        )
    return (
        f"Closed-loop ceiling of the fleet: {head.ceiling_items_per_s:.1f} items/s. "
        "Refusals count as broken objectives.\n\n"
        + _table(["policy", "goodput at the objectives", "/ ceiling", "highest load"], rows)
        + "\n\n"
        + _table(_RUN_HEAD, [_run(each) for each in figures])
    )


_CLASS_HEAD = ["class", "p50", "p95", "p99", "in time", "of admitted", "refused", "failed"]
_RUN_HEAD = ["load", "policy", "in time/s", "busy", "batch", "Jain", "gap", *_CLASS_HEAD]


def _run(figures: Figures) -> list[str]:
    first = [
        f"{figures.load:g}",
        figures.policy,
        f"{figures.goodput_items_per_s:.1f}",
        f"{figures.utilisation:.0%}",
        f"{figures.items_per_batch:.1f}",
        f"{figures.jain:.3f}",
        _time(figures.service_gap_s),
    ]
    columns = zip(*([name, *_class(each)] for name, each in figures.classes.items()), strict=True)
    return [*first, *("\n".join(column) for column in columns)]


def _class(figures: ClassFigures) -> list[str]:
    return [
        _time(figures.p50_s),
        _time(figures.p95_s),
        _time(figures.p99_s),
        f"{figures.attainment:.1%}",
        f"{figures.attainment_of_admitted:.1%}",
        str(figures.refused),
        str(figures.failed),
    ]


def floods(found: Iterable[Flood]) -> str:
    """Return what a flood does to the others."""
    rows = [
        [
            each.policy,
            _time(each.alone_s),
            _time(each.flooded_s),
            f"{each.flooded_s / each.alone_s - 1.0:+.0%}" if math.isfinite(each.flooded_s) else "-",
            f"{each.others_attainment:.1%}",
            f"{each.jain:.3f}",
            _time(each.service_gap_s),
        ]
        for each in found
    ]
    return _table(
        ["policy", "p99 before", "p99 in the flood", "change", "in time", "Jain", "gap"], rows
    )


def limits(tried: Iterable[Tried]) -> str:
    """Return what other values of the constants would do."""
    rows = [
        [each.limit, f"{each.value:g}{' *' if each.usual else ''}", *_run(each.figures)]
        for each in tried
    ]
    return _table(["limit", "value", *_RUN_HEAD], rows) + "\n\n* the value in use"


def placed(found: Iterable[Placed]) -> str:
    """Return what ways of placing models do."""
    rows = [
        [
            str(each.models_per_worker),
            each.figures.policy,
            str(each.figures.loads),
            f"{each.figures.loading_share:.1%}",
            f"{each.figures.utilisation:.0%}",
            f"{each.figures.goodput_items_per_s:.0f}",
            *(
                "\n".join(column)
                for column in zip(
                    *([name, *_class(one)] for name, one in each.figures.classes.items()),
                    strict=True,
                )
            ),
        ]
        for each in found
    ]
    head = ["fit", "policy", "loads", "loading", "busy", "in time/s", *_CLASS_HEAD]
    return _table(head, rows)


def scales(figures: Iterable[Figures], workers: Sequence[int]) -> str:
    """Return how fast fleets of each size are simulated."""
    rows = [
        [
            str(number),
            f"{each.offered_items_per_s:.0f}",
            f"{each.simulated_s:.0f} s",
            f"{each.wall_s:.1f} s",
            f"{each.simulated_s / each.wall_s:.2f}",
            f"{each.wall_s / each.simulated_s / each.offered_items_per_s * 1e6:.0f} us",
            f"{each.utilisation:.0%}",
        ]
        for number, each in zip(workers, figures, strict=True)
    ]
    return _table(
        ["workers", "items/s", "simulated", "took", "x real time", "an item", "busy"], rows
    )


def cells(figures: Iterable[CellsFigures]) -> str:
    """Return the waits by way of choosing a cell."""
    rows = [
        [each.choice, _time(each.p50_s), _time(each.p99_s), _time(each.longest_s)]
        for each in figures
    ]
    return _table(["choice", "wait p50", "p99", "longest"], rows)


def _time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells may have several lines."""
    lines = [list(head)]
    for row in rows:
        parts = [cell.split("\n") for cell in row]
        for place in range(max(map(len, parts))):
            lines.append([part[place] if place < len(part) else "" for part in parts])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
