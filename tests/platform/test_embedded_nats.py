"""The embedded NATS: guarded by a password, and no message lost by a kill."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from hanse.platform.embedded import NatsServer
from hanse.platform.embedded.nats import find_binary
from hanse.platform.process import ProcessSpec

Running = Callable[[ProcessSpec, Path], AbstractAsyncContextManager[asyncio.subprocess.Process]]


async def test_a_killed_server_keeps_every_acknowledged_message(
    home: Path, running: Running
) -> None:
    server = NatsServer.prepare(home)
    async with running(server.process(), home / "log") as process:
        client = await nats.connect(server.url, allow_reconnect=False)
        stream = client.jetstream()
        await stream.add_stream(name="things", subjects=["things.>"])
        for number in range(50):
            await stream.publish("things.new", str(number).encode())
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await client.close()
    again = NatsServer.prepare(home)
    async with running(again.process(), home / "log"):
        client = await nats.connect(again.url)
        found = await client.jetstream().stream_info("things")
        assert found.state.messages == 50
        await client.close()


async def test_a_server_left_running_is_stopped_before_the_next_start(
    home: Path, running: Running
) -> None:
    server = NatsServer.prepare(home)
    async with running(server.process(), home / "log") as left:
        again = await asyncio.to_thread(NatsServer.prepare, home)
        await asyncio.wait_for(left.wait(), 10)
        async with running(again.process(), home / "log"):
            assert await again.is_ready()


async def test_without_the_password_nobody_gets_in(nats_url: str) -> None:
    async def quiet(_error: Exception) -> None:
        return None

    address = nats_url.rpartition("@")[2]
    for url in (f"nats://{address}", f"nats://hanse:wrong@{address}"):
        with pytest.raises(NatsError, match=r"(?i)authorization"):
            await nats.connect(url, allow_reconnect=False, error_cb=quiet)


def test_the_password_is_made_once_and_readable_for_us_alone(home: Path) -> None:
    first, second = NatsServer.prepare(home), NatsServer.prepare(home, port=4999)
    assert first.password == second.password
    assert len(first.password) >= 32
    assert second.port == 4999
    for file in ("nats.conf", "password"):
        assert (home / "nats" / file).stat().st_mode & 0o777 == 0o600
    assert (home / "nats").stat().st_mode & 0o777 == 0o700


def test_the_program_is_found_with_an_empty_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_binary().name == "nats-server"
