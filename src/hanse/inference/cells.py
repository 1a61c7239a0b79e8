"""Which cell gets a request, where there are several: each has a scheduler and a fleet of its own.

Pure. What schedulers report is old by the time it is used, and every caller would run to the cell
that looked best; of two drawn at random the better one is nearly as good, and no herd forms
(Mitzenmacher: The Power of Two Choices in Randomized Load Balancing, 2001).
"""

from collections.abc import Mapping, Sequence
from random import Random

from msgspec import Struct

from hanse.inference.job import ServiceClass

REPORT_STALE_S = 3.0
"""A report older than this counts only where there is no younger one."""


class CellReport(Struct, frozen=True, kw_only=True):
    """How a cell was at the time `at`, on the clock of whoever asks.

    `backlog_s` is the predicted work that waits in each class, in seconds of one worker. `models`
    are the names of the models that its workers can run.
    """

    cell: str
    workers: int
    backlog_s: Mapping[ServiceClass, float]
    models: frozenset[str]
    at: float

    def wait_s(self, service_class: ServiceClass) -> float:
        """Return when a job of this class that arrives now should start, from now."""
        if not self.workers:
            return float("inf")
        ahead_s = 0.0
        for each in ServiceClass:  # the most urgent comes first
            ahead_s += self.backlog_s.get(each, 0.0)
            if each is service_class:
                break
        return ahead_s / self.workers


def choose_cell(
    reports: Sequence[CellReport],
    *,
    model: str,
    service_class: ServiceClass,
    now: float,
    random: Random,
) -> str | None:
    """Return the cell that should get a job; None if no cell has the model.

    Of two cells with the model, drawn by their number of workers, the one that would start the job
    sooner: that leaves it the most slack, whatever its deadline. Cells that are silent, and cells
    without workers, are drawn only where there are no others.
    """
    able = [report for report in reports if model in report.models]
    able = [report for report in able if now - report.at <= REPORT_STALE_S] or able
    able = [report for report in able if report.workers] or able
    if not able:
        return None
    drawn = _two(able, random)
    return min(drawn, key=lambda report: report.wait_s(service_class)).cell


def _two(reports: list[CellReport], random: Random) -> list[CellReport]:
    if len(reports) <= 2:
        return random.sample(reports, len(reports))
    weights = [max(1, report.workers) for report in reports]
    first = random.choices(range(len(reports)), weights)[0]
    weights[first] = 0
    second = random.choices(range(len(reports)), weights)[0]
    return [reports[first], reports[second]]
