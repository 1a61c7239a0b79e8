"""The job that deletes the attempts of the past."""

from typing import Final

from hanse.language.repeats import store
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs

PURGED_ROWS_MAX: Final = 1000


def register_repeats(jobs: Jobs) -> None:
    """Add the periodic deletion of attempts that are over."""

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("language.purge_attempts", "* * * * *")(purge)
