"""Addresses, and who is let in by which certificate."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from hanse.inference.addresses import (
    AddressError,
    Role,
    TlsAddress,
    TlsFiles,
    UnixAddress,
    connect_blocking,
    parse_address,
)
from hanse.inference.client import InferenceClient
from hanse.inference.dispatcher import Dispatcher
from hanse.inference.errors import InferenceUnavailable
from hanse.inference.frames import BlockingConnection
from hanse.inference.job import Limits
from hanse.inference.messages import PROTOCOL, Hello, ToWorker
from hanse.inference.metrics import Metrics
from hanse.inference.processes import WorkerProcesses
from hanse.inference.transport import Listener, Switch
from hanse.server.certificates import renew


def files(folder: Path, role: Role) -> TlsFiles:
    return TlsFiles(
        folder / f"{role.value}.pem", folder / f"{role.value}-key.pem", folder / "ca.pem"
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/run/a.sock", UnixAddress(Path("/run/a.sock"))),
        ("unix:/run/a.sock", UnixAddress(Path("/run/a.sock"))),
        ("tls://10.0.0.1:8471", TlsAddress("10.0.0.1", 8471)),
        ("tls://[::1]:8471", TlsAddress("::1", 8471)),
    ],
)
def test_an_address_is_a_path_or_a_tls_port(text: str, address: object) -> None:
    read = parse_address(text)
    assert read == address
    assert parse_address(str(read)) == address


@pytest.mark.parametrize(
    "text", ["", "tcp://a:1", "tls://a", "tls://a:x", "tls://a:99999", "tls://a:1/b", "tls://u@a:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


async def scheduler(folder: Path) -> tuple[Dispatcher, Listener]:
    limits = Limits()
    processes = WorkerProcesses(folder, count=0, limits=limits, restarted=lambda: None)
    dispatcher = Dispatcher(limits, processes, Metrics())
    listener = await Listener.open(
        TlsAddress("127.0.0.1", 0),
        lambda: Switch(dispatcher.worker, dispatcher.client),
        files(folder, Role.SCHEDULER),
    )
    return dispatcher, listener


def greet(listener: Listener, tls: TlsFiles) -> bytes:
    """Say hello as a worker; return what comes back until the connection ends, or is quiet."""
    peer = connect_blocking(listener.address, tls)
    peer.settimeout(1.0)
    connection = BlockingConnection(
        peer, msgspec.msgpack.Decoder(ToWorker), frame_bytes_max=1 << 20
    )
    try:
        connection.send(Hello(PROTOCOL, "cpu", 1, models=[]))
        return peer.recv(100)
    finally:
        peer.close()


async def test_each_certificate_opens_the_door_of_its_role_alone(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    renew(ours, days=1)
    renew(theirs, days=1)
    dispatcher, listener = await scheduler(ours)
    try:
        client = await InferenceClient.open(listener.address, files(ours, Role.CLIENT))
        assert (await client.status())["workers"] == []
        await client.close()

        # A worker is no client, and the certificate of another authority is none at all.
        for wrong in (files(ours, Role.SCHEDULER), files(theirs, Role.CLIENT)):
            stranger = await InferenceClient.open(listener.address, wrong)
            with pytest.raises(InferenceUnavailable):
                await stranger.models()
            await stranger.close()
        with pytest.raises(TimeoutError):  # it is taken, and there is no work for it
            await asyncio.to_thread(greet, listener, files(ours, Role.WORKER))
        with pytest.raises((OSError, AssertionError)):
            # A client's hello is no message of a client.
            assert await asyncio.to_thread(greet, listener, files(theirs, Role.WORKER))
    finally:
        listener.close()
        dispatcher.close()


async def test_a_scheduler_is_known_by_its_certificate(tmp_path: Path) -> None:
    renew(tmp_path, days=1)
    impostor = tmp_path / "impostor"
    impostor.mkdir()
    for name, source in (
        ("scheduler.pem", "worker.pem"),
        ("scheduler-key.pem", "worker-key.pem"),
        ("ca.pem", "ca.pem"),
    ):
        (impostor / name).write_bytes((tmp_path / source).read_bytes())
    dispatcher, listener = await scheduler(impostor)
    try:
        client = await InferenceClient.open(listener.address, files(tmp_path, Role.CLIENT))
        with pytest.raises(InferenceUnavailable):
            await client.models()
        await client.close()
        with pytest.raises(OSError):
            await asyncio.to_thread(
                connect_blocking, listener.address, files(tmp_path, Role.WORKER)
            )
    finally:
        listener.close()
        dispatcher.close()


def test_renewal_keeps_the_authority_and_a_new_one_goes_beside_the_old(tmp_path: Path) -> None:
    renew(tmp_path, days=1)
    authority, worker = ((tmp_path / name).read_bytes() for name in ("ca.pem", "worker.pem"))
    renew(tmp_path, days=1)
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert (tmp_path / "worker.pem").read_bytes() != worker
    renew(tmp_path, days=1, new_authority=True)
    both = (tmp_path / "ca.pem").read_bytes()
    assert both != authority
    assert both.endswith(authority)
    assert (tmp_path / "worker-key.pem").stat().st_mode & 0o077 == 0
