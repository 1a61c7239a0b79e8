"""How settings name the parts of the inference fleet: addresses, certificates, cells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hanse.inference import (
    CellsClient,
    Door,
    InferenceClient,
    Locate,
    Registry,
    Standing,
    TlsAddress,
    TlsFiles,
    cell_located,
    located,
    parse_address,
)
from hanse.platform.bus import connect_bus
from hanse.platform.process import SetupError
from hanse.server.settings import Settings

_ANY_HOST = ("0.0.0.0", "::")  # noqa: S104  # compared with, never listened on


def tls_files(settings: Settings) -> TlsFiles | None:
    """Return the certificate of this machine, if one is set. Raises SetupError for half a one."""
    names = ("inference_certificate", "inference_key", "inference_authority")
    values = [getattr(settings, name) for name in names]
    if not any(values):
        return None
    for name, value in zip(names, values, strict=True):
        if not value:
            raise SetupError(f"HANSE_{name.upper()} is missing beside the other two.")
    return TlsFiles(*(Path(value) for value in values))


def door(settings: Settings) -> Door | None:
    """Return where the scheduler takes other machines in, if it does. Raises SetupError."""
    if not settings.inference_listen:
        return None
    tls = tls_files(settings)
    if tls is None:
        raise SetupError(
            "HANSE_INFERENCE_LISTEN needs HANSE_INFERENCE_CERTIFICATE, HANSE_INFERENCE_KEY and "
            "HANSE_INFERENCE_AUTHORITY; 'hanse inference certificates' makes them."
        )
    return Door(parse_address(settings.inference_listen), tls)


@asynccontextmanager
async def _registry(settings: Settings) -> AsyncIterator[Registry]:
    if not settings.nats_url:
        raise SetupError("Cells are kept in NATS: set HANSE_NATS_URL.")
    bus = await connect_bus(settings.nats_url, name="hanse cells")
    try:
        yield Registry(bus)
    finally:
        await bus.close()


@asynccontextmanager
async def standing(settings: Settings) -> AsyncIterator[Standing | None]:
    """Return in which cell the scheduler stands for election, if it does. Raises SetupError."""
    if not settings.inference_cell:
        yield None
        return
    address = parse_address(settings.inference_advertise or settings.inference_listen or "unix:-")
    if not isinstance(address, TlsAddress) or address.host in _ANY_HOST or not address.port:
        raise SetupError(
            "A scheduler in a cell must be found by other machines: set HANSE_INFERENCE_LISTEN, "
            "and HANSE_INFERENCE_ADVERTISE to the address by which they reach it."
        )
    async with _registry(settings) as registry:
        yield Standing(registry, settings.inference_cell, address)


@asynccontextmanager
async def workers_place(settings: Settings) -> AsyncIterator[Locate]:
    """Return where a machine of workers finds its scheduler. Raises SetupError."""
    if settings.inference_cell:
        async with _registry(settings) as registry:
            yield cell_located(registry, settings.inference_cell)
    elif settings.inference_socket:
        yield located(parse_address(settings.inference_socket))
    else:
        raise SetupError(
            "Workers need HANSE_INFERENCE_SOCKET, the address of a scheduler, or "
            "HANSE_INFERENCE_CELL, the cell in which they find the active one."
        )


@asynccontextmanager
async def generation_client(settings: Settings) -> AsyncIterator[InferenceClient | None]:
    """Hold a client of the language model's scheduler; None where the operator named no model."""
    if not settings.generation_url:
        yield None
        return
    client = await InferenceClient.open(settings.generation_socket_path)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def inference_client(settings: Settings) -> AsyncIterator[InferenceClient]:
    """Hold a client of the scheduler, or of several cells. Raises SetupError."""
    tls = tls_files(settings)
    if settings.inference_cells:
        async with _registry(settings) as registry:
            cells = [name for name in settings.inference_cells.split(",") if name]
            client: InferenceClient = await CellsClient.open_cells(registry, cells, tls)
            try:
                yield client
            finally:
                await client.close()
        return
    address = settings.inference_socket
    if address.startswith("tls://"):
        client = await InferenceClient.open(parse_address(address), tls)
    else:
        client = await InferenceClient.open(settings.inference_socket_path)
    try:
        yield client
    finally:
        await client.close()
