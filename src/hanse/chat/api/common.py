"""What the routes of the chat share."""

from typing import Annotated
from uuid import UUID

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from msgspec import Meta, Struct

from hanse.chat import bell
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Event
from hanse.chat.reading import NUMBER_MAX
from hanse.chat.rooms.service import DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from hanse.chat.tickets import Tickets
from hanse.chat.waiting import News
from hanse.identity import Seal
from hanse.platform.bus import Bus
from hanse.platform.database import Db

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_CHARACTERS_MAX)]
Number = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
NumberOrNone = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A repeat with the same key gets the first answer instead of a second effect.",
    ),
]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`next_cursor` of the page before.")
]


class Problem(Struct):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the errors of a route for the OpenAPI document."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            media_type="application/problem+json",
            description="See `detail`.",
            generate_examples=False,
        )
        for status in (401, 403, 404, 429, 503, *statuses)
    }


class Chat:
    """What one web process needs for the chat. `gateway_url` is where clients open sockets."""

    def __init__(self, db: Db, bus: Bus | None, seal: Seal, gateway_url: str) -> None:
        self.db = db
        self.gateway_url = gateway_url
        self.appender = Appender(db, bus)
        self.news = News(bus)
        self.tickets = Tickets(seal)
        self._bus = bus

    async def ring(self, organisation_id: UUID, events: list[Event]) -> None:
        """Tell about events that a route appended itself and that are committed."""
        await bell.ring(self._bus, organisation_id, events)
