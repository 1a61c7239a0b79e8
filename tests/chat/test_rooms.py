"""Rooms over HTTP: who gets in, what they may do, and what is unread there."""

import random
from typing import Any
from uuid import uuid4

import pytest

from hanse.identity import Role
from tests.chat.conftest import Person, key_of, person_of
from tests.identity.conftest import House, Tenant


async def test_a_channel_is_made_filled_and_talked_in(ana: Person, ben: Person) -> None:
    room = await ana.channel(name="  Harbour  ", member_ids=[str(ben.id)])
    made = await ben.ask("GET", f"/rooms/{room}")
    assert (made["name"], made["role"], made["is_public"]) == ("Harbour", "member", False)
    sent = [await who.send(room, text) for who, text in ((ana, "Olá"), (ben, "Hello"))]
    first, second = (each["number"] for each in sent)
    assert second == first + 1
    log = await ben.ask("GET", f"/rooms/{room}/events")
    assert [each["number"] for each in log["events"]] == list(range(1, second + 1))
    assert [each["kind"] for each in log["events"][:3]] == ["room", "members", "members"]
    rest = await ben.ask("GET", f"/rooms/{room}/events?after={first}&limit=1")
    assert [each["body"]["text"] for each in rest["events"]] == ["Hello"]
    assert rest["head"] == second
    assert room in [each["id"] for each in (await ben.ask("GET", "/rooms"))["items"]]


async def test_a_repeat_is_answered_with_the_first_number(ana: Person) -> None:
    room = await ana.channel()
    first = await ana.send(room, "Once", client_key="k")
    again = await ana.send(room, "Once", status=200, client_key="k")
    assert again == {**first, "is_repeat": True}


async def test_making_a_room_again_under_the_same_key_makes_none(ana: Person) -> None:
    ana.browser.headers["Idempotency-Key"] = str(uuid4())
    rooms = {await ana.channel() for _ in range(2)}
    del ana.browser.headers["Idempotency-Key"]
    assert len(rooms) == 1


async def test_the_same_people_have_one_direct_room(ana: Person, ben: Person, eve: Person) -> None:
    async def between(who: Person, *others: Person) -> Any:
        ids = [str(each.id) for each in others]
        return await who.ask("POST", "/rooms", {"kind": "direct", "member_ids": ids}, 201)

    one, same = await between(ana, ben), await between(ben, ana)
    group = await between(ana, ben, eve)
    assert one["id"] == same["id"] != group["id"]
    assert one["member_ids"] == sorted([str(ana.id), str(ben.id)])
    path = f"/rooms/{one['id']}"
    await eve.ask("GET", path, status=404)
    await ana.ask("PUT", f"{path}/members/{eve.id}", {}, 409)
    await ana.ask("DELETE", f"{path}/members/{ana.id}", status=409)
    await ana.ask("POST", "/rooms", {"kind": "direct", "member_ids": [str(ana.id)]}, 400)


async def test_a_private_room_does_not_exist_for_others(ana: Person, eve: Person) -> None:
    room = await ana.channel()
    number = (await ana.send(room, "Secret"))["number"]
    for method, path, body in [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("GET", "/members", None),
        ("PUT", f"/members/{eve.id}", {}),
        ("DELETE", f"/members/{ana.id}", None),
        ("GET", "/events", None),
        ("POST", "/events", {"client_key": "k", "text": "Hi"}),
        ("GET", "/messages", None),
        ("GET", f"/messages/{number}", None),
        ("PUT", "/read", {"number": number}),
    ]:
        answer = await eve.browser.request(method, f"/v1/rooms/{room}{path}", json=body)
        assert answer.status_code == 404, (method, path, answer.text)
        assert "Secret" not in answer.text
    synced = await eve.ask("POST", "/chat/sync", {"rooms": {room: 0}})
    assert (synced["rooms"], synced["gone"]) == ({}, [room])


async def test_people_look_into_public_channels_and_join_them_and_guests_do_not(
    house: House, tenant: Tenant, ana: Person, eve: Person
) -> None:
    room = await ana.channel(is_public=True)
    await ana.send(room, "Welcome")
    assert [each["text"] for each in await eve.messages(room)] == ["Welcome"]
    assert room in [each["id"] for each in (await eve.ask("GET", "/channels"))["items"]]
    await eve.send(room, "Not yet", status=404)
    joined = await eve.ask("PUT", f"/rooms/{room}/members/{eve.id}", {})
    assert (joined["role"], joined["unread"]) == ("member", 0)
    await eve.send(room, "Here I am")
    guest = await person_of(tenant, Role.GUEST)
    await guest.ask("GET", f"/rooms/{room}", status=404)
    await guest.ask("PUT", f"/rooms/{room}/members/{guest.id}", {}, 404)
    await guest.ask("GET", "/channels", status=403)
    await guest.ask("POST", "/rooms", {"name": "Mine"}, 403)
    await ana.ask("PUT", f"/rooms/{room}/members/{guest.id}", {})
    await guest.send(room, "Thank you")


