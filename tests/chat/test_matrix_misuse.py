"""What broken and hostile clients of Matrix send: they are told precisely, and nothing is lost."""

import asyncio
import resource
import select
import socket
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    Somebody,
    bodies,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    serving_app,
)
from tests.identity.conftest import House

UPLOAD = "/_matrix/media/v3/upload"
MIB = 1 << 20
WRONG: list[Any] = [None, 1.5, "x" * 500, "\0", [1], {"a": 1}]


async def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errcode"]


async def head(who: Somebody, room: str) -> int:
    return int((await who.person.ask("GET", f"/rooms/{room[1:37]}"))["head"])


async def test_a_position_may_be_repeated_and_skipped_but_not_forged_or_taken(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    oldest = (await rui.sync()).next_batch
    await iva.send(room, "One")
    middle = (await rui.sync(oldest)).next_batch
    await iva.send(room, "Two")
    for _ in range(2):
        assert bodies(await rui.sync(oldest), room) == ["One", "Two"]
    assert bodies(await rui.sync(middle), room) == ["Two"]
    sealed = middle[:40] + ("A" if middle[40] != "A" else "B") + middle[41:]
    of_iva = (await iva.sync()).next_batch
    for forged in (sealed, middle[:-4], middle + "AAAA", of_iva, "s", "p1", "0", "%FF", "s" * 900):
        answer = await rui.raw("GET", f"{CLIENT}/sync?since={forged}")
        assert await said(answer) == (400, "M_INVALID_PARAM"), forged
        assert "next_batch" in answer.json()["error"], "it says what to do"
    for position in (of_iva, sealed):
        answer = await rui.raw("GET", f"{CLIENT}/rooms/{room}/messages?from={position}")
        assert await said(answer) == (400, "M_INVALID_PARAM")
    assert bodies(await rui.sync(oldest), room) == ["One", "Two"]


async def test_what_is_too_large_is_refused_and_appends_nothing(iva: Somebody) -> None:
    room = await iva.create()
    before = await head(iva, room)
    big = {"msgtype": "m.text", "body": "x", "extra": "x" * MIB}
    user = iva.client.user_id
    for method, path, body in [
        ("PUT", f"{CLIENT}/rooms/{room}/send/m.room.message/big", big),
        ("PUT", f"{CLIENT}/rooms/{room}/state/m.room.topic", {"topic": "x" * MIB}),
        ("PUT", f"{CLIENT}/user/{user}/account_data/org.example.big", big),
        ("POST", f"{CLIENT}/user/{user}/filter", {"room": {"rooms": ["x" * MIB]}}),
        ("POST", f"{CLIENT}/createRoom", {"name": "x" * MIB}),
    ]:
        answer = await iva.raw(method, path, body)
        assert await said(answer) == (413, "M_TOO_LARGE"), (path, answer.text)
    assert await head(iva, room) == before
    assert await iva.send(room, "Still there", "big"), "the transaction id was not used up"


async def test_an_upload_of_two_gibibytes_is_refused_before_it_is_read(
    iva: Somebody, url: str
) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"POST {UPLOAD} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {iva.client.access_token}",
        f"Content-Length: {2 << 30}",
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(5):
        status = await reader.readline()
    assert b" 413 " in status
    writer.close()


def upload_without_end(port: int, token: str) -> tuple[int, bytes]:
    """Send until there is an answer; return how many bytes that took, and how the answer begins."""
    piece = b"10000\r\n" + b"x" * (64 << 10) + b"\r\n"
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as server:
        server.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with suppress(ConnectionError):
            while sent < 512 * MIB and not select.select([server], [], [], 0)[0]:
                server.sendall(piece)
                sent += len(piece)
        return sent, server.recv(100)


async def test_an_upload_of_unknown_length_is_cut_at_the_limit_in_flat_memory(
    house: House, iva: Somebody
) -> None:
    async with serving_app(house.build(chat_file_bytes_max=128 * MIB)) as url:
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        port, token = int(url.rpartition(":")[2]), iva.client.access_token
        sent, answer = await asyncio.to_thread(upload_without_end, port, token)
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert 128 * MIB <= sent < 192 * MIB
    assert grown_kib < 32 * 1024


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"msgtype":"m.text","body":"\xff"}', "UTF-8"),
        (b'{"msgtype":"m.text","body":"\\ud800"}', ""),
        (b'{"msgtype":"m.text","body":"\\u0000"}', "U+0000"),
        (b'{"msgtype":"m.text","body":', ""),
        (b'{"msgtype":"m.text","body":1e999}', ""),
        (b'["m.text"]', ""),
        (b"", ""),
    ],
)
async def test_what_is_no_proper_json_is_refused(
    iva: Somebody, url: str, content: bytes, error: str
) -> None:
    headers = {"Authorization": f"Bearer {iva.client.access_token}"}
    room = await iva.create()
    before = await head(iva, room)
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        path = f"{CLIENT}/rooms/{room}/send/m.room.message/{uuid4()}"
        answer = await http.put(path, content=content)
        assert await said(answer) == (400, "M_INVALID_PARAM")
        assert error in answer.json()["error"]
    assert await head(iva, room) == before


