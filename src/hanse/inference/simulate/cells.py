"""How web processes should choose among cells, each a scheduler with workers of its own.

A process sees of a cell only what it last reported. Here a cell is a line of work that drains at
the pace of its workers: what matters is how choices with old reports spread the work, not what the
scheduler of a cell then does with it.
"""

import random
from collections.abc import Callable, Sequence

from msgspec import Struct

from hanse.inference.simulate.measure import quantile

Choose = Callable[[Sequence[float], random.Random, int], int]
"""Takes the waits that the cells reported, chance, and how many requests came before."""


class CellsFigures(Struct, frozen=True):
    """Waits in seconds, and how much longer the longest line was than the mean one, over time."""

    choice: str
    p50_s: float
    p99_s: float
    longest_s: float


def at_random(waits: Sequence[float], chance: random.Random, _number: int) -> int:
    """Choose any cell."""
    return chance.randrange(len(waits))


def in_turn(waits: Sequence[float], _chance: random.Random, number: int) -> int:
    """Choose one cell after another."""
    return number % len(waits)


def least(waits: Sequence[float], _chance: random.Random, _number: int) -> int:
    """Choose the cell with the most slack, as far as its report tells."""
    return min(range(len(waits)), key=waits.__getitem__)


def better_of_two(waits: Sequence[float], chance: random.Random, _number: int) -> int:
    """Choose the better of two cells drawn by chance (Mitzenmacher, 2001)."""
    first, second = chance.sample(range(len(waits)), 2)
    return first if waits[first] <= waits[second] else second


CHOICES: dict[str, Choose] = {
    "random": at_random,
    "round robin": in_turn,
    "least, as reported": least,
    "better of two": better_of_two,
}


def simulate_cells(
    choice: str,
    *,
    cells: int = 100,
    workers: int = 8,
    processes: int = 20,
    load: float = 0.8,
    report_s: float = 0.5,
    requests: int = 200_000,
    seed: int = 1,
) -> CellsFigures:
    """Send requests of 0.1 s to 2.5 s of work (mean 0.2 s) to cells that report every `report_s`.

    Each process turns by itself in a round robin. Waits are those of the line before a request.
    """
    chance = random.Random(f"{seed} cells")
    choose = CHOICES[choice]
    waits, since = [0.0] * cells, [0.0] * cells
    reported = [0.0] * cells
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
            reported[cell] = max(0.0, waits[cell] - (next_report[cell] - since[cell]))
            next_report[cell] += report_s
            place = (place + 1) % cells
        process = chance.randrange(processes)
        turns[process] += 1
        cell = choose(reported, chance, turns[process])
        wait = max(0.0, waits[cell] - (now - since[cell]))
        if number > requests // 10:
            seen.append(wait)
        work_s = 2.5 if chance.random() < 1 / 24 else 0.1
        waits[cell], since[cell] = wait + work_s / workers, now
    seen.sort()
    return CellsFigures(choice, quantile(seen, 0.5), quantile(seen, 0.99), seen[-1])
