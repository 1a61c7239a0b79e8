"""Routes of saved messages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, put
from litestar.params import QueryParameter
from msgspec import Struct

from hanse.chat.api.common import errors
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.places import NUMBER_MAX
from hanse.chat.saving import service
from hanse.chat.saving.service import SAVED_PAGE_MAX, SavedPage
from hanse.chat.saving.store import Saved
from hanse.identity import Access
from hanse.platform.database import Db
from hanse.platform.http import Cursor

SavedLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=SAVED_PAGE_MAX)]


class Saving(Struct, forbid_unknown_fields=True):
    """How to keep a message: with a reminder at a time within a year, or with none."""

    remind_at: datetime | None = None


@put(
    "/rooms/{room_id:uuid}/messages/{number:int}/saved",
    operation_id="saveMessage",
    summary="Save a message for later",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def save_message(access: Access, db: Db, room_id: UUID, number: int, data: Saving) -> Saved:
    """Keep a message in a list of one's own; saving it again sets or takes away its reminder."""
    if not 0 < number <= NUMBER_MAX:
        raise NoSuchMessage("There is no message of such a number.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.save(tx, access, room_id, number, data.remind_at)


@delete(
    "/rooms/{room_id:uuid}/messages/{number:int}/saved",
    operation_id="unsaveMessage",
    summary="Save a message no longer",
    tags=["Chat"],
    status_code=204,
    responses=errors(400),
)
async def unsave_message(access: Access, db: Db, room_id: UUID, number: int) -> None:
    """Take a message, and its reminder, off one's list."""
    if not 0 < number <= NUMBER_MAX:
        raise NoSuchMessage("There is no message of such a number.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.give_up(tx, access, room_id, number)


@get(
    "/chat/saved",
    operation_id="listSavedMessages",
    summary="List one's saved messages",
    tags=["Chat"],
    responses=errors(400),
)
async def list_saved(
    access: Access, db: Db, limit: SavedLimit = 20, cursor: Cursor = None
) -> SavedPage:
    """List what one keeps, last saved first, of rooms that one may read now."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.list_saved(tx, access, limit, cursor)


handlers = [save_message, unsave_message, list_saved]
