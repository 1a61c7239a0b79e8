"""The verbs about how long messages are kept."""

from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log.rules import NoSuchRoom
from hanse.chat.retention import store
from hanse.identity import Access, Permission
from hanse.platform.database import Tx


class Retention(Struct, frozen=True):
    """For how many days messages are kept; 0 for ever."""

    days: int


async def get_policy(tx: Tx, access: Access) -> Retention:
    """Return how long the organisation keeps messages. Raises MissingScope."""
    access.require(Permission.ORGANISATION_READ)
    return Retention(await store.get_policy(tx))


async def set_policy(tx: Tx, access: Access, days: int) -> Retention:
    """Say how long the organisation keeps messages where a room says nothing else.

    Raises MissingScope.
    """
    access.require(Permission.ORGANISATION_WRITE)
    await store.set_policy(tx, days)
    await identity.record(tx, access, "chat.retention_changed", days=days)
    return Retention(days)


async def set_room(tx: Tx, access: Access, room_id: UUID, days: int | None) -> None:
    """Say how long a room keeps messages; None: as the organisation.

    Whoever may need not be in the room, and learns nothing else of it. Raises MissingScope,
    NoSuchRoom.
    """
    access.require(Permission.ORGANISATION_WRITE)
    if not await store.set_room(tx, room_id, days):
        raise NoSuchRoom
    await identity.record(tx, access, "chat.room_retention_changed", "room", room_id, days=days)
