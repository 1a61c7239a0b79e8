"""The process that sends messages out and posts the answers may die at any moment."""

import asyncio
import json
import os
import signal
import sys
import time

import pytest

from tests.chat.conftest import Person, person_of
from tests.chat.sending import Sending, answers, path_of, receiver, sending, wires
from tests.eventing import ROOT
from tests.identity.conftest import Tenant
from tests.receiving import Received, Reply

__all__ = ["receiver", "sending", "wires"]


@pytest.fixture(scope="module")
async def ana(tenant: Tenant, sending: Sending) -> Person:
    return await person_of(tenant, name="Ana")


async def test_killing_the_process_that_sends_posts_each_answer_once(
    sending: Sending, ana: Person, wires: tuple[str, ...]
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room)

    def reply(request: Received) -> Reply:
        time.sleep(0.03)
        text = json.loads(request.body)["data"]["message"]["text"]
        return Reply(body=json.dumps({"text": f"Re: {text}"}).encode())

    sending.receiver.replies[path_of(made)] = reply

    async def run() -> asyncio.subprocess.Process:
        arguments = ("-m", "tests.chat.sending", *wires)
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env={**os.environ}
        )

    numbers = {(await ana.send(room, f"No {at}"))["number"]: f"No {at}" for at in range(30)}
    for count in (1, 12):
        process = await run()
        await sending.arrival(made, count)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    process = await run()
    for number in numbers:
        await answers(ana, room, number)
    await sending.settled(ana, room, made, 20)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    log = (await ana.ask("GET", f"/rooms/{room}/messages?limit=100"))["messages"]
    replies = [(each["thread"], each["text"]) for each in log if each["thread"]]
    assert sorted(replies) == sorted((number, f"Re: {text}") for number, text in numbers.items())
