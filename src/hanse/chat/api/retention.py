"""Routes of how long messages are kept."""

from typing import Annotated
from uuid import UUID

from litestar import get, put
from msgspec import Meta, Struct

from hanse.chat.api.common import errors
from hanse.chat.retention import service
from hanse.chat.retention.service import Retention
from hanse.identity import Access
from hanse.platform.database import Db

Days = Annotated[int, Meta(ge=0, le=36_500)]


class NewRetention(Struct, forbid_unknown_fields=True):
    """For how many days messages are kept; 0 for ever."""

    days: Days


class RoomRetention(Struct, forbid_unknown_fields=True):
    """For how many days a room keeps messages; 0 for ever, null as the organisation does."""

    days: Days | None


@get(
    "/chat/retention",
    operation_id="getChatRetention",
    summary="Get how long messages are kept",
    tags=["Chat"],
    responses=errors(),
)
async def get_retention(access: Access, db: Db) -> Retention:
    """Get for how many days the organisation keeps messages where a room says nothing else."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.get_policy(tx, access)


@put(
    "/chat/retention",
    operation_id="setChatRetention",
    summary="Set how long messages are kept",
    tags=["Chat"],
    responses=errors(400),
)
async def set_retention(access: Access, db: Db, data: NewRetention) -> Retention:
    """Say for how many days the organisation keeps messages; older ones are gone for ever."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.set_policy(tx, access, data.days)


@put(
    "/rooms/{room_id:uuid}/retention",
    operation_id="setRoomRetention",
    summary="Set how long a room keeps messages",
    tags=["Chat"],
    status_code=204,
    responses=errors(400),
)
async def set_room_retention(access: Access, db: Db, room_id: UUID, data: RoomRetention) -> None:
    """Say it for one room, which one need not be in; its members see it in the room."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.set_room(tx, access, room_id, data.days)


handlers = [get_retention, set_retention, set_room_retention]
