"""The embedded PostgreSQL: where it runs, as whom, and what it survives."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from hanse.platform.embedded import PostgresServer, SetupError, embedded_url
from hanse.platform.embedded.binaries import find_binaries
from hanse.platform.embedded.places import run_as, runs
from hanse.platform.embedded.postgres import SOCKET_NAME, SOCKET_PATH_BYTES_MAX, server_settings
from hanse.platform.process import ProcessSpec

Running = Callable[[ProcessSpec, Path], AbstractAsyncContextManager[asyncio.subprocess.Process]]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)


async def test_a_fresh_home_answers_queries_in_utf8_with_vectors(postgres: PostgresServer) -> None:
    await postgres.ensure_database("fresh")
    await postgres.ensure_database("fresh")
    url = postgres.url("hanse", "fresh")
    assert await ask(url, "select upper('coração')") == "CORAÇÃO"
    assert await ask(url, "show server_encoding") == "UTF8"
    assert await ask(url, "show data_checksums") == "on"
    assert await ask(url, "show listen_addresses") == ""
    await ask(url, "create extension vector")
    assert await ask(url, "select '[1,2]'::vector <-> '[1,4]'::vector") == 2.0


async def test_a_killed_server_keeps_what_it_acknowledged(home: Path, running: Running) -> None:
    server = PostgresServer.prepare(home)
    async with running(server.process(), home / "log") as process:
        await server.ensure_database()
        await ask(server.url("hanse"), "create table notes (body text)")
        await ask(server.url("hanse"), "insert into notes values ('kept') returning body")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    again = PostgresServer.prepare(home)
    async with running(again.process(), home / "log"):
        assert await ask(again.url("hanse"), "select body from notes") == "kept"


async def test_a_server_left_running_is_stopped_before_the_next_start(
    home: Path, running: Running
) -> None:
    server = PostgresServer.prepare(home)
    async with running(server.process(), home / "log") as left:
        again = await asyncio.to_thread(PostgresServer.prepare, home)
        await asyncio.wait_for(left.wait(), 10)
        async with running(again.process(), home / "log"):
            assert await ask(again.url("hanse", "postgres"), "select 1") == 1


async def test_a_pid_file_whose_number_another_process_has_by_now_is_no_hindrance(
    home: Path, running: Running
) -> None:
    server = PostgresServer.prepare(home)
    # PostgreSQL itself would take any living process of its account for its own predecessor.
    other = subprocess.Popen(["/bin/sleep", "60"], user=server.account)
    try:
        for file in (server.data / "postmaster.pid", server.sockets / f"{SOCKET_NAME}.lock"):
            file.write_text(f"{other.pid}\n{server.data}\n1\n5432\n\n\n  1 1\nready\n")
            file.chmod(0o600)
        again = PostgresServer.prepare(home)
        async with running(again.process(), home / "log"):
            assert await ask(again.url("hanse", "postgres"), "select 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_a_pid_file_of_a_dead_process_is_no_hindrance(home: Path, running: Running) -> None:
    server = PostgresServer.prepare(home)
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    file = server.data / "postmaster.pid"
    file.write_text(f"{dead.pid}\n{server.data}\n1\n5432\n\n\n  1 1\nready\n")
    async with running(PostgresServer.prepare(home).process(), home / "log"):
        assert await ask(server.url("hanse", "postgres"), "select 1") == 1


async def test_a_crash_within_initdb_costs_nothing(home: Path, running: Running) -> None:
    script = "import sys, pathlib; from hanse.platform.embedded import PostgresServer as P\n"
    script += "P.prepare(pathlib.Path(sys.argv[1]))"
    first = subprocess.Popen([sys.executable, "-c", script, str(home)])
    until(lambda: any(home.glob(".initdb-*/PG_VERSION")))
    first.kill()
    first.wait()
    assert not (home / "postgres").exists()
    server = PostgresServer.prepare(home)
    async with running(server.process(), home / "log"):
        assert await ask(server.url("hanse", "postgres"), "select 1") == 1
    assert not list(home.glob(".initdb-*"))


async def test_data_of_another_major_version_is_refused_and_left_alone(home: Path) -> None:
    server = PostgresServer.prepare(home)
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(SetupError, match="PostgreSQL 16"):
        PostgresServer.prepare(home)


def test_foreign_files_in_the_place_of_the_data_are_refused(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(SetupError, match="move them away"):
        PostgresServer.prepare(home)
    assert (home / "postgres" / "thesis.txt").read_text() == "mine"


async def test_a_home_with_a_long_path_gets_a_short_socket(home: Path, running: Running) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = PostgresServer.prepare(deep)
    try:
        assert len(os.fsencode(server.sockets / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
        assert server.sockets.stat().st_mode & 0o777 == 0o700
        async with running(server.process(), home / "log"):
            assert await ask(embedded_url(deep, "hanse", "postgres"), "select 1") == 1
    finally:
        server.sockets.rmdir()


def test_a_short_socket_folder_that_others_may_enter_is_refused(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    sockets = PostgresServer.prepare(deep).sockets
    try:
        sockets.chmod(0o777)
        with pytest.raises(SetupError, match="not a private folder"):
            PostgresServer.prepare(deep)
    finally:
        sockets.rmdir()


def test_nobody_finds_a_server_where_none_was_prepared(home: Path) -> None:
    with pytest.raises(SetupError, match="hanse serve"):
        embedded_url(home, "hanse")


def test_settings_fit_small_and_large_machines() -> None:
    small = server_settings(1 << 30, durable=True)
    large = server_settings(64 << 30, durable=True)
    assert small["shared_buffers"] == f"{256 << 10}kB"
    assert large["shared_buffers"] == f"{2 << 20}kB"
    assert large["effective_cache_size"] == f"{32 << 20}kB"
    assert "fsync" not in small


@as_root
async def test_root_runs_it_as_an_existing_account_and_changes_no_folder_above(
    home: Path, running: Running
) -> None:
    above = {folder: folder.stat().st_mode for folder in (home, *home.parents)}
    accounts = Path("/etc/passwd").read_bytes()
    server = PostgresServer.prepare(home, "nobody")
    async with running(server.process(), home / "log") as process:
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        owners = set()
        for each in tree:
            with suppress(psutil.NoSuchProcess):  # helpers of the server come and go
                owners.add((each.uids().effective, each.gids().effective))
        nobody = pwd.getpwnam("nobody")
        assert len(tree) > 1
        assert owners == {(nobody.pw_uid, nobody.pw_gid)}
        groups = Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1]
        assert not groups.splitlines()[0].strip()
    assert {folder: folder.stat().st_mode for folder in above} == above
    assert Path("/etc/passwd").read_bytes() == accounts


@as_root
def test_existing_data_keeps_its_account(home: Path) -> None:
    PostgresServer.prepare(home, "nobody")
    assert PostgresServer.prepare(home).account == "nobody"
    (home / "postgres").chmod(0o700)
    os.chown(home / "postgres", 0, 0)
    with pytest.raises(SetupError, match="does not belong"):
        PostgresServer.prepare(home, "nobody")


@as_root
@pytest.mark.parametrize("account", ["root", "no-such-account"])
def test_an_account_that_cannot_run_it_is_refused(home: Path, account: str) -> None:
    with pytest.raises(SetupError, match="HANSE_POSTGRES_USER"):
        PostgresServer.prepare(home, account)


@as_root
def test_a_home_that_the_account_cannot_reach_is_refused_by_name(home: Path) -> None:
    wall = home / "private"
    wall.mkdir(mode=0o700)
    with pytest.raises(SetupError, match=f"may not enter {wall}. Set HANSE_HOME"):
        PostgresServer.prepare(wall / "hanse", "nobody")
    assert wall.stat().st_mode & 0o777 == 0o700


@as_root
async def test_programs_out_of_the_accounts_reach_are_copied_into_the_home(home: Path) -> None:
    package = find_binaries().parent.parent
    hidden = home / "venv"
    (hidden / package.name).mkdir(parents=True)
    for tree in (Path(package.name, "pginstall18"), Path(f"{package.name}.libs")):
        subprocess.run(["cp", "-a", package.parent / tree, hidden / tree], check=True)
    (hidden / package.name / "__init__.py").write_text("raise AssertionError('imported')")
    hidden.chmod(0o700)
    script = "import sys, pathlib; from hanse.platform.embedded import PostgresServer as P\n"
    script += "print(P.prepare(pathlib.Path(sys.argv[1]), 'nobody').binaries)"
    argv = [sys.executable, "-c", script, str(home)]
    for _ in range(2):
        done = subprocess.run(
            argv,
            check=False,
            env=os.environ | {"PYTHONPATH": str(hidden)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        copied = Path(done.stdout.splitlines()[-1])
        assert copied.is_relative_to(home / "lib")
        assert run_as("nobody", [str(copied / "postgres"), "--version"]).stdout.split()[-1] >= "18"
    assert "Copying" not in done.stdout
    assert hidden.stat().st_mode & 0o777 == 0o700
    assert (home / "postgres" / "PG_VERSION").read_text() == "18\n"
    assert not (copied.parent / "include").exists()


ORDINARY = """
import sys; sys.path[:0] = sys.argv[2:]
import asyncio, pathlib, asyncpg
from hanse.platform.embedded import PostgresServer
from hanse.platform.process import spawn, stop, wait_ready
async def main():
    server = PostgresServer.prepare(pathlib.Path(sys.argv[1]))
    spec = server.process()
    process = await spawn(spec)
    await wait_ready(process, spec)
    connection = await asyncpg.connect(server.url("hanse", "postgres"))
    print("answer", await connection.fetchval("select 6 * 7"))
    await connection.close()
    await stop(process, spec)
asyncio.run(main())
"""


@as_root
def test_an_ordinary_account_runs_it_as_itself(home: Path) -> None:
    import hanse

    places = [str(Path(asyncpg.__file__).parents[1]), str(Path(hanse.__file__).parents[1])]
    probe = ["-c", "import sys; sys.path[:0] = sys.argv[1:]; import msgspec, hanse", *places]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    pythons = [sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"]
    python = next((each for each in pythons if runs("nobody", [each, *probe])), None)
    if python is None:
        pytest.skip("the account nobody reaches no Python here")
    own = home / "own"
    own.mkdir(mode=0o700)
    os.chown(own, pwd.getpwnam("nobody").pw_uid, -1)
    done = run_as("nobody", [python, "-c", ORDINARY, str(own / "hanse"), *places])
    assert "answer 42" in done.stdout.splitlines(), done.stderr
    assert (own / "hanse").stat().st_mode & 0o777 == 0o700
    assert (own / "hanse" / "postgres").owner() == "nobody"
