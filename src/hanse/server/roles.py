"""The roles of Hanse: one process each. `all` is the supervisor that runs them (see `machine`)."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from hanse.platform.collecting import collect_seldom
from hanse.platform.migrate import MigrationError
from hanse.platform.problems import Problem
from hanse.platform.process import SetupError
from hanse.platform.telemetry import configure_logging, configure_tracing, log
from hanse.server import chat_roles
from hanse.server.settings import Settings, environment

if TYPE_CHECKING:
    from hanse.inference import InferenceClient
    from hanse.platform.jobs import Jobs

WEB_STATEMENT_TIMEOUT_S = 4.0
"""Clients give an attempt up after some ten seconds: a database that hangs must be told sooner."""

GENERATION_CHARS_MAX = 20_000
GENERATION_TIMEOUT_S = 150.0
"""A worker that waits for a language model for longer has hung: its own limit is below that."""


def run(role: str, settings: Settings, *, fd: int | None = None, part: str = "") -> int:
    """Run one role until it is told to stop; return the exit status of the process.

    `part` is that of inference: `worker` or `scheduler` alone.
    """
    configure_logging(level=settings.log_level, log_format=settings.log_format, role=role)
    try:
        configure_tracing(endpoint=settings.otlp_endpoint or None, role=role)
        if role == "all":
            from hanse.server.machine import supervise

            supervise(settings)
            return 0
        _require_addresses(role, settings)
        if role == "web":
            _run_loop(web(settings, fd))
        elif role == "inference":
            _run_loop(
                inference_workers(settings) if part == "worker" else inference(settings, part)
            )
        elif role == "generation":
            _run_loop(generation(settings))
        elif role == "gateway":
            _run_loop(chat_roles.gateway(settings, fd, _stop_event))
        elif role == "rooms":
            _run_loop(chat_roles.rooms(settings, _stop_event))
        elif role == "rpc":
            _run_loop(rpc(settings))
        else:
            _run_loop(jobs(settings))
    except (ValueError, MigrationError, RuntimeError, Problem) as error:
        print(f"hanse: {error}", file=sys.stderr)
        return 1
    return 0


def _run_loop(main: Coroutine[Any, Any, None]) -> None:
    async def settling() -> None:
        collect_seldom(asyncio.get_running_loop())
        await main

    if sys.platform == "win32":
        asyncio.run(settling())
    else:
        import uvloop

        uvloop.run(settling())


def _require_addresses(role: str, settings: Settings) -> None:
    if role in ("inference", "generation"):
        return
    for name in ("database_url", "nats_url"):
        if not getattr(settings, name):
            raise SetupError(
                f"The role '{role}' needs HANSE_{name.upper()}. "
                "'hanse serve' alone starts everything on this machine."
            )


def as_role(url: str, role: str) -> str:
    """Return a database URL with another role; address, password and options stay."""
    parts = urlsplit(url)
    _, at, address = parts.netloc.rpartition("@")
    password = f":{parts.password}" if parts.password else ""
    return urlunsplit(parts._replace(netloc=f"{role}{password}{at or '@'}{address}"))


async def web(settings: Settings, fd: int | None) -> None:
    """Serve HTTP, on the socket that the supervisor hands over or on one of our own."""
    import uvicorn

    from hanse.platform.bus import connect_bus
    from hanse.platform.database import Db
    from hanse.server import fleet
    from hanse.server.app import create_app
    from hanse.server.protocol import BoundedHttpProtocol, Server
    from hanse.server.supervisor import bind

    listener = socket.socket(fileno=fd) if fd is not None else bind(settings.host, settings.port)
    db = await Db.open(
        settings.database_url,
        size_max=settings.database_connections_max,
        application_name="hanse web",
        statement_timeout_s=WEB_STATEMENT_TIMEOUT_S,
    )
    bus = await connect_bus(settings.nats_url)
    clients = contextlib.AsyncExitStack()
    inference_client = await clients.enter_async_context(fleet.inference_client(settings))
    generation_client = await clients.enter_async_context(fleet.generation_client(settings))
    stop = _stop_event()
    config = uvicorn.Config(
        create_app(settings, db, bus, inference_client, generation_client, stopping=stop),
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=round(settings.drain_s),
    )
    server = Server(config)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[listener])
    finally:
        ending.cancel()
        await clients.aclose()
        await bus.close()
        await db.close()


async def inference(settings: Settings, part: str = "") -> None:
    """Run the inference scheduler and, unless `part` is `scheduler`, workers of this machine."""
    from hanse.inference import Limits, serve
    from hanse.server import fleet

    limits = msgspec.structs.replace(
        Limits(),
        queue_items_max=settings.queue_items_max,
        cache_bytes_max=settings.cache_bytes_max,
        cache_shared=settings.cache_shared,
        organisation_running_max=settings.organisation_running_max,
        organisation_weights=settings.weights,
        pinned_models=settings.pinned,
    )
    if settings.metrics_listen:
        from prometheus_client import start_http_server

        host, _, port = settings.metrics_listen.rpartition(":")
        start_http_server(int(port), host)
    async with fleet.standing(settings) as standing:
        await serve(
            socket=settings.inference_socket_path,
            models_directory=settings.models_path,
            workers=0 if part == "scheduler" else settings.worker_count,
            pseudo=settings.pseudo_engine,
            translation_engine=settings.translation_engine,
            worker_bytes=settings.worker_memory_mib << 20,
            limits=limits,
            stop=_stop_event(),
            door=fleet.door(settings),
            standing=standing,
        )


async def inference_workers(settings: Settings) -> None:
    """Run workers for a scheduler on another machine."""
    from hanse.inference import Limits, serve_workers
    from hanse.server import fleet

    async with fleet.workers_place(settings) as locate:
        await serve_workers(
            locate=locate,
            tls=fleet.tls_files(settings),
            folder=settings.run_path,
            models_directory=settings.models_path,
            workers=settings.worker_count,
            pseudo=settings.pseudo_engine,
            translation_engine=settings.translation_engine,
            worker_bytes=settings.worker_memory_mib << 20,
            kind=settings.worker_kind,
            limits=Limits(),
            stop=_stop_event(),
        )


async def generation(settings: Settings) -> None:
    """Run the scheduler of the language model. Raises SetupError if no server of one is set."""
    from hanse.inference import Limits, serve_generation

    if not settings.generation_url:
        raise SetupError("The role 'generation' needs HANSE_GENERATION_URL.")
    limits = msgspec.structs.replace(
        Limits(),
        item_chars_max=GENERATION_CHARS_MAX,
        queue_items_max=settings.queue_items_max,
        cache_bytes_max=settings.cache_bytes_max,
        cache_shared=settings.cache_shared,
        organisation_running_max=settings.organisation_running_max,
        organisation_weights=settings.weights,
        hang_floor_s=GENERATION_TIMEOUT_S,
    )
    # The workers read these (see the engine `generation`).
    os.environ.update(environment(settings))
    await serve_generation(
        socket=settings.generation_socket_path,
        model=settings.generation_model,
        slots=settings.generation_slots,
        limits=limits,
        stop=_stop_event(),
    )


async def rpc(settings: Settings) -> None:
    """Serve the language system over gRPC. Raises SetupError if no address is set."""
    from hanse.language.rpc.server import serve_rpc
    from hanse.platform.database import Db
    from hanse.server import fleet

    if not settings.rpc_address:
        raise SetupError("The role 'rpc' needs HANSE_RPC_ADDRESS.")
    db = await Db.open(
        settings.database_url,
        size_max=settings.database_connections_max,
        application_name="hanse rpc",
        statement_timeout_s=WEB_STATEMENT_TIMEOUT_S,
    )
    clients = contextlib.AsyncExitStack()
    inference_client = await clients.enter_async_context(fleet.inference_client(settings))
    try:
        await serve_rpc(
            settings.rpc_address,
            db,
            inference_client,
            await clients.enter_async_context(fleet.generation_client(settings)),
            per_minute=settings.rate_limit_per_minute,
            characters_per_month_max=settings.characters_per_month_max,
            stop=_stop_event(),
            drain_s=settings.drain_s,
            on_ready=lambda port: log.info("rpc ready", port=port),
        )
    finally:
        await clients.aclose()
        await db.close()


async def jobs(settings: Settings) -> None:
    """Relay events from the outbox, run their consumers, and run background jobs."""
    from hanse import chat, identity, language
    from hanse.platform.bus import connect_bus
    from hanse.platform.consumers import run_consumers
    from hanse.platform.database import Db
    from hanse.platform.job_worker import WorkerLimits, run_jobs
    from hanse.platform.outbound import OutboundClient, parse_rules
    from hanse.platform.relay import run_relay
    from hanse.server import fleet
    from hanse.server.events import event_catalogue

    stop = _stop_event()
    seal = identity.Seal(settings.secret_key or identity.read_or_make_key(settings.home_path))
    jobs_url = as_role(settings.database_url, "hanse_jobs")
    relay_url = as_role(settings.database_url, "hanse_relay")
    limits = WorkerLimits(drain_s=settings.drain_s)
    webhook_limits = identity.DeliveryLimits(drain_s=settings.drain_s)
    async with contextlib.AsyncExitStack() as open_ones:
        db = await Db.open(
            jobs_url,
            size_max=settings.database_connections_max,
            application_name="hanse consumers",
        )
        open_ones.push_async_callback(db.close)
        inference_client = await open_ones.enter_async_context(fleet.inference_client(settings))
        registry = await _registry(settings, inference_client, open_ones)
        bus = await connect_bus(settings.nats_url, name="hanse-translations")
        open_ones.push_async_callback(bus.close)
        outbound = OutboundClient(settings.webhook_rules)
        open_ones.push_async_callback(outbound.close)
        chat.register_retention(registry, db)
        chat.register_holds(registry)
        chat.register_answers(registry, db, bus)
        live = language.LiveTranslator(db, inference_client, settings.characters_per_month_max)
        translator = chat.Translator(db, bus, live)
        await translator.listen()
        chat.register_programs(registry, chat.Errands(db, bus, outbound, live))
        consumers = (
            *language.consumers,
            *chat.consumers_of(translator),
            chat.telling_consumer(),
            chat.outgoing_consumer(),
            identity.webhook_consumer(event_catalogue()),
        )
        if settings.chat_link_previews:
            pages = OutboundClient(parse_rules("", allow_http=True))
            open_ones.push_async_callback(pages.close)
            consumers += chat.previews_of(chat.Previewer(db, bus, pages), registry)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(relay_url, settings.nats_url, stop))
            tasks.create_task(run_consumers(consumers, db, settings.nats_url, stop))
            tasks.create_task(run_jobs(registry, jobs_url, stop, limits=limits))
            tasks.create_task(
                identity.run_deliverer(
                    db, seal, outbound, stop, limits=webhook_limits, heard=chat.webhook_answers()
                )
            )


async def _registry(
    settings: Settings, inference_client: "InferenceClient", open_ones: contextlib.AsyncExitStack
) -> "Jobs":
    """Return all background jobs; what they need stays open with `open_ones`."""
    from hanse import chat, identity, language
    from hanse.platform.jobs import Jobs
    from hanse.platform.purge import register_purge
    from hanse.server import fleet, notices
    from hanse.server.personal_data import HOLDINGS

    registry = Jobs()
    register_purge(registry)
    identity.register_purge(registry)
    identity.register_personal_data(registry, HOLDINGS)
    push = notices.register_jobs(registry, settings)
    if push is not None:
        open_ones.push_async_callback(push.close)
    generation_client = await open_ones.enter_async_context(fleet.generation_client(settings))
    chat.register_files(registry)
    chat.register_previews(registry)
    language.register_documents(registry, inference_client, generation_client)
    language.register_quality(registry, inference_client)
    language.register_memories(registry)
    language.register_repeats(registry)
    chat.register_telling(registry)
    chat.register_reminders(registry)
    return registry


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
