"""What the platform throws away, and when: rows that nothing will ask for again."""

from datetime import timedelta

from hanse.platform.consumers import purge_consumed
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs
from hanse.platform.relay import purge_outbox
from hanse.platform.telemetry import log

IDEMPOTENCY_KEYS_KEEP = timedelta(hours=24)
ROWS_MAX = 10_000
ROUNDS_MAX = 10

_PURGE_KEYS_SQL = """
delete from platform.idempotency_keys where (organisation_id, caller, key) in (
    select organisation_id, caller, key from platform.idempotency_keys
    where created_at < now() - $1::interval order by created_at limit $2
)
"""


def register_purge(jobs: Jobs) -> None:
    """Add the periodic job `platform.purge`; held jobs and dead letters are never purged."""
    jobs.periodic("platform.purge", "*/10 * * * *")(purge)


async def purge(tx: Tx) -> None:
    """Delete what has expired, in bounded pieces; what is left over waits for the next time.

    Needs a system transaction of `hanse_jobs`.
    """
    for purge_some in (purge_outbox, purge_consumed, purge_idempotency_keys):
        total = 0
        for _ in range(ROUNDS_MAX):
            rows = await purge_some(tx)
            total += rows
            if rows < ROWS_MAX:
                break
        log.debug("purged", what=purge_some.__name__.removeprefix("purge_"), rows=total)


async def purge_idempotency_keys(tx: Tx, *, keep: timedelta = IDEMPOTENCY_KEYS_KEEP) -> int:
    """Delete up to ROWS_MAX answers older than `keep`; return how many."""
    tag = await tx.execute(_PURGE_KEYS_SQL, keep, ROWS_MAX)
    return int(tag.split()[-1])
