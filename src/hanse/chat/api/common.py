"""What the routes of the chat share."""

import functools
from typing import Annotated, Final
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Meta

from hanse.chat import bell
from hanse.chat.files.examining import FileRules
from hanse.chat.files.service import Uploads
from hanse.chat.heard import Heard
from hanse.chat.integrations.receiving import Posting
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Event
from hanse.chat.places import NUMBER_MAX
from hanse.chat.programs.trial import Trial, Tried, try_program
from hanse.chat.rooms.service import DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from hanse.chat.tickets import Tickets
from hanse.chat.waiting import News
from hanse.identity import Seal
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.http import InvalidCursor, RateLimits, problem_responses

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_CHARACTERS_MAX)]
Number = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
NumberOrNone = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
PAGE_MAX: Final = 100
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX)]
errors = functools.partial(problem_responses, 404)
"""Describe the errors of a route for the OpenAPI document; any room may be unknown."""


def position_of(cursor: str | None) -> int:
    """Return the number before which a page ends; without a cursor, beyond all. Raises
    InvalidCursor."""
    if cursor is None:
        return 2**62
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InvalidCursor("The cursor is not one that this server gave out.")
    return int(cursor)


class Chat:
    """What one web process needs for the chat.

    `gateway_url` is where clients open sockets; an incoming webhook posts `posts_per_minute` times,
    and a caller syncs from the beginning `initial_syncs_per_minute` times.
    """

    def __init__(
        self,
        db: Db,
        bus: Bus | None,
        seal: Seal,
        gateway_url: str,
        files: FileRules,
        posts_per_minute: int,
        initial_syncs_per_minute: int = 0,
    ) -> None:
        self.db = db
        self.gateway_url = gateway_url
        self.appender = Appender(db, bus)
        self.posting = Posting(db, self.appender, posts_per_minute)
        self.uploads = Uploads(db, files)
        self.news = News(bus)
        self.heard = Heard(bus)
        self.limits = RateLimits(db)
        self.initial_syncs_per_minute = initial_syncs_per_minute
        self.tickets = Tickets(seal)
        self._bus = bus

    async def try_program(self, trial: Trial) -> Tried:
        """Have a program tried by whoever runs programs. Raises ProgramsAway."""
        return await try_program(self._bus, trial)

    async def ring(self, organisation_id: UUID, events: list[Event]) -> None:
        """Tell about events that a route appended itself and that are committed."""
        await bell.ring(self._bus, organisation_id, events)
