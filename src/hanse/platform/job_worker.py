"""The worker of the job queue: picks jobs, runs their handlers, settles what came of them."""

import asyncio
import traceback
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from croniter import croniter
from prometheus_client import Counter, Gauge, Histogram

from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.jobs import Jobs, Nothing, Task, enqueue
from hanse.platform.problems import Problem
from hanse.platform.telemetry import bound, log, span
from hanse.platform.waiting import backoff_s, is_outage, keep_picking

ERROR_CHARACTERS_MAX = 8_000
GIVE_BACK_TIMEOUT_S = 2.0

_finished = Counter(
    "hanse_jobs_finished_total", "Attempts at jobs, by what came of them.", ["name", "outcome"]
)
_seconds = Histogram(
    "hanse_job_seconds",
    "Time an attempt at a job took.",
    ["name"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
)
_due_age = Gauge(
    "hanse_jobs_due_age_seconds",
    "How long the job that has been due longest has been waiting.",
    multiprocess_mode="livemostrecent",
)
_held = Gauge(
    "hanse_jobs_held",
    "Jobs that were given up and wait for somebody to decide.",
    multiprocess_mode="livemostrecent",
)

TELLING_MAX = 3
TELLING_FIRST_S = 0.5
"""Attempts to tell who waits for a job that it was given up, and the first pause between them."""

# The common table expression is materialised so that its limit is applied once, whatever the plan.
_PICK_SQL = """
with picked as materialized (
    select id from queue.jobs
    where held_at is null and due_at <= now() and name = any($1::text[])
    order by priority desc, due_at limit $2
    for update skip locked
)
update queue.jobs j set attempts = attempts + 1, due_at = now() + $3 * interval '1 second'
from picked where j.id = picked.id
returning j.id, j.organisation_id, j.name, j.payload, j.attempts, j.traceparent
"""

_RENEW_SQL = """
update queue.jobs j set due_at = now() + $3 * interval '1 second'
from unnest($1::bigint[], $2::integer[]) as mine (id, attempts)
where j.id = mine.id and j.attempts = mine.attempts
"""

_FINISH_SQL = "delete from queue.jobs where id = $1 and attempts = $2 returning id"

_RETRY_SQL = """
update queue.jobs set due_at = now() + $3 * interval '1 second', error = $4
where id = $1 and attempts = $2
"""

_HOLD_SQL = """
update queue.jobs set held_at = now(), error = $3 where id = $1 and attempts = $2 returning id
"""

_GIVE_BACK_SQL = """
update queue.jobs set due_at = now() + $3 * interval '1 second', attempts = attempts - 1
where id = $1 and attempts = $2
"""

_SCHEDULE_SQL = """
insert into queue.periodic as p (name, expression, next_at) values ($1, $2, $3)
on conflict (name) do update set expression = excluded.expression, next_at = excluded.next_at
where p.expression <> excluded.expression
"""

_DUE_PERIODIC_SQL = """
select name, now() as now from queue.periodic
where name = any($1::text[]) and next_at <= now() for update skip locked
"""

_FIRED_SQL = "update queue.periodic set fired_at = now(), next_at = $2 where name = $1"

_MEASURE_SQL = """
select
    coalesce(extract(epoch from now() - min(due_at) filter (where held_at is null)), 0) as age_s,
    count(*) filter (where held_at is not null) as held
from queue.jobs where held_at is not null or due_at <= now()
"""


class WorkerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How one worker process goes about it; times in seconds.

    A job whose worker has been silent for `lease_s` is run by another. When stopping, jobs get
    `drain_s` to finish; those cut off run again elsewhere.
    """

    concurrency: int = 8
    poll_s: float = 0.2
    lease_s: float = 30.0
    drain_s: float = 20.0
    tick_s: float = 5.0
    retry_max_s: float = 5.0


class _LeaseLost(Exception):
    """Another worker has taken the job over; what this one did has been rolled back."""


class _Job(msgspec.Struct, frozen=True):
    """One attempt at one job."""

    id: int
    organisation_id: UUID | None
    name: str
    payload: Any
    attempts: int
    traceparent: str | None


async def run_jobs(
    jobs: Jobs, database_url: str, stop: asyncio.Event, *, limits: WorkerLimits | None = None
) -> None:
    """Run jobs until `stop` is set, then let those in work finish; connect as `hanse_jobs`.

    Any number of processes may run the same ones and share the work. Outages of PostgreSQL are
    waited out.
    """
    limits = limits or WorkerLimits()
    # A connection for each handler, and always one left to pick, renew and fire.
    db = await Db.open(database_url, size_max=limits.concurrency + 3, application_name="hanse-jobs")
    worker = _Worker(jobs, db, limits)
    background = [
        asyncio.create_task(worker.renew_leases()),
        asyncio.create_task(worker.tick()),
    ]
    try:
        await worker.work(stop)
    finally:
        for task in background:
            task.cancel()
        await asyncio.wait(background)
        await db.close()


class _Worker:
    def __init__(self, jobs: Jobs, db: Db, limits: WorkerLimits) -> None:
        self._tasks = jobs.tasks
        self._db = db
        self._limits = limits
        self._running: dict[asyncio.Task[None], _Job] = {}

    async def work(self, stop: asyncio.Event) -> None:
        """Pick and run jobs until stopped; then wait for those running, cut off the late ones."""
        try:
            await keep_picking(
                self._pick,
                self._running,
                stop,
                name="jobs",
                poll_s=self._limits.poll_s,
                interrupted_max_s=self._limits.retry_max_s,
            )
        finally:
            await self._drain()

    async def _pick(self) -> bool:
        """Start as many due jobs as there is room for; return whether to wait before the next."""
        room = self._limits.concurrency - len(self._running)
        if room <= 0:
            return True
        # The pick need not outlive a crash of PostgreSQL: the job is then simply due again.
        async with self._db.system_tx(durable=False) as tx:
            rows = await tx.fetch(_PICK_SQL, list(self._tasks), room, self._limits.lease_s)
        for row in rows:
            job = _Job(**row)
            task = asyncio.create_task(self._run(job, self._tasks[job.name]))
            self._running[task] = job
            task.add_done_callback(self._running.pop)
        return len(rows) < room

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._limits.drain_s)
        late = set(self._running)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=GIVE_BACK_TIMEOUT_S)

    async def _run(self, job: _Job, task: Task) -> None:
        """Make one attempt and settle it. Never raises."""
        facts: dict[str, Any] = {"job": job.name, "job_id": job.id, "attempt": job.attempts}
        if job.organisation_id is not None:
            facts["organisation_id"] = str(job.organisation_id)
        with bound(**facts):
            try:
                outcome = await self._attempt(job, task)
            except DatabaseUnavailable:
                # Nothing was settled. The lease runs out and the job falls due again.
                outcome = "lost"
                log.warning("job_lost_the_database")
            except Exception:  # the edge: one job's settling must not stop the others
                outcome = "lost"
                log.exception("job_not_settled")
        _finished.labels(job.name, outcome).inc()

    async def _attempt(self, job: _Job, task: Task) -> str:
        if job.attempts > task.attempts_max:
            # Only a worker that dies leaves an attempt without a result.
            return await self._hold(job, task, "Each attempt ended with the death of its worker.")
        try:
            with (
                _seconds.labels(job.name).time(),
                span("job", traceparent=job.traceparent, job=job.name),
            ):
                await self._handle(job, task)
        except asyncio.CancelledError:
            await self._settle(_GIVE_BACK_SQL, job, 0.0)
            return "cut_off"
        except _LeaseLost:
            log.warning("job_lease_lost")
            return "lease_lost"
        except msgspec.ValidationError as error:
            # It fits no better the next time.
            return await self._hold(job, task, _describe(error))
        except Exception as error:
            if is_outage(error):  # the job's attempts are not for those
                await self._settle(_GIVE_BACK_SQL, job, task.retry_first_s)
                return "lost"
            return await self._failed(job, task, error)
        return "done"

    async def _handle(self, job: _Job, task: Task) -> None:
        payload = msgspec.convert(job.payload, task.payload)
        async with asyncio.timeout(task.timeout_s), self._tx(job) as tx:
            await task.handler(tx, payload)
            # Last, for the row lock would hold up the renewal of all leases.
            if await tx.fetchval(_FINISH_SQL, job.id, job.attempts) is None:
                raise _LeaseLost

    def _tx(self, job: _Job) -> AbstractAsyncContextManager[Tx]:
        if job.organisation_id is None:
            return self._db.system_tx()
        return self._db.tx(job.organisation_id)

    async def _failed(self, job: _Job, task: Task, error: Exception) -> str:
        if job.attempts >= task.attempts_max:
            return await self._hold(job, task, _describe(error))
        pause_s = backoff_s(job.attempts, task.retry_first_s, task.retry_max_s)
        if isinstance(error, Problem):
            pause_s = max(pause_s, error.retry_after_s or 0.0)
        log.warning("job_failed", error=repr(error), retry_in_s=round(pause_s, 2))
        await self._settle(_RETRY_SQL, job, pause_s, _describe(error))
        return "failed"

    async def _hold(self, job: _Job, task: Task, error: str) -> str:
        log.error("job_failed_for_good", error=error)
        if task.cron is not None:
            await self._settle(_FINISH_SQL, job)
        elif not await self._told(job, task, error):
            await self._settle(_HOLD_SQL, job, error)
        return "held"

    async def _told(self, job: _Job, task: Task, error: str) -> bool:
        """Hold a job and tell whoever waits for it; False if nobody does or that failed."""
        if task.given_up is None:
            return False
        for attempt in range(TELLING_MAX):
            try:
                await self._tell(job, task, task.given_up, error)
            except _LeaseLost:
                log.warning("job_lease_lost")
                return True
            except Exception as failure:  # the edge: the job is held whatever its listener does
                if is_outage(failure):
                    raise  # the lease runs out, and whoever has it next comes here again
                log.exception("job_given_up_untold")
                await asyncio.sleep(backoff_s(attempt + 1, TELLING_FIRST_S, task.retry_max_s))
            else:
                return True
        return False

    async def _tell(self, job: _Job, task: Task, given_up: Any, error: str) -> None:
        payload = msgspec.convert(job.payload, task.payload)
        async with asyncio.timeout(task.timeout_s), self._tx(job) as tx:
            await given_up(tx, payload)
            if await tx.fetchval(_HOLD_SQL, job.id, job.attempts, error) is None:
                raise _LeaseLost

    async def _settle(self, sql: str, job: _Job, *args: Any) -> None:
        """Write down what came of an attempt; in an outage, for as long as the lease may hold."""
        loop = asyncio.get_running_loop()
        give_up_s = loop.time() + self._limits.lease_s
        while True:
            try:
                async with self._db.system_tx() as tx:
                    await tx.execute(sql, job.id, job.attempts, *args)
            except DatabaseUnavailable:
                if loop.time() > give_up_s:
                    raise
                await asyncio.sleep(self._limits.poll_s)
            else:
                return

    async def renew_leases(self) -> None:
        """Keep the running jobs from falling due, for as long as this process lives."""
        while True:
            await asyncio.sleep(self._limits.lease_s / 3)
            mine = list(self._running.values())
            if not mine:
                continue
            try:
                async with self._db.system_tx(durable=False) as tx:
                    await tx.execute(
                        _RENEW_SQL,
                        [job.id for job in mine],
                        [job.attempts for job in mine],
                        self._limits.lease_s,
                    )
            except Exception as error:  # the edge: the next renewal may succeed
                log.warning("job_leases_not_renewed", error=repr(error))

    async def tick(self) -> None:
        """Fire the periodic jobs that are due, and measure the queue."""
        while True:
            try:
                await self._fire_periodic()
                await self._measure()
            except Exception as error:  # the edge: the next tick may succeed
                log.warning("job_tick_failed", error=repr(error))
            await asyncio.sleep(self._limits.tick_s)

    async def _fire_periodic(self) -> None:
        crons = {task.name: task for task in self._tasks.values() if task.cron is not None}
        async with self._db.system_tx() as tx:
            now: datetime = await tx.fetchval("select now()")
            for task in crons.values():
                await tx.execute(_SCHEDULE_SQL, task.name, task.cron, _next(task, now))
            for row in await tx.fetch(_DUE_PERIODIC_SQL, list(crons)):
                task = crons[row["name"]]
                await enqueue(tx, task.name, Nothing(), key=task.name)
                await tx.execute(_FIRED_SQL, task.name, _next(task, now))

    async def _measure(self) -> None:
        async with self._db.system_tx() as tx:
            row = await tx.fetchrow(_MEASURE_SQL)
        assert row is not None
        _due_age.set(row["age_s"])
        _held.set(row["held"])


def _next(task: Task, now: datetime) -> datetime:
    assert task.cron is not None
    following: datetime = croniter(task.cron, now).get_next(datetime)
    return following


def _describe(error: BaseException) -> str:
    """The traceback's end, which is where the error is, without what PostgreSQL cannot store."""
    text = "".join(traceback.format_exception(error)).replace("\x00", "")
    return text[-ERROR_CHARACTERS_MAX:]
