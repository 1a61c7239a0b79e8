"""Traffic to try a policy with: generated from a seed, or recorded.

Each organisation is a stream of its own with a seed of its own, so that taking one away, or letting
it flood, changes no arrival of another. Arrivals are open-loop: nobody waits for an answer before
sending the next, as a million people would not.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from hanse.inference.job import ServiceClass

CHARS_PER_WORD = 6
WORDS_MEDIAN = 15
WORDS_SIGMA = 0.59
WORDS_SIGMA_HEAVY = 0.9
WORDS_MAX = 58
WORDS_MAX_HEAVY = 160
REQUEST_ALPHA = 1.5
REQUEST_ITEMS_MAX = 1_000
DAY_S = 120.0
"""A diurnal run squeezes one day into this time."""
BURST_ON_S, BURST_OFF_S, BURST_FACTOR = 3.0, 9.0, 3.0

INTERACTIVE, LIVE, BULK = ServiceClass
Pattern = Literal["poisson", "bursts", "diurnal"]


class Arrival(Struct, frozen=True):
    """A request: when (seconds), whose, for which model, how urgent, and its items' characters."""

    at: float
    organisation: int
    model: str
    service_class: ServiceClass
    lengths: tuple[int, ...]


class Traffic(Struct, frozen=True, kw_only=True):
    """What to generate. Shares are parts of the requests; the rest is interactive single sentences.

    Lengths are log-normal with the quantiles of real prose (words: p10 7, p50 15, p90 32). `heavy`
    makes their tail heavier and bulk requests Pareto-distributed with the same mean. Organisation 0
    sends `flood` times what each other one does, on top of it.
    """

    pattern: Pattern = "poisson"
    bulk_share: float = 0.3
    live_share: float = 0.0
    bulk_items: int = 50
    heavy: bool = False
    organisations: int = 8
    flood: float = 1.0
    flood_class: ServiceClass | None = None
    models: int = 1
    zipf: float = 1.0

    @property
    def items_per_request(self) -> float:
        """The mean."""
        return 1.0 + self.bulk_share * (self.bulk_items - 1)


def model_names(models: int) -> list[str]:
    """Return the names of so many models, the most popular first."""
    return [f"model-{rank}" for rank in range(models)]


def generate(
    traffic: Traffic, *, items_per_s: float, duration_s: float, seed: int
) -> Iterator[Arrival]:
    """Return the arrivals in order of time.

    `items_per_s` is the mean rate of all organisations together if none floods.
    """
    rate = items_per_s / traffic.items_per_request / traffic.organisations
    pace, peak = _pace(traffic.pattern, duration_s, random.Random(f"{seed} pace"))
    streams = [
        _stream(traffic, organisation, rate, pace, peak, duration_s, seed)
        for organisation in range(traffic.organisations)
    ]
    if traffic.flood > 1.0:
        extra = rate * (traffic.flood - 1.0)
        streams.append(_stream(traffic, 0, extra, pace, peak, duration_s, seed, "flood"))
    return heapq.merge(*streams, key=lambda arrival: arrival.at)


def _stream(
    traffic: Traffic,
    organisation: int,
    rate: float,
    pace: Callable[[float], float],
    peak: float,
    duration_s: float,
    seed: int,
    name: str = "",
) -> Iterator[Arrival]:
    chance = random.Random(f"{seed} {organisation} {name}")
    names = model_names(traffic.models)
    weights = [1.0 / (rank + 1) ** traffic.zipf for rank in range(traffic.models)]
    at = 0.0
    while (at := at + chance.expovariate(rate * peak)) < duration_s:
        if chance.random() * peak > pace(at):
            continue  # thinning (Lewis and Shedler, 1979)
        service_class, items = _kind(traffic, chance)
        if name and traffic.flood_class is not None:
            service_class = traffic.flood_class
        yield Arrival(
            at,
            organisation,
            chance.choices(names, weights)[0] if traffic.models > 1 else names[0],
            service_class,
            tuple(_length(chance, heavy=traffic.heavy) for _ in range(items)),
        )


