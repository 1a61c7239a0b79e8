"""Acting on a running Hanse from its own machine, as the owner of its database."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hanse import identity
from hanse.identity import Access, Organisation
from hanse.platform.database import DatabaseUnavailable, Db, Tx
from hanse.platform.embedded import SetupError, embedded_url
from hanse.server.settings import Settings

T = TypeVar("T")

_NAME = "hanse command line"


class OperatorError(Exception):
    """The command cannot be carried out; the text says why and what to do."""


def sign_in_url(settings: Settings, token: str) -> str:
    """Return the link under which a sign-in token is used."""
    return f"{settings.address}/sign-in/{token}"


async def operate(
    settings: Settings,
    act: Callable[[Tx, Access], Awaitable[T]],
    *,
    organisation: str | None = None,
) -> T:
    """Run `act` in one transaction of one organisation, with all permissions.

    `organisation` is a name or id; it may be left out where there is only one.
    Raises OperatorError, and whatever `act` raises.
    """

    db = await Db.open(_url(settings, "hanse"), size_max=1, application_name=_NAME)
    try:
        async with db.system_tx() as tx:
            chosen = _choose(await identity.list_organisations(tx), organisation)
        async with db.tx(chosen.id) as tx:
            return await act(tx, identity.operator(chosen.id))
    except DatabaseUnavailable as error:
        raise OperatorError(f"{error.detail} Is Hanse running? 'make run' starts it.") from error
    finally:
        await db.close()


async def operate_long(
    settings: Settings,
    act: Callable[[Db, Access], Awaitable[T]],
    *,
    organisation: str | None = None,
) -> T:
    """Like `operate`, for what takes many transactions, one at a time.

    They are those of the application's role, which row-level security binds: what is read or
    written in bulk is of the one organisation whatever a query forgets.
    """

    async def identify(_: Tx, access: Access) -> Access:
        return access

    access = await operate(settings, identify, organisation=organisation)
    db = await Db.open(_url(settings, "hanse_app"), size_max=1, application_name=_NAME)
    try:
        return await act(db, access)
    except DatabaseUnavailable as error:
        raise OperatorError(f"{error.detail} Is Hanse running? 'make run' starts it.") from error
    finally:
        await db.close()


def _url(settings: Settings, role: str) -> str:
    if settings.database_url:
        if role != "hanse":
            return settings.database_url
        if not settings.database_owner_url:
            raise OperatorError("Set HANSE_DATABASE_OWNER_URL for this command.")
        return settings.database_owner_url
    try:
        return embedded_url(settings.home_path, role)
    except SetupError as error:
        raise OperatorError(
            f"Hanse is not running in {settings.home_path}. Start it with 'make run' (or set "
            "HANSE_HOME to where it runs), then try again."
        ) from error


def _choose(organisations: list[Organisation], wanted: str | None) -> Organisation:
    if wanted is None and len(organisations) == 1:
        return organisations[0]
    names = ", ".join(each.name for each in organisations)
    found = [each for each in organisations if wanted in (each.name, str(each.id))]
    if len(found) != 1:
        raise OperatorError(f"Name one organisation with --organisation. There are: {names}.")
    return found[0]
