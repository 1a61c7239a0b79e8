"""Starts and stops the peers, and makes their environment."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "peers"
ENVIRONMENT = ROOT / ".venv-peers"
REQUIREMENTS = FOLDER / "requirements.txt"
START_TIMEOUT_S = 90.0


class Unavailable(RuntimeError):
    """A peer cannot be installed or does not start here."""


def make_environment(environment: Path = ENVIRONMENT, requirements: Path = REQUIREMENTS) -> Path:
    """Return the Python of an environment of peers, made or brought up to date.

    Raises Unavailable.
    What is installed is remembered by the hash of the requirements.
    """
    python = environment / "bin" / "python"
    mark = environment / "installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return python
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([*pip, "-r", requirements], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"the peers cannot be installed: {error}") from error
    mark.write_text(wanted)
    return python


@contextmanager
def peer_serving(name: str, engine: str) -> Iterator[tuple[int, str, int]]:
    """Run a peer with an engine; yields its port, path and process. Raises Unavailable."""
    python = make_environment()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PEER_ENGINE": engine,
        "PEER_PORT": str(port),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{FOLDER}",
        "OPENBLAS_NUM_THREADS": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [python, FOLDER / f"{name}_server.py"]
    if name == "bentoml":
        command = [python, "-m", "bentoml", "serve", "bentoml_server:Translate"]
        command += ["--host=127.0.0.1", f"--port={port}", f"--working-dir={FOLDER}"]
    log = ENVIRONMENT / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=FOLDER,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        path = "/predict" if name == "litserve" else "/inference"
        _wait_ready(process, f"http://127.0.0.1:{port}{path}", log)
        yield port, path, process.pid
    finally:
        stop(process)


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = httpx.post(
                url,
                json={"texts": ["Good morning!", "The house stands by the river."]},
                timeout=10,
            )
            if answer.status_code == 200 and "Bom dia" in answer.text and "rio" in answer.text:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise Unavailable(f"it did not start: {log.read_text('utf-8', 'replace')[-500:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group, gently first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
