"""Messages translated on their way to who reads another language."""

import asyncio
import time
from contextlib import suppress
from uuid import UUID

import msgspec
from websockets.asyncio.client import ClientConnection

from benchmarks.chat_load import Cpu, Key, Place, json_of, line, told, tree
from benchmarks.goodput import quantile
from benchmarks.measured import Measured
from benchmarks.promises import ENGINE
from benchmarks.sentences import SENTENCES
from hanse import identity
from hanse.identity.people.service import Changes, apply_changes
from hanse.platform.ids import new_id

TRANSLATED_PER_S = 20.0
TRANSLATED_S = 15.0


def translated(place: Place) -> list[Measured]:
    """From the sending of English to the Portuguese on the socket of somebody who reads that."""
    keys = place.make_keys(2)
    reader = asyncio.run(_make_reader(place, ["pt"]))
    room = place.make_room(keys, [reader])
    texts = [each for each in SENTENCES if 20 <= len(each) <= 200]
    asyncio.run(_translate(place, keys, room, texts[:40]))
    count = int(TRANSLATED_PER_S * TRANSLATED_S)
    cpu = Cpu(lambda: tree(place))
    took = asyncio.run(_translate(place, keys, room, texts[40 : 40 + count]))
    spent = cpu.spent()
    p50, p99 = (quantile(took, part) * 1000 for part in (0.5, 0.99))
    return [
        Measured(
            f"Sending of English to the Portuguese on a reader's socket, {TRANSLATED_PER_S:.0f} "
            f"messages a second, engine `{ENGINE}`",
            f"p50 **{p50:.0f} ms**, p99 **{p99:.0f} ms** of {len(took)}; {told(spent, len(took))}",
            "p50 <= 150 ms, p99 <= 400 ms",
        )
    ]


async def _make_reader(place: Place, languages: list[str]) -> UUID:
    """Somebody who reads these languages."""
    db = await place.open_db()
    async with db.tx(place.organisation_id) as tx:
        access = identity.operator(place.organisation_id)
        person = await identity.create_person(
            tx,
            access,
            email=f"{new_id().hex}@example.org",
            name="Reader",
            role=identity.Role.MEMBER,
        )
        await apply_changes(tx, access, person, Changes(languages=languages))
    await db.close()
    return person.id


async def _translate(place: Place, keys: list[Key], room: str, texts: list[str]) -> list[float]:
    """Send texts one after the other; return how long each took, in seconds."""
    sender, reader = line(keys[0], room), line(keys[1], room)
    async with place.socket(sender) as sending, place.socket(reader) as reading:
        await reading.send(json_of({"op": "languages", "languages": ["pt"]}))
        following = asyncio.create_task(_follow(reading, len(texts)))
        sent: dict[str, float] = {}
        start = time.perf_counter() + 0.2
        for number, text in enumerate(texts):
            due = start + number / TRANSLATED_PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            event = {"client_key": str(number), "device": new_id().hex, "text": text}
            sent[event["device"]] = due
            await sending.send(json_of({"op": "send", "room_id": room, "event": event}))
        devices, done = await following
    return [done.get(number, float("inf")) - sent[device] for number, device in devices.items()]


async def _follow(reading: ClientConnection, count: int) -> tuple[dict[int, str], dict[int, float]]:
    """Return the device that sent each message, and the moment when its translation came."""
    devices: dict[int, str] = {}
    done: dict[int, float] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(count / TRANSLATED_PER_S + 15):
            while len(done) < count:
                frame = msgspec.json.decode(await reading.recv())
                if frame["op"] == "events":
                    devices |= {each["number"]: each["device"] for each in frame["events"]}
                elif frame["op"] == "translation":
                    done[frame["translation"]["number"]] = time.perf_counter()
    return devices, done
