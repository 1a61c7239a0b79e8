"""What identity throws away, and when."""

from hanse.identity.audit.store import purge_events
from hanse.identity.personal_data.store import purge_exports
from hanse.identity.signing import store
from hanse.identity.webhooks.delivery_store import purge_deliveries
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs
from hanse.platform.telemetry import log

ROWS_MAX = 10_000
ROUNDS_MAX = 10


def register_purge(jobs: Jobs) -> None:
    """Add the periodic job `identity.purge`."""
    jobs.periodic("identity.purge", "17 * * * *")(purge)


async def purge(tx: Tx) -> None:
    """Delete what has expired, in bounded pieces; what is left over waits for the next time.

    Audit events go when they are older than their organisation keeps, sessions, links and webhook
    deliveries 30 days after their end, archives about people when they expire. Needs a system
    transaction of `hanse_jobs`, which sees no younger audit events, sessions, links and archives.
    """
    for purge_some in (
        purge_events,
        store.purge_sessions,
        store.purge_links,
        store.purge_ceremonies,
        store.purge_failures,
        purge_deliveries,
        purge_exports,
    ):
        total = 0
        for _ in range(ROUNDS_MAX):
            rows = await purge_some(tx, ROWS_MAX)
            total += rows
            if rows < ROWS_MAX:
                break
        log.debug("purged", what=f"identity {purge_some.__name__}", rows=total)
