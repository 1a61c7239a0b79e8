"""The jobs of notifications as a process of their own, for tests that kill it."""

import asyncio
import sys

from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from hanse.server.notices import register_jobs
from hanse.server.settings import Settings
from tests.eventing import SHORT_LEASE


async def _main(database_url: str, smtp_url: str, home: str) -> None:
    jobs = Jobs()
    register_jobs(jobs, Settings(home=home, smtp_url=smtp_url, push_services=""))
    await run_jobs(jobs, database_url, asyncio.Event(), limits=SHORT_LEASE)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
