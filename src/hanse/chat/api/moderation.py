"""Routes of rules of rooms."""

from uuid import UUID

from litestar import get, put

from hanse.chat.api.common import errors
from hanse.chat.moderation import service
from hanse.chat.moderation.model import RoomRules, Rules
from hanse.identity import Access
from hanse.platform.database import Db


@get(
    "/rooms/{room_id:uuid}/rules",
    operation_id="getRoomRules",
    summary="Get a room's rules",
    tags=["Chat"],
    responses=errors(409),
)
async def get_rules(access: Access, db: Db, room_id: UUID) -> RoomRules:
    """Get what holds of messages here, and how often it refused some; for moderators."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.get_rules(tx, access, room_id)


@put(
    "/rooms/{room_id:uuid}/rules",
    operation_id="setRoomRules",
    summary="Set a room's rules",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def set_rules(access: Access, db: Db, room_id: UUID, data: Rules) -> RoomRules:
    """Say what holds of messages and edits from now on; whatever breaks it is not appended.

    Who sends it is answered `refused_by_rules`, with what to do. For moderators.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.set_rules(tx, access, room_id, data)


handlers = [get_rules, set_rules]
