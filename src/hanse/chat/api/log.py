"""Routes of the log: send, read, resume, and long polling."""

import time
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.chat import reading
from hanse.chat.api.common import Chat, Number, NumberOrNone, errors
from hanse.chat.drafts import NewEvent, draft_of
from hanse.chat.log import store as log_store
from hanse.chat.log.model import Appended, Event, Topic, at_most
from hanse.chat.places import NUMBER_MAX
from hanse.chat.reading import (
    CHARACTERS_MAX,
    EVENTS_PAGE_MAX,
    MESSAGES_PAGE_MAX,
    HistoryPage,
    LogPage,
    MessageHistory,
    PinnedMessages,
)
from hanse.chat.rooms import store
from hanse.chat.rooms.service import actor_of, may_browse
from hanse.chat.tickets import TICKET_LIFETIME_S, Credentials
from hanse.identity import Access, Permission
from hanse.platform.database import Db
from hanse.platform.problems import NotFound

SYNC_ROOMS_MAX = 200
SYNC_EVENTS_MAX = 200
SYNC_WAIT_S_MAX = 25.0
ROOMS_OF_MEMBER_MAX = 2_000

After = Annotated[
    int,
    QueryParameter(
        name="after", ge=0, le=NUMBER_MAX, description="The last number that one has; 0 for none."
    ),
]
EventsLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=EVENTS_PAGE_MAX)]
Before = Annotated[
    int | None,
    QueryParameter(name="before", ge=1, le=NUMBER_MAX, description="`before` of the last page."),
]
Behind = Annotated[
    int | None,
    QueryParameter(
        name="after", ge=0, le=NUMBER_MAX, description="`after` of the last page; 0: the start."
    ),
]
At = Annotated[
    datetime | None,
    QueryParameter(name="at", description="Begin with the first message at this time or later."),
]
MessagesLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=MESSAGES_PAGE_MAX)]
TopicName = Annotated[str | None, QueryParameter(name="topic", max_length=100)]
Languages = Annotated[
    list[Annotated[str, Meta(min_length=2, max_length=35)]] | None,
    QueryParameter(
        name="language",
        max_items=20,
        description="What the reader reads, best first, in place of the caller's own languages.",
    ),
]
Thread = Annotated[int | None, QueryParameter(name="thread", ge=1, le=NUMBER_MAX)]


class Sync(Struct, forbid_unknown_fields=True):
    """The last number that one has of each room, and how long to wait for news."""

    rooms: Annotated[dict[UUID, NumberOrNone], Meta(max_length=SYNC_ROOMS_MAX)] = {}
    wait_s: Annotated[float, Meta(ge=0, le=SYNC_WAIT_S_MAX)] = 0.0


class RoomNews(Struct):
    """What follows in one room, without a gap; more than fits if `head` is beyond the last."""

    events: list[Event]
    head: int


class News(Struct):
    """News of the rooms that were asked for, and where all of one's rooms end.

    `gone` are those that one may not read, or no longer.
    """

    rooms: dict[UUID, RoomNews]
    heads: dict[UUID, int]
    gone: list[UUID]


class Ticket(Struct):
    """How to open a socket: say `{"op": "hello", "ticket": ...}` at `url` in time."""

    ticket: str
    url: str
    expires_in_s: int


class WantedTranslations(Struct, forbid_unknown_fields=True):
    """Messages, and what the reader reads, best first, if it is not the caller."""

    numbers: Annotated[list[Number], Meta(min_length=1, max_length=MESSAGES_PAGE_MAX)]
    languages: (
        Annotated[list[Annotated[str, Meta(min_length=2, max_length=35)]], Meta(max_length=20)]
        | UnsetType
    ) = UNSET


class GatewayAway(NotFound):
    """This installation has no gateway."""

    code = "no_gateway"
    title = "No gateway"


@post(
    "/rooms/{room_id:uuid}/events",
    operation_id="sendEvent",
    summary="Send a message, edit, reaction, ...",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def send_event(
    access: Access, chat: Chat, room_id: UUID, data: NewEvent
) -> Response[Appended]:
    """Append to the room's log; it is on disk when the answer comes: 201, or 200 for a repeat."""
    draft = draft_of(access, room_id, data)
    appended = await chat.appender.append(access.organisation_id, draft)
    return Response(appended, status_code=200 if appended.is_repeat else 201)


@get(
    "/rooms/{room_id:uuid}/events",
    operation_id="readLog",
    summary="Read the log from a number on",
    tags=["Chat"],
    responses=errors(400),
)
async def read_log(
    access: Access, db: Db, room_id: UUID, after: After = 0, limit: EventsLimit = 100
) -> LogPage:
    """Read what follows a number; numbers are dense, so one can tell that nothing is missing."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await reading.read_log(tx, access, room_id, after, limit)


@get(
    "/rooms/{room_id:uuid}/messages",
    operation_id="readHistory",
    summary="Read messages as they stand",
    tags=["Chat"],
    responses=errors(400),
)
async def read_history(
    access: Access,
    db: Db,
    room_id: UUID,
    before: Before = None,
    after: Behind = None,
    at: At = None,
    limit: MessagesLimit = 50,
    topic: TopicName = None,
    thread: Thread = None,
    languages: Languages = None,
) -> HistoryPage:
    """Read a page of messages with their edits and reactions, of one topic or thread if asked."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await reading.read_history(
            tx,
            access,
            room_id,
            before=before,
            after=after,
            at=at,
            limit=limit,
            topic=topic,
            thread=thread,
            languages=languages,
        )


