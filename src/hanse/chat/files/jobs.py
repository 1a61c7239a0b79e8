"""What becomes of files that are never sent."""

from typing import Final

from hanse.chat.files import store
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs

PURGED_ROWS_MAX: Final = 200


def register_files(jobs: Jobs) -> None:
    """Add the periodic job that deletes files which came with no message within a day."""

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("chat.purge_files", "*/10 * * * *")(purge)