async def test_wrong_types_anywhere_are_no_mistake_of_ours_and_cost_no_message(
    iva: Somebody, url: str
) -> None:
    room = await iva.create()
    sent = await iva.send(room, "Kept")
    of_room, user = f"{CLIENT}/rooms/{room}", iva.client.user_id
    message = {"msgtype": "m.text", "body": "x", "url": "mxc://x/y"}
    relation = {"rel_type": "m.annotation", "event_id": sent, "key": "👍"}
    password = {"type": "m.login.password", "user": "x@example.org", "password": "x"}
    search = {"search_term": "x"}
    shapes: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
        ("PUT", f"{of_room}/send/m.room.message/?", message, (*message, "m.relates_to")),
        ("PUT", f"{of_room}/send/m.room.message/?", message, ("m.mentions", "m.new_content")),
        ("POST", f"{CLIENT}/createRoom", {}, ("name", "topic", "invite", "initial_state")),
        ("POST", f"{of_room}/invite", {}, ("user_id",)),
        ("PUT", f"{of_room}/typing/{user}", {}, ("typing",)),
        ("POST", f"{of_room}/read_markers", {}, ("m.read", "m.fully_read")),
        ("PUT", f"{of_room}/state/m.room.name", {}, ("name",)),
        ("POST", f"{CLIENT}/user/{user}/filter", {}, ("room",)),
        ("POST", f"{CLIENT}/search", {}, ("search_categories",)),
        ("POST", f"{CLIENT}/login", password, ("type", "identifier")),
    ]
    headers = {"Authorization": f"Bearer {iva.client.access_token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:

        async def ask(method: str, path: str, body: Any) -> None:
            answer = await http.request(method, path.replace("?", str(uuid4())), json=body)
            assert answer.status_code < 500, (path, body, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["errcode"].startswith("M_"), (path, body)

        for wrong in WRONG:
            for method, path, body, fields in shapes:
                await ask(method, path, wrong)
                for field in fields:
                    await ask(method, path, {**body, field: wrong})
            for field in relation:
                for type in ("m.reaction", "m.room.message"):
                    related = {**message, "m.relates_to": {**relation, field: wrong}}
                    await ask("PUT", f"{of_room}/send/{type}/?", related)
            for field in ("search_term", "filter", "event_context"):
                categories = {"room_events": {**search, field: wrong}}
                await ask("POST", f"{CLIENT}/search", {"search_categories": categories})
    kept = (await iva.raw("GET", f"{of_room}/event/{sent}")).json()
    assert kept["content"]["body"] == "Kept"


async def test_a_transaction_repeated_with_something_else_is_what_was_sent_first(
    iva: Somebody,
) -> None:
    room = await iva.create()
    first = await iva.send(room, "First", "t")
    before = await head(iva, room)
    assert await iva.send(room, "Second", "t") == first
    assert await head(iva, room) == before
    answer = await iva.raw("PUT", f"{CLIENT}/rooms/{room}/redact/{first}/t", {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["event_id"] != first, "a redaction is something else"
    [message] = await iva.person.messages(room[1:37])
    assert message["is_deleted"]
    answer = await iva.raw("PUT", f"{CLIENT}/rooms/{room}/redact/{first}/{'t' * 51}", {})
    assert await said(answer) == (400, "M_INVALID_PARAM")


async def test_rooms_and_events_that_there_are_not_are_told_as_that(iva: Somebody) -> None:
    room, unknown = await iva.create(), f"!{uuid4()}:localhost:8080"
    text = {"msgtype": "m.text", "body": "x"}
    for id, status in ((unknown, 404), ("!x:localhost:8080", 400), ("x", 400), ("%00", 400)):
        path = f"{CLIENT}/rooms/{id}"
        for method, rest, body in [
            ("GET", "/state", None),
            ("GET", "/messages", None),
            ("PUT", "/send/m.room.message/t", text),
            ("POST", "/join", {}),
            ("PUT", f"/typing/{iva.client.user_id}", {"typing": True}),
        ]:
            answer = await iva.raw(method, path + rest, body)
            assert answer.status_code == status, (id, rest, answer.text)
            assert answer.json()["errcode"] in ("M_NOT_FOUND", "M_INVALID_PARAM")
    for event in ("$x", "$" + "A" * 35, "%00", "$state"):
        answer = await iva.raw("GET", f"{CLIENT}/rooms/{room}/event/{event}")
        assert answer.status_code in (400, 404), event


async def test_who_syncs_from_the_beginning_in_a_loop_is_told_to_wait_and_nobody_else(
    house: House, iva: Somebody, rui: Somebody
) -> None:
    browser = house.browser(house.build(matrix_initial_syncs_per_minute=2))

    async def synced(who: Somebody, query: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {who.client.access_token}"}
        return await browser.get(f"{CLIENT}/sync{query}", headers=headers)

    answers = [await synced(iva) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].json()["errcode"] == "M_LIMIT_EXCEEDED"
    assert 0 < answers[2].json()["retry_after_ms"] <= 60_000
    position = answers[0].json()["next_batch"]
    assert (await synced(iva, f"?since={position}")).status_code == 200, "one may go on"
    assert (await synced(rui)).status_code == 200
