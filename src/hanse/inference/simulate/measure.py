"""The figures of one run: goodput, objectives met, latencies, fairness, utilisation. Pure."""

import math
from collections.abc import Sequence
from itertools import combinations

from msgspec import Struct

from hanse.inference.job import ServiceClass

BIN_S = 0.5
"""Service is compared between organisations in steps of this time."""
COMPARED_MAX = 16
"""Organisations, the busiest ones, between which the service gap is looked for."""

ANSWERED, REFUSED, FAILED, OPEN = "answered", "refused", "failed", "open"


class Request(Struct):
    """What became of one request. `work_s` is what its items cost a worker, run singly."""

    organisation: int
    service_class: ServiceClass
    items: int
    work_s: float
    arrived: float
    ended: float = math.inf
    fate: str = OPEN

    @property
    def latency_s(self) -> float:
        """From the arrival to the answer."""
        return self.ended - self.arrived


class ClassFigures(Struct, frozen=True):
    """One service class. Attainments are parts of the requests offered, and of those admitted."""

    offered: int
    refused: int
    failed: int
    p50_s: float
    p95_s: float
    p99_s: float
    attainment: float
    attainment_of_admitted: float
    meets_objective: bool


class Figures(Struct, frozen=True, kw_only=True):
    """One policy under one load. `load` is the offered rate as a part of the ceiling."""

    policy: str
    load: float
    ceiling_items_per_s: float
    offered_items_per_s: float
    goodput_items_per_s: float
    """Items of requests that were answered within the objective of their class."""
    utilisation: float
    items_per_batch: float
    jain: float
    """Jain's index of what each organisation got, relative to its max-min fair share."""
    service_gap_s: float
    """The most that two organisations with work waiting ever differed in service, in seconds."""
    classes: dict[str, ClassFigures]
    loads: int
    """Models that were loaded, in the time that counts."""
    loading_share: float
    """The part of the workers' time that went into that."""
    workers_lost: int
    wall_s: float
    simulated_s: float

    @property
    def meets_objectives(self) -> bool:
        """Whether every class kept its objective, refusals counted as broken."""
        return all(figures.meets_objective for figures in self.classes.values())


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value that `part` of an ordered sequence do not pass; infinite without any."""
    if not ordered:
        return math.inf
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


def of_class(requests: Sequence[Request], objective_s: float, part: float) -> ClassFigures:
    """Return the figures of one class whose objective is that `part` ends in `objective_s`."""
    ended = sorted(each.latency_s for each in requests if each.fate == ANSWERED)
    refused = sum(each.fate == REFUSED for each in requests)
    in_time = sum(latency_s <= objective_s for latency_s in ended)
    admitted = len(requests) - refused
    attainment = in_time / len(requests) if requests else 1.0
    return ClassFigures(
        offered=len(requests),
        refused=refused,
        failed=sum(each.fate == FAILED for each in requests),
        p50_s=quantile(ended, 0.50),
        p95_s=quantile(ended, 0.95),
        p99_s=quantile(ended, 0.99),
        attainment=attainment,
        attainment_of_admitted=in_time / admitted if admitted else 1.0,
        meets_objective=attainment >= part,
    )


def jain(shares: Sequence[float]) -> float:
    """Return Jain's fairness index: 1 if all are equal, 1/n if one has everything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def fair_shares(demands: Sequence[float], total: float) -> list[float]:
    """Return the max-min fair division of `total` among those who want no more than `demands`."""
    shares = [0.0] * len(demands)
    left = total
    order = sorted(range(len(demands)), key=demands.__getitem__)
    for place, which in enumerate(order):
        shares[which] = min(demands[which], left / (len(order) - place))
        left -= shares[which]
    return shares


class Service:
    """Keeps, in steps of time, what organisations asked for and got, in seconds of a worker."""

    def __init__(self, organisations: int, end_s: float) -> None:
        bins = int(end_s / BIN_S) + 2
        self._asked = [[0.0] * bins for _ in range(organisations)]
        self._given = [[0.0] * bins for _ in range(organisations)]

    def asked(self, organisation: int, at: float, seconds: float) -> None:
        """An organisation sent work."""
        self._add(self._asked[organisation], at, seconds)

    def given(self, organisation: int, at: float, seconds: float) -> None:
        """Work of an organisation was done, or was taken back because it was refused."""
        self._add(self._given[organisation], at, seconds)

    @staticmethod
    def _add(row: list[float], at: float, seconds: float) -> None:
        row[min(len(row) - 1, int(at / BIN_S))] += seconds

    def cumulated(self, organisation: int) -> list[float]:
        """Return what an organisation had got by the end of each step."""
        total, rows = 0.0, []
        for seconds in self._given[organisation]:
            total += seconds
            rows.append(total)
        return rows

    def jain(self, start: float, end: float) -> float:
        """Return Jain's index over organisations of service by max-min fair share."""
        first, last = int(start / BIN_S), int(end / BIN_S)
        demands = [
            sum(row[:last]) - sum(self._given[which][:first])
            for which, row in enumerate(self._asked)
        ]
        given = [sum(row[first:last]) for row in self._given]
        fair = fair_shares([max(each, 0.0) for each in demands], sum(given))
        return jain([got / share for got, share in zip(given, fair, strict=True) if share > 0.0])

    def gap_s(self) -> float:
        """Return the most that two organisations differed while both had work waiting."""
        busiest = sorted(
            range(len(self._asked)), key=lambda which: sum(self._asked[which]), reverse=True
        )[:COMPARED_MAX]
        waits = {which: self._waits(which) for which in busiest}
        return max(
            (self._pair_gap_s(a, b, waits[a], waits[b]) for a, b in combinations(busiest, 2)),
            default=0.0,
        )

    def _waits(self, which: int) -> list[bool]:
        """For each step, whether more was waiting at its start than was done in it."""
        waiting, rows = 0.0, []
        for asked, given in zip(self._asked[which], self._given[which], strict=True):
            rows.append(waiting > given)
            waiting += asked - given
        return rows

    def _pair_gap_s(self, a: int, b: int, a_waits: list[bool], b_waits: list[bool]) -> float:
        # The largest sum of neighbouring differences, either way (Kadane).
        most = ahead = behind = 0.0
        for place, (got_a, got_b) in enumerate(zip(self._given[a], self._given[b], strict=True)):
            if a_waits[place] and b_waits[place]:
                ahead = max(0.0, ahead + got_a - got_b)
                behind = max(0.0, behind + got_b - got_a)
                most = max(most, ahead, behind)
            else:
                ahead = behind = 0.0
        return most
