"""Routes by which Matrix's clients keep things for their person."""

from uuid import UUID

from litestar import get, put

from hanse.chat.matrix import account_data
from hanse.chat.matrix.account_data import DIRECT, require_type
from hanse.chat.matrix.common import CLIENT, server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.sending import EVENT_BYTES_MAX
from hanse.chat.matrix.sync import ROOMS_MAX, direct_rooms
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.problems import Forbidden, NotFound

_MINE = f"{CLIENT}/user/{{user:str}}"
_DATA = "account_data/{type:str}"


class NotYours(Forbidden):
    """Account data is its person's alone."""

    code = "not_yours"
    title = "Not yours"


@get(f"{_MINE}/{_DATA}")
async def get_data(bearer: Access, db: Db, public_url: str, user: str, type: str) -> Json:
    """Return what one keeps of all rooms under a type."""
    _require_self(bearer, public_url, user)
    if type == DIRECT:
        async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
            rooms = await rooms_store.list_rooms_of(tx, actor_of(bearer), None, ROOMS_MAX)
        return direct_rooms(server_of(public_url), actor_of(bearer), rooms)
    return await _get(bearer, db, None, type)


@get(f"{_MINE}/rooms/{{room:str}}/{_DATA}")
async def get_room_data(
    bearer: Access, db: Db, public_url: str, user: str, room: str, type: str
) -> Json:
    """Return what one keeps of a room under a type."""
    _require_self(bearer, public_url, user)
    return await _get(bearer, db, server_of(public_url).room_of(room), type)


@put(f"{_MINE}/{_DATA}", request_max_body_size=EVENT_BYTES_MAX)
async def put_data(
    bearer: Access, db: Db, public_url: str, user: str, type: str, data: Json
) -> Json:
    """Keep something of all rooms; which rooms are direct follows from the rooms."""
    _require_self(bearer, public_url, user)
    if type != DIRECT:
        await _put(bearer, db, None, type, data)
    return {}


@put(f"{_MINE}/rooms/{{room:str}}/{_DATA}", request_max_body_size=EVENT_BYTES_MAX)
async def put_room_data(
    bearer: Access, db: Db, public_url: str, user: str, room: str, type: str, data: Json
) -> Json:
    """Keep something of a room that one may read."""
    _require_self(bearer, public_url, user)
    await _put(bearer, db, server_of(public_url).room_of(room), type, data)
    return {}


def _require_self(bearer: Access, public_url: str, user: str) -> None:
    bearer.require(Permission.CHAT_READ)
    if server_of(public_url).user_of(user) != actor_of(bearer):
        raise NotYours("Account data is its person's alone: name yourself.")


async def _get(bearer: Access, db: Db, room_id: UUID | None, type: str) -> Json:
    require_type(type)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        if room_id is not None:
            await see_room(tx, bearer, room_id)
        found = await account_data.get(tx, actor_of(bearer), room_id, type)
    if found is None:
        raise NotFound("You keep nothing under this type.")
    return found


async def _put(bearer: Access, db: Db, room_id: UUID | None, type: str, data: Json) -> None:
    require_type(type)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        if room_id is not None:
            await see_room(tx, bearer, room_id)
        await account_data.put(tx, actor_of(bearer), room_id, type, data)


handlers = [get_data, get_room_data, put_data, put_room_data]
