"""What programs decide beforehand is held against messages before they are appended."""

import json
from typing import Any
from uuid import UUID

from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import recorded
from hanse.chat.programs.replay import replay_of_room
from tests.chat.conftest import Person
from tests.chat.programs.hosting import attach, caught_up, log_of, stopped
from tests.eventing import until

MODERATE = ["moderate"]
WATCH = """
export const initialState = { words: [] };
export function onEvent(event, state) {
  const [, word] = /^forbid (\\w+)$/.exec(event.body.text ?? "") ?? [];
  if (event.kind !== "message" || !word) return;
  const words = [...state.words, word];
  return { state: { words }, effects: [
    { type: "moderate", rules: { words, reason: "Ask Ana." } },
    { type: "post", text: `Forbidden: ${words.length}` },
  ] };
}
"""


async def watched(ana: Person, ben: Person, source: str = WATCH) -> tuple[str, str]:
    """A room whose program forbids bandits."""
    room = await ana.channel(member_ids=[str(ben.id)])
    program = await attach(ana, room, source, allowed=MODERATE)
    await ana.send(room, "forbid bandit")
    await caught_up(ana, program)
    return room, program


async def is_held(ana: Person, ben: Person, room: str) -> bool:
    """Whether the program's rules are in force: what is said of it and what happens."""
    shown = (await ana.ask("GET", f"/rooms/{room}/rules"))["of_programs"]
    event = {"client_key": str(len(await log_of(ana, room))), "text": "A bandit"}
    answer = await ben.browser.post(f"/v1/rooms/{room}/events", json=event)
    assert (answer.status_code == 403) == bool(shown)
    return bool(shown)


async def test_a_program_forbids_a_word_and_the_next_message_with_it_never_stands(
    ana: Person, ben: Person
) -> None:
    room, program = await watched(ana, ben)
    refused = await ben.send(room, "You bandit", 403)
    assert refused["code"] == "refused_by_rules"
    assert refused["detail"] == "This room does not allow “bandit”. Ask Ana."
    found = await ana.ask("GET", f"/rooms/{room}/rules")
    rules = {"words": ["bandit"], "reason": "Ask Ana."}
    assert found["of_programs"] == [{"program_id": program, "name": "Counter", "rules": rules}]
    [counted] = found["refusals"]
    assert (counted["rule"], counted["program_id"], counted["refused"]) == ("words", program, 1)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert line["code"] == "moderates"
    assert json.loads(line["detail"].removeprefix("Rules of the room: ")) == rules
    # People's rules hold beside them.
    await ana.ask("PUT", f"/rooms/{room}/rules", {"words": ["rogue"]})
    for text in ("bandit", "rogue"):
        await ben.send(room, text, 403)
    # Programs are held to words, too.
    await ana.send(room, "forbid forbidden")
    await caught_up(ana, program)
    lines = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert any(
        each["code"] == "not_done" and "does not allow “forbidden”" in each["detail"]
        for each in lines
    )


async def test_rules_end_with_the_version_that_set_them_and_with_its_right(
    ana: Person, ben: Person
) -> None:
    room, program = await watched(ana, ben)
    assert await is_held(ana, ben, room)
    await ana.ask("DELETE", f"/programs/{program}/activation")
    assert not await is_held(ana, ben, room)
    await ana.ask("PUT", f"/programs/{program}/activation", {"version": 1})
    assert await is_held(ana, ben, room)
    await ana.ask("PATCH", f"/programs/{program}", {"allowed": []})
    assert not await is_held(ana, ben, room)
    await ana.ask("PATCH", f"/programs/{program}", {"allowed": MODERATE})
    await ana.ask("POST", f"/programs/{program}/versions", {"source": WATCH + "// 2"}, 201)
    assert not await is_held(ana, ben, room)
    await ana.send(room, "forbid rogue")
    await caught_up(ana, program)
    assert await is_held(ana, ben, room), "the state has the first word still"
    await ana.ask("PUT", f"/programs/{program}/activation", {"version": 1})
    assert not await is_held(ana, ben, room)
    await ana.send(room, "forbid thief")
    await caught_up(ana, program)
    assert await is_held(ana, ben, room)
    reset = {"version": 1, "is_reset": True}
    await ana.ask("PUT", f"/programs/{program}/activation", reset)
    assert not await is_held(ana, ben, room)
    await ana.send(room, "forbid bandit")
    await caught_up(ana, program)
    await ana.ask("DELETE", f"/programs/{program}", status=204)
    assert not await is_held(ana, ben, room)


