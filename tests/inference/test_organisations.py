"""What one organisation may have of the workers: weights, limits, and a cache of its own."""

from hanse.inference.commands import Finish, RunBatch
from hanse.inference.job import Limits
from hanse.inference.scheduler import Scheduler
from tests.inference.virtual import A, B, job, model, texts


def scheduler_of(limits: Limits, workers: int) -> Scheduler:
    scheduler = Scheduler(limits)
    scheduler.set_models([model()])
    for worker in range(1, workers + 1):
        scheduler.worker_ready(worker, "virtual")
        scheduler.worker_has(worker, [model().info.hash], [model().info.hash])
    return scheduler


def finish(scheduler: Scheduler, run: RunBatch, now: float) -> None:
    scheduler.batch_done(run.worker, run.batch, [f"<{text}>" for text in run.items], now)


def test_an_organisation_runs_no_more_items_at_once_than_it_may() -> None:
    scheduler = scheduler_of(Limits(organisation_running_max=3), workers=8)
    scheduler.submit(job(*texts(50), of=A), 0.0)
    running = {c.batch: c for c in scheduler.tick(0.0) if isinstance(c, RunBatch)}
    answered = False
    for turn in range(1, 100):
        assert sum(len(run.items) for run in running.values()) <= 3
        if not running:
            break
        _, run = running.popitem()
        now = 0.02 * turn
        finish(scheduler, run, now)
        for command in scheduler.tick(now):
            if isinstance(command, RunBatch):
                running[command.batch] = command
            answered = answered or isinstance(command, Finish)
    assert answered


def test_workers_that_one_organisation_may_not_have_serve_another() -> None:
    scheduler = scheduler_of(Limits(organisation_running_max=2), workers=8)
    scheduler.submit(job(*texts(50), of=A), 0.0)
    scheduler.submit(job(*texts(2, "other"), of=B), 0.0)
    runs = [command for command in scheduler.tick(0.0) if isinstance(command, RunBatch)]
    items = [text for run in runs for text in run.items]
    assert sum(text.startswith("text") for text in items) == 2
    assert sum(text.startswith("other") for text in items) == 2


def cached_for_others(limits: Limits) -> bool:
    scheduler = scheduler_of(limits, workers=1)
    scheduler.submit(job("text", of=A), 0.0)
    [run] = [command for command in scheduler.tick(0.0) if isinstance(command, RunBatch)]
    finish(scheduler, run, 0.01)
    scheduler.tick(0.01)
    scheduler.submit(job("text", of=B), 0.02)
    return any(isinstance(command, Finish) for command in scheduler.tick(0.02))


def test_the_cache_answers_others_only_if_the_operator_says_so() -> None:
    assert not cached_for_others(Limits())
    assert cached_for_others(Limits(cache_shared=True))
