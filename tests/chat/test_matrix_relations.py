"""What relates to a message, and where somebody is signed in."""

from typing import Any

import nio
from nio import AsyncClient

from tests.chat.conftest import key_of
from tests.chat.matrixing import (  # noqa: F401 - fixtures
    CLIENT,
    Somebody,
    make_clients,
    make_iva,
    make_rui,
    make_url,
    somebody,
)
from tests.identity.conftest import PASSWORD, House, Tenant

Relation = nio.api.RelationshipType


async def related(who: Somebody, room: str, event: str, **how: Any) -> list[str]:
    return [each.event_id async for each in who.client.room_get_event_relations(room, event, **how)]


async def test_reactions_edits_and_threads_of_a_message_are_listed(
    iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create(rui)
    root = await iva.send(room, "Helo")
    other = await iva.send(room, "Another")
    reactions = []
    for key, target in (("👍", root), ("🎉", root), ("👍", other)):
        annotation = {"rel_type": "m.annotation", "event_id": target, "key": key}
        sent = await rui.client.room_send(room, "m.reaction", {"m.relates_to": annotation})
        assert isinstance(sent, nio.RoomSendResponse), sent
        reactions.append(sent.event_id)
    new = {"msgtype": "m.text", "body": "Hello"}
    relation = {"rel_type": "m.replace", "event_id": root}
    edit = await iva.send(room, "* Hello", **{"m.new_content": new, "m.relates_to": relation})
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": root}}
    answers = [await rui.send(room, str(each), **thread) for each in range(3)]
    first, second = reactions[:2]
    newest_first = [*answers[::-1], edit, second, first]
    assert await related(rui, room, root) == newest_first
    assert await related(rui, room, root, limit=2) == newest_first, "page by page"
    forwards = {"direction": nio.MessageDirection.front, "limit": 2}
    assert await related(rui, room, root, **forwards) == newest_first[::-1]
    assert await related(rui, room, root, rel_type=Relation.thread) == answers[::-1]
    annotation_type = {"rel_type": Relation.annotation, "event_type": "m.reaction"}
    assert await related(rui, room, root, **annotation_type) == [second, first]
    await rui.client.room_redact(room, first)
    await rui.client.room_redact(room, answers[1])
    assert await related(rui, room, root) == [answers[2], answers[0], edit, second]
    path = f"/_matrix/client/v1/rooms/{room}/relations/{root}"
    none = await rui.raw("GET", f"{path}/m.annotation/m.room.message")
    assert none.json() == {"chunk": []}
    assert (await rui.raw("GET", f"{path}?from=x")).status_code == 400


async def test_whoever_cannot_read_a_room_gets_no_relations(
    house: House, url: str, clients: list[AsyncClient], iva: Somebody, rui: Somebody
) -> None:
    room = await iva.create()
    root = await iva.send(room, "Secret")
    eve = await somebody(await house.organisation("Offshore"), url, clients)
    for who in (rui, eve):
        answer = await who.raw("GET", f"/_matrix/client/v1/rooms/{room}/relations/{root}")
        assert (answer.status_code, answer.json()["errcode"]) == (404, "M_NOT_FOUND")


async def test_devices_are_listed_and_all_signed_out(
    house: House, tenant: Tenant, url: str, clients: list[AsyncClient], iva: Somebody
) -> None:
    who = await somebody(tenant, url, clients)
    assert isinstance(who.client.user, str)
    second = AsyncClient(url, who.client.user)
    clients.append(second)
    signed_in = await second.login(PASSWORD)
    assert isinstance(signed_in, nio.LoginResponse), signed_in
    listed = await who.client.devices()
    assert isinstance(listed, nio.DevicesResponse), listed
    ids = {each.id for each in listed.devices}
    assert ids >= {who.client.device_id, second.device_id}
    one = await who.raw("GET", f"{CLIENT}/devices/{second.device_id}")
    assert one.json()["device_id"] == second.device_id
    assert (await iva.raw("GET", f"{CLIENT}/devices/{second.device_id}")).status_code == 404
    assert isinstance(await second.logout(all_devices=True), nio.LogoutResponse)
    answer = await who.raw("GET", f"{CLIENT}/account/whoami")
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    assert (await iva.raw("GET", f"{CLIENT}/account/whoami")).status_code == 200


async def test_an_api_key_has_no_devices(house: House, tenant: Tenant) -> None:
    key = await key_of(house, tenant)
    for method, path in (("GET", "devices"), ("POST", "logout/all")):
        answer = await key.browser.request(method, f"{CLIENT}/{path}")
        assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")
