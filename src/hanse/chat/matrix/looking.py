"""Routes by which Matrix's clients look around: filters, public rooms, places in a log."""

# ruff: noqa: ARG001

from typing import Annotated

from litestar import get, post
from litestar.params import QueryParameter

from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.matrix import filters
from hanse.chat.matrix.common import CLIENT, ROOM, server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import number_of
from hanse.chat.matrix.reading import around, as_events, event_at, read_state
from hanse.chat.rooms import store
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Permission
from hanse.platform.database import Db

PUBLIC_ROOMS_MAX = 200
CONTEXT_MAX = 100

Limit = Annotated[int, QueryParameter(name="limit", ge=1)]


@post(f"{CLIENT}/user/{{user:str}}/filter", status_code=200)
async def make_filter(bearer: Access, user: str, data: Json) -> Json:
    """Return a filter's id; the limit of timelines is what counts of it."""
    return {"filter_id": filters.filter_id(data)}


@get(f"{CLIENT}/user/{{user:str}}/filter/{{id:str}}")
async def get_filter(bearer: Access, user: str, id: str) -> Json:
    """Return a filter by its id."""
    return filters.filter_of(id)


@get(f"{CLIENT}/publicRooms")
async def public_rooms(
    bearer: Access,
    db: Db,
    public_url: str,
    since: Annotated[str | None, QueryParameter(name="since", max_length=100)] = None,
    limit: Limit = 50,
) -> Json:
    """List the public channels of the organisation."""
    bearer.require(Permission.CHAT_BROWSE)
    server, limit = server_of(public_url), min(limit, PUBLIC_ROOMS_MAX)
    after = None if since is None else server.room_of(since)
    chunk = []
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        found = await store.list_public(tx, actor_of(bearer), after, limit + 1)
        for each in found[:limit]:
            count, _ = await store.count_members(tx, each.id)
            chunk.append(
                {
                    "room_id": server.room(each.id),
                    "name": each.name,
                    "topic": each.description,
                    "num_joined_members": count,
                    "join_rule": "public",
                    "world_readable": False,
                    "guest_can_join": False,
                }
            )
    page: Json = {"chunk": chunk}
    if len(found) > limit:
        page["next_batch"] = chunk[-1]["room_id"]
    return page


@get(f"{ROOM}/context/{{event:str}}")
async def context(
    bearer: Access, db: Db, public_url: str, room: str, event: str, limit: Limit = 10
) -> Json:
    """Return an event with what stands before and behind it."""
    server = server_of(public_url)
    id = server.room_of(room)
    number, half = number_of(event, id), min(limit, CONTEXT_MAX) // 2
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        found = await see_room(tx, bearer, id)
        entry = await event_at(tx, id, number)
        events = [] if entry is None else await as_events(tx, bearer, server, found, [entry])
        mine = [each for each in events if each["event_id"] == event]
        if not mine:
            raise NoSuchMessage("There is no such event in this room.")
        return {
            "event": mine[0],
            **await around(tx, bearer, server, found, number, half, half),
            "state": await read_state(tx, server, found),
        }


handlers = [
    make_filter,
    get_filter,
    public_rooms,
    context,
]
