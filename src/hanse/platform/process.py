"""One child process: what it is, how it starts, when it is ready and how it stops."""

import asyncio
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Literal, TypedDict

import msgspec

READY_POLL_FIRST_S = 0.02
READY_POLL_LAST_S = 0.25
READY_PROBE_TIMEOUT_S = 5.0
HURRY_TIMEOUT_S = 5.0

_PR_SET_PDEATHSIG = 1


class SetupError(ValueError):
    """This machine or its settings cannot run Hanse; the message says what to change."""


class NotReady(RuntimeError):
    """A child ended, or did not become ready within its time."""


def severity_info(_line: str) -> str:
    """Every captured line is news: the level of a child that says nothing about levels."""
    return "info"


class ProcessSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to run one child process.

    `env` is the child's whole environment. `user` names the account to switch to (only root can).
    `ready` answers whether the child serves now; an OSError or time-out means not yet.
    `stop_signal` asks for a graceful end, `hurry_signal` for a fast one after `stop_timeout_s`,
    and SIGKILL follows. `parent_death_signal` is sent by the kernel when the parent dies
    (Linux, prctl(2)). With `capture`, standard output and error are read line by line by the
    supervisor, which logs them at the level `severity` gives; otherwise they are inherited.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    ready: Callable[[], Awaitable[bool]]
    cwd: str | None = None
    user: str | None = None
    pass_fds: tuple[int, ...] = ()
    stop_signal: int = signal.SIGTERM
    hurry_signal: int = signal.SIGKILL
    parent_death_signal: int = signal.SIGTERM
    stop_timeout_s: float = 10.0
    ready_timeout_s: float = 30.0
    capture: bool = False
    severity: Callable[[str], str] = severity_info


async def spawn(spec: ProcessSpec, *, output: int | None = None) -> asyncio.subprocess.Process:
    """Start the child in a process group of its own, so that a terminal's Ctrl-C reaches only us.

    `output` is a descriptor that takes its standard output and error; None inherits ours.
    Call it on the main thread: the parent-death signal is tied to the thread that forks.
    A `user` needs asyncio's own loop; uvloop knows none.

    Raises SetupError when the program or the account does not exist or may not be used.
    """
    assert threading.current_thread() is threading.main_thread()
    account = switch_to(spec.user)
    try:
        return await asyncio.create_subprocess_exec(
            *spec.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=spec.env,
            cwd=spec.cwd,
            pass_fds=spec.pass_fds,
            preexec_fn=_apart(follow_parent(spec.parent_death_signal)),
            **account,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(f"{spec.name} cannot be started: {error}") from error


class Switch(TypedDict, total=False):
    """Arguments of `subprocess` that change the account."""

    user: int
    group: int
    extra_groups: list[str | int]


def switch_to(user: str | None) -> Switch:
    """Arguments that make `subprocess` run a program as this account, with no further groups.

    Raises SetupError when there is no such account.
    """
    if user is None:
        return {}
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise SetupError(f"There is no account {user!r} on this machine.") from None
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _apart(follow: Callable[[], None] | None) -> Callable[[], None]:
    def setup() -> None:
        # Not a session: Linux shares out time among sessions (sched_autogroup) before it looks at
        # `nice`, which workers rely on. (uvloop does not know `process_group`.)
        os.setpgid(0, 0)
        if follow is not None:
            follow()

    return setup


def follow_parent(signal_number: int) -> Callable[[], None] | None:
    """A `preexec_fn` after which the kernel sends this signal when the parent dies (prctl(2)).

    None where the system has no such thing.
    """
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def follow() -> None:
        # Runs after the change of account, which would have cleared the setting.
        prctl(_PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it died between the fork and the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return follow


async def wait_ready(process: asyncio.subprocess.Process, spec: ProcessSpec) -> None:
    """Return once the child serves.

    Raises NotReady when it ends first or `ready_timeout_s` passes.
    """
    ended = asyncio.ensure_future(process.wait())
    pause_s = READY_POLL_FIRST_S
    try:
        async with asyncio.timeout(spec.ready_timeout_s):
            while not ended.done():
                if await _probe(spec):
                    return
                await asyncio.wait({ended}, timeout=pause_s)
                pause_s = min(pause_s * 1.5, READY_POLL_LAST_S)
    except TimeoutError:
        raise NotReady(f"{spec.name} was not ready after {spec.ready_timeout_s:g} s") from None
    finally:
        ended.cancel()
    raise NotReady(f"{spec.name} {describe_exit(process.returncode)} before it was ready")


async def _probe(spec: ProcessSpec) -> bool:
    try:
        # Not wait_for: before Python 3.12 it can lose a cancellation.
        async with asyncio.timeout(READY_PROBE_TIMEOUT_S):
            return await spec.ready()
    except (OSError, TimeoutError):
        return False


def describe_exit(code: int | None) -> str:
    """How a process ended, as the rest of a sentence: "ended with code 1", "was killed by ..."."""
    if code is None:
        return "still runs"
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


async def stop(
    process: asyncio.subprocess.Process, spec: ProcessSpec, *, hurry: asyncio.Event | None = None
) -> None:
    """End the child: ask, after `stop_timeout_s` (or once `hurry` is set) urge, then kill."""
    if await _signal_and_wait(process, spec.stop_signal, spec.stop_timeout_s, hurry):
        return
    if await _signal_and_wait(process, spec.hurry_signal, HURRY_TIMEOUT_S, None):
        return
    await _signal_and_wait(process, signal.SIGKILL, None, None)


async def _signal_and_wait(
    process: asyncio.subprocess.Process,
    signal_number: int,
    timeout_s: float | None,
    hurry: asyncio.Event | None,
) -> bool:
    if process.returncode is not None:
        return True
    try:
        process.send_signal(signal_number)
    except ProcessLookupError:
        return True
    ended = asyncio.ensure_future(process.wait())
    waits: list[asyncio.Future[int] | asyncio.Future[Literal[True]]] = [ended]
    if hurry is not None:
        waits.append(asyncio.ensure_future(hurry.wait()))
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return ended.done()
    finally:
        for wait in waits:
            wait.cancel()
