"""Files in rooms over HTTP: who may bring, see and fetch them, and what nobody may."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from hanse.chat.files.jobs import register_files
from hanse.chat.files.service import UNSENT_MAX
from hanse.identity import Role
from hanse.platform.database import Db
from hanse.platform.jobs import Jobs
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant

EICAR = b"stands in for what a scanner knows"


def picture(width: int = 900, height: int = 600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


async def upload(
    who: Person, room: str, content: Any = b"Hello", name: str = "a.txt", status: int = 201
) -> Any:
    answer = await who.browser.post(
        f"/v1/rooms/{room}/files", params={"name": name}, content=content
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def fetch(
    who: Person, room: str, file: str, what: str = "/content", **headers: str
) -> httpx.Response:
    return await who.browser.get(f"/v1/rooms/{room}/files/{file}{what}", headers=headers)


async def kept(house: House, tenant: Tenant, file: str) -> tuple[int, int]:
    async with house.db.tx(tenant.id) as tx:
        files = await tx.fetchval("select count(*) from chat.files where id = $1", UUID(file))
        sql = "select count(*) from chat.file_parts where file_id = $1"
        return files, await tx.fetchval(sql, UUID(file))


async def test_a_file_is_uploaded_sent_and_fetched(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    content = os.urandom(600_000)
    file = await upload(ana, room, content, "C:\\notes\\März\u202e.bin")
    assert file == {
        "id": file["id"],
        "name": "März.bin",
        "media_type": "application/octet-stream",
        "bytes": 600_000,
    }
    number = (await ana.send(room, files=[file["id"]]))["number"]
    [message] = await ben.messages(room)
    assert (message["number"], message["text"], message["files"]) == (number, "", [file])
    answer = await fetch(ben, room, file["id"])
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith('attachment; filename="M_rz.bin"')
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    tag = answer.headers["etag"]
    assert (await fetch(ben, room, file["id"], **{"If-None-Match": tag})).status_code == 304
    assert (await ben.ask("GET", f"/rooms/{room}/files/{file['id']}")) == file


async def test_any_range_of_a_file_is_what_stands_there(ana: Person) -> None:
    room = await ana.channel()
    content = os.urandom(700_000)
    file = (await upload(ana, room, content))["id"]
    for first, last in [(0, 0), (262_143, 262_144), (5, 699_999), (524_288, 600_000)]:
        answer = await fetch(ana, room, file, Range=f"bytes={first}-{last}")
        assert (answer.status_code, answer.content) == (206, content[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/700000"
    assert (await fetch(ana, room, file, Range="bytes=-10")).content == content[-10:]
    assert (await fetch(ana, room, file, Range="bytes=700000-")).status_code == 416
    stale = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert (await fetch(ana, room, file, **stale)).content == content


async def test_an_image_tells_its_size_before_it_is_fetched_and_has_a_thumbnail(
    ana: Person,
) -> None:
    room = await ana.channel()
    file = await upload(ana, room, picture(), "ship.txt")
    assert (file["media_type"], file["width"], file["height"]) == ("image/png", 900, 600)
    small = await fetch(ana, room, file["id"], "/thumbnail")
    assert small.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(small.content)).size == (640, 427)
    whole = await fetch(ana, room, file["id"])
    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["content-disposition"].startswith("inline")
    saved = await fetch(ana, room, file["id"], "/content?save=true")
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_a_pdf_shows_its_first_page(ana: Person) -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(300, 400))
    page.drawString(50, 50, "Hello")
    page.save()
    room = await ana.channel()
    file = await upload(ana, room, out.getvalue(), "letter.pdf")
    assert (file["media_type"], file["width"], file["height"]) == ("application/pdf", 300, 400)
    small = await fetch(ana, room, file["id"], "/thumbnail")
    assert Image.open(io.BytesIO(small.content)).size == (480, 640)
    broken = await upload(ana, room, b"%PDF-1.4\n" + bytes(200), "broken.pdf")
    assert broken["media_type"] == "application/octet-stream"
    assert (await fetch(ana, room, broken["id"], "/thumbnail")).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(document.cookie)</script>"),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("script.js", b"alert(1)"),
        ("picture.png", b"<html><script>alert(1)</script></html>"),
        ("page.html", b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0"),
        ("page.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>"),
    ],
)
async def test_nothing_that_somebody_uploads_runs_on_a_page_of_ours(
    ana: Person, name: str, content: bytes
) -> None:
    room = await ana.channel()
    file = await upload(ana, room, content, name)
    answer = await fetch(ana, room, file["id"])
    assert answer.content == content
    served = answer.headers["content-type"]
    assert served in ("text/plain; charset=utf-8", "application/octet-stream")
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy


async def test_a_file_is_its_uploaders_until_it_is_sent_and_its_rooms_afterwards(
    house: House, tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    other = await ana.channel(member_ids=[str(ben.id)])
    file = (await upload(ana, room))["id"]
    for what in ("", "/content", "/thumbnail"):
        for who in (ben, eve):
            assert (await fetch(who, room, file, what)).status_code == 404, what
    await ben.send(room, "mine", status=404, files=[file])
    await ana.send(other, "wrong room", status=404, files=[file])
    await ana.send(room, "unknown", status=404, files=[str(uuid4())])
    await ben.ask("DELETE", f"/rooms/{room}/files/{file}", status=404)
    number = (await ana.send(room, "here", files=[file]))["number"]
    await ana.send(room, "again", status=404, files=[file])
    await ana.ask("DELETE", f"/rooms/{room}/files/{file}", status=404)
    assert (await fetch(ben, room, file)).content == b"Hello"
    assert (await fetch(ben, other, file)).status_code == 404
    assert (await fetch(eve, room, file)).status_code == 404
    guest = await person_of(tenant, Role.GUEST)
    assert (await fetch(guest, room, file)).status_code == 404
    stranger = await person_of(await house.organisation("Elsewhere"), Role.OWNER)
    assert (await fetch(stranger, room, file)).status_code == 404
    nobody = house.browser()
    assert (await nobody.get(f"/v1/rooms/{room}/files/{file}/content")).status_code == 401
    await ana.ask("DELETE", f"/rooms/{room}/members/{ben.id}", status=204)
    assert (await fetch(ben, room, file)).status_code == 404
    await ana.send(room, kind="delete", target=number)
    assert (await fetch(ana, room, file)).status_code == 404
    assert await kept(house, tenant, file) == (0, 0)


async def test_who_may_not_write_in_a_room_brings_no_file_into_it(
    house: House, tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    room = await ana.channel(is_public=True)
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "reader"})
    await upload(ben, room, status=403)
    await upload(eve, room, status=403)
    private = await ana.channel()
    await upload(eve, private, status=404)
    reader = await key_of(house, tenant, ["chat:read"])
    await ana.ask("PUT", f"/rooms/{room}/members/{reader.id}", {})
    await upload(reader, room, status=403)
    await ana.ask("PATCH", f"/rooms/{room}", {"is_archived": True})
    await upload(ana, room, status=409)


async def test_a_repeat_of_a_message_with_a_file_is_answered_with_the_first(ana: Person) -> None:
    room = await ana.channel()
    file = (await upload(ana, room))["id"]
    first = await ana.send(room, "Here", client_key="k", files=[file])
    again = await ana.send(room, "Here", status=200, client_key="k", files=[file])
    assert again == {**first, "is_repeat": True}
    await ana.send(room, "Edited", kind="edit", target=first["number"])
    [message] = await ana.messages(room)
    assert (message["text"], [each["id"] for each in message["files"]]) == ("Edited", [file])
    more = [str(uuid4()) for _ in range(11)]
    await ana.send(room, "Many", status=400, files=more)
    await ana.send(room, status=400, kind="pin", target=first["number"], files=[file])
    await ana.send(room, status=400, files=[])


async def test_what_is_too_large_empty_or_too_much_is_refused_and_not_kept(
    house: House, tenant: Tenant
) -> None:
    app = house.build(chat_file_bytes_max=1000)
    who = await person_of(tenant)
    room = await who.channel()
    who.browser = _at(house, app, who)
    await upload(who, room, bytes(1000))
    answer = await upload(who, room, bytes(1001), status=413)
    assert answer["code"] == "file_too_large"

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(100)

    await upload(who, room, unannounced(), status=413)
    assert (await upload(who, room, b"", status=400))["code"] == "empty_file"
    for _ in range(UNSENT_MAX - 1):
        last = await upload(who, room)
    await upload(who, room, status=409)
    await who.ask("DELETE", f"/rooms/{room}/files/{last['id']}", status=204)
    await upload(who, room)


def _at(house: House, app: Any, who: Person) -> httpx.AsyncClient:
    browser = house.browser(app)
    browser.cookies = who.browser.cookies
    return browser


async def test_an_image_of_far_too_many_pixels_is_refused(ana: Person) -> None:
    room = await ana.channel()
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    answer = await upload(ana, room, out.getvalue(), "bomb.png", status=400)
    assert answer["code"] == "image_too_large"


@asynccontextmanager
async def clamd(path: str) -> AsyncIterator[list[bytes]]:
    """What clamd does with INSTREAM, as its manual has it."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(size)
        seen.append(content)
        if b"too much" in content:
            writer.write(b"INSTREAM size limit exceeded. ERROR\0")
        elif EICAR in content:
            writer.write(b"stream: Eicar-Signature FOUND\0")
        elif b"hang up" not in content:
            writer.write(b"stream: OK\0")
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield seen


