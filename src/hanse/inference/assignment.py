"""What the worker processes of another machine are told by their parent: a file that they reread.

A worker never uses a path, or an engine, that a scheduler names: of a batch it takes the hash of
the model, and runs what this file has for that hash. Imported by worker processes: stays light.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from hanse.inference.addresses import TlsFiles
from hanse.inference.job import ModelSpec


class Assignment(Struct, frozen=True, kw_only=True):
    """Where the scheduler is (None: not known), and the models of this machine."""

    address: str | None
    models: list[ModelSpec]
    host: str
    engines: list[str]
    memory_bytes: int
    tls: TlsFiles | None = None
    heartbeat_s: float = 1.0
    heartbeat_timeout_s: float = 4.0


def _encode(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError


class AssignmentFile:
    """The file, written by one process and read by others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state: tuple[int, int] | None = None

    def write(self, assignment: Assignment) -> None:
        """Replace the file at once, for this account alone."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = self.path.with_suffix(".new")
        work.unlink(missing_ok=True)
        with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(msgspec.json.encode(assignment, enc_hook=_encode))
        work.replace(self.path)

    def read(self) -> Assignment:
        """Return what it says now. Raises OSError and msgspec.DecodeError."""
        self._state = self._look()
        return msgspec.json.decode(self.path.read_bytes(), type=Assignment, dec_hook=_decode)

    @property
    def changed(self) -> bool:
        """Whether it was replaced since it was read."""
        return self._look() != self._state

    def _look(self) -> tuple[int, int]:
        stat = self.path.stat()
        return (stat.st_ino, stat.st_mtime_ns)
