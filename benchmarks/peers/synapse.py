"""Synapse, the reference server of Matrix, with rooms to send to."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.peers.running import (
    FOLDER,
    ROOT,
    START_TIMEOUT_S,
    Unavailable,
    make_environment,
    stop,
)

ENVIRONMENT = ROOT / ".venv-synapse"
REQUIREMENTS = FOLDER / "synapse.txt"
NO_LIMIT = {"per_second": 1_000_000, "burst_count": 1_000_000}


class Matrix(NamedTuple):
    """A running Synapse: where it is, and who may send where, as (access token, room)."""

    port: int
    process: int
    senders: list[tuple[str, str]]


@contextmanager
def synapse_serving(home: Path, database: dict[str, Any], rooms: int) -> Iterator[Matrix]:
    """Run Synapse over a database, with so many rooms, each of one user. Raises Unavailable."""
    python = make_environment(ENVIRONMENT, REQUIREMENTS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = home / "homeserver.yaml"
    settings.write_text(json.dumps(_settings(home, port, database)))
    command = [python, "-m", "synapse.app.homeserver", "-c", settings]
    subprocess.run([*command, "--generate-keys"], check=True, capture_output=True)
    log = home / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/_matrix/client", timeout=30) as client:
            _wait_ready(process, client, log)
            yield Matrix(port, process.pid, [_sender(client, number) for number in range(rooms)])
    finally:
        stop(process)


def _settings(home: Path, port: int, database: dict[str, Any]) -> dict[str, Any]:
    """As a small server has it, without what would hold it back: limits, presence, logging."""
    logging = home / "log.yaml"
    logging.write_text(json.dumps({"version": 1, "root": {"level": "ERROR"}}))
    limits = ("message", "registration", "joins_per_room", "admin_redaction")
    return {
        "server_name": "localhost",
        "listeners": [
            {
                "port": port,
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"], "compress": False}],
            }
        ],
        "database": database,
        "log_config": str(logging),
        "media_store_path": str(home / "media"),
        "signing_key_path": str(home / "signing.key"),
        "macaroon_secret_key": "a secret of this benchmark",
        "form_secret": "another secret of this benchmark",
        "trusted_key_servers": [],
        "report_stats": False,
        "presence": {"enabled": False},
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        **{f"rc_{each}": NO_LIMIT for each in limits},
        **{f"rc_{each}": {"local": NO_LIMIT, "remote": NO_LIMIT} for each in ("joins",)},
    }


def _wait_ready(process: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/versions").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise Unavailable(f"Synapse did not start: {log.read_text('utf-8', 'replace')[-500:]}")


def _sender(client: httpx.Client, number: int) -> tuple[str, str]:
    user = {
        "username": f"user{number}",
        "password": "a password of this benchmark",
        "auth": {"type": "m.login.dummy"},
    }
    token = _made(client.post("/v3/register", json=user))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    room = _made(client.post("/v3/createRoom", json={"name": "Load"}, headers=headers))["room_id"]
    return token, room


def _made(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != 200:
        raise Unavailable(f"Synapse answers {answer.status_code}: {answer.text}")
    made: dict[str, Any] = answer.json()
    return made
