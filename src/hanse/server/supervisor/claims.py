"""What only one supervisor may hold: a home, and the address it listens on."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hanse.platform.embedded import SetupError, make_home

LOCK_NAME = "hanse.lock"
BACKLOG = 1024
LEFTOVER_WAIT_S = 10.0
RETRY_S = 0.1


class HomeLock(msgspec.Struct, frozen=True):
    """A home that is ours alone. `after_crash`: its last owner was killed, and what that one had
    started may still be ending."""

    home: Path
    after_crash: bool


@contextmanager
def home_lock(home: Path) -> Iterator[HomeLock]:
    """Hold the home (created when missing) for the length of the block.

    The kernel releases the lock when we end in whatever way (flock(2)); children do not inherit
    it.

    Raises SetupError that names the process when another holds it.
    """
    home = make_home(home)
    path = home / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}); set HANSE_HOME to a folder of yours."
        ) from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(
                f"Hanse already runs in {home} (process {file.read().strip() or 'unknown'}); "
                "stop it, or set HANSE_HOME to another folder."
            ) from None
        after_crash = bool(file.read().strip())
        _write(file.fileno(), str(os.getpid()))
        try:
            yield HomeLock(home, after_crash)
        finally:
            _write(file.fileno(), "")


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def bind(
    host: str, port: int, *, wait_s: float = 0.0, setting: str = "HANSE_PORT"
) -> socket.socket:
    """A listening TCP socket, to be passed to web processes by its descriptor.

    An address in use is tried again for `wait_s` seconds: give LEFTOVER_WAIT_S after a crash,
    when processes of the last run may still be answering their last requests.

    Raises SetupError that names the setting to change; `setting` is the port's.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return _listen(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise SetupError(_explain(host, port, setting, error)) from error
        time.sleep(RETRY_S)


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _explain(host: str, port: int, setting: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; set {setting} to a free one."
    if error.errno == errno.EACCES:
        return f"This account may not listen on port {port}; set {setting} to one above 1023."
    return f"Cannot listen on {host} ({error.strerror}); set HANSE_HOST to an address of this host."
