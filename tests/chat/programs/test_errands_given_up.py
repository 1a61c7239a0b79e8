"""A program hears of it when what it wanted done could not be."""

import asyncio

import pytest

from hanse import language
from hanse.chat.programs.jobs import Errands, register_programs
from hanse.identity import Role
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs, list_dead
from hanse.platform.outbound import OutboundClient, parse_rules
from tests.chat.conftest import Person, person_of
from tests.chat.programs.hosting import Programs, attach, caught_up, log_of, posts_of
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant
from tests.language.conftest import infer

SOURCE = """
export function onEvent(event) {
  if (event.kind === "message") return { effects: [EFFECT] };
  const { key, status, text, language } = event.body;
  return { effects: [{ type: "post", text: `${key} ${status} ${language}: ${text}` }] };
}
"""


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (
            'type: "http", key: "h", url: "https://rates.example/"',
            "h 0 undefined: The request could not be carried out.",
        ),
        (
            'type: "translate", key: "t", text: "Good morning", to: "pt"',
            "t undefined undefined: undefined",
        ),
    ],
)
async def test_a_program_is_told_when_all_attempts_have_failed(
    programs: Programs,
    house: House,
    bus: Bus,
    tenant: Tenant,
    ana: Person,
    effect: str,
    said: str,
) -> None:
    chief = await person_of(tenant, Role.OWNER)
    await chief.ask("PUT", "/chat/program-hosts", {"hosts": ["rates.example"]})
    room = await ana.channel()
    source = SOURCE.replace("EFFECT", f"{{ {effect} }}")
    program = await attach(ana, room, source, allowed=["http", "translate"])
    await ana.send(room, "Go")
    await caught_up(ana, program)
    url = house.database.url("hanse_jobs")
    db = await Db.open(url)
    async with db.tx(tenant.id) as tx:  # as if workers had died of it
        await tx.execute(
            "update queue.jobs set attempts = 9 where payload::text ~ $1 and held_at is null",
            program,
        )
    jobs = Jobs()
    async with infer() as inference:
        live = language.LiveTranslator(db, inference)
        register_programs(jobs, Errands(db, bus, OutboundClient(parse_rules("")), live))
        async with going(lambda stop: run_jobs(jobs, url, stop)):

            async def told() -> bool:
                return bool(await posts_of(ana, room, program))

            await until(told, "the program was told")
            await asyncio.sleep(0.5)
    assert await posts_of(ana, room, program) == [said]
    kinds = [e["kind"] for e in await log_of(ana, room) if e["sender_id"] == program]
    assert len(kinds) == 2
    async with db.tx(tenant.id) as tx:
        assert any(program in str(each.payload) for each in await list_dead(tx))
    await db.close()
