"""Routes of messages: send, read and mark as read, as Matrix's clients ask for them."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post, put
from litestar.params import QueryParameter
from msgspec import Struct

from hanse.chat import whispers
from hanse.chat.api.common import Chat
from hanse.chat.drafts import NewEvent, draft_of
from hanse.chat.files import service as files
from hanse.chat.log import store as log_store
from hanse.chat.log.model import Kind
from hanse.chat.log.rules import NoSuchMessage, NotAllowedInRoom
from hanse.chat.matrix import positions
from hanse.chat.matrix.common import ROOM, server_of
from hanse.chat.matrix.events import REDACTING, Json
from hanse.chat.matrix.filters import TIMELINE_MAX
from hanse.chat.matrix.ids import event_id, number_of
from hanse.chat.matrix.reading import as_events, device_of, event_at
from hanse.chat.matrix.sending import EVENT_BYTES_MAX, UnsupportedEvent, new_event
from hanse.chat.places import NUMBER_MAX
from hanse.chat.rooms import service
from hanse.chat.rooms.service import actor_of, see_room
from hanse.identity import Access, Seal
from hanse.platform.bus import Bus
from hanse.platform.database import Db

From = Annotated[str | None, QueryParameter(name="from", max_length=60_000)]
TRANSACTION_CHARACTERS_MAX = 50

Limit = Annotated[int, QueryParameter(name="limit", ge=1)]


class Typing(Struct):
    """Whether somebody is writing."""

    typing: bool


class Markers(Struct, rename={"fully_read": "m.fully_read", "read": "m.read"}):
    """How far somebody has read, by events."""

    fully_read: str | None = None
    read: str | None = None


@put(
    f"{ROOM}/send/{{event_type:str}}/{{transaction:str}}",
    request_max_body_size=EVENT_BYTES_MAX,
)
async def send(
    bearer: Access,
    chat: Chat,
    public_url: str,
    room: str,
    event_type: str,
    transaction: str,
    data: Json,
) -> Json:
    """Append to the room's log; the same transaction of a device is appended once."""
    server = server_of(public_url)
    id = server.room_of(room)
    new = new_event(server, room, event_type, data, device_of(bearer), transaction)
    if new.files:
        async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
            for each in new.files:
                await files.bring_into_room(tx, bearer, id, each)
    return await _appended(bearer, chat, id, new)


@put(f"{ROOM}/redact/{{event:str}}/{{transaction:str}}")
async def redact(
    bearer: Access, chat: Chat, public_url: str, room: str, event: str, transaction: str
) -> Json:
    """Delete a message, or take a reaction back."""
    id = server_of(public_url).room_of(room)
    number = number_of(event, id)
    async with chat.db.tx(bearer.organisation_id, bearer.person_id) as tx:
        await see_room(tx, bearer, id)
        found = await event_at(tx, id, number)
    if found is None or found.kind not in (Kind.MESSAGE, Kind.REACTION):
        raise NoSuchMessage("There is no such message in this room.")
    is_message = found.kind is Kind.MESSAGE
    if not is_message and found.sender_id != actor_of(bearer):
        raise NotAllowedInRoom("Only whoever reacted takes a reaction back.")
    new = NewEvent(
        client_key=_redacting(transaction),
        device=device_of(bearer),
        kind="delete" if is_message else "reaction",
        target=number if is_message else found.target,
        emoji=None if is_message else found.body.emoji,
        on=is_message,
    )
    return await _appended(bearer, chat, id, new)


def _redacting(transaction: str) -> str:
    if len(transaction) > TRANSACTION_CHARACTERS_MAX:
        most = TRANSACTION_CHARACTERS_MAX
        raise UnsupportedEvent(f"A transaction id of a redaction has up to {most} characters.")
    return REDACTING + transaction


async def _appended(bearer: Access, chat: Chat, room_id: UUID, new: NewEvent) -> Json:
    draft = draft_of(bearer, room_id, new)
    appended = await chat.appender.append(bearer.organisation_id, draft)
    return {"event_id": event_id(room_id, appended.number)}


