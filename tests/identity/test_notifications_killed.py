"""Killing the process that carries notifications out: none is lost, no inbox has one twice."""

import asyncio
import sys
from collections import Counter
from uuid import UUID

import asyncpg

from hanse import identity
from hanse.identity import Role, notify
from hanse.identity.notifications import store
from hanse.identity.notifications.kinds import ADDED_TO_GROUP
from hanse.identity.notifications.model import Choice, EmailMode
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from tests.conftest import Database
from tests.eventing import ROOT, SHORT_LEASE, count_jobs, until
from tests.identity.outside import mail_server

ANNOUNCED = 24
KILLS = 2


async def person_with_mail(db: Db, organisation_id: UUID) -> UUID:
    async with db.tx(organisation_id) as tx:
        await identity.create_organisation(tx, "Aldeia")
        person = await identity.create_person(
            tx,
            identity.operator(organisation_id),
            email="ana@example.org",
            name="Ana",
            role=Role.MEMBER,
        )
        choice = Choice(email=EmailMode.NOW, push=False)
        await store.put_choice(tx, person.id, ADDED_TO_GROUP.name, choice)
    return person.id


async def test_killed_again_and_again_it_tells_everything_once(database: Database) -> None:
    db = await Db.open(database.url("hanse_app"))
    jobs_db = await Db.open(database.url("hanse_jobs"), size_max=1)
    organisation_id = new_id()
    person = await person_with_mail(db, organisation_id)
    async with mail_server() as mail:
        mail.delay_s = 0.05
        arguments = (database.url("hanse_jobs"), mail.url)

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.identity.notifying", *arguments, cwd=ROOT
            )

        for number in range(ANNOUNCED):
            async with db.tx(organisation_id) as tx:
                facts = {"group": str(number), "by": "Bob"}
                await notify(tx, [person], ADDED_TO_GROUP, facts)
        for kill in range(1, KILLS + 1):
            process = await start()
            wanted = kill * ANNOUNCED // (KILLS + 1)

            async def some_letters(wanted: int = wanted) -> bool:
                return len(mail.letters) >= wanted

            await until(some_letters, f"{wanted} letters")
            process.kill()
            await process.wait()
        process = await start()

        async def all_done() -> bool:
            return await count_jobs(jobs_db) == 0

        await until(all_done, "the queue is empty")
        process.kill()
        await process.wait()

        owner = await asyncpg.connect(database.url("hanse"))
        groups = await owner.fetch("select facts->>'group' as it from identity.notifications")
        states = await owner.fetch("select state from identity.notification_deliveries")
        await owner.close()
        assert sorted(int(row["it"]) for row in groups) == list(range(ANNOUNCED))
        assert [row["state"] for row in states] == ["sent"] * ANNOUNCED
        times = Counter(letter["Message-ID"] for letter in mail.letters)
        subjects = {letter["Message-ID"]: letter["Subject"] for letter in mail.letters}
        assert len(times) == ANNOUNCED, "each is sent"
        assert len(set(subjects.values())) == ANNOUNCED
        # Those that a kill hit between the server's answer and the commit went out again, by the
        # same Message-ID: at most what one worker had in hand.
        again = sum(times.values()) - ANNOUNCED
        assert again <= KILLS * SHORT_LEASE.concurrency
    await jobs_db.close()
    await db.close()