def _kind(traffic: Traffic, chance: random.Random) -> tuple[ServiceClass, int]:
    draw = chance.random()
    if draw < traffic.bulk_share:
        if not traffic.heavy:
            return BULK, traffic.bulk_items
        least = traffic.bulk_items * (REQUEST_ALPHA - 1.0) / REQUEST_ALPHA
        return BULK, min(
            REQUEST_ITEMS_MAX, max(1, int(least * chance.paretovariate(REQUEST_ALPHA)))
        )
    return (LIVE if draw < traffic.bulk_share + traffic.live_share else INTERACTIVE), 1


def _length(chance: random.Random, *, heavy: bool = False) -> int:
    sigma, most = (WORDS_SIGMA_HEAVY, WORDS_MAX_HEAVY) if heavy else (WORDS_SIGMA, WORDS_MAX)
    words = chance.lognormvariate(math.log(WORDS_MEDIAN), sigma)
    return round(CHARS_PER_WORD * min(max(words, 1.0), most))


def sample_lengths(number: int, seed: int, *, heavy: bool = False) -> list[int]:
    """Return the characters of so many sentences of this traffic."""
    chance = random.Random(f"{seed} lengths")
    return [_length(chance, heavy=heavy) for _ in range(number)]


def _pace(
    pattern: Pattern, duration_s: float, chance: random.Random
) -> tuple[Callable[[float], float], float]:
    """Return the rate over time relative to its mean, and the most that it can be."""
    if pattern == "diurnal":
        return (lambda at: 1.0 - 0.8 * math.cos(2 * math.pi * at / DAY_S)), 1.8
    if pattern == "poisson":
        return (lambda _at: 1.0), 1.0
    # A Markov-modulated Poisson process of two states.
    mean = (BURST_FACTOR * BURST_ON_S + BURST_OFF_S) / (BURST_ON_S + BURST_OFF_S)
    switches, at, on = [0.0], 0.0, False
    while at < duration_s:
        at += chance.expovariate(1.0 / (BURST_ON_S if on else BURST_OFF_S))
        switches.append(at)
        on = not on
    position = [0]

    def pace(at: float) -> float:
        # Streams are merged, so times go back a little between them.
        while position[0] and switches[position[0]] > at:
            position[0] -= 1
        while position[0] + 1 < len(switches) and switches[position[0] + 1] <= at:
            position[0] += 1
        return (BURST_FACTOR if position[0] % 2 else 1.0) / mean

    return pace, BURST_FACTOR / mean


class BadRecording(ValueError):
    """A recording cannot be read; the message says where and why."""


def record(arrivals: Iterable[Arrival], path: Path) -> int:
    """Write arrivals as JSON lines and return how many there were."""
    number = 0
    with path.open("wb") as file:
        for arrival in arrivals:
            file.write(msgspec.json.encode(arrival) + b"\n")
            number += 1
    return number


def recorded(path: Path) -> Iterator[Arrival]:
    """Return the arrivals of a recording in order of time, from 0 on. Raises BadRecording.

    A line is `{"at": 0.1, "organisation": 3, "model": "en-pt", "service_class": "bulk", "lengths":
    [80, 120]}`: seconds by any clock, and the characters of each item. No text is needed or kept.
    """
    arrivals = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                arrivals.append(msgspec.json.decode(line, type=Arrival))
            except msgspec.DecodeError as error:
                raise BadRecording(f"{path}, line {number}: {error}") from error
    if not arrivals:
        raise BadRecording(f"{path} holds no requests.")
    arrivals.sort(key=lambda arrival: arrival.at)
    start = arrivals[0].at
    return (msgspec.structs.replace(arrival, at=arrival.at - start) for arrival in arrivals)
