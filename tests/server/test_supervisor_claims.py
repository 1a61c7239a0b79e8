"""What only one supervisor may hold, and what a killed one leaves behind."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from hanse.platform.embedded import SetupError
from hanse.server.supervisor import bind, home_lock

HOLD = """
import sys, pathlib, time
from hanse.server.supervisor import home_lock
with home_lock(pathlib.Path(sys.argv[1])) as lock:
    print(lock.after_crash, flush=True)
    sys.stdin.read()
"""

ENGINES = """
import asyncio, pathlib, sys
import asyncpg, nats
from hanse.platform.embedded import NatsServer, PostgresServer
from hanse.server.supervisor import Child, Step, Supervisor, home_lock

async def use():
    connection = await asyncpg.connect(postgres.url("hanse"))
    await connection.execute("create table if not exists starts (at timestamptz default now())")
    await connection.execute("insert into starts default values")
    rows = await connection.fetchval("select count(*) from starts")
    await connection.close()
    client = await nats.connect(bus.url)
    stream = client.jetstream()
    await stream.add_stream(name="starts", subjects=["starts"])
    await stream.publish("starts", b"")
    messages = (await stream.stream_info("starts")).state.messages
    await client.close()
    print("up", rows, messages, flush=True)

with home_lock(pathlib.Path(sys.argv[1])) as lock:
    postgres = PostgresServer.prepare(lock.home)
    bus = NatsServer.prepare(lock.home)
    nodes = [Child(postgres.process()), Child(bus.process())]
    nodes.append(Step("database", postgres.ensure_database, needs=("postgres",)))
    nodes.append(Step("use", use, needs=("database", "nats")))
    asyncio.run(Supervisor(nodes).run_until_signalled())
print("ended", flush=True)
"""


@contextmanager
def script(text: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], word: str) -> str:
    """The next line of the process that starts with this word."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(word):
            return line.strip()
    raise AssertionError("".join(lines))


def test_a_second_supervisor_of_a_home_is_told_who_holds_it(home: Path) -> None:
    with script(HOLD, home) as first:
        said(first, "False")
        with pytest.raises(SetupError, match=rf"process {first.pid}\); stop it, or set HANSE_HOME"):
            with home_lock(home):
                pass


def test_a_killed_supervisor_frees_its_home_and_the_next_one_knows(home: Path) -> None:
    with script(HOLD, home) as first:
        said(first, "False")
        first.kill()
        first.wait()
        with home_lock(home) as lock:
            assert lock.after_crash
        with home_lock(home) as lock:
            assert not lock.after_crash


def test_a_child_that_outlives_us_does_not_hold_the_home(home: Path) -> None:
    with home_lock(home):
        child = subprocess.Popen(["/bin/sleep", "60"], close_fds=False)
    try:
        # It closes what it inherited while it becomes another program, a moment after its start.
        deadline = time.monotonic() + 10
        while not free(home):
            assert time.monotonic() < deadline, "the child holds the lock"
    finally:
        child.kill()
        child.wait()


def free(home: Path) -> bool:
    try:
        with home_lock(home):
            return True
    except SetupError:
        return False


def test_a_taken_port_names_the_setting_to_change() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SetupError, match=rf"Port {port} .* HANSE_PORT"):
            bind("127.0.0.1", port)


def test_a_port_that_leftovers_still_hold_is_waited_for() -> None:
    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    threading.Timer(0.3, listener.close).start()
    with bind(*address, wait_s=20.0) as again:
        assert again.getsockname() == address


def test_a_port_is_free_again_right_after_connections_were_closed() -> None:
    with bind("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            served, _ = listener.accept()
            served.close()  # our side closes first and keeps the address in TIME_WAIT
    with bind(*address) as again:
        assert again.getsockname() == address


def test_an_address_of_another_machine_names_the_setting_to_change() -> None:
    with pytest.raises(SetupError, match="HANSE_HOST"):
        bind("203.0.113.7", 0)
    with pytest.raises(SetupError, match="HANSE_HOST"):
        bind("no such host", 0)


def test_a_killed_supervisor_leaves_nothing_that_prevents_the_next_start(home: Path) -> None:
    for number in (1, 2, 3):
        with script(ENGINES, home) as supervisor:
            assert said(supervisor, "up") == f"up {number} {number}"
            children = psutil.Process(supervisor.pid).children(recursive=True)
            assert len(children) > 2
            supervisor.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_a_signal_ends_the_engines_in_good_order(home: Path) -> None:
    with script(ENGINES, home) as supervisor:
        said(supervisor, "up")
        children = psutil.Process(supervisor.pid).children(recursive=True)
        supervisor.send_signal(signal.SIGINT)
        said(supervisor, "ended")
        assert supervisor.wait(20) == 0
        assert not [each for each in children if each.is_running()]
    assert not (home / "postgres" / "postmaster.pid").exists()
    assert not (home / "hanse.lock").read_text()
    assert not list((home / "run" / "postgres").iterdir())
