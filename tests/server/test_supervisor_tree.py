"""The supervisor: order, readiness, restarts and the end, with real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hanse.platform.process import ProcessSpec, SetupError
from hanse.server.supervisor import Child, StartFailed, Step, Supervisor, after_exit, bind

DEADLINE_S = 20.0
WAIT_FOR_EVER = "while :; do sleep 0.02; done"


class Journal:
    """A file that children write lines to, in the order of events."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()

    def spec(self, name: str, script: str = "", **changes: Any) -> ProcessSpec:
        """A child that notes its start and its end, and is ready once it noted the start."""
        note = (
            f"trap 'echo {name} ends >> {self.path}; exit 0' TERM; echo {name} up >> {self.path}; "
        )

        async def ready() -> bool:
            return f"{name} up" in self.lines()

        values: dict[str, Any] = {
            "name": name,
            "argv": ["/bin/sh", "-c", note + (script or WAIT_FOR_EVER)],
            "env": {"PATH": os.defpath},
            "ready": ready,
            "capture": True,
        }
        return ProcessSpec(**(values | changes))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


async def never_ready() -> bool:
    return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[asyncio.Event]:
    """Run the supervisor until the end of the block or until it fails; gives its hurry event."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop, hurry))
    try:
        yield hurry
    finally:
        stop.set()
        await running


def all_ready(supervisor: Supervisor) -> Callable[[], bool]:
    return lambda: bool(supervisor.status()) and all(each.ready for each in supervisor.status())


def step(journal: Journal, name: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        with journal.path.open("a") as file:
            file.write(f"{name} done\n")

    return run


async def test_children_start_after_what_they_need_and_end_in_reverse(journal: Journal) -> None:
    supervisor = Supervisor(
        [
            Child(journal.spec("web"), needs=("migrations", "bus")),
            Step("migrations", step(journal, "migrations"), needs=("database",)),
            Child(journal.spec("bus"), needs=("migrations",)),
            Child(journal.spec("database")),
        ]
    )
    async with supervised(supervisor):
        await until(all_ready(supervisor))
    assert journal.lines() == [
        *("database up", "migrations done", "bus up", "web up"),
        *("web ends", "bus ends", "database ends"),
    ]
    assert all(each.pid is None for each in supervisor.status())


async def test_a_child_that_needs_nothing_does_not_wait(journal: Journal) -> None:
    slow = journal.spec("slow", ready=never_ready)
    supervisor = Supervisor([Child(slow), Child(journal.spec("quick"))])
    async with supervised(supervisor):
        await until(lambda: "quick up" in journal.lines())


async def test_a_child_that_ends_is_started_again(journal: Journal) -> None:
    ended: list[tuple[str, int]] = []
    supervisor = Supervisor(
        [Child(journal.spec("web"))], on_exit=lambda name, pid: ended.append((name, pid))
    )
    async with supervised(supervisor):
        await until(all_ready(supervisor))
        first = supervisor.status()[0].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: bool(ended))
        await until(all_ready(supervisor))
        status = supervisor.status()[0]
        assert (status.restarts, status.pid == first) == (1, False)
    assert ended == [("web", first), ("web", status.pid)]


async def test_a_child_that_never_comes_up_ends_the_start_with_its_last_words(
    journal: Journal,
) -> None:
    broken = journal.spec("web", "echo cannot open the door >&2; exit 3", ready=never_ready)
    supervisor = Supervisor([Child(journal.spec("database")), Child(broken, needs=("database",))])
    with pytest.raises(StartFailed, match=r"(?s)web ended with code 3.*5 attempts.*open the door"):
        await asyncio.wait_for(supervisor.run(asyncio.Event()), DEADLINE_S)
    assert journal.lines().count("web up") == 5
    assert journal.lines()[-1] == "database ends"


async def test_a_child_that_is_not_ready_in_time_ends_the_start(journal: Journal) -> None:
    supervisor = Supervisor([Child(journal.spec("late", ready=never_ready, ready_timeout_s=0.3))])
    with pytest.raises(StartFailed, match=r"late was not ready after 0.3 s"):
        await asyncio.wait_for(supervisor.run(asyncio.Event()), DEADLINE_S)
    assert journal.lines() == ["late up", "late ends"]


async def test_a_missing_program_is_a_clear_error(journal: Journal) -> None:
    supervisor = Supervisor([Child(journal.spec("web", argv=["/nowhere/web"]))])
    with pytest.raises(SetupError, match=r"web cannot be started.*/nowhere/web"):
        await supervisor.run(asyncio.Event())


async def test_a_failing_step_ends_everything_and_keeps_its_error(journal: Journal) -> None:
    async def fail() -> None:
        raise LookupError("no such table")

    supervisor = Supervisor(
        [Child(journal.spec("database")), Step("migrations", fail, needs=("database",))]
    )
    with pytest.raises(LookupError, match="no such table"):
        await asyncio.wait_for(supervisor.run(asyncio.Event()), DEADLINE_S)
    assert journal.lines() == ["database up", "database ends"]


async def test_a_stop_during_the_start_ends_what_was_started(journal: Journal) -> None:
    stuck = journal.spec("stuck", ready=never_ready)
    supervisor = Supervisor([Child(stuck), Child(journal.spec("web"), needs=("stuck",))])
    async with supervised(supervisor):
        await until(lambda: "stuck up" in journal.lines())
    assert journal.lines() == ["stuck up", "stuck ends"]


async def test_a_child_deaf_to_the_signal_is_killed_after_its_time(journal: Journal) -> None:
    deaf = journal.spec("deaf", f"trap '' TERM; {WAIT_FOR_EVER}", stop_timeout_s=0.2)
    supervisor = Supervisor([Child(deaf)])
    async with supervised(supervisor):
        await until(all_ready(supervisor))
        pid = supervisor.status()[0].pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_second_signal_does_not_wait_for_a_slow_end(journal: Journal) -> None:
    slow = journal.spec("slow", f"trap '' TERM; {WAIT_FOR_EVER}", stop_timeout_s=600)
    supervisor = Supervisor([Child(slow)])
    async with asyncio.timeout(DEADLINE_S):
        async with supervised(supervisor) as hurry:
            await until(all_ready(supervisor))
            hurry.set()


async def test_a_grandchild_that_holds_the_output_delays_nobody(journal: Journal) -> None:
    spec = journal.spec("web", f"sleep 600 & echo $! >> {journal.path}; {WAIT_FOR_EVER}")
    supervisor = Supervisor([Child(spec)])
    async with asyncio.timeout(DEADLINE_S):
        async with supervised(supervisor):
            await until(lambda: len(journal.lines()) == 2)
    os.kill(int(journal.lines()[1]), signal.SIGKILL)


async def test_a_listening_socket_outlives_the_process_that_serves_it(journal: Journal) -> None:
    script = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1]))\n"
    script += "c, _ = s.accept(); c.sendall(b'hello'); c.close()"
    with bind("127.0.0.1", 0) as listener:
        descriptor = listener.fileno()
        argv = [sys.executable, "-c", script, str(descriptor)]

        async def ready() -> bool:
            return True

        spec = journal.spec("web", argv=argv, pass_fds=(descriptor,), ready=ready)
        supervisor = Supervisor([Child(spec)])
        async with supervised(supervisor):
            for _ in range(3):  # each life of the child answers one connection and ends
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b"hello"
                writer.close()


def test_circles_and_unknown_needs_are_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="ghost"):
        Supervisor([Child(journal.spec("web"), needs=("ghost",))])
    with pytest.raises(ValueError, match="cycle"):
        Supervisor([Child(journal.spec("a"), needs=("b",)), Child(journal.spec("b"), needs=("a",))])
    with pytest.raises(ValueError, match="twice"):
        Supervisor([Child(journal.spec("a")), Child(journal.spec("a"))])


def test_the_pause_doubles_up_to_a_limit_and_health_resets_it() -> None:
    failures, pauses = 0, []
    for _ in range(9):
        failures, pause_s = after_exit(failures, healthy_s=1.0)
        pauses.append(round(pause_s, 3))
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]
    assert after_exit(failures, healthy_s=30.0) == (1, 0.2)
    assert after_exit(10_000, healthy_s=0.0) == (10_001, 10.0)
