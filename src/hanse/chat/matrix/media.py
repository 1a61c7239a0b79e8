"""Routes by which Matrix's clients bring files in and get them."""

# ruff: noqa: ARG001

import mimetypes
from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Stream

from hanse.chat.api.common import Chat
from hanse.chat.api.files import announced_bytes
from hanse.chat.files import service as files
from hanse.chat.files.kinds import download_headers
from hanse.chat.files.model import Stored
from hanse.chat.matrix.common import server_of
from hanse.chat.matrix.events import Json
from hanse.chat.matrix.ids import media_place
from hanse.identity import Access
from hanse.platform.database import Db, Tx
from hanse.platform.problems import NotFound

MEDIA = "/_matrix/client/v1/media"
OLD_MEDIA = "/_matrix/media/v3"
"""Where clients of before 2024 look. Here they need their token as everywhere."""

Name = Annotated[str, QueryParameter(name="filename", max_length=1000)]


@get([f"{MEDIA}/config", f"{OLD_MEDIA}/config"])
async def media_config(bearer: Access, chat: Chat) -> Json:
    """Tell how large a file may be."""
    return {"m.upload.size": chat.uploads.rules.bytes_max}


@post(
    f"{OLD_MEDIA}/upload",
    status_code=200,
    request_max_body_size=None,  # the service counts, by a setting
)
async def upload(
    bearer: Access, chat: Chat, public_url: str, request: Request[Any, Any, Any], name: Name = ""
) -> Json:
    """Take the body as a file that one's next message brings into its room.

    What is not sent within a day is deleted.
    """
    name = name or f"file{_suffix(request.headers.get('content-type', ''))}"
    file = await chat.uploads.take(bearer, None, name, announced_bytes(request), request.stream())
    return {"content_uri": server_of(public_url).media(None, file.id)}


def _suffix(media_type: str) -> str:
    return mimetypes.guess_extension(media_type.partition(";")[0].strip()) or ""


@get(
    [
        f"{each}/download/{{server_name:str}}/{{media:str}}{name}"
        for each in (MEDIA, OLD_MEDIA)
        for name in ("", "/{file_name:str}")
    ]
)
async def download(
    bearer: Access, db: Db, server_name: str, media: str, file_name: str = ""
) -> Response[Any]:
    """Get a file of a room that one may read, or one's own that is in no room yet.

    Nothing in it runs on a page of this server.
    """
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        file = (await _see(tx, bearer, media)).file
    headers = download_headers(file.name, file.media_type)
    headers["Content-Length"] = str(file.bytes)
    content: AsyncIterator[bytes] = files.read_file(db, bearer, file.id, 0, file.bytes - 1)
    return Stream(content, media_type=headers.pop("Content-Type"), headers=headers)


@get([f"{each}/thumbnail/{{server_name:str}}/{{media:str}}" for each in (MEDIA, OLD_MEDIA)])
async def thumbnail(bearer: Access, db: Db, server_name: str, media: str) -> Response[bytes]:
    """Get the thumbnail of an image, of up to 640 pixels on a side whatever was asked for."""
    async with db.tx(bearer.organisation_id, bearer.person_id) as tx:
        picture = await files.thumbnail_of(tx, await _see(tx, bearer, media))
    headers = download_headers("thumbnail.webp", "image/webp")
    return Response(picture, media_type=headers.pop("Content-Type"), headers=headers)


async def _see(tx: Tx, bearer: Access, media: str) -> Stored:
    try:
        room_id, file_id = media_place(media)
    except ValueError as error:
        raise NotFound("There is no such file.") from error
    if room_id is None:
        return await files.see_upload(tx, bearer, file_id)
    return await files.see_file(tx, bearer, room_id, file_id)


handlers = [media_config, upload, download, thumbnail]
