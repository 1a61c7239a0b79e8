"""Engines left behind by a supervisor that was killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from hanse.platform.process import SetupError

POLL_S = 0.02

log = structlog.get_logger()


def stop_leftover(pid_file: Path, mark: str, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """End the process that `pid_file` names if it is still the one that wrote it.

    It is, when its command line holds `mark` (a path of its own). `steps` are signals and the
    seconds to wait after each. Returns whether that number now belongs to another process (or to
    a zombie that nobody reaps), so that the file misleads and should be removed. Call it only
    while holding the lock of the home.

    Raises SetupError when the process outlives every step.
    """
    pid = _read_pid(pid_file)
    if pid is None:
        return False
    for number, wait_s in steps:
        if not _is_ours(pid, mark):
            return _is_taken(pid)
        log.warning("Stopping an engine left by a killed process", pid=pid, signal=number.name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + wait_s
        while _is_ours(pid, mark) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    if _is_ours(pid, mark):
        raise SetupError(f"Process {pid} still uses {pid_file.parent} and does not end; stop it.")
    return _is_taken(pid)


def _read_pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _is_taken(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_ours(pid: int, mark: str) -> bool:
    return mark in _command_line(pid)


def _command_line(pid: int) -> str:
    """The command line of a process: empty when it is gone or a zombie."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            return ""
    argv = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout
