"""Where the embedded engines live and as whom they run."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

import structlog

from hanse.platform.process import SetupError, follow_parent, switch_to

ACCOUNTS = ("hanse", "postgres", "nobody")
RUN_TIMEOUT_S = 120.0

log = structlog.get_logger()


def make_home(home: Path) -> Path:
    """Create Hanse's data folder when it is missing and return its absolute path.

    A new folder is private to an ordinary user; root's may be passed (not listed) by others,
    since PostgreSQL runs there as another account. An existing folder is left as it is.

    Raises SetupError when it cannot be created.
    """
    home = home.expanduser().absolute()
    make_folder(home, 0o711 if os.geteuid() == 0 else 0o700)
    return home


def make_folder(folder: Path, mode: int) -> None:
    """Create a folder of exactly this mode whatever the umask; an existing one is not touched.

    Raises SetupError when it cannot be created.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=mode)
        except FileExistsError:
            if folder.is_dir():
                return
            raise
        folder.chmod(mode)
    except OSError as error:
        raise SetupError(
            f"The folder {folder} cannot be created ({error.strerror}); "
            "set HANSE_HOME to a folder that this account may write."
        ) from error


def choose_account(wanted: str | None, data: Path) -> str | None:
    """The account PostgreSQL runs as: None (our own) unless we are root.

    For root: the wanted one, else the owner of existing data, else the first of ACCOUNTS that
    exists. No account is ever created.

    Raises SetupError when there is none, or it is root, or an ordinary user asks for another.
    """
    if os.geteuid() != 0:
        if wanted and _uid(wanted) != os.geteuid():
            raise SetupError(
                f"Only root can run PostgreSQL as {wanted!r}; unset HANSE_POSTGRES_USER."
            )
        return None
    account = wanted or _owner(data) or next((name for name in ACCOUNTS if _uid(name)), None)
    if account is None or not _uid(account):
        raise SetupError(
            f"PostgreSQL refuses to run as root and cannot run as {account or ACCOUNTS[0]!r}; "
            "create that account (useradd --system hanse) or name one by HANSE_POSTGRES_USER."
        )
    if account == "nobody":
        log.warning(
            "PostgreSQL runs as the shared account nobody; "
            "create an account hanse before the first start to keep its data apart"
        )
    else:
        log.info("PostgreSQL runs as an unprivileged account", account=account)
    return account


def _uid(account: str) -> int:
    """The number of an account; 0, which PostgreSQL refuses anyway, when it does not exist."""
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        return 0


def _owner(data: Path) -> str | None:
    if not (data / "PG_VERSION").exists():
        return None
    try:
        return pwd.getpwuid(data.stat().st_uid).pw_name
    except KeyError:
        return None


def run_as(
    account: str | None, argv: list[str], cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as this account, in the plain locale, its output captured.

    Raises OSError when it cannot be run at all.
    """
    return subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd,
        env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
        timeout=RUN_TIMEOUT_S,
        preexec_fn=follow_parent(signal.SIGKILL),
        **switch_to(account),
    )


def runs(account: str | None, argv: list[str]) -> bool:
    """Whether this account can run the program to a good end (tried, not guessed from modes)."""
    try:
        return run_as(account, argv).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def check_reachable(folder: Path, account: str | None) -> None:
    """Raise SetupError, naming the folder in the way, unless this account can enter `folder`."""
    if account is None or _can_enter(folder, account):
        return
    wall = next(
        (each for each in reversed(folder.parents) if not _can_enter(each, account)), folder
    )
    raise SetupError(
        f"PostgreSQL runs as the account {account!r}, which may not enter {wall}. Set HANSE_HOME "
        "to a folder that it can reach, such as /var/lib/hanse, or let others pass that folder "
        f"(chmod o+x {wall})."
    )


def _can_enter(folder: Path, account: str) -> bool:
    return runs(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])