async def test_the_rules_of_a_program_that_was_stopped_hold_no_longer(
    ana: Person, ben: Person
) -> None:
    begin = "export function onEvent(event, state) {"
    source = WATCH.replace(begin, f"{begin} if (event.body.text === 'loop') for (;;);")
    room, program = await watched(ana, ben, source)
    for _ in range(3):
        await ana.send(room, "loop")
    await stopped(ana, program)
    assert not await is_held(ana, ben, room)


async def test_a_program_closes_the_room_by_a_timer_and_opens_it_again(
    ana: Person, ben: Person
) -> None:
    source = """
    export const onEvent = (event) => {
      if (event.kind === "timer")
        return { effects: [
          { type: "moderate", rules: { who: "moderators", reason: "At eight." } }] };
      if (event.body.text === "open") return { effects: [{ type: "moderate" }] };
      return { effects: [{ type: "timer", key: "night", at: event.created_at }] };
    };"""
    room = await ana.channel(member_ids=[str(ben.id)])
    program = await attach(ana, room, source, allowed=MODERATE)
    await ben.send(room, "Good night")

    async def closed() -> bool:
        return bool((await ana.ask("GET", f"/rooms/{room}/rules"))["of_programs"])

    await until(closed, "the room is closed")
    assert "At eight." in (await ben.send(room, "Still here", 403))["detail"]
    await ana.send(room, "open")
    await caught_up(ana, program)
    await ben.send(room, "Good morning")


async def test_what_is_not_granted_moderates_nothing_and_bad_rules_are_told(
    ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    program = await attach(ana, room, WATCH)
    await ana.send(room, "forbid bandit")
    await caught_up(ana, program)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert (line["code"], line["detail"]) == (
        "not_allowed",
        "effects[0]: moderate is not allowed here.",
    )
    assert not await is_held(ana, ben, room)
    await ana.ask("DELETE", f"/programs/{program}", status=204)
    source = """export const onEvent = (event) => ({ effects: [
      { type: "moderate", rules: { links: ["https://example.org"] } }] });"""
    program = await attach(ana, room, source, allowed=MODERATE)
    await ana.send(room, "Hello")
    await caught_up(ana, program)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert line["code"] == "bad_effect"
    assert line["detail"] == "effects[0]: 'https://example.org' is no host such as example.org."
    fine = source.replace("https://example.org", "bücher.example")
    await ana.ask("POST", f"/programs/{program}/versions", {"source": fine}, 201)
    await ana.send(room, "Hello")
    await caught_up(ana, program)
    await ben.send(room, "https://bücher.example")
    await ben.send(room, "https://other.example", 403)


async def test_a_replay_comes_to_the_same_rules(ana: Person, ben: Person) -> None:
    room, program = await watched(ana, ben)
    await ben.send(room, "forbid rogue")
    await caught_up(ana, program)
    await ben.send(room, "A rogue", 403)
    found = await caught_up(ana, program)
    log = recorded([json.dumps(event) for event in await log_of(ana, room)])
    rights = Rights(allowed=frozenset(MODERATE))
    steps: list[Any] = list(replay_of_room({1: WATCH}, log, UUID(program), rights))
    assert steps[-1].state_hash == found["progress"]["state_hash"]
    [shown] = (await ana.ask("GET", f"/rooms/{room}/rules"))["of_programs"]
    last = [each for step in steps for each in step.effects if hasattr(each, "rules")][-1]
    assert list(last.rules.words) == shown["rules"]["words"] == ["bandit", "rogue"]
