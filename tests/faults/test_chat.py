"""Kill -9 of everything while people chat: their own records show that nothing was lost."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import psutil
import pytest

from tests.faults.chatting import Chatter, Place
from tests.serving import Hanse, temporary_home

SETTINGS = {"HANSE_WORKERS": "1", "HANSE_WEB_PROCESSES": "2"}
VICTIMS = ("serve web", "serve gateway", "serve rooms", "nats-server", "postgres")
CHATTERS = 24
ROOMS = 3
SETTLED_S = 40.0


@contextmanager
def a_place() -> Iterator[Place]:
    with temporary_home() as home:
        place = Place(Hanse(home, SETTINGS))
        place.hanse.wait_ready()
        try:
            yield place
        finally:
            if place.hanse.process.poll() is None:
                place.hanse.stop()


def kill(hanse: Hanse, word: str) -> None:
    """Kill -9 one process of a kind; of PostgreSQL the one that all others belong to."""
    victims = sorted(hanse.processes(word), key=lambda each: each.create_time())
    for each in victims[:1]:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue


def kill_everything(place: Place) -> None:
    """Kill -9 all processes at once, and start anew in the same home."""
    hanse = place.hanse
    children = hanse.processes()
    for each in [*children, psutil.Process(hanse.process.pid)]:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    hanse.process.wait(10)
    psutil.wait_procs(children, timeout=10)
    place.hanse = Hanse(hanse.home, SETTINGS)
    place.hanse.wait_ready()


async def set_up(place: Place) -> list[Chatter]:
    """Rooms with members that are API keys, and several devices of each."""
    scopes = [f"--scope=chat:{each}" for each in ("read", "write", "channels")]
    made = [place.hanse.command("key", "create", f"k{n}", *scopes) for n in range(ROOMS * 2)]
    keys = [each.stdout.strip() for each in made]
    chatters: list[Chatter] = []
    async with httpx.AsyncClient(base_url=f"{place.hanse.url}/v1", timeout=30) as web:
        for number in range(ROOMS):
            one, two = keys[2 * number : 2 * number + 2]
            headers = {"Authorization": f"Bearer {one}"}
            me = (await web.get("/me", headers={"Authorization": f"Bearer {two}"})).json()
            body = {"name": "Under fire", "member_ids": [me["api_key_id"]]}
            made_room = await web.post("/rooms", json=body, headers=headers)
            assert made_room.status_code == 201, made_room.text
            room = made_room.json()["id"]
            devices = range(CHATTERS // ROOMS)
            chatters += [
                Chatter(place, (one, two)[device % 2], room, f"{number}-{device}")
                for device in devices
            ]
    return chatters


@asynccontextmanager
async def chatting(chatters: list[Chatter]) -> AsyncIterator[None]:
    """All of them write for the length of the block, and follow until all have everything."""
    stop = asyncio.Event()
    following = [asyncio.create_task(each.follow()) for each in chatters]
    writing = [asyncio.create_task(each.write(stop)) for each in chatters]
    try:
        yield
        stop.set()
        async with asyncio.timeout(SETTLED_S):
            await asyncio.gather(*writing)
            highest = {
                room: max(max(c.acknowledged.values()) for c in chatters if c.room == room)
                for room in {each.room for each in chatters}
            }
            while any(each.last < highest[each.room] for each in chatters):
                await asyncio.sleep(0.05)
    finally:
        for task in (*writing, *following):
            task.cancel()


async def log_of(chatter: Chatter) -> list[dict]:  # type: ignore[type-arg]
    events: list[dict] = []  # type: ignore[type-arg]
    url = f"{chatter.place.hanse.url}/v1/rooms/{chatter.room}/events"
    async with httpx.AsyncClient(timeout=30, headers=chatter._headers) as web:
        while page := (await web.get(url, params={"after": len(events), "limit": 500})).json()[
            "events"
        ]:
            events += page
    return events


async def check(chatters: list[Chatter]) -> int:
    """Hold what everybody wrote down against the log; return how many messages there are."""
    total = 0
    for room in {each.room for each in chatters}:
        mine = [each for each in chatters if each.room == room]
        log = await log_of(mine[0])
        total += len(log)
        assert [each["number"] for each in log] == list(range(1, len(log) + 1)), "dense"
        places: dict[tuple[str, str], list[int]] = {}
        for event in log:
            places.setdefault((event["device"], event["client_key"]), []).append(event["number"])
        for chatter in mine:
            assert not chatter.refused, chatter.refused[:1]
            for key, number in chatter.acknowledged.items():
                assert places[chatter.device, key] == [number], "acknowledged is there, once"
            own = list(chatter.acknowledged.values())
            assert own == sorted(own), "in the order in which they were sent"
            assert chatter.received == log[: len(chatter.received)], "the same for everybody"
    return total


async def nemesis(place: Place, seconds: float, pause_s: float, seed: int) -> int:
    """Kill one thing after the other for so long, and then all at once; return how many."""
    dice, kills = random.Random(seed), 0
    deadline = time.monotonic() + seconds
    order: list[str] = []
    while time.monotonic() < deadline:
        order = order or dice.sample(VICTIMS, len(VICTIMS))
        await asyncio.to_thread(kill, place.hanse, order.pop())
        kills += 1
        await asyncio.sleep(dice.uniform(0.5, 1.5) * pause_s)
    await asyncio.to_thread(kill_everything, place)
    return kills + 1


async def run(seconds: float, pause_s: float, seed: int) -> None:
    with a_place() as place:
        chatters = await set_up(place)
        async with chatting(chatters):
            await asyncio.sleep(0.5)
            kills = await nemesis(place, seconds, pause_s, seed)
            await asyncio.sleep(0.5)
        messages = await check(chatters)
        sockets = sum(each.sockets for each in chatters)
        print(f"{messages} messages, {kills} kills, {sockets} sockets")
        assert messages > 2 * CHATTERS
        assert sockets > len(chatters), "somebody had to come again"


async def test_nobody_loses_a_message_whatever_is_killed() -> None:
    await run(seconds=5.0, pause_s=1.0, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
async def test_nobody_loses_a_message_for_minutes(seed: int) -> None:
    await run(seconds=90.0, pause_s=1.5, seed=seed)
