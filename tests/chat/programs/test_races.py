"""What somebody changes about a program while it handles an event."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hanse.chat.programs.host import Host
from hanse.chat.programs.messages import Answer, Run
from hanse.chat.programs.runners import Runners
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, person_of
from tests.chat.programs.hosting import attach, caught_up, log_of, posts_of
from tests.eventing import DEADLINE_S, going
from tests.identity.conftest import House, Tenant

LOOPS = "export function onEvent() { for (;;); }"
ANSWERS = """export const onEvent = (event) => ({ effects: [
  { type: "post", text: `Heard ${event.body.text}` }] });"""
DELETES = """export const onEvent = (event) => ({ effects: [
  { type: "delete", target: event.number }] });"""


class SlowRunners(Runners):
    """Runners whose answer is held back while a test changes things."""

    def __init__(self) -> None:
        super().__init__(1)
        self.passing = asyncio.Event()
        self.passing.set()
        self.answered = asyncio.Event()

    async def run(self, asked: Run, source: str) -> Answer:
        answer = await super().run(asked, source)
        if asked.events:
            self.answered.set()
            await self.passing.wait()
        return answer

    def hold(self) -> None:
        self.answered.clear()
        self.passing.clear()

    async def has_answered(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.answered.wait()


@pytest.fixture(scope="module")
async def runners(house: House, bus: Bus) -> AsyncIterator[SlowRunners]:
    house.app = house.build(bus=bus)
    runners = SlowRunners()
    async with going(Host(house.db, bus, runners, lambda: range(16)).run):
        yield runners


@pytest.fixture(scope="module")
async def ana(runners: SlowRunners, tenant: Tenant) -> Person:
    return await person_of(tenant, name="Ana")


@pytest.mark.parametrize("change", ["another version", "the same version", "a pause"])
async def test_a_version_that_fails_does_not_take_along_what_came_meanwhile(
    ana: Person, runners: SlowRunners, change: str
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, LOOPS)
    for _ in range(2):
        await ana.send(room, "Go")
        await caught_up(ana, program)
    runners.hold()
    await ana.send(room, "Once too often")
    await runners.has_answered()
    if change == "a pause":
        await ana.ask("DELETE", f"/programs/{program}/activation")
    elif change == "another version":
        await ana.ask("POST", f"/programs/{program}/versions", {"source": ANSWERS}, 201)
    else:
        await ana.ask("PUT", f"/programs/{program}/activation", {"version": 1})
    await ana.send(room, "you")
    runners.passing.set()
    found = await caught_up(ana, program)
    lines = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert {line["code"] for line in lines} == {"fuel"}, "it was not stopped"
    assert found["program"]["reason"] is None
    if change == "a pause":
        assert (found["program"]["status"], len(lines)) == ("paused", 3)
    else:
        assert found["program"]["status"] == "running"
        posts = await posts_of(ana, room, program)
        assert posts == (["Heard you"] if change == "another version" else [])
    assert not [e for e in await log_of(ana, room) if e["body"].get("since")]


async def test_a_version_that_cannot_be_loaded_does_not_take_along_the_next(
    ana: Person, runners: SlowRunners, house: House, tenant: Tenant
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, ANSWERS + "// Each source has its name.")
    await caught_up(ana, program)
    async with house.db.tx(tenant.id) as tx:  # as an upgrade of the guest might have it
        await tx.execute(
            "update chat.program_versions set source = 'nonsense(' where program_id::text = $1",
            program,
        )
    runners.hold()
    await ana.send(room, "nobody")
    await runners.has_answered()
    await ana.ask("POST", f"/programs/{program}/versions", {"source": ANSWERS}, 201)
    await ana.send(room, "you")
    runners.passing.set()
    found = await caught_up(ana, program)
    assert (found["program"]["status"], found["program"]["reason"]) == ("running", None)
    assert await posts_of(ana, room, program) == ["Heard you"]
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert line["code"] == "syntax"


async def test_a_grant_that_is_withdrawn_while_an_event_is_handled_is_not_used(
    ana: Person, runners: SlowRunners
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, DELETES, allowed=["delete"])
    runners.hold()
    sent = await ana.send(room, "Stay")
    await runners.has_answered()
    await ana.ask("PATCH", f"/programs/{program}", {"allowed": []})
    runners.passing.set()
    await caught_up(ana, program)
    [message] = [m for m in await ana.messages(room) if m["number"] == sent["number"]]
    assert not message["is_deleted"]
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert line["code"] == "not_allowed"
