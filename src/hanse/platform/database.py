"""PostgreSQL: a pool, and transactions that belong to one organisation.

Row-level security does the separating: a transaction sets `hanse.organisation_id` before its first
statement, in the same round trip as `begin`, and every table's policy compares with it. A
transaction that sets none sees no tenant's row.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from hanse.platform.problems import BadRequest, Unavailable

CONNECT_TIMEOUT_S = 3.0
ACQUIRE_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 30.0
"""Time after which a statement is given up, unless a pool is opened with another."""
CLOSE_TIMEOUT_S = 2.0
STREAMED_ROWS = 200

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.exceptions.ConnectionDoesNotExistError,
    asyncpg.exceptions.InternalClientError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Unavailable):
    """PostgreSQL cannot be reached or broke off.

    Nothing of the transaction was kept, unless the connection was lost during the commit itself:
    then nobody can tell, and a repeat is safe only with an Idempotency-Key.
    """

    code = "database_unavailable"
    title = "Database unavailable"


class InvalidCharacter(BadRequest):
    """Text holds the one character that PostgreSQL keeps in no text."""

    code = "invalid_character"
    title = "Invalid character"


@contextmanager
def _losses(connection: Any) -> Iterator[None]:
    """Turn the many faces of a lost server into DatabaseUnavailable."""
    try:
        yield
    except TimeoutError as error:
        # A server that hangs would hang the roll-back as well.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        raise DatabaseUnavailable("The database does not answer in time.") from error
    except _LOST as error:
        raise DatabaseUnavailable("The database connection was lost.") from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise InvalidCharacter("Leave out the character U+0000.") from error
    except asyncpg.InterfaceError as error:
        if _is_gone(connection):
            raise DatabaseUnavailable("The database connection was lost.") from error
        raise


def _hangs(error: DatabaseUnavailable) -> bool:
    return isinstance(error.__cause__, TimeoutError)


def _is_gone(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has taken it back
        return True


class Tx:
    """One open transaction. Services take it and never commit; the edge that opened it does.

    Every method raises DatabaseUnavailable when the server is lost, and asyncpg's own errors
    (UniqueViolationError, ...) otherwise.
    """

    def __init__(self, connection: Any, organisation_id: UUID | None) -> None:
        self.connection = connection
        self._organisation_id = organisation_id

    @property
    def organisation_id(self) -> UUID:
        """The organisation whose rows this transaction may touch."""
        assert self._organisation_id is not None, "a system transaction has no organisation"
        return self._organisation_id

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Run a query, return all its rows."""
        with _losses(self.connection):
            rows: list[Any] = await self.connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any | None:
        """Run a query, return its first row or None."""
        with _losses(self.connection):
            return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Run a query, return the first column of its first row or None."""
        with _losses(self.connection):
            return await self.connection.fetchval(sql, *args)

    async def stream(
        self, sql: str, *args: Any, rows_at_once: int = STREAMED_ROWS
    ) -> AsyncIterator[Any]:
        """Run a query, yield its rows one by one; no more than `rows_at_once` are in memory."""
        with _losses(self.connection):
            async for row in self.connection.cursor(sql, *args, prefetch=rows_at_once):
                yield row

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement, return PostgreSQL's command tag."""
        with _losses(self.connection):
            tag: str = await self.connection.execute(sql, *args)
        return tag

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of arguments, all in one round trip."""
        with _losses(self.connection):
            await self.connection.executemany(sql, rows)


def _begin(durable: bool) -> str:
    return "begin" if durable else "begin; set local synchronous_commit = off"


class Db:
    """A pool of connections under one database role."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        size_max: int = 8,
        application_name: str = "hanse",
        statement_timeout_s: float = STATEMENT_TIMEOUT_S,
    ) -> "Db":
        """Make a pool of up to `size_max` connections; none is opened before it is needed."""
        pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size_max,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=statement_timeout_s,
            server_settings={"application_name": application_name},
            init=prepare_connection,
            # Every statement of ours runs in a transaction that ends before release, and settings
            # are transaction-local: there is nothing to reset.
            reset=_no_reset,
        )
        await pool
        return cls(pool)

    @asynccontextmanager
    async def tx(
        self, organisation_id: UUID, person_id: UUID | None = None, *, durable: bool = True
    ) -> AsyncIterator[Tx]:
        """Open a transaction of one organisation: commit at the end, roll back on any error.

        `durable=False` lets the commit return before it is on disk: for counters that may lose
        their last moments in a crash. Raises DatabaseUnavailable.
        """
        # The ids go into the text, so they must be UUIDs by type, never strings of a request.
        assert isinstance(organisation_id, UUID)
        begin = f"{_begin(durable)}; set local hanse.organisation_id = '{organisation_id}'"
        if person_id is not None:
            assert isinstance(person_id, UUID)
            begin += f"; set local hanse.person_id = '{person_id}'"
        async with self._open(begin, organisation_id) as tx:
            yield tx

    @asynccontextmanager
    async def system_tx(self, *, durable: bool = True) -> AsyncIterator[Tx]:
        """Open a transaction of no organisation: only what the role's own policies allow is seen.

        `durable` as in `tx`. Raises DatabaseUnavailable.
        """
        async with self._open(_begin(durable), None) as tx:
            yield tx

    async def call(self, sql: str, *args: Any) -> None:
        """Run a statement as a transaction of its own, in one round trip.

        It must set `hanse.organisation_id` itself, and do no harm when it runs twice: it does if
        the connection is lost on the way. Raises what a `Tx` raises.
        """
        await self._pool.release(await self._first(sql, *args))

    @asynccontextmanager
    async def _open(self, begin: str, organisation_id: UUID | None) -> AsyncIterator[Tx]:
        connection = await self._first(begin)
        try:
            yield Tx(connection, organisation_id)
            with _losses(connection):
                tag = await connection.execute("commit")
            # PostgreSQL answers so when a statement had failed and its error was swallowed.
            assert tag != "ROLLBACK", "an error of a statement was swallowed"
        except BaseException:
            await _roll_back(connection)
            raise
        finally:
            await self._pool.release(connection)

    async def _first(self, sql: str, *args: Any) -> Any:
        """Acquire a connection and run a first statement, without which it is of no use.

        A pooled one may have died unnoticed: try a second.
        """
        for attempt in range(2):
            try:
                connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
            except _LOST as error:
                raise DatabaseUnavailable("The database cannot be reached.") from error
            try:
                with _losses(connection):
                    await connection.execute(sql, *args)
            except BaseException as error:
                with suppress(asyncpg.InterfaceError):
                    connection.terminate()
                await self._pool.release(connection)
                if isinstance(error, DatabaseUnavailable) and attempt == 0 and not _hangs(error):
                    continue
                raise
            return connection
        raise AssertionError("unreachable")

    async def ping(self) -> None:
        """Raise DatabaseUnavailable unless a statement can be run."""
        async with self.system_tx() as tx:
            await tx.fetchval("select 1")

    async def close(self) -> None:
        """Close all connections; those in use get CLOSE_TIMEOUT_S to finish."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def _no_reset(_connection: Any) -> None:
    return None


async def _roll_back(connection: Any) -> None:
    try:
        await connection.execute("rollback")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        # A connection that cannot roll back is of no more use; closing it rolls back. The pool
        # may have noticed before us and taken it away already.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


async def prepare_connection(connection: Any) -> None:
    """Teach a new connection our types: jsonb travels as Python objects through msgspec."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        format="binary",
    )
