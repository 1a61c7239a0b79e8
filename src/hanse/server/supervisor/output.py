"""The lines that a child writes: logged as ours, the last ones kept for explanations."""

import asyncio
import os
from collections import deque
from collections.abc import Callable

import structlog

LINES_KEPT = 20
LINE_BYTES_MAX = 8192
READ_BYTES = 65536

log = structlog.get_logger()


class CapturedOutput:
    """The reading end of a pipe that children of one name write to, one after another.

    Each complete line is logged at the level that `severity` gives it. The pipe is ours, not
    asyncio's: a grandchild that still holds it must not keep anyone from seeing the child's end.
    """

    def __init__(self, name: str, severity: Callable[[str], str]) -> None:
        self._name = name
        self._severity = severity
        self._rest = b""
        self._tail: deque[str] = deque(maxlen=LINES_KEPT)
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reader, self._read)

    def tail(self) -> list[str]:
        """The last lines, oldest first, including what is in the pipe by now."""
        self._read()
        return list(self._tail)

    def close(self) -> None:
        """Log what is left and close both ends."""
        self._read()
        if self._rest:
            self._take(self._rest)
        self._loop.remove_reader(self._reader)
        os.close(self._reader)
        os.close(self.writer)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._reader, READ_BYTES)
            except BlockingIOError:
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._take(line)
            if len(self._rest) > LINE_BYTES_MAX:
                self._take(self._rest)
                self._rest = b""

    def _take(self, line: bytes) -> None:
        text = line[:LINE_BYTES_MAX].decode(errors="replace").rstrip()
        if text:
            self._tail.append(text)
            getattr(log, self._severity(text))(text, process=self._name)
