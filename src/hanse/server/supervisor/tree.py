"""The tree of children: who starts after whom, and who ends before whom."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from graphlib import TopologicalSorter

import msgspec
import structlog

from hanse.platform.process import ProcessSpec
from hanse.server.supervisor.runner import OnExit, Runner

log = structlog.get_logger()


class Child(msgspec.Struct, frozen=True):
    """A process to keep running. It starts once all that it `needs` (names) is up."""

    spec: ProcessSpec
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name others need it by."""
        return self.spec.name


class Step(msgspec.Struct, frozen=True):
    """Something done once while starting, such as migrations. Its failure ends the start."""

    name: str
    run: Callable[[], Awaitable[None]]
    needs: tuple[str, ...] = ()


class ChildStatus(msgspec.Struct, frozen=True):
    """How one child is now; `pid` is None while it is down."""

    name: str
    pid: int | None
    ready: bool
    restarts: int


class Supervisor:
    """Runs children and steps; see the package's docstring for the use.

    Names are unique and every need is named in `nodes`, without circles (ValueError,
    graphlib.CycleError). Run it once, on the main thread, in asyncio's own loop.
    """

    def __init__(self, nodes: Sequence[Child | Step], *, on_exit: OnExit | None = None) -> None:
        self._nodes = {node.name: node for node in nodes}
        needs = {node.name: node.needs for node in nodes}
        unknown = {name for names in needs.values() for name in names} - needs.keys()
        if len(self._nodes) < len(nodes) or unknown:
            raise ValueError(f"names are used twice or unknown: {sorted(unknown) or 'twice'}")
        TopologicalSorter(needs).prepare()
        self._dependents = {
            name: [other for other, names in needs.items() if name in names] for name in needs
        }
        self._on_exit = on_exit
        self._runners: dict[str, Runner] = {}

    def status(self) -> list[ChildStatus]:
        """Every child in the order given; empty before the start."""
        return [
            ChildStatus(name, runner.pid, runner.ready, runner.restarts)
            for name, runner in self._runners.items()
        ]

    async def run_until_signalled(self) -> None:
        """`run` until SIGINT, SIGTERM or SIGHUP; a second signal shortens the end."""
        with stop_on_signals() as (stop, hurry):
            await self.run(stop, hurry)

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event | None = None) -> None:
        """Start everything, keep it running until `stop` is set, end it in reverse order.

        When this returns or raises, no child is left. `hurry` shortens the end.

        Raises StartFailed, SetupError, or what a step raised, once all is ended again.
        """
        self._runners = {
            node.name: Runner(node.spec, self._on_exit)
            for node in self._nodes.values()
            if isinstance(node, Child)
        }
        up = {name: asyncio.Event() for name in self._nodes}
        up |= {name: runner.up for name, runner in self._runners.items()}
        tasks = {
            name: asyncio.create_task(self._keep(node, up), name=name)
            for name, node in self._nodes.items()
        }
        try:
            await _first_failure_or(stop, tasks.values())
        finally:
            await self._drain(tasks, hurry or asyncio.Event())

    async def _keep(self, node: Child | Step, up: dict[str, asyncio.Event]) -> None:
        for name in node.needs:
            await up[name].wait()
        if isinstance(node, Step):
            await node.run()
            up[node.name].set()
        else:
            await self._runners[node.name].keep_running()

    async def _drain(self, tasks: dict[str, asyncio.Task[None]], hurry: asyncio.Event) -> None:
        ended = {name: asyncio.Event() for name in tasks}

        async def end(name: str) -> None:
            for dependent in self._dependents[name]:
                await ended[dependent].wait()
            tasks[name].cancel()
            await asyncio.gather(tasks[name], return_exceptions=True)
            if name in self._runners:
                await self._runners[name].end(hurry)
            ended[name].set()

        await asyncio.gather(*(end(name) for name in tasks))


async def _first_failure_or(stop: asyncio.Event, tasks: Iterable[asyncio.Task[None]]) -> None:
    """Return when `stop` is set; raise what the first failing task raised."""
    stopped = asyncio.create_task(stop.wait())
    pending: set[asyncio.Task[None] | asyncio.Task[bool]] = {stopped, *tasks}
    try:
        while not stopped.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        stopped.cancel()


@contextmanager
def stop_on_signals() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Events (stop, hurry): the first signal to end sets `stop`, a second one `hurry`.

    The signals are SIGINT, SIGTERM, and SIGHUP unless it is ignored (nohup).
    """
    loop = asyncio.get_running_loop()
    stop, hurry = asyncio.Event(), asyncio.Event()

    def received(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("Stopping at once", signal=number.name)
            hurry.set()
        else:
            log.info("Stopping; a second signal hurries", signal=number.name)
            stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, received, number)
    try:
        yield stop, hurry
    finally:
        for number in numbers:
            with suppress(ValueError):
                loop.remove_signal_handler(number)
