"""The route by which Matrix's clients search messages."""

from typing import Annotated

from litestar import post
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from hanse.chat.log import store as log_store
from hanse.chat.matrix.common import CLIENT, server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import Server
from hanse.chat.matrix.reading import around, as_events, event_at
from hanse.chat.rooms.service import see_room
from hanse.chat.search import service
from hanse.chat.search.service import HITS_PAGE_MAX, Filters, Hit, InvalidQuery
from hanse.identity import Access
from hanse.platform.database import Db, Tx

CONTEXT_MAX = 10

_Lines = Annotated[int, Meta(ge=0)]
_One = Annotated[list[str], Meta(max_length=1)]
Batch = Annotated[str | None, QueryParameter(name="next_batch", max_length=1000)]


class Filter(Struct, frozen=True):
    """Where to look: in one room, of one sender, or in all and of all."""

    limit: Annotated[int, Meta(ge=1)] = 10
    rooms: _One | None = None
    senders: _One | None = None


class Context(Struct, frozen=True):
    """How much of what stands before and behind a message comes with it."""

    before_limit: _Lines = 5
    after_limit: _Lines = 5


class RoomEvents(Struct, frozen=True):
    """What to look for in messages."""

    search_term: Annotated[str, Meta(min_length=1, max_length=200)]
    filter: Filter = Filter()
    event_context: Context | None = None


class Categories(Struct, frozen=True):
    """The kinds of things that are searched; messages are what there is."""

    room_events: RoomEvents | None = None


class Search(Struct, frozen=True):
    """A search."""

    search_categories: Categories


@post(f"{CLIENT}/search", status_code=200)
async def search(
    bearer: Access, db: Db, public_url: str, data: Search, next_batch: Batch = None
) -> Json:
    """Find messages by words of what was written or of its translations, newest first."""
    wanted = data.search_categories.room_events
    if wanted is None:
        return {"search_categories": {}}
    server, filter = server_of(public_url), wanted.filter
    if filter.rooms == [] or filter.senders == []:
        raise InvalidQuery("Leave `rooms` and `senders` out to search all.")
    filters = Filters(
        room_id=server.room_of(filter.rooms[0]) if filter.rooms else None,
        sender_id=server.user_of(filter.senders[0]) if filter.senders else None,
    )
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        page = await service.search(
            tx,
            bearer,
            wanted.search_term,
            filters,
            limit=min(filter.limit, HITS_PAGE_MAX),
            cursor=next_batch,
        )
        results = [
            await _result(tx, bearer, server, each, wanted.event_context) for each in page.items
        ]
    found: Json = {
        "results": [each for each in results if each is not None],
        "highlights": _highlights(page.items),
        "state": {},
    }
    if page.next_cursor is not None:
        found["next_batch"] = page.next_cursor
    return {"search_categories": {"room_events": found}}


async def _result(
    tx: Tx, bearer: Access, server: Server, hit: Hit, context: Context | None
) -> Json | None:
    room = await see_room(tx, bearer, hit.room_id)
    message = hit.message
    sent = await log_store.read_these(tx, room.id, [message.number])
    made = await as_events(tx, bearer, server, room, sent)
    if not made:
        return None
    event = made[0]
    if message.revision != message.number:
        edit = await event_at(tx, room.id, message.revision)
        if edit is not None:
            [replacing] = await as_events(tx, bearer, server, room, [edit])
            event["unsigned"]["m.relations"] = {"m.replace": replacing}
    result: Json = {"result": event}
    if context is not None:
        before, behind = (
            min(each, CONTEXT_MAX) for each in (context.before_limit, context.after_limit)
        )
        result["context"] = await around(tx, bearer, server, room, message.number, before, behind)
    return result


def _highlights(hits: list[Hit]) -> list[str]:
    parts = [each.snippet for each in hits]
    return sorted({part.text[first:end] for part in parts for first, end in part.ranges})


handlers = [search]
