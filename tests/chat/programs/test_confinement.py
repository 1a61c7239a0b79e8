"""A process that has shut itself in computes and answers, and does nothing else."""

import platform
import subprocess
import sys

import pytest

TRIES = {
    "reads a file": "open('/etc/hostname')",
    "writes a file": "open('/tmp/hanse-escaped', 'w')",
    "makes a socket": "socket.socket()",
    "makes a local socket": "socket.socket(socket.AF_UNIX)",
    "starts a process": "os.fork()",
    "becomes another program": "os.execv('/bin/true', ['true'])",
    "kills its parent": "os.kill(os.getppid(), 0)",
    "signals a thread of its parent": "signal_thread(os.getppid())",
}
SCRIPT = """
import os, socket, sys
import ctypes, pathlib, threading
from hanse.chat.programs.confinement import confine
tasks = pathlib.Path("/proc/self/task")
threading.Thread(target=threading.Event().wait, daemon=True).start()
states = [(each / "status").open() for each in tasks.iterdir()]
assert len(states) > 1
def signal_thread(pid):
    number = {{"x86_64": 234, "aarch64": 131}}[os.uname().machine]
    if ctypes.CDLL(None).syscall(number, pid, pid, 0):
        raise OSError
assert confine()
assert all("Seccomp:\t2" in each.read() for each in states)
tries = {tries!r}
for name, code in tries.items():
    try:
        eval(code)
        os.write(1, f"{{name}}\\n".encode())
    except OSError:
        pass
os.write(1, b"still here\\n")
os._exit(0)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="system calls are filtered on Linux alone",
)
def test_nothing_outside_is_reached() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(tries=TRIES)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "still here\n", done.stderr
