"""Files that clients of Matrix bring: uploaded into no room, then sent into one."""

import io
from collections.abc import AsyncIterator

import httpx
import nio
from nio import AsyncClient
from PIL import Image

from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    SERVER,
    Somebody,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    somebody,
)
from tests.identity.conftest import House, Tenant

UPLOAD = "/_matrix/media/v3/upload"
DOWNLOAD = "/_matrix/client/v1/media/download"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(out, "PNG")
    return out.getvalue()


async def uploaded(who: Somebody, content: bytes, type: str, name: str | None) -> str:
    answer, _ = await who.client.upload(
        io.BytesIO(content), type, filename=name, filesize=len(content)
    )
    assert isinstance(answer, nio.UploadResponse), answer
    return answer.content_uri


async def sent(who: Somebody, room: str, type: str, url: str, **more: str) -> str:
    content = {"msgtype": type, "url": url, **more}
    answer = await who.client.room_send(room, "m.room.message", content, tx_id=f"t{url[-30:]}")
    assert isinstance(answer, nio.RoomSendResponse), answer
    return answer.event_id


async def test_a_picture_and_a_file_reach_who_is_in_the_room(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    image = await uploaded(iva, picture(), "image/png", "quay.png")
    first = await sent(iva, room, "m.image", image, body="quay.png")
    assert await sent(iva, room, "m.image", image, body="quay.png") == first, "sent once"
    note = await uploaded(iva, b"A note", "text/plain", None)
    await sent(iva, room, "m.file", note, body="Read this", filename="note.txt")
    [shown, caption, file] = (await rui.sync(since)).rooms.join[room].timeline.events
    assert isinstance(shown, nio.RoomMessageImage)
    assert shown.event_id == first
    assert shown.source["content"]["info"]["w"] == 40
    assert isinstance(caption, nio.RoomMessageText)
    assert caption.body == "Read this"
    assert isinstance(file, nio.RoomMessageFile)
    got = await rui.client.download(file.url)
    assert isinstance(got, nio.DownloadResponse), got
    assert (got.body, got.filename) == (b"A note", "file.txt")
    [message, _] = await rui.person.messages(room[1:37])
    assert [each["name"] for each in message["files"]] == ["quay.png"]
    by_first_address = await rui.client.download(image)
    assert isinstance(by_first_address, nio.DownloadResponse)
    small = await rui.client.thumbnail(SERVER, image.rpartition("/")[2], 40, 40)
    assert isinstance(small, nio.ThumbnailResponse)


async def test_clients_of_before_2024_get_files_at_the_older_address_with_their_token(
    iva: Somebody, url: str
) -> None:
    address = await uploaded(iva, picture(), "image/png", "quay.png")
    media = address.removeprefix("mxc://")
    for path in (f"download/{media}", f"download/{media}/quay.png", f"thumbnail/{media}?width=9"):
        got = await iva.raw("GET", f"/_matrix/media/v3/{path}")
        assert (got.status_code, got.headers["Content-Type"][:6]) == (200, "image/"), path
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get(f"/_matrix/media/v3/{path}")).status_code == 401


async def test_what_was_not_sent_is_its_uploaders_alone(
    house: House, url: str, clients: list[AsyncClient], iva: Somebody, rui: Somebody
) -> None:
    room = await rui.create(iva)
    address = await uploaded(iva, b"Mine", "text/plain", "mine.txt")
    media = address.removeprefix("mxc://")
    assert (await iva.raw("GET", f"{DOWNLOAD}/{media}")).content == b"Mine"
    content = {"msgtype": "m.file", "url": address, "body": "mine.txt"}
    eve = await somebody(await house.organisation("Abroad"), url, clients)
    for other in (rui, eve):
        assert (await other.raw("GET", f"{DOWNLOAD}/{media}")).status_code == 404
        path = f"{CLIENT}/rooms/{room}/send/m.room.message/x"
        assert (await other.raw("PUT", path, content)).status_code == 404
    await sent(iva, room, "m.file", address, body="mine.txt")
    assert (await rui.raw("GET", f"{DOWNLOAD}/{media}")).content == b"Mine"
    assert (await eve.raw("GET", f"{DOWNLOAD}/{media}")).status_code == 404
    again = await iva.raw("PUT", f"{CLIENT}/rooms/{room}/send/m.room.message/y", content)
    assert (again.status_code, again.json()["errcode"]) == (404, "M_NOT_FOUND")


async def test_what_is_too_large_or_empty_or_no_file_is_refused(
    house: House, tenant: Tenant, url: str, clients: list[AsyncClient], iva: Somebody
) -> None:
    allowed = await iva.client.content_repository_config()
    assert isinstance(allowed, nio.ContentRepositoryConfigResponse)
    assert allowed.upload_size > 0
    headers = {"Authorization": f"Bearer {iva.client.access_token}"}
    strict = house.browser(house.build(chat_file_bytes_max=10))
    strict.headers.update(headers)
    assert (await strict.get("/_matrix/media/v3/config")).json() == {"m.upload.size": 10}

    async def unannounced() -> AsyncIterator[bytes]:
        yield b"x" * 11

    for content in (b"x" * 11, unannounced()):
        answer = await strict.post(UPLOAD, content=content)
        assert (answer.status_code, answer.json()["errcode"]) == (413, "M_TOO_LARGE")
    assert (await strict.post(UPLOAD, content=b"")).status_code == 400
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.post(UPLOAD, content=b"x")).status_code == 401
    room = await iva.create()
    for wrong in ("x", 5, f"mxc://{SERVER}/x", f"mxc://elsewhere/{room[1:37]}"):
        body = {"msgtype": "m.file", "url": wrong, "body": "x"}
        path = f"{CLIENT}/rooms/{room}/send/m.room.message/z"
        answer = await iva.raw("PUT", path, body)
        assert (answer.status_code, answer.json()["errcode"]) == (400, "M_INVALID_PARAM")
