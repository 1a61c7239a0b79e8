"""Outgoing webhooks: messages of a room go to an address, and what it answers comes back."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from hanse.chat.log.model import Body, Event, Kind
from hanse.chat.outgoing.model import Rule, Sends, arguments_of
from hanse.identity import Role
from tests.chat.conftest import Person, person_of
from tests.chat.sending import (
    Sending,
    ana,
    answers,
    ben,
    data_of,
    going_out,
    path_of,
    receiver,
    sending,
    wires,
)
from tests.identity.conftest import Tenant

__all__ = ["ana", "ben", "going_out", "receiver", "sending", "wires"]

AT = datetime(2026, 11, 2, tzinfo=UTC)


def arguments(sends: Sends, word: str | None, text: str, *mentions: UUID) -> str | None:
    rule = Rule(UUID(int=1), UUID(int=2), sends, word, AT)
    event = Event(
        room_id=UUID(int=3),
        number=1,
        messages=1,
        sender_id=UUID(int=4),
        device="d",
        client_key="k",
        kind=Kind.MESSAGE,
        created_at=AT,
        body=Body(text=text, mentions=mentions),
    )
    return arguments_of(rule, event)


@pytest.mark.parametrize(
    ("sends", "word", "text", "found"),
    [
        (Sends.ALL, None, " Anything ", "Anything"),
        (Sends.WORD, "build", "Build: main now", "main now"),
        (Sends.WORD, "build", "build", ""),
        (Sends.WORD, "build", "rebuild main", None),
        (Sends.WORD, "build", "please build", None),
        (Sends.WORD, "build", "", None),
        (Sends.COMMAND, "deploy", "/deploy  api prod", "api prod"),
        (Sends.COMMAND, "deploy", "/Deploy", ""),
        (Sends.COMMAND, "deploy", "/deployed", None),
        (Sends.COMMAND, "deploy", "\\/deploy api", None),
        (Sends.COMMAND, "deploy", "deploy", None),
        (Sends.MENTION, None, "Hello", None),
    ],
)
def test_a_message_is_wanted_by_how_it_begins(
    sends: Sends, word: str | None, text: str, found: str | None
) -> None:
    assert arguments(sends, word, text) == found


def test_a_mention_of_the_bot_is_wanted_and_of_others_is_not() -> None:
    assert arguments(Sends.MENTION, None, "@Robot help", UUID(int=1)) == "@Robot help"
    assert arguments(Sends.MENTION, None, "@Ana help", UUID(int=9)) is None


async def test_messages_are_sent_signed_and_the_answer_is_a_reply(
    sending: Sending, tenant: Tenant, ana: Person, ben: Person
) -> None:
    room = await ana.channel(name="Ops", member_ids=[str(ben.id)])
    await ben.send(room, "Before it was there")
    made = await sending.webhook(ana, room)
    sending.answering(made, {"text": "Understood", "username": "HAL"})
    number = (await ben.send(room, "Open the doors", topic="Doors"))["number"]
    [reply] = await answers(ana, room, number)
    assert (reply["text"], reply["username"], reply["topic"]) == ("Understood", "HAL", "Doors")
    assert reply["sender_id"] == made["webhook"]["bot_id"]
    [request] = sending.receiver.at(path_of(made))
    message = Webhook(made["secret"]).verify(request.body, request.headers)
    assert message["type"] == "chat.room_message"
    assert message["organisation_id"] == str(tenant.id)
    sent = message["data"]
    assert sent["room"] == {"id": room, "name": "Ops"}
    assert (sent["sends"], sent["bot_id"]) == ("all", made["webhook"]["bot_id"])
    assert sent["message"]["number"] == number
    assert (sent["message"]["sender"], sent["message"]["sender_id"]) == ("Ben", str(ben.id))
    assert (sent["message"]["text"], sent["message"]["topic"]) == ("Open the doors", "Doors")


async def test_an_answer_is_posted_once_however_often_the_message_is_sent(
    sending: Sending, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room)
    sending.answering(made, b"not now", 503)
    number = (await ana.send(room, "Hello"))["number"]
    await sending.arrival(made, 2)
    sending.answering(made, {"text": "At last"})
    await answers(ana, room, number)
    # An administrator sees the webhook among all others, and sends the message again.
    chief = await person_of(tenant, Role.ADMIN)
    [webhook] = [
        each
        for each in (await chief.ask("GET", "/webhooks?limit=100"))["items"]
        if each["url"] == made["webhook"]["url"]
    ]
    [delivery] = await sending.settled(ana, room, made)
    assert (delivery["status"], delivery["attempts"] > 2) == ("delivered", True)
    sending.answering(made, {"text": "Again"})
    so_far = len(sending.receiver.at(path_of(made)))
    again = f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}/replay"
    answer = await chief.browser.post(f"/v1{again}")
    assert answer.status_code in (200, 202), answer.text
    await sending.arrival(made, so_far + 1)
    marker = (await ana.send(room, "Something else"))["number"]
    await answers(ana, room, marker)
    assert [each["text"] for each in await answers(ana, room, number)] == ["At last"]


async def test_what_programs_say_is_sent_to_none(sending: Sending, ana: Person) -> None:
    room = await ana.channel()
    one, other = await sending.webhook(ana, room), await sending.webhook(ana, room)
    for made in (one, other):
        sending.answering(made, {"text": "Ping"})
    for text in ("First", "Second"):
        number = (await ana.send(room, text))["number"]
        assert len(await answers(ana, room, number, 2)) == 2
    for made in (one, other):
        texts = [data_of(each)["message"]["text"] for each in await sending.arrival(made, 2)]
        assert texts == ["First", "Second"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"ok", {"text": ""}, {"text": "\0"}, {"text": "x" * 20_001}, {"ok": True}, b"\xff", [1]],
)
async def test_an_answer_that_says_nothing_posts_nothing(
    sending: Sending, ana: Person, answer: Any
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room)
    sending.answering(made, answer)
    await ana.send(room, "Quiet?")
    [delivery] = await sending.settled(ana, room, made)
    assert delivery["status"] == "delivered"
    sending.answering(made, {"text": "Now I speak"})
    number = (await ana.send(room, "And now?"))["number"]
    await answers(ana, room, number)
    assert len(await ana.messages(room)) == 3


async def test_only_messages_with_the_word_or_mention_are_sent(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    word = await sending.webhook(ana, room, sends="word", word="Build")
    mention = await sending.webhook(ana, room, sends="mention")
    bot = mention["webhook"]["bot_id"]
    await ana.send(room, "Good morning")
    await ana.send(room, "build: main")
    await ana.send(room, "@Robot?", mentions=[bot])
    [built] = await sending.arrival(word)
    [asked] = await sending.arrival(mention)
    assert data_of(built)["message"]["arguments"] == "main"
    assert data_of(asked)["message"]["text"] == "@Robot?"


async def test_a_deleted_webhook_gets_nothing_more_and_its_bot_is_gone(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    made, stays = await sending.webhook(ana, room), await sending.webhook(ana, room)
    bot = made["webhook"]["bot_id"]
    await ana.ask("DELETE", f"/rooms/{room}/bots/{bot}", status=204)
    await ana.send(room, "Anybody?")
    await sending.arrival(stays)
    assert not sending.receiver.at(path_of(made))
    path = f"/rooms/{room}/outgoing-webhooks"
    assert [each["bot_id"] for each in await ana.ask("GET", path)] == [stays["webhook"]["bot_id"]]
    for method, more in (("GET", "/deliveries"), ("POST", "/rotate-secret")):
        await ana.ask(method, f"{path}/{bot}{more}", status=404)


async def test_a_webhook_is_turned_off_and_on_and_signs_by_both_secrets_for_a_day(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room)
    path = f"/rooms/{room}/outgoing-webhooks/{made['webhook']['bot_id']}"
    await ana.ask("PATCH", path, {"active": False}, 204)
    listed = (await ana.ask("GET", f"/rooms/{room}/outgoing-webhooks"))[0]
    assert not listed["active"]
    await ana.ask("PATCH", path, {"active": True}, 204)
    rotated = await ana.ask("POST", f"{path}/rotate-secret")
    await ana.send(room, "Hello")
    [request] = await sending.arrival(made)
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(request.body, request.headers)


async def test_an_administrator_cannot_make_a_rooms_webhook_one_of_all_events(
    sending: Sending, tenant: Tenant, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room)
    chief = await person_of(tenant, Role.ADMIN)
    items = (await chief.ask("GET", "/webhooks?limit=100"))["items"]
    [id] = [each["id"] for each in items if each["url"] == made["webhook"]["url"]]
    await chief.ask("PATCH", f"/webhooks/{id}", {"event_types": []}, 409)
    same = {"description": "Known", "event_types": ["chat.room_message"]}
    await chief.ask("PATCH", f"/webhooks/{id}", same)
    await chief.ask("DELETE", f"/webhooks/{id}", status=204)
    assert await ana.ask("GET", f"/rooms/{room}/outgoing-webhooks") == []


async def test_bad_webhooks_are_refused_and_leave_nothing_behind(
    sending: Sending, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    for facts, code in (
        ({"url": "http://169.254.169.254/latest"}, "invalid_webhook_url"),
        ({"url": "ftp://x.example"}, "invalid_webhook_url"),
        ({"sends": "word"}, "invalid_trigger"),
        ({"sends": "word", "word": "two words"}, "invalid_trigger"),
        ({"sends": "all", "word": "x"}, "invalid_trigger"),
        ({"sends": "command", "word": "No!"}, "invalid_trigger"),
        ({"sends": "some"}, None),
    ):
        problem = await sending.webhook(ana, room, 400, **facts)
        assert code is None or problem["code"] == code, problem
    await sending.webhook(ben, room, 403)
    assert await ana.ask("GET", f"/rooms/{room}/outgoing-webhooks") == []
    members = (await ana.ask("GET", f"/rooms/{room}/members"))["items"]
    assert not any(each["is_key"] for each in members)
