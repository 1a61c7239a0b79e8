"""Which of several cells gets a request."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.cells import REPORT_STALE_S, CellReport, choose_cell
from hanse.inference.job import ServiceClass

NOW = 100.0
BACKLOGS = st.fixed_dictionaries({each: st.floats(0, 1e4) for each in ServiceClass})


@st.composite
def cells(draw: st.DrawFn, least: int = 0) -> list[CellReport]:
    """Reports of cells with any load, age and models."""
    return [
        CellReport(
            cell=f"cell-{number}",
            workers=draw(st.integers(0, 1000)),
            backlog_s=draw(BACKLOGS),
            models=draw(st.frozensets(st.sampled_from(["en-de", "en-pt"]))),
            at=NOW - draw(st.floats(0, 10)),
        )
        for number in range(draw(st.integers(least, 6)))
    ]


def chosen(reports: list[CellReport], seed: int, **changed: ServiceClass) -> str | None:
    """The cell that gets a job for en-de, by default an interactive one."""
    options = {"service_class": ServiceClass.INTERACTIVE, **changed}
    return choose_cell(reports, model="en-de", now=NOW, random=Random(seed), **options)


@given(cells(), st.integers())
def test_a_job_goes_only_to_a_cell_with_its_model_and_to_one_if_there_is_any(
    reports: list[CellReport], seed: int
) -> None:
    able = {report.cell for report in reports if "en-de" in report.models}
    cell = chosen(reports, seed)
    assert cell in able if able else cell is None


@given(cells(), st.integers())
def test_silent_cells_and_cells_without_workers_are_the_last_resort(
    reports: list[CellReport], seed: int
) -> None:
    able = [report for report in reports if "en-de" in report.models]
    lively = {each.cell for each in able if NOW - each.at <= REPORT_STALE_S and each.workers}
    if lively:
        assert chosen(reports, seed) in lively


@given(cells(least=2), st.integers(), st.sampled_from(ServiceClass))
def test_the_cell_with_the_longest_wait_of_all_is_never_taken(
    reports: list[CellReport], seed: int, service_class: ServiceClass
) -> None:
    able = [
        each
        for each in reports
        if "en-de" in each.models and each.workers and NOW - each.at <= REPORT_STALE_S
    ]
    waits = sorted(each.wait_s(service_class) for each in able)
    if len(able) < 2 or waits[-1] == waits[-2]:
        return
    worst = max(able, key=lambda each: each.wait_s(service_class))
    assert chosen(reports, seed, service_class=service_class) != worst.cell


def test_only_work_of_the_same_or_a_more_urgent_class_is_in_the_way() -> None:
    report = CellReport(
        cell="a",
        workers=2,
        backlog_s={ServiceClass.INTERACTIVE: 1.0, ServiceClass.LIVE: 2.0, ServiceClass.BULK: 4.0},
        models=frozenset({"en-de"}),
        at=NOW,
    )
    waits = [report.wait_s(each) for each in ServiceClass]
    assert waits == [0.5, 1.5, 3.5]


def test_reports_that_are_old_by_a_hundred_jobs_do_not_make_a_herd() -> None:
    """100 cells of two sizes; all callers see what was true a hundred jobs ago."""
    random = Random(1)
    queued = [0.0] * 100
    workers = [1 + 3 * (cell % 2) for cell in range(100)]
    for _ in range(50):
        reports = [
            CellReport(
                cell=str(cell),
                workers=workers[cell],
                backlog_s={ServiceClass.INTERACTIVE: queued[cell]},
                models=frozenset({"en-de"}),
                at=NOW,
            )
            for cell in range(100)
        ]
        for _ in range(100):
            cell = choose_cell(
                reports,
                model="en-de",
                service_class=ServiceClass.INTERACTIVE,
                now=NOW,
                random=random,
            )
            assert cell is not None
            queued[int(cell)] += 1.0
    waits = [each / number for each, number in zip(queued, workers, strict=True)]
    mean = sum(queued) / sum(workers)
    assert max(waits) < 1.25 * mean
    assert min(waits) > 0.75 * mean
