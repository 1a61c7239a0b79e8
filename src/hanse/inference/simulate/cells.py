"""How web processes should choose among cells, each a scheduler with workers of its own.

A process sees of a cell only what it last reported. Here a cell is a line of work that drains at
the pace of its workers: what matters is how choices with old reports spread the work, not what the
scheduler of a cell then does with it.
"""

import random
from collections.abc import Callable, Sequence

from msgspec import Struct

from hanse.inference.cells import CellReport, choose_cell
from hanse.inference.job import ServiceClass
from hanse.inference.simulate.measure import quantile

Choose = Callable[[Sequence[CellReport], random.Random, int, float], int]
"""Takes the last reports, chance, how many requests came before, and the time."""

MODEL = "model"
CLASS = ServiceClass.INTERACTIVE


class CellsFigures(Struct, frozen=True):
    """How long requests waited under one way of choosing, in seconds."""

    choice: str
    p50_s: float
    p99_s: float
    longest_s: float


def at_random(
    reports: Sequence[CellReport], chance: random.Random, _number: int, _now: float
) -> int:
    """Choose any cell."""
    return chance.randrange(len(reports))


def in_turn(reports: Sequence[CellReport], _chance: random.Random, number: int, _now: float) -> int:
    """Choose one cell after another."""
    return number % len(reports)


def least(reports: Sequence[CellReport], _chance: random.Random, _number: int, _now: float) -> int:
    """Choose the cell with the most slack, as far as its report tells."""
    return min(range(len(reports)), key=lambda cell: reports[cell].wait_s(CLASS))


def ours(reports: Sequence[CellReport], chance: random.Random, _number: int, now: float) -> int:
    """Choose as Hanse does: the better of two, by `hanse.inference.cells`."""
    cell = choose_cell(reports, model=MODEL, service_class=CLASS, now=now, random=chance)
    assert cell is not None
    return int(cell)


CHOICES: dict[str, Choose] = {
    "random": at_random,
    "round robin": in_turn,
    "least, as reported": least,
    "better of two (ours)": ours,
}


def simulate_cells(
    choice: str,
    *,
    cells: int = 100,
    workers: int = 8,
    processes: int = 20,
    load: float = 0.8,
    report_s: float = 0.25,
    requests: int = 30_000,
    seed: int = 1,
) -> CellsFigures:
    """Send requests of 0.1 s to 2.5 s of work (mean 0.2 s) to cells that report every `report_s`.

    Each process turns by itself in a round robin. Waits are those of the line before a request.
    """
    chance = random.Random(f"{seed} cells")
    choose = CHOICES[choice]
    waits, since = [0.0] * cells, [0.0] * cells
    reported = [_report(cell, workers, 0.0, 0.0) for cell in range(cells)]
    turns = [chance.randrange(cells) for _ in range(processes)]
    next_report = [chance.random() * report_s for _ in range(cells)]
    due = sorted(range(cells), key=next_report.__getitem__)
    place, now = 0, 0.0
    seen = []
    rate = load * cells * workers / 0.2
    for number in range(requests):
        now += chance.expovariate(rate)
        while next_report[due[place]] <= now:
            cell = due[place]
            at = next_report[cell]
            wait = max(0.0, waits[cell] - (at - since[cell]))
            reported[cell] = _report(cell, workers, wait, at)
            next_report[cell] += report_s
            place = (place + 1) % cells
        process = chance.randrange(processes)
        turns[process] += 1
        cell = choose(reported, chance, turns[process], now)
        wait = max(0.0, waits[cell] - (now - since[cell]))
        if number > requests // 10:
            seen.append(wait)
        work_s = 2.5 if chance.random() < 1 / 24 else 0.1
        waits[cell], since[cell] = wait + work_s / workers, now
    seen.sort()
    return CellsFigures(choice, quantile(seen, 0.5), quantile(seen, 0.99), seen[-1])


def _report(cell: int, workers: int, wait_s: float, at: float) -> CellReport:
    return CellReport(
        cell=str(cell),
        workers=workers,
        backlog_s={CLASS: wait_s * workers},
        models=frozenset([MODEL]),
        at=at,
    )
