"""All of Hanse on one machine: the roles and their servers under one supervisor."""

import asyncio
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec

from hanse.platform.problems import Problem
from hanse.platform.process import ProcessSpec, SetupError
from hanse.platform.telemetry import forget_process, log
from hanse.server import chat_roles
from hanse.server.settings import Settings, environment

METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


def supervise(settings: Settings) -> None:
    """Run everything on this machine until a signal asks to stop. Raises SetupError."""
    from hanse.platform.embedded import make_home
    from hanse.server.post import postman as check_mail
    from hanse.server.supervisor import LEFTOVER_WAIT_S, bind, home_lock

    if bool(settings.database_url) != bool(settings.database_owner_url):
        raise SetupError("Set both HANSE_DATABASE_URL and HANSE_DATABASE_OWNER_URL, or neither.")
    check_mail(settings)
    home = make_home(settings.home_path)
    with home_lock(home) as lock:
        wait_s = LEFTOVER_WAIT_S if lock.after_crash else 0.0
        with (
            bind(settings.host, settings.port, wait_s=wait_s) as listener,
            bind(
                settings.host,
                settings.gateway_port_wanted,
                wait_s=wait_s,
                setting="HANSE_GATEWAY_PORT",
            ) as gateway_listener,
        ):
            settings = msgspec.structs.replace(
                settings,
                home=str(home),
                port=listener.getsockname()[1],
                gateway_port=gateway_listener.getsockname()[1],
            )
            # PostgreSQL's account must get through to its own folder in here.
            settings.run_path.mkdir(mode=0o711, exist_ok=True)
            metrics = settings.run_path / "metrics"
            shutil.rmtree(metrics, ignore_errors=True)
            metrics.mkdir(mode=0o700)
            os.environ[METRICS_DIRECTORY] = str(metrics)
            asyncio.run(_supervise(settings, listener, gateway_listener))


async def _supervise(
    settings: Settings, listener: socket.socket, gateway_listener: socket.socket
) -> None:
    from hanse.platform.embedded import NatsServer, PostgresServer
    from hanse.server.first_start import prepare_database
    from hanse.server.operator import sign_in_url
    from hanse.server.supervisor import Child, Step, Supervisor

    nodes: list[Child | Step] = []
    token: str | None = None
    postgres = nats = None
    if settings.database_url:
        owner_url = settings.database_owner_url
    else:
        postgres = PostgresServer.prepare(settings.home_path, settings.postgres_user or None)
        owner_url = postgres.url("hanse")
        nodes.append(Child(postgres.process()))
        settings = msgspec.structs.replace(settings, database_url=postgres.url("hanse_app"))
    if not settings.nats_url:
        nats = NatsServer.prepare(settings.home_path)
        nodes.append(Child(nats.process()))
        settings = msgspec.structs.replace(settings, nats_url=nats.url)

    async def prepare() -> None:
        nonlocal token
        if postgres is not None:
            await postgres.ensure_database()
        token = await prepare_database(settings, owner_url)

    async def announce() -> None:
        print(_welcome(settings, sign_in_url(settings, token) if token else None), flush=True)

    def role(name: str, role: str, **more: Any) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            argv=[sys.executable, "-m", "hanse", "serve", role, *more.pop("arguments", ())],
            # What a role does not need, it is not told.
            env={
                **os.environ,
                **environment(msgspec.structs.replace(settings, database_owner_url="")),
            },
            stop_timeout_s=settings.drain_s + 2,
            **more,
        )

    nodes += [
        Child(role("inference", "inference", ready=lambda: _inference_ready(settings))),
        *(
            [Child(role("generation", "generation", ready=_at_once))]
            if settings.generation_url
            else []
        ),
        Step("database", prepare, needs=("postgres",) if postgres else ()),
    ]
    needs = ("database", "nats", "inference") if nats else ("database", "inference")
    webs = [f"web-{number}" for number in range(1, settings.web_process_count + 1)]
    for name in webs:
        fd = listener.fileno()
        nodes.append(
            Child(
                role(
                    name,
                    "web",
                    arguments=("--fd", str(fd)),
                    pass_fds=(fd,),
                    ready=lambda: _web_ready(settings),
                ),
                needs=needs,
            )
        )
    nodes.append(Child(role("jobs", "jobs", ready=_at_once), needs=needs))
    nodes.append(Child(role("rooms", "rooms", ready=_at_once), needs=needs))
    gateway_fd = gateway_listener.fileno()
    nodes.append(
        Child(
            role(
                "gateway",
                "gateway",
                arguments=("--fd", str(gateway_fd)),
                pass_fds=(gateway_fd,),
                ready=lambda: chat_roles.gateway_ready(settings),
            ),
            needs=needs,
        )
    )
    if settings.rpc_address:
        nodes.append(Child(role("rpc", "rpc", ready=_at_once), needs=needs))
    nodes.append(Step("announcement", announce, needs=(*webs, "gateway")))
    supervisor = Supervisor(nodes, on_exit=lambda _name, pid: forget_process(pid))
    try:
        await supervisor.run_until_signalled()
    finally:
        log.info("stopped")


async def _at_once() -> bool:
    return True


async def _inference_ready(settings: Settings) -> bool:
    from hanse.inference import InferenceClient

    if not settings.inference_socket_path.exists():
        return False
    client = await InferenceClient.open(settings.inference_socket_path)
    try:
        async with asyncio.timeout(2):
            status = await client.status()
    except Problem:
        return False
    finally:
        await client.close()
    return bool(status["workers"])


async def _web_ready(settings: Settings) -> bool:
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    finally:
        writer.close()


def _welcome(settings: Settings, sign_in: str | None) -> str:
    hanse = sys.argv[0] if Path(sys.argv[0]).name == "hanse" else f"{sys.executable} -m hanse"
    if settings.home_path != Settings().home_path:
        hanse = f"HANSE_HOME={settings.home_path} {hanse}"
    lines = [
        "",
        f"  Hanse is ready:  {settings.address}",
        f"  API:             {settings.address}/docs",
        "",
    ]
    if sign_in:
        lines += [
            "  Sign in as the owner with this link; it works once, within two days:",
            f"    {sign_in}",
        ]
    else:
        lines += [f"  A sign-in link:  {hanse} user link {settings.owner_email}"]
    lines += [
        f"  An API key:      {hanse} key create NAME",
        f"  Data:            {settings.home_path}",
        "  Stop:            Ctrl-C",
        "",
    ]
    return "\n".join(lines)