@get(
    "/rooms/{room_id:uuid}/topics",
    operation_id="listTopics",
    summary="List a room's topics",
    tags=["Chat"],
    responses=errors(),
)
async def list_topics(access: Access, db: Db, room_id: UUID) -> list[Topic]:
    """List up to 200 topics with what is unread in each, the one written in last first."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await reading.read_topics(tx, access, room_id)


@get(
    "/rooms/{room_id:uuid}/pins",
    operation_id="listPinnedMessages",
    summary="List what is pinned in a room",
    tags=["Chat"],
    responses=errors(),
)
async def list_pinned(access: Access, db: Db, room_id: UUID) -> PinnedMessages:
    """List up to 100 pinned messages as they stand, pinned last first."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await reading.list_pinned(tx, access, room_id)


@post(
    "/rooms/{room_id:uuid}/translations",
    operation_id="wantTranslations",
    summary="Ask for translations of messages",
    tags=["Chat"],
    status_code=202,
    responses=errors(400),
)
async def want_translations(
    access: Access, db: Db, room_id: UUID, data: WantedTranslations
) -> None:
    """Ask for messages that came to be before somebody read their languages here.

    New messages are translated by themselves.
    """
    languages = None if data.languages is UNSET else data.languages
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await reading.want_translations(tx, access, room_id, data.numbers, languages)


@get(
    "/rooms/{room_id:uuid}/messages/{number:int}",
    operation_id="readMessage",
    summary="Read a message and its past",
    tags=["Chat"],
    responses=errors(400),
)
async def read_message(access: Access, db: Db, room_id: UUID, number: int) -> MessageHistory:
    """Read one message with all that happened to it."""
    if not 0 < number <= NUMBER_MAX:
        raise NotFound("There is no message of such a number.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await reading.read_message(tx, access, room_id, number)


@post(
    "/chat/sync",
    operation_id="syncRooms",
    summary="Wait for news of rooms",
    tags=["Chat"],
    status_code=200,
    responses=errors(400),
)
async def sync(access: Access, db: Db, chat: Chat, data: Sync) -> News:
    """Long polling, for whom sockets do not reach: answers at once if there is news.

    Without `rooms` there is nothing to wait for: the answer has the heads alone.
    """
    access.require(Permission.CHAT_READ)
    deadline = time.monotonic() + data.wait_s
    while True:
        news = await _news(db, access, data)
        left_s = deadline - time.monotonic()
        if (
            left_s <= 0
            or not data.rooms
            or news.gone
            or any(each.events for each in news.rooms.values())
        ):
            return news
        await chat.news.wait(data.rooms, left_s)


async def _news(db: Db, access: Access, asked: Sync) -> News:
    actor, rooms = actor_of(access), {}
    async with db.tx(access.organisation_id, access.person_id) as tx:
        mine = await store.room_ids_of(tx, actor, ROOMS_OF_MEMBER_MAX)
        seen = await store.visible(tx, actor, list(asked.rooms), may_browse=may_browse(access))
        left = SYNC_EVENTS_MAX
        for room_id, head in seen.items():
            after = asked.rooms[room_id]
            events = []
            if after < head and left:
                found = await log_store.read_events(tx, room_id, after, left)
                events = at_most(found, CHARACTERS_MAX)
                left -= len(events)
            rooms[room_id] = RoomNews(events, head)
    return News(rooms, mine, [each for each in asked.rooms if each not in seen])


@post(
    "/chat/tickets",
    operation_id="createChatTicket",
    summary="Get a ticket for a socket",
    tags=["Chat"],
    responses=errors(),
)
async def create_ticket(
    access: Access,
    chat: Chat,
    credentials: dict[str, str | None],
) -> Ticket:
    """Get the address of the gateway, and a ticket that says there who opens a socket."""
    access.require(Permission.CHAT_READ)
    if not chat.gateway_url:
        raise GatewayAway("Sockets are not served here. Use POST /v1/chat/sync.")
    ticket = chat.tickets.make(
        Credentials(credentials["authorization"], credentials["session_token"])
    )
    return Ticket(ticket, chat.gateway_url, TICKET_LIFETIME_S)


handlers = [
    send_event,
    read_log,
    read_history,
    read_message,
    list_topics,
    list_pinned,
    want_translations,
    sync,
    create_ticket,
]
