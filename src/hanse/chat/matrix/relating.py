"""The route that lists what relates to a message: its reactions, edits and thread."""

from typing import Annotated, Final, Literal

from litestar import get
from litestar.params import QueryParameter

from hanse.chat.log import store as log_store
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.matrix import positions, store
from hanse.chat.matrix.common import server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.filters import TIMELINE_MAX
from hanse.chat.matrix.ids import number_of
from hanse.chat.matrix.reading import as_events, event_at
from hanse.chat.matrix.store import Related
from hanse.chat.places import NUMBER_MAX
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Seal
from hanse.platform.database import Db

_RELATIONS: Final = "/_matrix/client/v1/rooms/{room:str}/relations/{event:str}"
_TYPES: Final = {
    "m.annotation": "m.reaction",
    "m.replace": "m.room.message",
    "m.thread": "m.room.message",
}
"""The type of the events that relate in each way."""

From = Annotated[str | None, QueryParameter(name="from", max_length=60_000)]
Direction = Annotated[Literal["b", "f"], QueryParameter(name="dir")]
Limit = Annotated[int, QueryParameter(name="limit", ge=1)]


@get(
    [
        _RELATIONS,
        f"{_RELATIONS}/{{rel_type:str}}",
        f"{_RELATIONS}/{{rel_type:str}}/{{event_type:str}}",
    ]
)
async def relations(
    bearer: Access,
    db: Db,
    seal: Seal,
    public_url: str,
    room: str,
    event: str,
    rel_type: str = "",
    event_type: str = "",
    start: From = None,
    direction: Direction = "b",
    limit: Limit = 20,
) -> Json:
    """Return a page of what relates to a message, without what was taken back or deleted."""
    server = server_of(public_url)
    id, limit = server.room_of(room), min(limit, TIMELINE_MAX)
    number, is_back = number_of(event, id), direction == "b"
    place = NUMBER_MAX if is_back else 0
    if start:
        place = positions.read_in_room(seal, actor_of(bearer), start, id)
    ways = [
        way for way, type in _TYPES.items() if rel_type in ("", way) and event_type in ("", type)
    ]
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        found = await see_room(tx, bearer, id)
        if await event_at(tx, id, number) is None:
            raise NoSuchMessage("There is no such event in this room.")
        wanted = Related(
            edits="m.replace" in ways,
            reactions="m.annotation" in ways,
            thread="m.thread" in ways,
            place=place,
            is_back=is_back,
            limit=limit + 1,
        )
        numbers = await store.related(tx, id, number, wanted)
        entries = await log_store.read_numbered(tx, id, numbers[:limit])
        chunk = await as_events(tx, bearer, server, found, entries[::-1] if is_back else entries)
    page: Json = {"chunk": chunk}
    if len(numbers) > limit:
        last = numbers[limit - 1]
        page["next_batch"] = positions.in_room(last - 1 if is_back else last)
    return page


handlers = [relations]