async def test_a_virus_scanner_sees_every_file_and_its_absence_lets_none_through(
    house: House, tenant: Tenant, tmp_path: Any
) -> None:
    path = str(tmp_path / "clamd.sock")
    app = house.build(virus_scanner=f"unix:{path}")
    who = await person_of(tenant)
    room = await who.channel()
    who.browser = _at(house, app, who)
    answer = await upload(who, room, status=503)
    assert answer["code"] == "scanner_unavailable"
    async with clamd(path) as seen:
        content = os.urandom(300_000)
        await upload(who, room, content)
        assert seen == [content]
        answer = await upload(who, room, b"-" * 200_000 + EICAR, status=400)
        assert (answer["code"], "Eicar-Signature" in answer["detail"]) == ("infected_file", True)
        await upload(who, room, b"too much", status=503)
        await upload(who, room, b"hang up", status=503)
    await upload(who, room, status=503)
    async with house.db.tx(tenant.id) as tx:
        sql = "select count(*) from chat.files where room_id = $1"
        assert await tx.fetchval(sql, UUID(room)) == 1


async def test_what_is_not_sent_within_a_day_is_deleted(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    old, new, sent = [(await upload(ana, room))["id"] for _ in range(3)]
    await ana.send(room, "Here", files=[sent])
    owner = await asyncpg.connect(house.database.url("hanse"))
    await owner.execute(
        "update chat.files set created_at = now() - interval '25 hours' where id = any($1)",
        [UUID(old), UUID(sent)],
    )
    await owner.close()
    jobs = Jobs()
    register_files(jobs)
    db = await Db.open(house.database.url("hanse_jobs"))
    async with db.system_tx() as tx:
        await jobs.tasks["chat.purge_files"].handler(tx, None)
    await db.close()
    assert [await kept(house, tenant, each) for each in (old, new, sent)] == [
        (0, 0),
        (1, 1),
        (1, 1),
    ]
