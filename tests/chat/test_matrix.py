"""Clients of Matrix: `matrix-nio` as it comes, and requests that no good client sends."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import nio
import pyotp
from nio import AsyncClient

from hanse.chat.matrix.ids import event_id
from hanse.platform.bus import Bus
from tests.chat.conftest import Person, key_of
from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    SERVER,
    Somebody,
    bodies,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    somebody,
)
from tests.chat.translating import messages_translated
from tests.identity.conftest import PASSWORD, House, Tenant


async def test_a_client_boots_without_knowing_the_server(house: House) -> None:
    browser = house.browser()
    versions = (await browser.get("/_matrix/client/versions")).json()
    assert "v1.5" in versions["versions"]
    found = (await browser.get("/.well-known/matrix/client")).json()
    assert found["m.homeserver"]["base_url"] == "http://localhost:8080"
    flows = (await browser.get(f"{CLIENT}/login")).json()
    assert "m.login.password" in [each["type"] for each in flows["flows"]]


async def test_an_address_may_be_written_as_an_id_of_matrix(house: House, tenant: Tenant) -> None:
    email = f"{uuid4()}@example.org"
    await tenant.with_password(email=email)
    for user in (email, f"@{email}:{SERVER}", f"@{email}:example.org"):
        who = {"type": "m.id.user", "user": user}
        body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
        answer = await house.browser().post(f"{CLIENT}/login", json=body)
        assert answer.status_code == 200, answer.text


async def test_two_people_talk_in_a_room(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(rui)
    first = await iva.send(room, "Hello")
    synced = await rui.sync()
    joined = synced.rooms.join[room]
    assert bodies(synced, room) == ["Hello"]
    assert joined.unread_notifications.notification_count == 1
    client_room = rui.client.rooms[room]
    assert client_room.name == "Quay"
    assert set(client_room.users) == {iva.client.user_id, rui.client.user_id}
    assert client_room.power_levels.users[iva.client.user_id] == 100
    await rui.send(room, "Olá")
    again = await iva.sync()
    assert bodies(again, room) == ["Hello", "Olá"]
    assert isinstance(
        await rui.client.room_read_markers(room, first, first), nio.RoomReadMarkersResponse
    )
    assert await rui.person.unread(room[1:37]) == (0, 0)


async def test_a_transaction_sent_again_is_one_message(iva: Somebody) -> None:
    room = await iva.create()
    since = (await iva.sync()).next_batch
    sent = {await iva.send(room, "Once", "t1") for _ in range(2)}
    assert len(sent) == 1
    answer = await iva.raw("GET", f"{CLIENT}/sync?since={since}")
    [event] = answer.json()["rooms"]["join"][room]["timeline"]["events"]
    assert (event["event_id"], event["unsigned"]) == (sent.pop(), {"transaction_id": "t1"})


async def test_a_position_asked_again_gets_the_same_and_nothing_is_missing(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    for text in ("One", "Two"):
        await iva.send(room, text)
    first, second = await rui.sync(since), await rui.sync(since)
    assert bodies(first, room) == bodies(second, room) == ["One", "Two"]
    assert room not in (await rui.sync(second.next_batch)).rooms.join
    for text in range(30):
        await iva.send(room, str(text))
    gap = await rui.sync(second.next_batch)
    timeline = gap.rooms.join[room].timeline
    assert timeline.limited
    before = await rui.client.room_messages(room, timeline.prev_batch, limit=10)
    assert isinstance(before, nio.RoomMessagesResponse)
    texts = [each.body for each in before.chunk][::-1] + bodies(gap, room)
    assert texts == [str(each) for each in range(30)]


async def test_waiting_ends_when_something_is_said(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    waiting = asyncio.create_task(rui.client.sync(timeout=20_000, since=since))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await iva.send(room, "Wake up")
    answer = await asyncio.wait_for(waiting, 10)
    assert isinstance(answer, nio.SyncResponse)
    assert bodies(answer, room) == ["Wake up"]


async def test_edits_reactions_threads_and_redactions_reach_both_worlds(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    sent = await iva.send(room, "Helo")
    new = {"msgtype": "m.text", "body": "Hello"}
    relation = {"rel_type": "m.replace", "event_id": sent}
    await iva.send(room, "* Hello", **{"m.new_content": new, "m.relates_to": relation})
    annotation = {"rel_type": "m.annotation", "event_id": sent, "key": "👍"}
    reacted = await rui.client.room_send(room, "m.reaction", {"m.relates_to": annotation})
    assert isinstance(reacted, nio.RoomSendResponse), reacted
    await rui.send(room, "Oi", **{"m.relates_to": {"rel_type": "m.thread", "event_id": sent}})
    [message, answer] = await iva.person.messages(room[1:37])
    assert (message["text"], answer["thread"]) == ("Hello", message["number"])
    assert message["reactions"][0]["emoji"] == "👍"
    await rui.client.room_redact(room, reacted.event_id)
    await iva.client.room_redact(room, sent)
    [message, _] = await iva.person.messages(room[1:37])
    assert message["is_deleted"]
    got = (await rui.raw("GET", f"{CLIENT}/sync?since={since}")).json()
    events = got["rooms"]["join"][room]["timeline"]["events"]
    assert [each["type"] for each in events] == [
        "m.room.message",
        "m.room.message",
        "m.reaction",
        "m.room.message",
        "m.room.redaction",
        "m.room.redaction",
    ]
    assert [each["redacts"] for each in events[4:]] == [reacted.event_id, sent]
    assert events[0]["content"] == {}, "what is deleted is nowhere"
    assert events[3]["content"]["m.relates_to"]["event_id"] == sent


async def test_members_come_and_go(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(visibility=nio.RoomVisibility.public)
    assert isinstance(await rui.client.join(room), nio.JoinResponse)
    members = await iva.client.joined_members(room)
    assert isinstance(members, nio.JoinedMembersResponse)
    assert {each.user_id for each in members.members} == {
        iva.client.user_id,
        rui.client.user_id,
    }
    name = await iva.client.room_get_state_event(room, "m.room.name")
    assert isinstance(name, nio.RoomGetStateEventResponse)
    assert name.content == {"name": "Quay"}
    since = (await rui.sync()).next_batch
    assert isinstance(await iva.client.room_kick(room, rui.client.user_id), nio.RoomKickResponse)
    assert room in (await rui.sync(since)).rooms.leave
    assert isinstance(await rui.client.room_leave(room), nio.RoomLeaveError)


async def test_an_api_key_is_the_access_token_of_a_bot(
    house: House, tenant: Tenant, url: str, clients: list[AsyncClient], iva: Somebody
) -> None:
    key = await key_of(house, tenant)
    client = AsyncClient(url)
    clients.append(client)
    client.access_token = key.browser.headers["Authorization"].split()[1]
    who = await client.whoami()
    assert isinstance(who, nio.WhoamiResponse)
    assert who.user_id == f"@{key.id}:{SERVER}"
    room = await iva.create()
    await iva.client.room_invite(room, who.user_id)
    await Somebody(key, client).send(room, "Beep")
    assert "Beep" in bodies(await iva.sync(), room)


async def test_who_signs_out_is_out(tenant: Tenant, url: str, clients: list[AsyncClient]) -> None:
    who = await somebody(tenant, url, clients)
    token = who.client.access_token
    assert isinstance(await who.client.logout(), nio.LogoutResponse)
    who.client.access_token = token
    answer = await who.raw("GET", f"{CLIENT}/account/whoami")
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_UNKNOWN_TOKEN")


async def test_somebody_of_another_organisation_finds_no_room(
    house: House, url: str, clients: list[AsyncClient], iva: Somebody
) -> None:
    other = await house.organisation("Elsewhere")
    eve = await somebody(other, url, clients)
    room = await iva.create()
    event = await iva.send(room, "Secret")
    path = f"{CLIENT}/rooms/{room}"
    text = {"msgtype": "m.text", "body": "Hi"}
    for method, rest, body in [
        ("GET", "/state", None),
        ("GET", "/state/m.room.name/", None),
        ("GET", "/members", None),
        ("GET", "/joined_members", None),
        ("GET", "/messages?dir=b", None),
        ("GET", f"/event/{event}", None),
        ("GET", f"/context/{event}", None),
        ("PUT", "/send/m.room.message/t", text),
        ("PUT", "/state/m.room.name", {"name": "Mine"}),
        ("PUT", f"/redact/{event}/t", {}),
        ("PUT", f"/typing/{eve.client.user_id}", {"typing": True}),
        ("POST", f"/receipt/m.read/{event}", {}),
        ("POST", "/read_markers", {"m.fully_read": event}),
        ("POST", "/join", {}),
        ("POST", "/leave", {}),
        ("POST", "/invite", {"user_id": eve.client.user_id}),
        ("POST", "/kick", {"user_id": iva.client.user_id}),
    ]:
        answer = await eve.raw(method, path + rest, body)
        assert answer.status_code == 404, (method, rest, answer.text)
        assert answer.json()["errcode"] == "M_NOT_FOUND"
    profile = await eve.raw("GET", f"{CLIENT}/profile/{iva.client.user_id}")
    assert profile.status_code == 404


async def test_bad_requests_get_errors_in_the_shape_of_matrix(iva: Somebody) -> None:
    room = await iva.create()
    position = (await iva.sync()).next_batch
    send = f"{CLIENT}/rooms/{room}/send"
    text = {"msgtype": "m.text", "body": "Hi"}
    stranger = event_id(uuid4(), 1)
    reply = {**text, "m.relates_to": {"rel_type": "m.thread", "event_id": stranger}}
    forged = position[:-9] + ("A" if position[-9] != "A" else "B") + position[-8:]
    for method, path, body, status, errcode in [
        ("GET", f"{CLIENT}/sync?since={forged}", None, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/sync?since=s", None, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/sync?since=%00%F0%9F%98%80", None, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/rooms/{room}/messages?dir=x", None, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/rooms/{room}/messages?from=p-1", None, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/rooms/!x:y/state", None, 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.room.message/a", {"body": "x" * 70_000}, 413, "M_TOO_LARGE"),
        ("PUT", f"{send}/m.room.message/b", {"body": 5}, 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.room.message/c", [], 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.room.message/d", reply, 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.room.message/{'e' * 65}", text, 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.reaction/f", {"m.relates_to": 1}, 400, "M_INVALID_PARAM"),
        ("PUT", f"{send}/m.room.encrypted/g", {}, 403, "M_FORBIDDEN"),
        ("POST", f"{CLIENT}/createRoom", {"name": ""}, 400, "M_INVALID_PARAM"),
        ("GET", f"{CLIENT}/nothing", None, 404, "M_UNRECOGNIZED"),
        ("DELETE", f"{CLIENT}/sync", None, 405, "M_UNRECOGNIZED"),
        ("POST", f"{CLIENT}/login", {"type": "m.login.dummy"}, 400, "M_INVALID_PARAM"),
    ]:
        answer = await iva.raw(method, path, body)
        said = (answer.status_code, answer.json().get("errcode"))
        assert said == (status, errcode), (method, path[:200], answer.text)
    assert room not in (await iva.sync(position)).rooms.join, "nothing was written"


async def test_a_page_of_another_site_may_be_a_client(iva: Somebody) -> None:
    asked = await iva.raw("OPTIONS", f"{CLIENT}/sync")
    refused = await iva.raw("GET", f"{CLIENT}/nothing")
    for each in (asked, refused):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    own = await iva.raw("GET", "/v1/me")
    assert "Access-Control-Allow-Origin" not in own.headers


async def test_a_page_of_another_site_signs_in_and_too_many_attempts_are_told(
    house: House, tenant: Tenant
) -> None:
    email = f"{uuid4()}@example.org"
    await tenant.with_password(email=email)
    browser = house.browser(house.build(sign_in_limit_per_minute=2), address="192.0.2.77")
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    body = {"type": "m.login.password", "password": PASSWORD}
    body |= {"identifier": {"type": "m.id.thirdparty", "medium": "email", "address": email}}
    answers = [await browser.post(f"{CLIENT}/login", json=body) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert "set-cookie" not in answers[0].headers
    assert answers[2].json()["errcode"] == "M_LIMIT_EXCEEDED"
    assert answers[2].json()["retry_after_ms"] > 0


async def test_a_room_gets_another_name_and_topic(iva: Somebody, rui: Somebody) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    for type, content in (("m.room.name", {"name": "Pier"}), ("m.room.topic", {"topic": "Boats"})):
        put = await iva.client.room_put_state(room, type, content)
        assert isinstance(put, nio.RoomPutStateResponse), put
    await rui.sync(since)
    assert (rui.client.rooms[room].name, rui.client.rooms[room].topic) == ("Pier", "Boats")
    path = f"{CLIENT}/rooms/{room}/state"
    assert (await rui.raw("PUT", f"{path}/m.room.name/", {"name": "Mine"})).status_code == 403
    assert (await iva.raw("PUT", f"{path}/m.room.encryption", {})).status_code == 403
    assert (await iva.raw("PUT", f"{path}/m.room.avatar", {})).status_code == 400
    assert (await iva.raw("PUT", f"{path}/m.room.name", {"name": ""})).status_code == 400


async def test_a_filter_says_how_much_of_each_room_comes(iva: Somebody) -> None:
    room = await iva.create()
    for text in ("One", "Two", "Three"):
        await iva.send(room, text)
    made = await iva.client.upload_filter(room={"timeline": {"limit": 2}})
    assert isinstance(made, nio.UploadFilterResponse)
    answer = await iva.client.sync(timeout=0, sync_filter=made.filter_id, full_state=True)
    assert isinstance(answer, nio.SyncResponse)
    got = await iva.raw("GET", f"{CLIENT}/sync?filter={made.filter_id}")
    timeline = got.json()["rooms"]["join"][room]["timeline"]
    assert [each["content"]["body"] for each in timeline["events"]] == ["Two", "Three"]
    path = f"{CLIENT}/user/{iva.client.user_id}/filter"
    kept = await iva.raw("GET", f"{path}/{made.filter_id}")
    assert kept.json()["room"]["timeline"] == {"limit": 2}
    for wrong in ("x", "{", "[]", "%7B%22room%22:1%7D"):
        answer = await iva.raw("GET", f"{CLIENT}/sync?filter={wrong}")
        assert answer.status_code == 400, answer.text
    answer = await iva.raw("POST", path, {"room": {"rooms": ["x" * 9_000]}})
    assert answer.status_code == 400


async def test_public_rooms_are_found_and_a_message_with_its_surroundings(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(visibility=nio.RoomVisibility.public)
    sent = [await iva.send(room, str(each)) for each in range(5)]
    listed = (await rui.raw("GET", f"{CLIENT}/publicRooms?limit=200")).json()["chunk"]
    assert room in [each["room_id"] for each in listed]
    around = await iva.client.room_context(room, sent[2], limit=2)
    assert isinstance(around, nio.RoomContextResponse)
    assert around.event is not None
    assert around.event.event_id == sent[2]
    assert [each.event_id for each in around.events_before] == [sent[1]]
    assert [each.event_id for each in around.events_after] == [sent[3]]


async def test_a_file_is_downloaded_by_who_may_read_the_room(
    house: House, url: str, clients: list[AsyncClient], iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    path = f"/v1/rooms/{room[1:37]}/files?name=note.txt"
    uploaded = await iva.person.browser.post(path, content=b"A note")
    assert uploaded.status_code == 201, uploaded.text
    await iva.person.send(room[1:37], "See", files=[uploaded.json()["id"]])
    events = (await rui.sync()).rooms.join[room].timeline.events
    [file] = [each for each in events if isinstance(each, nio.RoomMessageFile)]
    got = await rui.client.download(file.url)
    assert isinstance(got, nio.DownloadResponse), got
    assert (got.body, got.filename) == (b"A note", "note.txt")
    eve = await somebody(await house.organisation("Nowhere"), url, clients)
    media = file.url.removeprefix("mxc://")
    for each in (media, f"{SERVER}/x"):
        answer = await eve.raw("GET", f"/_matrix/client/v1/media/download/{each}")
        assert answer.status_code == 404


async def test_a_position_is_good_for_whom_it_was_given_to(iva: Somebody, rui: Somebody) -> None:
    position = (await iva.sync()).next_batch
    answer = await rui.raw("GET", f"{CLIENT}/sync?since={position}")
    assert (answer.status_code, answer.json()["errcode"]) == (400, "M_INVALID_PARAM")


async def test_without_a_token_or_with_a_wrong_one_nobody_gets_in(house: House, url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        for headers, errcode in [
            ({}, "M_MISSING_TOKEN"),
            ({"Authorization": "Bearer x"}, "M_UNKNOWN_TOKEN"),
        ]:
            answer = await http.get(f"{CLIENT}/sync", headers=headers)
            assert (answer.status_code, answer.json()["errcode"]) == (401, errcode)
        wrong = {"type": "m.login.password", "user": "nobody@example.org", "password": "no"}
        answer = await http.post(f"{CLIENT}/login", json=wrong)
        assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")


async def test_whoever_has_a_second_factor_is_refused_and_told(
    house: House, tenant: Tenant
) -> None:
    email = f"{uuid4()}@example.org"
    browser = await tenant.with_password(email=email)
    secret = (await browser.post("/v1/me/totp")).json()["secret"]
    answer = await browser.put("/v1/me/totp", json={"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    body = {"type": "m.login.password", "user": email, "password": PASSWORD}
    answer = await house.browser().post(f"{CLIENT}/login", json=body)
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")
    assert "second factor" in answer.json()["error"]


async def test_a_cookie_opens_nothing_here(ana: Person) -> None:
    answer = await ana.browser.get(f"{CLIENT}/account/whoami")
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_MISSING_TOKEN")


async def test_each_reads_in_their_own_language(
    house: House, bus: Bus, nats_url: str, iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    since = (await rui.sync()).next_batch
    sent = await iva.send(room, "The house stands by the river.")
    answer = await rui.sync(since)
    assert bodies(answer, room) == ["The house stands by the river."], "not translated yet"
    async with messages_translated(house, bus, nats_url):
        edits: list[dict[str, Any]] = []
        position = answer.next_batch
        async with asyncio.timeout(90):
            while not edits:
                path = f"{CLIENT}/sync?timeout=2000&since={position}"
                news = (await rui.raw("GET", path)).json()
                position = news["next_batch"]
                if room in news["rooms"]["join"]:
                    edits = news["rooms"]["join"][room]["timeline"]["events"]
    [edit] = edits
    assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": sent}
    assert edit["sender"] == iva.client.user_id
    new = edit["content"]["m.new_content"]
    assert {"casa", "rio"} <= set(new["body"].lower().rstrip(".").split())
    assert new["hanse.original"]["language"] == "en"
    [event] = [
        each
        for each in (await rui.raw("GET", f"{CLIENT}/sync")).json()["rooms"]["join"][room][
            "timeline"
        ]["events"]
        if each["type"] == "m.room.message"
    ]
    assert event["content"]["body"] == new["body"]
    assert event["content"]["hanse.original"]["body"] == "The house stands by the river."
    assert bodies(await iva.sync(), room) == ["The house stands by the river."]
    later = await rui.raw("GET", f"{CLIENT}/sync?since={position}")
    assert room not in later.json()["rooms"]["join"], "it comes once"


async def test_a_rule_of_the_room_refuses_in_the_form_of_matrix(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    await iva.person.ask("PUT", f"/rooms/{room[1:].partition(':')[0]}/rules", {"words": ["rogue"]})
    path = f"{CLIENT}/rooms/{room}/send/m.room.message/{uuid4()}"
    answer = await rui.raw("PUT", path, {"msgtype": "m.text", "body": "You rogue"})
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")
    assert answer.json()["error"] == "This room does not allow “rogue”."
    await rui.send(room, "You scoundrel")
    assert bodies(await iva.sync(), room) == ["You scoundrel"]