async def test_roles_are_given_by_owners_and_an_owner_stays(
    tenant: Tenant, ana: Person, ben: Person
) -> None:
    carl = await person_of(tenant)
    room = await ana.channel(member_ids=[str(ben.id)])

    async def give(who: Person, to: Person, role: str, status: int = 200) -> None:
        await who.ask("PUT", f"/rooms/{room}/members/{to.id}", {"role": role}, status)

    await give(ben, carl, "member", 403)
    await give(ana, ben, "moderator")
    await give(ben, carl, "reader")
    await give(ben, carl, "moderator", 403)
    await give(ben, ben, "owner", 403)
    await give(ben, ana, "member", 403)
    await carl.send(room, "I may not", status=403)
    await give(ana, ana, "member", 409)
    await ana.ask("DELETE", f"/rooms/{room}/members/{ana.id}", status=409)
    await ben.ask("DELETE", f"/rooms/{room}/members/{ana.id}", status=403)
    await give(ana, ben, "owner")
    await ana.ask("DELETE", f"/rooms/{room}/members/{ana.id}", status=204)
    await ana.ask("GET", f"/rooms/{room}", status=404)
    await ben.ask("DELETE", f"/rooms/{room}/members/{carl.id}", status=204)
    await ben.ask("PUT", f"/rooms/{room}/members/{uuid4()}", {}, 404)
    members = (await ben.ask("GET", f"/rooms/{room}/members"))["items"]
    assert [each["member_id"] for each in members] == [str(ben.id)]


