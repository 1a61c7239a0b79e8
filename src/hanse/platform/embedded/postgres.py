"""A PostgreSQL 18 of our own: prepared in the home, run as a direct child, reached by a socket."""

import hashlib
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path
from urllib.parse import quote

import asyncpg
import msgspec

from hanse.platform.embedded.binaries import MAJOR, binaries_for
from hanse.platform.embedded.leftovers import stop_leftover
from hanse.platform.embedded.places import (
    check_reachable,
    choose_account,
    make_folder,
    make_home,
    run_as,
)
from hanse.platform.machine import memory_bytes
from hanse.platform.process import ProcessSpec, SetupError

SUPERUSER = "hanse"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES_MAX = 106  # sockaddr_un holds 108 on Linux, 104 to 108 elsewhere
CONNECTIONS_MAX = 100
SHARED_BUFFERS_BYTES_MAX = 2 << 30
LEFTOVER_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
STOP_TIMEOUT_S = 60.0
READY_TIMEOUT_S = 600.0  # recovery after a crash may have much to replay


class PostgresServer(msgspec.Struct, frozen=True, kw_only=True):
    """An embedded PostgreSQL whose data directory is ready to be started.

    `prepare` makes one; `process` says how to run it; `url` how to reach it. Anyone who may enter
    the socket directory (mode 0700) is trusted as any role. No TCP port is opened.
    """

    data: Path
    sockets: Path
    binaries: Path
    account: str | None
    durable: bool = True

    @classmethod
    def prepare(
        cls, home: Path, account: str | None = None, *, durable: bool = True
    ) -> "PostgresServer":
        """Make everything ready for a start: account, programs, data directory, socket directory.

        Blocks (0.5 s at the first time, then 20 ms). Stops a server left by a killed supervisor.
        Hold the lock of the home. `durable=False` trades safety for speed: for tests only.

        Raises SetupError with what to change.
        """
        home = make_home(home)
        data = home / "postgres"
        account = choose_account(account, data)
        check_reachable(home, account)
        binaries = binaries_for(account, home)
        _initialise(binaries, data, account, durable=durable)
        sockets = _socket_folder(home, account)
        misleading = stop_leftover(data / "postmaster.pid", str(data), LEFTOVER_STEPS)
        if misleading:
            (data / "postmaster.pid").unlink(missing_ok=True)
        (sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
        return cls(data=data, sockets=sockets, binaries=binaries, account=account, durable=durable)

    def url(self, role: str, database: str = "hanse") -> str:
        """An asyncpg URL over the Unix socket."""
        return socket_url(self.sockets, role, database)

    def process(self) -> ProcessSpec:
        """The server as a child: SIGINT is its fast shutdown, SIGQUIT the immediate one."""
        settings = server_settings(memory_bytes(), durable=self.durable)
        settings["unix_socket_directories"] = '"' + str(self.sockets).replace('"', '""') + '"'
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return ProcessSpec(
            name="postgres",
            argv=[str(self.binaries / "postgres"), "-D", str(self.data), *options],
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd=str(self.data),
            user=self.account,
            ready=self.is_ready,
            stop_signal=signal.SIGINT,
            hurry_signal=signal.SIGQUIT,
            parent_death_signal=signal.SIGINT,
            stop_timeout_s=STOP_TIMEOUT_S,
            ready_timeout_s=READY_TIMEOUT_S,
            capture=True,
            severity=severity,
        )

    async def is_ready(self) -> bool:
        """Whether the server takes connections now."""
        # Its own status line first: an early connection would leave a FATAL line in the log.
        try:
            status = (self.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (FileNotFoundError, IndexError):
            return False
        if status != "ready":
            return False
        try:
            connection = await asyncpg.connect(self.url(SUPERUSER, "postgres"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def ensure_database(self, name: str = "hanse") -> None:
        """Create the database unless it exists."""
        connection = await asyncpg.connect(self.url(SUPERUSER, "postgres"))
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
                quoted = '"' + name.replace('"', '""') + '"'
                await connection.execute(f"create database {quoted}")
        finally:
            await connection.close()


def embedded_url(home: Path, role: str, database: str = "hanse") -> str:
    """The URL of the embedded server of this home, for a process that did not start it.

    Raises SetupError when no server was ever prepared there.
    """
    link = home.expanduser().absolute() / "run" / "postgres"
    if not link.is_dir():
        raise SetupError(f"There is no PostgreSQL in {home} yet; start Hanse once (hanse serve).")
    return socket_url(link.readlink() if link.is_symlink() else link, role, database)


def socket_url(sockets: Path, role: str, database: str) -> str:
    """An asyncpg URL for a server on a Unix socket in this folder."""
    place = f"host={quote(str(sockets), safe='/')}&port={PORT}"
    return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?{place}"


def server_settings(memory: int, *, durable: bool) -> dict[str, str]:
    """PostgreSQL's settings for a machine with this many bytes of memory that it shares with us."""
    buffers = min(memory // 4, SHARED_BUFFERS_BYTES_MAX) if durable else 64 << 20
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": str(CONNECTIONS_MAX),
        "shared_buffers": f"{buffers >> 10}kB",
        "effective_cache_size": f"{memory >> 11}kB",
        "maintenance_work_mem": f"{min(256 << 20, memory // 16) >> 10}kB",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "io_method": "worker",
        "jit": "off",
        # Plans made for empty tables stay until the first statistics: a minute by default.
        "autovacuum_naptime": "10s",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "",
        "log_checkpoints": "off",
        "cluster_name": "hanse",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return settings


def severity(line: str) -> str:
    """The log level of one line of PostgreSQL's log."""
    if line.startswith("PANIC:"):
        return "error"
    return "warning" if line.startswith(("FATAL:", "ERROR:", "WARNING:")) else "debug"


def _initialise(binaries: Path, data: Path, account: str | None, *, durable: bool) -> None:
    for half_done in data.parent.glob(".initdb-*"):
        shutil.rmtree(half_done, ignore_errors=True)
    if (data / "PG_VERSION").exists():
        _check_existing(data, account)
        return
    if data.exists() and any(data.iterdir()):
        raise SetupError(f"{data} holds files but no PostgreSQL database; move them away.")
    # The final name appears only when all of it is there: a crash here costs nothing.
    work = Path(tempfile.mkdtemp(prefix=".initdb-", dir=data.parent))
    if account is not None:
        owner = pwd.getpwnam(account)
        os.chown(work, owner.pw_uid, owner.pw_gid)
    done = run_as(
        account,
        [
            str(binaries / "initdb"),
            f"--pgdata={work}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
            "--no-sync",
        ],
        cwd=work,
    )
    if done.returncode != 0:
        shutil.rmtree(work)
        raise SetupError(f"PostgreSQL's initdb failed: {(done.stderr or done.stdout).strip()}")
    if durable:
        os.sync()  # one flush instead of initdb's fsync of a thousand files
    work.rename(data)


def _check_existing(data: Path, account: str | None) -> None:
    major = (data / "PG_VERSION").read_text().strip()
    if major != str(MAJOR):
        raise SetupError(
            f"{data} was written by PostgreSQL {major}, this is PostgreSQL {MAJOR}: "
            "export it with the old version, or set HANSE_DATABASE_URL to a server of that version."
        )
    uid = os.geteuid() if account is None else pwd.getpwnam(account).pw_uid
    if data.stat().st_uid != uid:
        name = account or f"number {uid}"
        raise SetupError(
            f"{data} does not belong to the account {name} that PostgreSQL runs as; "
            f"give it to that account (chown -R) or set HANSE_POSTGRES_USER to its owner."
        )


def _socket_folder(home: Path, account: str | None) -> Path:
    """A folder of mode 0700 of the account, with a path short enough for a socket.

    It is `home/run/postgres`, or a symbolic link of that name to a folder of the machine's
    temporary directory when the home's path is too long.
    """
    make_folder(home / "run", 0o711 if account else 0o700)
    folder = home / "run" / "postgres"
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        runtime = os.environ.get("XDG_RUNTIME_DIR") if account is None else None
        short = Path(runtime or tempfile.gettempdir()) / f"hanse-{digest}"
        if not folder.is_symlink() or folder.readlink() != short:
            folder.unlink(missing_ok=True)
            folder.symlink_to(short)
        folder = short
    make_folder(folder, 0o700)
    uid = os.geteuid() if account is None else pwd.getpwnam(account).pw_uid
    found = folder.lstat()
    if found.st_uid == os.geteuid() and found.st_uid != uid:
        os.chown(folder, uid, -1)
        found = folder.lstat()
    if found.st_uid != uid or found.st_mode & 0o777 != 0o700 or folder.is_symlink():
        raise SetupError(f"{folder} is not a private folder of PostgreSQL's account; remove it.")
    return folder
