"""The process that delivers webhooks may die at any moment."""

import asyncio
import json
import os
import signal
import sys
import time

from tests.eventing import ROOT
from tests.identity.conftest import Post
from tests.receiving import Reply


async def test_killing_the_process_that_delivers_loses_no_message(
    post: Post, wires: tuple[str, ...]
) -> None:
    webhook = await post.webhook()
    events = 40
    post.receiver.reply = lambda _request: (time.sleep(0.05), Reply())[1]

    async def run() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.webhooking", *wires, cwd=ROOT, env={**os.environ}
        )

    groups = {await post.happen() for _ in range(events)}
    for count in (1, 15):
        process = await run()
        await post.arrival(webhook, count)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert len(await post.log(webhook, status="delivered", limit="200")) < events
    process = await run()
    await post.settled(webhook, "delivered", events)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    received = post.received(webhook)
    assert {json.loads(each.body)["data"]["group_id"] for each in received} == groups
    log = await post.log(webhook, limit="200")
    assert len(log) == events, "each event made one delivery"
    assert {each.headers["webhook-id"] for each in received} == {each["event_id"] for each in log}
