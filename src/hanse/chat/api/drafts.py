"""Routes of what people have begun to write."""

from typing import Annotated
from uuid import UUID

from litestar import get, put
from msgspec import Meta, Struct

from hanse.chat.api.common import Number, errors
from hanse.chat.composing import service
from hanse.chat.composing.store import ComposerDraft
from hanse.chat.log.rules import TEXT_CHARACTERS_MAX, TOPIC_CHARACTERS_MAX
from hanse.identity import Access
from hanse.platform.database import Db


class Writing(Struct, forbid_unknown_fields=True):
    """What one has begun to write, in a room or in its topic or thread; empty: nothing."""

    text: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)]
    topic: Annotated[str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX)] | None = None
    thread: Number | None = None


class DraftKept(Struct):
    """The draft as it stands; null if there is none now."""

    draft: ComposerDraft | None


class Drafts(Struct):
    """One's drafts, last written first; all of them."""

    items: list[ComposerDraft]


@put(
    "/rooms/{room_id:uuid}/draft",
    operation_id="putDraft",
    summary="Keep a draft",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def put_draft(access: Access, db: Db, room_id: UUID, data: Writing) -> DraftKept:
    """Keep what one has begun to write, for one's other devices; the last writing counts.

    Nobody else sees it. Put an empty text when it was sent.
    """
    async with db.tx(access.organisation_id, access.person_id) as tx:
        kept = await service.put_draft(tx, access, room_id, data.topic, data.thread, data.text)
    return DraftKept(kept)


@get(
    "/chat/drafts",
    operation_id="listDrafts",
    summary="List one's drafts",
    tags=["Chat"],
    responses=errors(),
)
async def list_drafts(access: Access, db: Db) -> Drafts:
    """List what one has begun to write, in rooms that one is in now."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return Drafts(await service.list_drafts(tx, access))


handlers = [put_draft, list_drafts]
