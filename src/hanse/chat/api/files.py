"""Routes of files in rooms."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from hanse.chat.api.common import Chat, errors
from hanse.chat.files import service
from hanse.chat.files.kinds import UNKNOWN, download_headers
from hanse.chat.files.model import File
from hanse.chat.files.ranges import wanted
from hanse.identity import Access
from hanse.platform.database import Db

FileName = Annotated[
    str,
    QueryParameter(
        name="name", min_length=1, max_length=1000, description="The file's name, with its suffix."
    ),
]
Saved = Annotated[
    bool,
    QueryParameter(name="save", description="Whether to save what a browser could show, too."),
]
RangeHeader = Annotated[str | None, HeaderParameter(name="Range", schema_extra={"maxLength": 100})]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", schema_extra={"maxLength": 1000})
]
IfRange = Annotated[str | None, HeaderParameter(name="If-Range", schema_extra={"maxLength": 200})]

_PRIVATE: Final = {"Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}


@dataclass
class UploadFileOperation(Operation):
    """The operation whose body is the file itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(
            required=True, content={UNKNOWN: OpenAPIMediaType(schema=schema)}
        )


@post(
    "/rooms/{room_id:uuid}/files",
    operation_id="uploadFile",
    operation_class=UploadFileOperation,
    summary="Upload a file for a message",
    tags=["Chat"],
    responses=errors(400, 409, 413),
    request_max_body_size=None,  # the service counts, by a setting
)
async def upload_file(
    request: Request[Any, Any, Any], access: Access, chat: Chat, room_id: UUID, name: FileName
) -> File:
    """Take the body as a file, which is then sent by its id in `files` of a message.

    What is not sent within a day is deleted.
    """
    return await chat.uploads.take(
        access, room_id, name, announced_bytes(request), request.stream()
    )


def announced_bytes(request: Request[Any, Any, Any]) -> int | None:
    """Return how long a request says that its body is, in bytes."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


@get(
    "/rooms/{room_id:uuid}/files/{file_id:uuid}",
    operation_id="getFile",
    summary="Get what a file is",
    tags=["Chat"],
    responses=errors(),
)
async def get_file(access: Access, db: Db, room_id: UUID, file_id: UUID) -> File:
    """Get the facts of a file, which a message has, too."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return (await service.see_file(tx, access, room_id, file_id)).file


def _binary(description: str) -> ResponseSpec:
    return ResponseSpec(
        data_container=bytes, media_type=UNKNOWN, description=description, generate_examples=False
    )


@get(
    "/rooms/{room_id:uuid}/files/{file_id:uuid}/content",
    operation_id="downloadFile",
    summary="Download a file",
    tags=["Chat"],
    responses={
        **errors(416),
        200: _binary("The file, under its media type if a browser may show it."),
        206: _binary("The part of it that `Range` asks for."),
        304: ResponseSpec(None, description="It is what `If-None-Match` names."),
    },
)
async def download_file(
    access: Access,
    db: Db,
    room_id: UUID,
    file_id: UUID,
    save: Saved = False,
    range_header: RangeHeader = None,
    if_none_match: IfNoneMatch = None,
    if_range: IfRange = None,
) -> Response[Any]:
    """Get the content, or one range of it. Nothing in it runs on a page of this server."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        stored = await service.see_file(tx, access, room_id, file_id)
    tag = f'"{stored.sha256.hex()}"'
    headers = {
        **download_headers(stored.file.name, stored.file.media_type, saved=save),
        **_PRIVATE,
        "ETag": tag,
    }
    if if_none_match is not None and _names(if_none_match, tag):
        return Response(None, status_code=304, headers=headers)
    if if_range not in (None, tag):
        range_header = None
    total = stored.file.bytes
    part = wanted(range_header, total)
    first, last = part or (0, total - 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    headers["Content-Length"] = str(last - first + 1)
    content: AsyncIterator[bytes] = service.read_file(db, access, file_id, first, last)
    return Stream(
        content,
        status_code=206 if part else 200,
        media_type=headers.pop("Content-Type"),
        headers=headers,
    )


@get(
    "/rooms/{room_id:uuid}/files/{file_id:uuid}/thumbnail",
    operation_id="downloadThumbnail",
    summary="Get a small picture of a file",
    tags=["Chat"],
    responses={
        **errors(),
        200: ResponseSpec(
            bytes,
            media_type="image/webp",
            description="A picture of up to 640 pixels on a side.",
            generate_examples=False,
        ),
        304: ResponseSpec(None, description="It is what `If-None-Match` names."),
    },
)
async def download_thumbnail(
    access: Access,
    db: Db,
    room_id: UUID,
    file_id: UUID,
    if_none_match: IfNoneMatch = None,
) -> Response[Any]:
    """Get the thumbnail of an image or of a PDF's first page: of files that have a `width`."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        stored, thumbnail = await service.see_thumbnail(tx, access, room_id, file_id)
    tag = f'"{stored.sha256.hex()}-small"'
    headers = {**download_headers("thumbnail.webp", "image/webp"), **_PRIVATE, "ETag": tag}
    if if_none_match is not None and _names(if_none_match, tag):
        return Response(None, status_code=304, headers=headers)
    return Response(thumbnail, media_type=headers.pop("Content-Type"), headers=headers)


def _names(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in (
        each.strip().removeprefix("W/") for each in header.split(",")
    )


@delete(
    "/rooms/{room_id:uuid}/files/{file_id:uuid}",
    operation_id="deleteUnsentFile",
    summary="Delete a file that was not sent",
    tags=["Chat"],
    status_code=204,
    responses=errors(),
)
async def delete_file(access: Access, db: Db, room_id: UUID, file_id: UUID) -> None:
    """Delete one's own file before it is sent. Afterwards it goes when its message is deleted."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await service.delete_unsent(tx, access, room_id, file_id)


handlers = [upload_file, get_file, download_file, download_thumbnail, delete_file]
