"""Programs in rooms: each event once, whoever is killed, and nobody else disturbed."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import recorded
from hanse.chat.programs.guests import Language
from hanse.chat.programs.host import Host
from hanse.chat.programs.replay import replay_of_room
from hanse.chat.programs.runners import Runners
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, key_of, person_of
from tests.chat.programs.bombs import BOMBS, source_of
from tests.chat.programs.hosting import Programs, attach, caught_up, log_of, posts_of, stopped
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant

COUNTER = """
export const initialState = { n: 0, dice: [] };
export function onEvent(event, state) {
  if (event.kind !== "message") return;
  const n = state.n + 1;
  return {
    state: { n, dice: [...state.dice, Math.random()].slice(-5) },
    effects: [{ type: "post", text: `This is message ${n}.` }],
  };
}
"""
LUA_COUNTER = """
initial_state = { n = 0, dice = {} }
function on_event(event, state)
  if event.kind ~= "message" then return end
  state.n = state.n + 1
  table.insert(state.dice, math.random())
  local text = "This is message " .. state.n .. "."
  return { state = state, effects = { { type = "post", text = text } } }
end
"""


async def test_a_program_answers_what_is_said_after_it_came(ana: Person) -> None:
    room = await ana.channel()
    await ana.send(room, "Before")
    program = await attach(ana, room, COUNTER)
    for text in ("One", "Two"):
        await ana.send(room, text)
    found = await caught_up(ana, program)
    assert await posts_of(ana, room, program) == ["This is message 1.", "This is message 2."]
    assert found["progress"]["events"] == 2
    state = (await ana.ask("GET", f"/programs/{program}/state"))["state"]
    assert state["n"] == 2
    [message] = [m for m in await ana.messages(room) if m["text"] == "This is message 1."]
    assert message["program_id"] == program


async def test_the_state_is_the_same_after_kill_9_of_the_runner_and_on_a_cold_replay(
    ana: Person, programs: Programs
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)

    async def kill() -> None:
        for _ in range(6):
            programs.kill_runners()
            await asyncio.sleep(0.15)

    async def write() -> None:
        for number in range(40):
            await ana.send(room, f"Message {number}")

    await asyncio.gather(write(), kill())
    found = await caught_up(ana, program)
    posts = await posts_of(ana, room, program)
    assert posts == [f"This is message {n}." for n in range(1, 41)], "each once, in order"
    log = recorded([json.dumps(event) for event in await log_of(ana, room)])
    versions = {1: COUNTER}
    *_, last = replay_of_room(versions, log, UUID(program), Rights())
    assert last.state_hash == found["progress"]["state_hash"]


async def test_a_program_in_lua_goes_on_with_the_state_that_one_in_javascript_left(
    ana: Person, programs: Programs
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    await ana.send(room, "One")
    await caught_up(ana, program)
    body = {"source": LUA_COUNTER, "language": "lua"}
    await ana.ask("POST", f"/programs/{program}/versions", body, 201)
    await ana.send(room, "Two")
    await caught_up(ana, program)
    programs.kill_runners()
    await ana.send(room, "Three")
    found = await caught_up(ana, program)
    assert found["language"] == "lua"
    assert await posts_of(ana, room, program) == [f"This is message {n}." for n in (1, 2, 3)]
    log = recorded([json.dumps(event) for event in await log_of(ana, room)])
    *_, last = replay_of_room(
        {1: COUNTER, 2: LUA_COUNTER}, log, UUID(program), Rights(), {2: Language.LUA}
    )
    assert last.state_hash == found["progress"]["state_hash"]
    page = await ana.ask("GET", f"/programs/{program}/versions")
    assert [each["language"] for each in page["items"]] == ["lua", "javascript"]
    version = await ana.ask("GET", f"/programs/{program}/versions/1")
    assert (version["language"], version["source"]) == ("javascript", COUNTER)
    tried = await ana.ask("POST", f"/programs/{program}/trials", {"events": 50})
    assert [each.get("fault") for each in tried["steps"]] == [None] * len(tried["steps"])
    assert tried["state"]["n"] == 3


async def test_a_poll_in_lua_counts_votes_in_a_room(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    body = {"name": "Poll", "template": "poll", "language": "lua"}
    program = (await ana.ask("POST", f"/rooms/{room}/programs", body, 201))["id"]
    await ana.send(room, "/poll Where? | Canteen | Harbour")
    await caught_up(ana, program)
    [card] = [e for e in await log_of(ana, room) if e["sender_id"] == program]
    for who, button in ((ana, "0"), (ben, "1")):
        press = {"client_key": str(uuid4()), "button": button, "values": {}}
        await who.ask("POST", f"/rooms/{room}/messages/{card['number']}/presses", press, 201)
    await caught_up(ana, program)
    [message] = [m for m in await ana.messages(room) if m["number"] == card["number"]]
    assert "1 · Canteen\n1 · Harbour" in message["text"]


async def test_a_program_in_lua_that_does_not_load_is_refused_with_its_line(ana: Person) -> None:
    room = await ana.channel()
    broken = {"name": "Broken", "source": "function on_event()\n  return 1 +* 2\nend"}
    refused = await ana.ask("POST", f"/rooms/{room}/programs", broken | {"language": "lua"}, 400)
    assert "2: unexpected symbol near '*' (syntax)" in refused["detail"]
    unknown = broken | {"language": "cobol"}
    await ana.ask("POST", f"/rooms/{room}/programs", unknown, 400)
    body = {"name": "Rota", "template": "standup", "language": "lua"}
    refused = await ana.ask("POST", f"/rooms/{room}/programs", body, 400)
    assert refused["detail"] == "There is no template 'standup' in lua: poll."


async def test_versions_are_rolled_back_and_the_log_says_which_ran(ana: Person) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    await ana.send(room, "One")
    await caught_up(ana, program)
    louder = COUNTER.replace("This is message", "THIS IS MESSAGE")
    changed = await ana.ask("POST", f"/programs/{program}/versions", {"source": louder}, 201)
    assert (changed["version"], changed["versions"]) == (2, 2)
    await ana.send(room, "Two")
    await caught_up(ana, program)
    await ana.ask("PUT", f"/programs/{program}/activation", {"version": 1})
    await ana.send(room, "Three")
    found = await caught_up(ana, program)
    assert await posts_of(ana, room, program) == [
        "This is message 1.",
        "THIS IS MESSAGE 2.",
        "This is message 3.",
    ]
    versions = [e["body"]["version"] for e in await log_of(ana, room) if e["kind"] == "program"]
    assert versions == [1, 2, 1]
    log = recorded([json.dumps(event) for event in await log_of(ana, room)])
    *_, last = replay_of_room({1: COUNTER, 2: louder}, log, UUID(program), Rights())
    assert last.state_hash == found["progress"]["state_hash"]
    page = await ana.ask("GET", f"/programs/{program}/versions?limit=1")
    assert [each["number"] for each in page["items"]] == [2]
    page = await ana.ask("GET", f"/programs/{program}/versions?cursor={page['next_cursor']}")
    assert ([each["number"] for each in page["items"]], page["next_cursor"]) == ([1], None)
    assert (await ana.ask("GET", f"/programs/{program}/versions/2"))["source"] == louder


async def test_a_paused_program_is_not_given_what_came_meanwhile(ana: Person) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    assert (await ana.ask("DELETE", f"/programs/{program}/activation"))["status"] == "paused"
    await ana.send(room, "Unheard")
    body = {"version": 1}
    assert (await ana.ask("PUT", f"/programs/{program}/activation", body))["status"] == "running"
    await ana.send(room, "Heard")
    assert (await caught_up(ana, program))["progress"]["events"] == 1


async def test_a_poll_from_a_template_is_used_by_two_people(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    body = {"name": "Poll", "template": "poll"}
    program = (await ana.ask("POST", f"/rooms/{room}/programs", body, 201))["id"]
    await ana.send(room, "/poll Where do we eat? | Canteen | Harbour")
    await caught_up(ana, program)
    [card] = [each for each in await ben.messages(room) if each["card"]]
    assert card["card"]["title"] == "Where do we eat?"
    assert [each["label"] for each in card["card"]["buttons"]] == ["Canteen", "Harbour"]
    path = f"/rooms/{room}/messages/{card['number']}/presses"
    for who, button in ((ana, "0"), (ben, "1"), (ben, "0")):
        press = {"client_key": str(uuid4()), "button": button}
        first = await who.ask("POST", path, press, 201)
        again = await who.ask("POST", path, press, 200)
        assert again["number"] == first["number"]
    await caught_up(ana, program)
    [card] = [each for each in await ben.messages(room) if each["card"]]
    assert "2 · Canteen" in card["text"]
    unknown = {"client_key": "x", "button": "7"}
    assert (await ben.ask("POST", path, unknown, 400))["code"] == "invalid_press"
    first_message = next(e["number"] for e in await log_of(ana, room) if e["kind"] == "message")
    other = f"/rooms/{room}/messages/{first_message}/presses"
    assert (await ben.ask("POST", other, unknown, 404))["code"] == "no_such_message"


async def test_a_form_is_checked_against_its_card(ana: Person) -> None:
    room = await ana.channel()
    form = """
    export const onEvent = (event) => {
      if (event.kind === "press")
        return { effects: [{ type: "post", text: JSON.stringify(event.body.values) }] };
      return { effects: [{ type: "card", key: "k", title: "Expense",
        fields: [
          { name: "sum", label: "Sum", kind: "number", is_required: true },
          { name: "day", label: "Day", kind: "date" },
          { name: "what", label: "What", kind: "choice", choices: ["Train", "Meal"] },
        ],
        buttons: [{ name: "send", label: "Send" }] }] };
    };"""
    program = await attach(ana, room, form)
    await ana.send(room, "Go")
    await caught_up(ana, program)
    [card] = [each for each in await ana.messages(room) if each["card"]]
    path = f"/rooms/{room}/messages/{card['number']}/presses"
    for values, said in (
        ({}, "values.sum"),
        ({"sum": "a lot"}, "values.sum"),
        ({"sum": "1", "day": "2026-02-30"}, "values.day"),
        ({"sum": "1", "what": "Boat"}, "values.what"),
        ({"sum": "1", "other": "x"}, "no field 'other'"),
    ):
        press = {"client_key": str(uuid4()), "button": "send", "values": values}
        assert said in (await ana.ask("POST", path, press, 400))["detail"]
    values = {"sum": "12.5", "day": "2026-02-28", "what": "Meal"}
    press = {"client_key": str(uuid4()), "button": "send", "values": values}
    await ana.ask("POST", path, press, 201)
    await caught_up(ana, program)
    assert json.loads((await posts_of(ana, room, program))[-1]) == values


async def test_messages_are_edited_and_timers_come_back(ana: Person) -> None:
    room = await ana.channel()
    source = """
    export const onEvent = (event) => {
      if (event.kind === "timer")
        return { effects: [{ type: "edit", key: "m", text: `After ${event.body.key}` }] };
      return { effects: [
        { type: "post", key: "m", text: "At first" },
        { type: "edit", key: "m", text: "Then" },
        { type: "react", target: event.number, emoji: "👀" },
        { type: "edit", key: "nobody", text: "Never" },
        { type: "timer", key: "soon", at: event.created_at },
      ] };
    };"""
    program = await attach(ana, room, source)
    sent = await ana.send(room, "Go")

    async def edited() -> bool:
        return any(each["text"] == "After soon" for each in await ana.messages(room))

    await until(edited, "the timer came")
    [asked] = [each for each in await ana.messages(room) if each["number"] == sent["number"]]
    assert asked["reactions"] == [{"emoji": "👀", "member_ids": [program]}]
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert (line["code"], line["number"]) == ("not_done", sent["number"])
    assert "'nobody'" in line["detail"]
    kinds = [e["kind"] for e in await log_of(ana, room) if e["sender_id"] == program]
    assert kinds == ["message", "edit", "reaction", "timer", "edit"]


async def test_what_is_not_allowed_is_said_and_nothing_comes_of_it(ana: Person) -> None:
    room = await ana.channel()
    source = """export const onEvent = (event) => ({ effects: [
      { type: "post", text: "Not said" }, { type: "delete", target: event.number }] });"""
    program = await attach(ana, room, source)
    await ana.send(room, "Stay")
    await caught_up(ana, program)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert (line["code"], line["detail"]) == (
        "not_allowed",
        "effects[1]: delete is not allowed here.",
    )
    assert await posts_of(ana, room, program) == []
    await ana.ask("PATCH", f"/programs/{program}", {"allowed": ["delete"]})
    sent = await ana.send(room, "Go")
    await caught_up(ana, program)
    assert await posts_of(ana, room, program) == ["Not said"]
    [gone] = [each for each in await ana.messages(room) if each["number"] == sent["number"]]
    assert gone["is_deleted"]
    answer = await ana.ask("PATCH", f"/programs/{program}", {"allowed": ["everything"]}, 400)
    assert answer["code"] == "invalid_program"


async def test_programs_do_not_hear_each_other(ana: Person) -> None:
    room = await ana.channel()
    one, two = [await attach(ana, room, COUNTER) for _ in range(2)]
    await ana.send(room, "Hello")
    await caught_up(ana, one)
    await caught_up(ana, two)
    await asyncio.sleep(0.3)
    assert [len(await posts_of(ana, room, each)) for each in (one, two)] == [1, 1]


async def test_a_program_that_fails_on_and_on_is_stopped_and_its_owner_told(
    ana: Person, house: House, tenant: Tenant
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, "export function onEvent() { for (;;); }")
    for _ in range(3):
        await ana.send(room, "Go")
    found = await stopped(ana, program)
    assert "instructions" in found["program"]["reason"]
    await ana.send(room, "The room goes on")
    lines = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert [each["code"] for each in lines] == ["stopped", "fuel", "fuel", "fuel"]
    async with house.db.tx(tenant.id) as tx:
        told = await tx.fetch("select payload from queue.jobs where payload::text ~ $1", program)
        asked = await tx.fetch(
            "select 1 from queue.jobs where payload::text ~ 'chat.program_stopped'"
            " and payload::text ~ $1",
            room,
        )
    assert not told
    assert len(asked) == 1
    press = {"version": 1, "is_reset": True}
    again = await ana.ask("PUT", f"/programs/{program}/activation", press)
    assert (again["status"], again["reason"]) == ("running", None)


async def test_every_bomb_in_a_room_leaves_its_neighbours_alone(ana: Person) -> None:
    good = await ana.channel(name="Good")
    neighbour = await attach(ana, good, COUNTER)
    rooms = []
    for name, (body, _) in BOMBS.items():
        room = await ana.channel(name=f"Bomb {name}")
        rooms.append((name, room, await attach(ana, room, source_of(body))))
    for turn in range(3):
        for _, room, _ in rooms:
            await ana.send(room, "Go")
        await ana.send(good, f"Turn {turn}")
    found = await caught_up(ana, neighbour)
    assert found["program"]["status"] == "running"
    assert len(await posts_of(ana, good, neighbour)) == 3
    for name, room, program in rooms:
        found = await caught_up(ana, program)
        lines = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
        assert lines or found["progress"]["events"] == 3, name
        assert await posts_of(ana, room, program) == [], name


async def test_a_program_that_does_not_load_is_refused_with_its_place(ana: Person) -> None:
    room = await ana.channel()
    body = {"name": "No", "source": "export function onEvent() {\n  return 1 +* 2;\n}"}
    answer = await ana.ask("POST", f"/rooms/{room}/programs", body, 400)
    assert answer["code"] == "invalid_program"
    assert "2:" in answer["detail"]
    assert await ana.ask("GET", f"/rooms/{room}/programs") == []
    for body, said in (
        ({"name": "No"}, "either"),
        ({"name": "No", "template": "nothing"}, "no template"),
        ({"name": " ", "source": COUNTER}, "name"),
    ):
        assert said in (await ana.ask("POST", f"/rooms/{room}/programs", body, 400))["detail"]


async def test_programs_are_for_owners_of_the_room_and_administrators(
    ana: Person, ben: Person, house: House, tenant: Tenant
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    program = await attach(ana, room, COUNTER)
    body = {"name": "Mine", "source": COUNTER}
    assert (await ben.ask("POST", f"/rooms/{room}/programs", body, 403))["code"] == (
        "not_allowed_in_room"
    )
    await ben.ask("GET", f"/programs/{program}", status=403)
    [seen] = await ben.ask("GET", f"/rooms/{room}/programs")
    assert seen["name"] == "Counter"
    eve = await person_of(tenant, name="Eve")
    await eve.ask("GET", f"/programs/{program}", status=404)
    await eve.ask("POST", f"/rooms/{room}/programs", body, 404)
    operator = await key_of(house, tenant)
    await operator.ask("DELETE", f"/programs/{program}", status=204)
    await ana.ask("GET", f"/programs/{program}", status=404)
    [gone] = await ben.ask("GET", f"/rooms/{room}/programs")
    assert gone["status"] == "deleted"


async def test_a_trial_tells_what_would_come_of_the_past(ana: Person) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    for _ in range(3):
        await ana.send(room, "Hello")
    await caught_up(ana, program)
    head = len(await log_of(ana, room))
    louder = COUNTER.replace("This is message", "Loud")
    tried = await ana.ask("POST", f"/programs/{program}/trials", {"source": louder, "events": 20})
    texts = [e["text"] for step in tried["steps"] for e in step["effects"]]
    assert texts == ["Loud 1.", "Loud 2.", "Loud 3."]
    assert tried["state"]["n"] == 3
    broken = {"source": "nonsense(", "events": 20}
    tried = await ana.ask("POST", f"/programs/{program}/trials", broken)
    assert tried["fault"]["code"] == "syntax"
    assert len(await log_of(ana, room)) == head, "nothing comes of a trial"


async def test_a_flood_waits_while_others_go_on(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.programs.model.EFFECTS_PER_MINUTE", 3)
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    for _ in range(12):
        await ana.send(room, "Hello")
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    found = await ana.ask("GET", f"/programs/{program}")
    assert found["program"]["status"] == "running"
    assert found["progress"]["cursor"] < found["progress"]["head"]


async def test_two_processes_that_both_think_they_own_a_room_do_everything_once(
    ana: Person, house: House, bus: Bus
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    async with going(Host(house.db, bus, Runners(1), lambda: range(16)).run):
        for number in range(20):
            await ana.send(room, f"Message {number}")
        await caught_up(ana, program)
    assert await posts_of(ana, room, program) == [f"This is message {n}." for n in range(1, 21)]


async def test_a_program_that_cannot_be_loaded_any_more_is_stopped(
    ana: Person, house: House, tenant: Tenant
) -> None:
    room = await ana.channel()
    program = await attach(ana, room, COUNTER)
    async with house.db.tx(tenant.id) as tx:  # as an upgrade of the guest might have it
        await tx.execute(
            "update chat.program_versions set source = 'nonsense(' where program_id = $1",
            UUID(program),
        )
    await ana.send(room, "Go")
    found = await stopped(ana, program)
    assert "syntax" in found["program"]["reason"]
    await ana.send(room, "The room goes on")


async def test_timers_without_end_are_cut_off_and_the_program_told(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.chat.programs.turn_store.TIMERS_MAX", 3)
    room = await ana.channel()
    source = """export const onEvent = (event) => ({ effects: Array.from({ length: 5 }, (_, n) =>
      ({ type: "timer", key: `t${n}`, at: `209${n}-01-01T00:00:00Z` })) });"""
    program = await attach(ana, room, source)
    await ana.send(room, "Go")
    await caught_up(ana, program)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert (line["code"], line["detail"][:19]) == ("not_done", "2 timers too many: ")


async def test_a_program_names_people_of_the_room_and_speaks_to_them(
    ana: Person, ben: Person, house: House, tenant: Tenant
) -> None:
    stranger = await person_of(tenant, name="Eve")
    room = await ana.channel(member_ids=[str(ben.id)])
    source = f"""export const onEvent = () => {{
      const text = "<@{ben.id}> before <@{stranger.id}>";
      return {{ effects: [
        {{ type: "post", text }}, {{ type: "card", key: "c", title: "Turns", text }}] }};
    }};"""
    program = await attach(ana, room, source)
    await ana.send(room, "Who?")
    await caught_up(ana, program)
    said = f"@Ben before <@{stranger.id}>"
    post, card = [e["body"] for e in await log_of(ana, room) if e["sender_id"] == program]
    assert (post["text"], post["mentions"]) == (said, [str(ben.id)])
    assert (card["card"]["text"], card["text"]) == (said, f"Turns\n\n{said}")
    assert not card.get("mentions"), "each new text of a card would be another call"