async def test_a_moderator_mutes_a_member_for_a_time(
    house: House, tenant: Tenant, ana: Person, ben: Person, eve: Person
) -> None:
    chief = await person_of(tenant, Role.ADMIN)
    room = await ana.channel(is_public=True, member_ids=[str(ben.id), str(eve.id)])
    said = (await eve.send(room, "Spam"))["number"]
    path = f"/rooms/{room}/members/{eve.id}/mute"
    hour = {"minutes": 60}
    await ben.ask("PUT", path, hour, 403)
    await chief.ask("PUT", path, hour, 403)
    await ana.ask("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "moderator"})
    await ben.ask("PUT", f"/rooms/{room}/members/{ana.id}/mute", hour, 403)
    await ben.ask("PUT", f"/rooms/{room}/members/{uuid4()}/mute", hour, 404)
    for minutes in (0, 43_201):
        await ben.ask("PUT", path, {"minutes": minutes}, 400)
    await ben.ask("PUT", path, hour, 204)
    assert (await eve.send(room, "More", status=403))["code"] == "muted_in_room"
    await eve.send(room, status=403, kind="reaction", target=said, emoji="😡")
    await eve.ask("DELETE", f"/rooms/{room}/members/{eve.id}", status=204)
    await eve.ask("PUT", f"/rooms/{room}/members/{eve.id}", {})
    await eve.send(room, "Back again", status=403)
    await eve.send(room, kind="delete", target=said)
    members = (await ben.ask("GET", f"/rooms/{room}/members"))["items"]
    muted = {each["member_id"] for each in members if each["muted_until"]}
    assert muted == {str(eve.id)}
    other = await ana.channel(member_ids=[str(eve.id)])
    await eve.send(other, "Here I may")
    await eve.ask("DELETE", path, status=403)
    await ben.ask("DELETE", path, status=204)
    await eve.send(room, "Sorry")
    await ben.ask("PUT", path, hour, 204)
    async with house.db.tx(tenant.id) as tx:
        await tx.execute("update chat.mutes set muted_until = now() - interval '1 s'")
    await eve.send(room, "An hour later")
    noted = await chief.ask("GET", f"/audit-events?target_id={eve.id}")
    actions = [each["action"] for each in noted["items"] if each["action"].startswith("chat.")]
    assert actions == ["chat.member_muted", "chat.member_unmuted", "chat.member_muted"]


async def test_an_api_key_is_a_member_like_another(
    house: House, tenant: Tenant, ana: Person
) -> None:
    bot = await key_of(house, tenant)
    room = await ana.channel()
    await bot.send(room, "Beep", status=404)
    await ana.ask("PUT", f"/rooms/{room}/members/{bot.id}", {})
    await bot.send(room, "Beep")
    members = (await ana.ask("GET", f"/rooms/{room}/members"))["items"]
    assert {each["member_id"]: each["is_key"] for each in members} == {
        str(ana.id): False,
        str(bot.id): True,
    }
    reader = await key_of(house, tenant, ["chat:read"])
    await ana.ask("PUT", f"/rooms/{room}/members/{reader.id}", {})
    assert len(await reader.messages(room)) == 1
    await reader.send(room, "No", status=403)


async def test_history_shows_messages_as_they_stand(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    one = (await ana.send(room, "Helo", topic="greetings"))["number"]
    two = (await ben.send(room, "Hi!", thread=one, topic="greetings"))["number"]
    three = (await ana.send(room, "Wrong room", topic="greetings"))["number"]
    await ana.send(room, "Hello", kind="edit", target=one)
    await ben.send(room, kind="reaction", target=one, emoji="👋")
    await ben.send(room, kind="pin", target=one)
    await ana.send(room, kind="topic", target=two, topic="lunch")
    await ana.send(room, kind="delete", target=three)
    shown = await ben.messages(room)
    assert [each["number"] for each in shown] == [one, two, three]
    assert shown[0]["text"] == "Hello"
    assert shown[0]["is_pinned"]
    assert shown[0]["reactions"] == [{"emoji": "👋", "member_ids": [str(ben.id)]}]
    assert (shown[1]["topic"], shown[1]["thread"]) == ("lunch", one)
    assert (shown[2]["is_deleted"], shown[2]["text"]) == (True, "")
    assert [each["number"] for each in await ben.messages(room, "?topic=lunch")] == [two]
    assert [each["number"] for each in await ben.messages(room, f"?thread={one}")] == [two]
    page = await ben.ask("GET", f"/rooms/{room}/messages?limit=2")
    assert [each["number"] for each in page["messages"]] == [two, three]
    before = await ben.ask("GET", f"/rooms/{room}/messages?limit=2&before={page['before']}")
    assert [each["number"] for each in before["messages"]] == [one]
    assert before["before"] is None
    past = await ben.ask("GET", f"/rooms/{room}/messages/{one}")
    texts = [each["body"].get("text") for each in past["events"]]
    assert texts[:2] == ["Helo", "Hello"]
    await ben.ask("GET", f"/rooms/{room}/messages/{three + 1}", status=404)


async def test_nothing_of_a_deleted_message_is_left(
    house: House, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    number = (await ana.send(room, "The code is 4711"))["number"]
    await ana.send(room, "The code was 4711", kind="edit", target=number)
    await ana.send(room, kind="delete", target=number)
    for path in ("/events", "/messages", f"/messages/{number}"):
        answer = await ana.browser.get(f"/v1/rooms/{room}{path}")
        assert answer.status_code == 200
        assert "4711" not in answer.text
    async with house.db.tx(tenant.id) as tx:
        sql = "select count(*) from chat.events where body::text like '%4711%'"
        assert await tx.fetchval(sql) == 0
    await ana.send(room, "New", status=409, kind="edit", target=number)


async def test_an_archived_room_is_read_and_not_written(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    await ben.ask("PATCH", f"/rooms/{room}", {"is_archived": True}, 403)
    await ana.ask("PATCH", f"/rooms/{room}", {"is_archived": True, "name": "Past"})
    await ben.send(room, "Too late", status=409)
    assert (await ben.ask("GET", f"/rooms/{room}"))["is_archived"]
    reopened = await ana.ask("PATCH", f"/rooms/{room}", {"is_archived": False})
    assert (reopened["is_archived"], reopened["name"]) == (False, "Past")
    await ben.send(room, "In time")


async def test_mentions_are_counted_until_they_are_read_or_taken_back(
    ana: Person, ben: Person, eve: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    ids = [str(ben.id), str(eve.id), str(ana.id)]
    one = (await ana.send(room, "@Ben, @Eve", mentions=ids))["number"]
    assert (await ben.unread(room), await ana.unread(room)) == ((1, 1), (0, 0))
    await ana.send(room, "nobody", kind="edit", target=one)
    assert await ben.unread(room) == (1, 0)
    await ana.send(room, "@Ben again", kind="edit", target=one, mentions=[str(ben.id)])
    two = (await ana.send(room, "@all", to_all=True))["number"]
    assert await ben.unread(room) == (2, 2)
    await ana.send(room, kind="delete", target=two)
    assert await ben.unread(room) == (1, 1)
    assert await ben.read(room, two) == two
    assert await ben.unread(room) == (0, 0)
    assert await ben.read(room, one) == two, "another device is behind"
    assert await ben.read(room, one - 1, is_back=True) == one - 1
    assert await ben.unread(room) == (1, 1)
    await ben.ask("PUT", f"/rooms/{room}/read", {"number": two + 100}, 404)


@pytest.mark.parametrize("seed", range(3))
async def test_unread_is_what_others_wrote_after_the_marker_and_did_not_delete(
    ana: Person, ben: Person, seed: int
) -> None:
    dice = random.Random(seed)
    room = await ana.channel(member_ids=[str(ben.id)])
    marker = {ana: 0, ben: 0}
    written: dict[int, Person] = {}
    head = (await ana.ask("GET", f"/rooms/{room}"))["head"]
    for who in marker:
        marker[who] = await who.read(room, head)
    for _ in range(25):
        who = dice.choice([ana, ben])
        deed = dice.choice(["message", "message", "react", "delete", "read"])
        own = [number for number, by in written.items() if by is who]
        if deed == "message":
            head = (await who.send(room, "x"))["number"]
            written[head] = who
        elif deed == "react" and written:
            target = dice.choice([*written])
            head = (await who.send(room, kind="reaction", target=target, emoji="👍"))["number"]
        elif deed == "delete" and own:
            target = dice.choice(own)
            head = (await who.send(room, kind="delete", target=target))["number"]
            del written[target]
        elif deed == "read":
            marker[who] = await who.read(room, dice.randint(1, head), is_back=True)
    for who, read in marker.items():
        expected = [number for number, by in written.items() if by is not who and number > read]
        assert await who.unread(room) == (len(expected), 0)


async def test_what_is_no_event_is_the_callers_error(ana: Person) -> None:
    room = await ana.channel()
    for body in (
        {},
        {"client_key": "k"},
        {"client_key": "k", "text": "  "},
        {"client_key": "k", "text": "a" * 20_001},
        {"client_key": "", "text": "a"},
        {"client_key": "k", "text": "a", "kind": "members"},
        {"client_key": "k", "text": "a", "target": 1},
        {"client_key": "k", "kind": "edit", "text": "a"},
        {"client_key": "k", "kind": "reaction", "target": 1},
        {"client_key": "k", "text": "a", "topic": "a\nb"},
        {"client_key": "k", "text": "a", "sender_id": str(ana.id)},
        {"client_key": "k", "text": "a\0"},
    ):
        answer = await ana.browser.post(f"/v1/rooms/{room}/events", json=body)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    large = {"client_key": "k", "text": "a" * 200_000}
    answer = await ana.browser.post(f"/v1/rooms/{room}/events", json=large)
    assert answer.status_code == 413
    assert len(await ana.messages(room)) == 0


async def test_long_polling_brings_what_is_missing_and_waits_for_more(
    house: House, ana: Person, ben: Person
) -> None:
    import asyncio

    room = await ana.channel(member_ids=[str(ben.id)])
    first = (await ana.send(room, "One"))["number"]
    news = await ben.ask("POST", "/chat/sync", {"rooms": {room: first - 1}, "wait_s": 20})
    assert [each["body"]["text"] for each in news["rooms"][room]["events"]] == ["One"]
    assert news["heads"][room] == first
    waiting = asyncio.create_task(
        ben.ask("POST", "/chat/sync", {"rooms": {room: first}, "wait_s": 20})
    )
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await ana.send(room, "Two")
    news = await waiting
    assert [each["body"]["text"] for each in news["rooms"][room]["events"]] == ["Two"]


async def test_topics_are_listed_newest_first_with_what_is_unread(ana: Person, ben: Person) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    await ana.send(room, "no topic")
    await ana.send(room, "soup", topic="food")
    moved = (await ana.send(room, "bikes", topic="other"))["number"]
    await ben.send(room, "my own", topic="travel")
    gone = (await ana.send(room, "never mind", topic="gone"))["number"]
    await ana.send(room, kind="delete", target=gone)
    last = (await ana.send(room, "salad", topic="food"))["number"]
    await ana.send(room, kind="topic", target=moved, topic="travel")

    async def topics(who: Person) -> list[tuple[str, int]]:
        found = await who.ask("GET", f"/rooms/{room}/topics")
        assert found[0]["number"] == last
        return [(each["name"], each["unread"]) for each in found]

    assert await topics(ben) == [("food", 2), ("travel", 1)]
    assert await topics(ana) == [("food", 0), ("travel", 1)]
    await ben.read(room, last)
    assert await topics(ben) == [("food", 0), ("travel", 0)]


async def test_topics_of_a_private_room_are_its_members_alone(tenant: Tenant, ana: Person) -> None:
    room = await ana.channel()
    await ana.send(room, "plan", topic="secret")
    stranger = await person_of(tenant)
    await stranger.ask("GET", f"/rooms/{room}/topics", status=404)
