"""Routes of legal holds."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from hanse.chat.api.common import errors
from hanse.chat.files.kinds import download_headers
from hanse.chat.files.service import read_file
from hanse.chat.holds import service
from hanse.chat.holds.model import Hold
from hanse.chat.holds.service import MESSAGES_PAGE_MAX, HeldPage
from hanse.identity import Access
from hanse.platform.database import Db
from hanse.platform.http import PAGE_SIZE_DEFAULT, Cursor, Page, PageQuery, page_of, parse_cursor

HeldLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=MESSAGES_PAGE_MAX)]
_LAST: Final = UUID(int=2**128 - 1)


class NewHold(Struct, forbid_unknown_fields=True):
    """A hold to begin: of a room, or of what a person writes, or with neither of all messages.

    It is about messages sent at `from_at` or later and before `until_at`, if they are given.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
    reason: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]
    room_id: UUID | None = None
    person_id: UUID | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


@post(
    "/chat/holds",
    operation_id="placeHold",
    summary="Begin a legal hold",
    tags=["Chat"],
    responses=errors(400),
)
async def place_hold(access: Access, db: Db, data: NewHold) -> Hold:
    """Let nothing of what the hold names be destroyed, whoever deletes it, until it is released."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.place(tx, access, **msgspec.structs.asdict(data))


@get(
    "/chat/holds",
    operation_id="listHolds",
    summary="List legal holds",
    tags=["Chat"],
    responses=errors(400),
)
async def list_holds(
    access: Access, db: Db, limit: PageQuery = PAGE_SIZE_DEFAULT, cursor: Cursor = None
) -> Page[Hold]:
    """List holds, those that ended included, the newest first."""
    before = parse_cursor(cursor) or _LAST
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_holds(tx, access, before, limit + 1)
    return page_of(found, limit, lambda hold: hold.id)


@get(
    "/chat/holds/{hold_id:uuid}",
    operation_id="getHold",
    summary="Get a legal hold",
    tags=["Chat"],
    responses=errors(),
)
async def get_hold(access: Access, db: Db, hold_id: UUID) -> Hold:
    """Get one hold."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.get_hold(tx, access, hold_id)


@post(
    "/chat/holds/{hold_id:uuid}/release",
    operation_id="releaseHold",
    summary="Release a legal hold",
    tags=["Chat"],
    status_code=200,
    responses=errors(409),
)
async def release_hold(access: Access, db: Db, hold_id: UUID) -> Hold:
    """End a hold: what was deleted meanwhile, and no other hold keeps, is destroyed."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.release(tx, access, hold_id)


@get(
    "/chat/holds/{hold_id:uuid}/messages",
    operation_id="readHold",
    summary="Read what a legal hold holds",
    tags=["Chat"],
    responses=errors(400, 409),
)
async def read_hold(
    access: Access, db: Db, hold_id: UUID, limit: HeldLimit = 50, cursor: Cursor = None
) -> HeldPage:
    """Read messages of a hold with all versions, those deleted included. It is noted."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return await service.read(tx, access, hold_id, cursor, limit)


@get(
    "/chat/holds/{hold_id:uuid}/export",
    operation_id="exportHold",
    summary="Export what a legal hold holds",
    tags=["Chat"],
    responses=errors(409),
    media_type="application/jsonl",
)
async def export_hold(access: Access, db: Db, hold_id: UUID) -> Stream:
    """Export all messages of a hold as JSON lines. It is noted."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        hold = await service.begin_export(tx, access, hold_id)

    async def lines() -> AsyncIterator[bytes]:
        encoder = msgspec.json.Encoder()
        async for page in service.export_pages(db, access, hold):
            yield encoder.encode_lines(page)

    headers = {"Content-Disposition": f'attachment; filename="hold-{hold_id}.jsonl"'}
    return Stream(lines(), media_type="application/jsonl", headers=headers)


@get(
    "/chat/holds/{hold_id:uuid}/files/{file_id:uuid}",
    operation_id="downloadHeldFile",
    summary="Download a file under a legal hold",
    tags=["Chat"],
    responses=errors(409),
    media_type="application/octet-stream",
)
async def download_held_file(access: Access, db: Db, hold_id: UUID, file_id: UUID) -> Stream:
    """Download a file that came with a message of a hold. It is noted."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        _, file = await service.see_file(tx, access, hold_id, file_id)
    headers = download_headers(file.name, file.media_type, saved=True)
    headers["Content-Length"] = str(file.bytes)
    return Stream(
        read_file(db, access, file.id, 0, file.bytes - 1),
        media_type=headers.pop("Content-Type"),
        headers=headers,
    )


handlers = [
    place_hold,
    list_holds,
    get_hold,
    release_hold,
    read_hold,
    export_hold,
    download_held_file,
]
