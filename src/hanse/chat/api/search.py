"""The route that finds messages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter

from hanse.chat.api.common import errors
from hanse.chat.api.log import Languages, TopicName
from hanse.chat.search import service
from hanse.chat.search.service import HITS_PAGE_MAX, Filters, SearchPage
from hanse.identity import Access
from hanse.platform.database import Db
from hanse.platform.http import Cursor

Query = Annotated[
    str,
    QueryParameter(
        name="q",
        min_length=1,
        max_length=200,
        description='Words, "words in this order", -without. The last word may be a beginning.',
    ),
]
HitsLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=HITS_PAGE_MAX)]
InRoom = Annotated[UUID | None, QueryParameter(name="room", description="In this room alone.")]
Sender = Annotated[UUID | None, QueryParameter(name="sender", description="Sent by them.")]
MentionsMe = Annotated[
    bool, QueryParameter(name="mentions_me", description="That mentions the caller, or all.")
]
Since = Annotated[datetime | None, QueryParameter(name="since", description="Sent then or later.")]
Until = Annotated[datetime | None, QueryParameter(name="until", description="Sent before.")]


@get(
    "/chat/search",
    operation_id="searchMessages",
    summary="Find messages",
    tags=["Chat"],
    responses=errors(400),
)
async def search_messages(
    access: Access,
    db: Db,
    q: Query,
    room_id: InRoom = None,
    topic: TopicName = None,
    sender_id: Sender = None,
    mentions_me: MentionsMe = False,
    since: Since = None,
    until: Until = None,
    languages: Languages = None,
    limit: HitsLimit = 20,
    cursor: Cursor = None,
) -> SearchPage:
    """Find messages by words of what was written, or of its translations into any language.

    Newest first, of rooms that the caller may read. A message can be found about a second after it
    was sent, and no longer once it was deleted.
    """
    filters = Filters(
        room_id=room_id,
        topic=topic,
        sender_id=sender_id,
        mentions_me=mentions_me,
        since=since,
        until=until,
    )
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.search(
            tx, access, q, filters, limit=limit, cursor=cursor, languages=languages
        )


handlers = [search_messages]
