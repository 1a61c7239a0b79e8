"""What travels over a socket, as JSON in text frames or as MessagePack in binary ones.

Documented in docs/asyncapi.yaml; a test compares the two.
"""

from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.chat.drafts import NewEvent
from hanse.chat.log.model import Event
from hanse.chat.previews.model import Previewed
from hanse.chat.translations.model import Translated
from hanse.platform.problems import Problem

FRAME_BYTES_MAX: Final = 128 * 1024
ROOMS_AT_ONCE_MAX: Final = 500
WATCHED_MAX: Final = 200

_Number = Annotated[int, Meta(ge=0, le=2**62)]
_Id = Annotated[int, Meta(ge=0, le=2**53)] | Annotated[str, Meta(max_length=64)]


class _FromClient(Struct, tag_field="op", forbid_unknown_fields=True, kw_only=True):
    id: _Id | UnsetType = UNSET


class Hello(_FromClient, tag="hello"):
    """Says who opened the socket, by a ticket of POST /v1/chat/tickets."""

    ticket: Annotated[str, Meta(max_length=4096)]


class Subscribe(_FromClient, tag="subscribe"):
    """Asks for what is appended to rooms, each from behind the last number that one has.

    Null: from now on.
    """

    rooms: Annotated[dict[UUID, _Number | None], Meta(max_length=ROOMS_AT_ONCE_MAX)]


class Unsubscribe(_FromClient, tag="unsubscribe"):
    """Asks for no more of these rooms."""

    rooms: Annotated[list[UUID], Meta(max_length=ROOMS_AT_ONCE_MAX)]


class Send(_FromClient, tag="send"):
    """Appends to a room, like POST /v1/rooms/{room_id}/events."""

    room_id: UUID
    event: NewEvent


class Read(_FromClient, tag="read"):
    """Moves one's read marker."""

    room_id: UUID
    number: _Number
    is_back: bool = False


class Typing(_FromClient, tag="typing"):
    """Tells the others in a room that one writes; to be repeated every few seconds."""

    room_id: UUID


class Watch(_FromClient, tag="watch"):
    """Asks whether these members are there, now and whenever that changes."""

    member_ids: Annotated[list[UUID], Meta(max_length=WATCHED_MAX)]


class Languages(_FromClient, tag="languages"):
    """Says what the reader at this socket reads, best first, in place of the member's own."""

    languages: Annotated[
        list[Annotated[str, Meta(min_length=2, max_length=35)]], Meta(max_length=20)
    ]


class Ping(_FromClient, tag="ping"):
    """Asks for a pong."""


FromClient = Hello | Subscribe | Unsubscribe | Send | Read | Typing | Watch | Languages | Ping


class _FromServer(Struct, tag_field="op", kw_only=True, frozen=True):
    pass


class Welcome(_FromServer, tag="welcome", frozen=True, kw_only=True):
    """Who one is, and where the logs of one's rooms end."""

    member_id: UUID
    rooms: dict[UUID, int]
    languages: list[str]
    heartbeat_s: float


class Subscribed(_FromServer, tag="subscribed", frozen=True, kw_only=True):
    """Where the logs end; `gone` may not be read. What is missing follows as events."""

    rooms: dict[UUID, int]
    gone: list[UUID]
    id: Any = UNSET


class Events(_FromServer, tag="events", frozen=True, kw_only=True):
    """A part of a room's log, directly behind what was sent before."""

    room_id: UUID
    events: list[Event]


class Limited(_FromServer, tag="limited", frozen=True, kw_only=True):
    """Too much is missing to send it here: read it by pages up to `head`; then live goes on."""

    room_id: UUID
    head: int


class Sent(_FromServer, tag="sent", frozen=True, kw_only=True):
    """What was sent under this id is in the log, on disk."""

    room_id: UUID
    number: int
    is_repeat: bool
    created_at: datetime
    id: Any = UNSET


class Marker(_FromServer, tag="read", frozen=True, kw_only=True):
    """One's own marker, moved here or by another device."""

    room_id: UUID
    read_number: int
    id: Any = UNSET


class Joined(_FromServer, tag="joined", frozen=True, kw_only=True):
    """One is in a room now; subscribe to it to follow."""

    room_id: UUID
    head: int


class Left(_FromServer, tag="left", frozen=True, kw_only=True):
    """One may not read this room any longer."""

    room_id: UUID


class Translation(_FromServer, tag="translation", frozen=True, kw_only=True):
    """A message of a followed room in a language that the reader reads."""

    translation: Translated


class Previews(_FromServer, tag="previews", frozen=True, kw_only=True):
    """What stands behind the links of a message of a followed room."""

    previewed: Previewed


class IsTyping(_FromServer, tag="typing", frozen=True, kw_only=True):
    """Who wrote in a room in the last second."""

    room_id: UUID
    member_ids: list[UUID]


class Presence(_FromServer, tag="presence", frozen=True, kw_only=True):
    """Who of those watched came or went."""

    online: list[UUID]
    offline: list[UUID]


class Heads(_FromServer, tag="heads", frozen=True, kw_only=True):
    """The heartbeat: where the logs of subscribed rooms end that changed since the last one."""

    rooms: dict[UUID, int]


class Pong(_FromServer, tag="pong", frozen=True, kw_only=True):
    """The answer to a ping."""

    id: Any = UNSET


class Failed(_FromServer, tag="error", frozen=True, kw_only=True):
    """What was asked under this id was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retry_after_s: float | None = None
    id: Any = UNSET


class Frame:
    """Something to send to many sockets, encoded once in each form that is needed."""

    def __init__(self, content: Struct) -> None:
        self.content = content

    @cached_property
    def json(self) -> bytes:
        """As JSON."""
        return _json.encode(self.content)

    @cached_property
    def msgpack(self) -> bytes:
        """As MessagePack."""
        return _msgpack.encode(self.content)


_json: Final = msgspec.json.Encoder()
_msgpack: Final = msgspec.msgpack.Encoder()
_from_json: Final[msgspec.json.Decoder[FromClient]] = msgspec.json.Decoder(FromClient)
_from_msgpack: Final[msgspec.msgpack.Decoder[FromClient]] = msgspec.msgpack.Decoder(FromClient)


def decoded(payload: bytes, *, is_text: bool) -> FromClient:
    """Return what a client sent. Raises msgspec.DecodeError, RecursionError."""
    return _from_json.decode(payload) if is_text else _from_msgpack.decode(payload)


def failed(problem: Problem, id: Any = UNSET) -> Failed:
    """Return a problem as a frame."""
    return Failed(
        type=f"urn:hanse:problem:{problem.code}",
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        retry_after_s=problem.retry_after_s,
        id=id,
    )
