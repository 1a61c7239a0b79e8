"""The jobs of notifications as a process of their own, for tests that kill it."""

import asyncio
import sys

from hanse.identity.notifications.kinds import KINDS
from hanse.identity.notifications.model import Kinds
from hanse.identity.notifications.sending.jobs import register_notifications
from hanse.identity.sealing import Seal
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.mail import Postman, parse_smtp_url
from tests.eventing import SHORT_LEASE


async def _main(database_url: str, smtp_url: str) -> None:
    jobs = Jobs()
    postman = Postman(parse_smtp_url(smtp_url), "Hanse <hanse@hanse.example>")
    seal = Seal("only for this test")
    url = "http://localhost:8080"
    register_notifications(jobs, Kinds(KINDS), seal, url, postman=postman, push=None)
    await run_jobs(jobs, database_url, asyncio.Event(), limits=SHORT_LEASE)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
