"""One role against servers that somebody else runs, as on a cluster."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hanse.platform.embedded import NatsServer, PostgresServer
from hanse.server.roles import as_role
from tests.conftest import Running
from tests.serving import HANSE, Hanse, command, free_port, temporary_home, until


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://hanse_app@/hanse?host=/run", "postgresql://hanse_jobs@/hanse?host=/run"),
        ("postgresql://a:p%40ss@db:5432/hanse", "postgresql://hanse_jobs:p%40ss@db:5432/hanse"),
        ("postgresql://db/hanse", "postgresql://hanse_jobs@db/hanse"),
    ],
)
def test_a_database_url_is_turned_into_another_roles(url: str, wanted: str) -> None:
    assert as_role(url, "hanse_jobs") == wanted


@pytest.mark.parametrize("role", ["web", "jobs"])
def test_a_role_without_its_servers_says_what_to_set(role: str) -> None:
    with temporary_home() as home:
        done = command(Hanse.environment_for(home, {}), "serve", role)
    assert done.returncode == 1
    assert "HANSE_DATABASE_URL" in done.stderr


def test_an_unknown_setting_stops_the_start() -> None:
    with temporary_home() as home:
        done = command(Hanse.environment_for(home, {"HANSE_PROT": "1"}), "serve")
    assert done.returncode == 1
    assert done.stderr == "Error: There is no setting HANSE_PROT. Did you mean HANSE_PORT?\n"


async def test_each_role_runs_alone_against_external_servers(home: Path, running: Running) -> None:
    servers = PostgresServer.prepare(home / "servers", durable=False)
    nats = NatsServer.prepare(home / "servers")
    async with (
        running(servers.process(), home / "postgres.log"),
        running(nats.process(), home / "nats.log"),
    ):
        await servers.ensure_database()
        environment = Hanse.environment_for(
            home,
            {
                "HANSE_DATABASE_URL": servers.url("hanse_app"),
                "HANSE_DATABASE_OWNER_URL": servers.url("hanse"),
                "HANSE_NATS_URL": nats.url,
                "HANSE_INFERENCE_SOCKET": str(home / "inference.sock"),
                "HANSE_PORT": str(free_port()),
            },
        )
        migrated = command(environment, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        assert "/sign-in/" in migrated.stdout
        key = command(environment, "key", "create", "cluster").stdout.strip()
        log = (home / "roles.log").open("wb")
        roles = [
            subprocess.Popen([*HANSE, "serve", role], env=environment, stdout=log, stderr=log)
            for role in ("inference", "web", "jobs")
        ]
        try:
            await check(f"http://127.0.0.1:{environment['HANSE_PORT']}", key)
        finally:
            for role in roles:
                role.send_signal(signal.SIGTERM)
            codes = [role.wait(30) for role in roles]
            log.close()
        assert codes == [0, 0, 0], (home / "roles.log").read_text()


async def check(url: str, key: str) -> None:
    client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def ready() -> bool:
        try:
            return client.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    until(ready, 40, "the roles did not become ready")
    answer = client.post("/v2/translate", json={"text": ["The house."], "target_lang": "PT-BR"})
    assert "casa" in answer.json()["translations"][0]["text"].lower()
    until(lambda: client.get("/v2/usage").json()["character_count"] == 10, 30)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hanse", "--version"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    assert "version" in done.stdout
