"""Migrations: numbered, forward-only `.sql` files, each applied once in one transaction."""

import hashlib
from importlib import resources
from typing import Any, NamedTuple

import asyncpg

SYSTEMS = ("platform", "identity", "language", "chat")
"""Systems in the order in which their migrations are applied: lower layers first."""

CONNECT_TIMEOUT_S = 10.0

_LOCK = 0x68616E7365  # "hanse"

_BOOKKEEPING = """
create schema if not exists platform;
create table if not exists platform.schema_migrations (
    system text not null,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    primary key (system, name)
);
alter table platform.schema_migrations enable row level security;
alter table platform.schema_migrations force row level security;
"""


class MigrationError(Exception):
    """The database does not fit this version of Hanse; the text says why and what to do."""


class Migration(NamedTuple):
    """One `.sql` file of one system."""

    system: str
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the file's text, recorded when it is applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return all migrations that this version brings, in the order of application."""
    found = []
    for system in SYSTEMS:
        folder = resources.files("hanse") / system / "migrations"
        files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
        found += [Migration(system, name, (folder / name).read_text("utf-8")) for name in files]
    return found


async def migrate(owner_url: str) -> list[str]:
    """Bring the database to this version; return the names of the files applied, oldest first.

    `owner_url` connects as the role that owns the schema. Concurrent callers wait for each other.
    Raises MigrationError if the database cannot be reached or is newer, or if a file that was
    applied has changed since.
    """
    try:
        connection = await asyncpg.connect(owner_url, timeout=CONNECT_TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise MigrationError(f"The database cannot be reached: {error}") from error
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        return await _migrate(connection)
    finally:
        await connection.close()


async def _migrate(connection: Any) -> list[str]:
    # Forced row-level security on the bookkeeping would hide its rows from an owner who is no
    # superuser; owners of managed databases need this policy, and it is theirs alone.
    await connection.execute(_BOOKKEEPING)
    await connection.execute(
        "drop policy if exists owner on platform.schema_migrations;"
        "create policy owner on platform.schema_migrations to current_user"
        " using (true) with check (true)"
    )
    rows = await connection.fetch("select system, name, sha256 from platform.schema_migrations")
    applied = {(row["system"], row["name"]): row["sha256"] for row in rows}
    wanted = migrations()
    unknown = applied.keys() - {(each.system, each.name) for each in wanted}
    if unknown:
        raise MigrationError(
            f"The database has migrations that this version of Hanse does not know "
            f"({', '.join('/'.join(pair) for pair in sorted(unknown))}). Start the newer version."
        )
    done = []
    for each in wanted:
        recorded = applied.get((each.system, each.name))
        if recorded is None:
            await _apply(connection, each)
            done.append(f"{each.system}/{each.name}")
        elif recorded != each.sha256:
            raise MigrationError(
                f"{each.system}/{each.name} was changed after it had been applied. "
                "Restore the file and put the change into a new migration."
            )
    return done


async def _apply(connection: Any, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(f"create schema if not exists {migration.system}")
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into platform.schema_migrations (system, name, sha256) values ($1, $2, $3)",
            migration.system,
            migration.name,
            migration.sha256,
        )
