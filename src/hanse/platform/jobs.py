"""Background jobs: rows that are enqueued inside the business transaction and run after it.

A job's effect on the database and its end are one transaction, fenced by the number of the
attempt: it is applied exactly once, whatever is killed when. What a handler does outside the
database may happen again, so **handlers must be idempotent** there. A failing job is tried again
with growing pauses and then held, with its error, until `retry_dead` or an operator decides.

The queue is a table of our own, not pgqueuer's: see docs/decisions/0010-own-job-queue.md.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from croniter import croniter

from hanse.platform.database import Tx
from hanse.platform.problems import Conflict, NotFound, PayloadTooLarge
from hanse.platform.telemetry import current_traceparent

PAYLOAD_BYTES_MAX = 1024 * 1024

Payload = TypeVar("Payload", bound=msgspec.Struct)
Handler = Callable[[Tx, Any], Awaitable[None]]

_ENQUEUE_SQL = """
insert into queue.jobs (name, key, payload, priority, due_at, traceparent)
values ($1, $2, $3, $4, now() + $5 * interval '1 second', $6)
on conflict (organisation_id, name, key) where held_at is null and key is not null do nothing
returning id
"""

_DEAD_SQL = """
select id, organisation_id, name, key, payload, attempts, error, created_at, held_at
from queue.jobs where held_at is not null order by held_at desc, id limit $1
"""

_RETRY_SQL = """
update queue.jobs set held_at = null, attempts = 0, due_at = now()
where id = $1 and held_at is not null returning id
"""


class JobTooLarge(PayloadTooLarge):
    """A job's payload exceeds PAYLOAD_BYTES_MAX once encoded as JSON."""

    code = "job_too_large"
    title = "Job too large"


class DeadJob(msgspec.Struct, frozen=True):
    """A job that was given up: its last error is kept, and `retry_dead` gives it a new chance."""

    id: int
    organisation_id: UUID | None
    name: str
    key: str | None
    payload: Any
    attempts: int
    error: str | None
    created_at: datetime
    held_at: datetime


class Nothing(msgspec.Struct, frozen=True):
    """The payload of a job that needs none."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """How jobs of one name are run: times in seconds."""

    name: str
    payload: type[msgspec.Struct]
    handler: Handler
    attempts_max: int
    timeout_s: float
    retry_first_s: float
    retry_max_s: float
    given_up: Handler | None = None
    cron: str | None = None


async def enqueue(
    tx: Tx,
    name: str,
    payload: msgspec.Struct,
    *,
    key: str | None = None,
    delay_s: float = 0.0,
    priority: int = 0,
) -> int | None:
    """Put a job into the queue; return its id. It exists if and only if the transaction commits.

    It runs in a transaction of the same organisation (or, from a system transaction, of none), not
    before `delay_s`, higher `priority` first. With a `key`, nothing is enqueued and None returned
    while a job of that name and key waits or runs in the organisation; a job that is running may
    have read its data before this transaction's change.
    Raises JobTooLarge.
    """
    data = msgspec.json.encode(payload)
    if len(data) > PAYLOAD_BYTES_MAX:
        raise JobTooLarge(f"{name} has {len(data)} bytes; {PAYLOAD_BYTES_MAX} are allowed.")
    job_id: int | None = await tx.fetchval(
        _ENQUEUE_SQL, name, key, msgspec.Raw(data), priority, delay_s, current_traceparent()
    )
    return job_id


async def list_dead(tx: Tx, *, limit: int = 100) -> list[DeadJob]:
    """Return the jobs given up last: the organisation's, or in a system transaction all."""
    return [DeadJob(**row) for row in await tx.fetch(_DEAD_SQL, limit)]


async def retry_dead(tx: Tx, job_id: int) -> None:
    """Let a held job run again now, with all its attempts.

    Raises NotFound, and Conflict when another job with its key is waiting or running.
    """
    try:
        retried = await tx.fetchval(_RETRY_SQL, job_id)
    except asyncpg.UniqueViolationError:
        raise Conflict("A job with the same key is already waiting or running.") from None
    if retried is None:
        raise NotFound(f"There is no held job {job_id}.")


class Jobs:
    """The registry of tasks: what jobs there are and how each is run."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}

    def task(
        self,
        name: str,
        payload: type[Payload],
        *,
        attempts_max: int = 5,
        timeout_s: float = 300.0,
        retry_first_s: float = 1.0,
        retry_max_s: float = 600.0,
        given_up: Callable[[Tx, Payload], Awaitable[None]] | None = None,
    ) -> Callable[
        [Callable[[Tx, Payload], Awaitable[None]]], Callable[[Tx, Payload], Awaitable[None]]
    ]:
        """Register `handler(tx, payload)` for jobs of this name.

        An attempt that takes longer than `timeout_s` has failed. The pauses between attempts
        double from `retry_first_s` up to `retry_max_s`; a Problem's `retry_after_s` prolongs one.
        `given_up(tx, payload)` tells whoever waits that no attempt succeeded: it runs in the
        transaction that holds the job, and if it fails itself, the job is held all the same.
        """

        def register(
            handler: Callable[[Tx, Payload], Awaitable[None]],
        ) -> Callable[[Tx, Payload], Awaitable[None]]:
            self._add(
                Task(
                    name=name,
                    payload=payload,
                    handler=handler,
                    attempts_max=attempts_max,
                    timeout_s=timeout_s,
                    retry_first_s=retry_first_s,
                    retry_max_s=retry_max_s,
                    given_up=given_up,
                )
            )
            return handler

        return register

    def periodic(
        self, name: str, expression: str, *, attempts_max: int = 3, timeout_s: float = 300.0
    ) -> Callable[[Callable[[Tx], Awaitable[None]]], Callable[[Tx], Awaitable[None]]]:
        """Register `handler(tx)` to run whenever the cron expression (in UTC) says so.

        `tx` belongs to no organisation. However many processes run, each firing is one job, and
        none is added while the one before waits or runs; firings missed while nothing ran are
        made up for by one. A firing that has failed `attempts_max` times is dropped: the next one
        is its retry. Raises ValueError if it is no cron expression.
        """
        if not croniter.is_valid(expression):
            raise ValueError(f"{expression!r} is no cron expression.")

        def register(handler: Callable[[Tx], Awaitable[None]]) -> Callable[[Tx], Awaitable[None]]:
            async def fire(tx: Tx, _payload: Any) -> None:
                await handler(tx)

            self._add(
                Task(
                    name=name,
                    payload=Nothing,
                    handler=fire,
                    attempts_max=attempts_max,
                    timeout_s=timeout_s,
                    retry_first_s=1.0,
                    retry_max_s=60.0,
                    cron=expression,
                )
            )
            return handler

        return register

    def _add(self, task: Task) -> None:
        assert task.name not in self.tasks, f"two tasks are called {task.name}"
        self.tasks[task.name] = task