@get(f"{ROOM}/messages")
async def messages(
    bearer: Access,
    db: Db,
    seal: Seal,
    public_url: str,
    room: str,
    start: From = None,
    direction: Annotated[Literal["b", "f"], QueryParameter(name="dir")] = "b",
    limit: Limit = 10,
) -> Json:
    """Return a page of a room's log: backwards from a place, or forwards."""
    server = server_of(public_url)
    id, limit = server.room_of(room), min(limit, TIMELINE_MAX)
    is_back = direction == "b"
    place = NUMBER_MAX if is_back else 0
    if start:
        place = positions.read_in_room(seal, actor_of(bearer), start, id)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        found = await see_room(tx, bearer, id)
        place = min(place, found.head)
        after = max(place - limit, 0) if is_back else place
        count = place - after if is_back else limit
        entries = await log_store.read_events(tx, id, after, count) if count else []
        chunk = await as_events(tx, bearer, server, found, entries)
    page: Json = {"start": positions.in_room(place), "chunk": chunk[::-1] if is_back else chunk}
    end = after if is_back else place + len(entries)
    if (is_back and after > 0) or (not is_back and end < found.head):
        page["end"] = positions.in_room(end)
    return page


@get(f"{ROOM}/event/{{event:str}}")
async def one_event(bearer: Access, db: Db, public_url: str, room: str, event: str) -> Json:
    """Return one event."""
    server = server_of(public_url)
    id = server.room_of(room)
    number = number_of(event, id)
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        found = await see_room(tx, bearer, id)
        entry = await event_at(tx, id, number)
        made = [] if entry is None else await as_events(tx, bearer, server, found, [entry])
    for each in made:
        if each["event_id"] == event:
            return each
    raise NoSuchMessage("There is no such event in this room.")


@put(f"{ROOM}/typing/{{user:str}}")
async def typing(
    bearer: Access, db: Db, bus: Bus | None, public_url: str, room: str, user: str, data: Typing
) -> Json:
    """Tell that one is writing."""
    server = server_of(public_url)
    id, actor = server.room_of(room), actor_of(bearer)
    if server.user_of(user) != actor:
        raise NotAllowedInRoom("Tell of yourself that you write.")
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        seen = await see_room(tx, bearer, id)
    if data.typing and seen.role is not None:
        await whispers.whisper(bus, whispers.TypingNow(bearer.organisation_id, id, actor))
    return {}


@post(f"{ROOM}/receipt/{{kind:str}}/{{event:str}}", status_code=200)
async def receipt(
    bearer: Access, db: Db, bus: Bus | None, public_url: str, room: str, kind: str, event: str
) -> Json:
    """Move one's marker; what is read in private stays unread here."""
    if kind in ("m.read", "m.fully_read"):
        await _mark_read(bearer, db, bus, server_of(public_url).room_of(room), [event])
    return {}


@post(f"{ROOM}/read_markers", status_code=200)
async def read_markers(
    bearer: Access, db: Db, bus: Bus | None, public_url: str, room: str, data: Markers
) -> Json:
    """Move one's marker to the last of these events."""
    named = [each for each in (data.fully_read, data.read) if each is not None]
    await _mark_read(bearer, db, bus, server_of(public_url).room_of(room), named)
    return {}


async def _mark_read(
    bearer: Access, db: Db, bus: Bus | None, room_id: UUID, events: list[str]
) -> None:
    # Clients may name pieces of state, which stand in no log.
    numbers = [number_of(each, room_id) for each in events if not each.startswith("$state")]
    if not numbers:
        return
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        marker = await service.mark_read(tx, bearer, room_id, max(numbers))
    moved = whispers.MarkerMoved(bearer.organisation_id, room_id, actor_of(bearer), marker)
    await whispers.whisper(bus, moved)


handlers = [
    send,
    redact,
    messages,
    one_event,
    typing,
    receipt,
    read_markers,
]
