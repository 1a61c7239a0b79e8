"""The real thing: `hanse serve` in a home of its own, as a person would start it."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 40
_READY = re.compile(r"Hanse is ready:\s+(\S+)")
_SIGN_IN = re.compile(r"(http\S+/sign-in/\S+)")
HANSE = [sys.executable, "-m", "hanse"]


class Hanse:
    """A running tree: `url`, its `process`, its `home`, and what it wrote."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.environment = self.environment_for(home, environment)
        self.lines: list[str] = []
        self.url = ""
        self.sign_in_url: str | None = None
        self._ready = threading.Event()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*HANSE, "serve"],
            env=self.environment,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def environment_for(home: Path, settings: dict[str, str]) -> dict[str, str]:
        """The environment of a Hanse in this home, free of settings from outside."""
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("HANSE_")},
            "HANSE_HOME": str(home),
            "HANSE_PORT": "0",
            "HANSE_LOG_FORMAT": "json",
            **settings,
        }

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if match := _READY.search(line):
                self.url = match[1]
            if match := _SIGN_IN.search(line):
                self.sign_in_url = match[1]
            if "Ctrl-C" in line:
                self._ready.set()
        self._ready.set()

    def wait_ready(self) -> float:
        """Wait until it says that it is ready; return the seconds since its start."""
        self._ready.wait(START_TIMEOUT_S)
        if not self.url:
            self.kill()
            raise AssertionError("Hanse did not start:\n" + "\n".join(self.lines[-40:]))
        return time.monotonic() - self.started

    def command(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run `hanse ...` against this home."""
        return command(self.environment, *arguments, text=text)

    def make_key(self, name: str = "test") -> str:
        """Make an API key by the command line."""
        made = self.command("key", "create", name)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def client(self, key: str | None = None, **more: object) -> httpx.Client:
        """An HTTP client of this server, with a key."""
        headers = {"Authorization": f"DeepL-Auth-Key {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **more)  # type: ignore[arg-type]

    def processes(self, word: str = "") -> list[psutil.Process]:
        """The descendants whose command line contains `word`."""
        found = []
        for each in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if word in " ".join(each.cmdline()):
                    found.append(each)
            except psutil.NoSuchProcess:
                continue
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """Kill the supervisor with -9, whatever its state."""
        self.process.kill()
        self.process.wait(10)


def command(
    environment: dict[str, str], *arguments: str, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `hanse ...` in an environment. Line ends go in and come out as they are."""
    done = subprocess.run(
        [*HANSE, *arguments],
        env=environment,
        cwd=environment["HANSE_HOME"],
        input=text.encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition, seconds: float = 30.0, what: str = "") -> None:  # type: ignore[no-untyped-def]
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what or "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that PostgreSQL's account can reach, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="hanse-home-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextmanager
def serving(**environment: str) -> Iterator[Hanse]:
    """A running Hanse in a temporary home, stopped at the end."""
    with temporary_home() as home:
        hanse = Hanse(home, environment)
        try:
            hanse.wait_ready()
            yield hanse
        finally:
            if hanse.process.poll() is None:
                hanse.stop()
