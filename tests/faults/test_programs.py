"""Kill -9 of the role rooms while its programs work: each event has its effects once."""

import asyncio
import json
import random
from uuid import UUID, uuid4

import httpx
import psutil

from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import recorded
from hanse.chat.programs.replay import replay_of_room
from tests.serving import Hanse, temporary_home

SOURCE = """
export const initialState = { n: 0, dice: 0 };
export function onEvent(event, state) {
  if (event.kind === "timer") return { state: { ...state, dice: Math.random() } };
  if (event.kind !== "message") return;
  const n = state.n + 1;
  return { state: { ...state, n }, effects: [
    { type: "post", key: "last", text: `${n}` },
    { type: "edit", key: "last", text: `${n}!` },
    { type: "timer", key: "t", at: event.created_at },
  ] };
}
"""
MESSAGES = 60
SETTLED_S = 40.0


async def test_every_event_has_its_effects_once_whatever_is_killed() -> None:
    with temporary_home() as home:
        hanse = Hanse(home, {"HANSE_WORKERS": "1", "HANSE_WEB_PROCESSES": "1"})
        try:
            hanse.wait_ready()
            await _under_fire(hanse)
        finally:
            if hanse.process.poll() is None:
                hanse.stop()


async def _under_fire(hanse: Hanse) -> None:
    scopes = [f"--scope=chat:{each}" for each in ("read", "write", "channels")]
    key = hanse.command("key", "create", "k", *scopes).stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"{hanse.url}/v1", timeout=30, headers=headers) as web:
        room = (await web.post("/rooms", json={"name": "Under fire"})).json()["id"]
        program = await _attached(web, room)
        stop = asyncio.Event()
        killing = asyncio.create_task(_kill(hanse, stop))
        for number in range(MESSAGES):
            body = {"client_key": str(uuid4()), "text": f"Message {number}"}
            sent = await web.post(f"/rooms/{room}/events", json=body)
            assert sent.status_code in (200, 201), sent.text
            await asyncio.sleep(0.08)
        stop.set()
        kills = await killing
        assert kills >= 3
        await _check(web, room, program)


async def _attached(web: httpx.AsyncClient, room: str) -> str:
    async with asyncio.timeout(SETTLED_S):
        while True:  # the role rooms is not awaited at the start
            body = {"name": "Counter", "source": SOURCE}
            made = await web.post(f"/rooms/{room}/programs", json=body)
            if made.status_code == 201:
                return str(made.json()["id"])
            assert made.status_code == 503, made.text
            await asyncio.sleep(0.5)


async def _kill(hanse: Hanse, stop: asyncio.Event) -> int:
    """Kill the role or one of its runners, again and again."""
    dice, kills = random.Random(1), 0
    while not stop.is_set():
        await asyncio.sleep(dice.uniform(0.2, 0.6))
        victims = hanse.processes("programs.runner") if dice.random() < 0.5 else []
        for victim in (victims or hanse.processes("serve rooms"))[:1]:
            try:
                victim.kill()
                kills += 1
            except psutil.NoSuchProcess:
                continue
    return kills


async def _check(web: httpx.AsyncClient, room: str, program: str) -> None:
    async with asyncio.timeout(SETTLED_S):
        while True:
            found = (await web.get(f"/programs/{program}")).json()
            at = found["progress"]
            if at["cursor"] == at["head"]:
                await asyncio.sleep(2.0)  # its last timer may still come
                if (await web.get(f"/programs/{program}")).json()["progress"] == at:
                    break
            await asyncio.sleep(0.2)
    log: list[dict] = []  # type: ignore[type-arg]
    while page := (
        await web.get(f"/rooms/{room}/events", params={"after": len(log), "limit": 500})
    ).json()["events"]:
        log += page
    own = [each for each in log if each["sender_id"] == program]
    posts = [each["body"]["text"] for each in own if each["kind"] == "message"]
    edits = [each["body"]["text"] for each in own if each["kind"] == "edit"]
    assert posts == [f"{n}" for n in range(1, MESSAGES + 1)], "each once, in order"
    assert edits == [f"{each}!" for each in posts]
    assert [each["number"] for each in log] == list(range(1, len(log) + 1))
    events = recorded([json.dumps(each) for each in log])
    *_, last = replay_of_room({1: SOURCE}, events, UUID(program), Rights())
    assert last.state_hash == found["progress"]["state_hash"], "a cold replay comes to the same"
    assert any(each["kind"] == "timer" for each in own)
