"""Slash commands: messages to a program, whose answer stands below."""

from typing import Any

from tests.chat.conftest import Person
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
from tests.eventing import until

__all__ = ["ana", "ben", "going_out", "receiver", "sending", "wires"]


async def test_a_command_is_a_message_and_its_answer_a_reply(
    sending: Sending, ana: Person, ben: Person
) -> None:
    room = await ana.channel(member_ids=[str(ben.id)])
    facts = {"sends": "command", "word": "/Deploy", "hint": "SERVICE", "description": "Ships it"}
    made = await sending.webhook(ana, room, **facts)
    assert made["webhook"]["word"] == "deploy"
    commands = await ben.ask("GET", f"/rooms/{room}/commands")
    assert commands == [{"name": "deploy", "hint": "SERVICE", "description": "Ships it"}]
    sending.answering(made, {"text": "Shipped"})
    await ben.send(room, "\\/deploy is a command")
    number = (await ben.send(room, "/deploy api  now"))["number"]
    [reply] = await answers(ana, room, number)
    assert (reply["text"], reply["sender_id"]) == ("Shipped", made["webhook"]["bot_id"])
    [request] = sending.receiver.at(path_of(made))
    sent = data_of(request)
    assert (sent["sends"], sent["word"]) == ("command", "deploy")
    assert sent["message"]["arguments"] == "api  now"


async def test_a_command_in_a_thread_is_answered_in_that_thread(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room, sends="command", word="time")
    sending.answering(made, {"text": "Noon"})
    root = (await ana.send(room, "When do we meet?"))["number"]
    await ana.send(room, "/time", thread=root)
    replies = await answers(ana, room, root, 2)
    assert [each["text"] for each in replies] == ["/time", "Noon"]


async def test_a_command_that_fails_says_so_after_a_few_attempts(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room, sends="command", word="fail")
    sending.answering(made, b"oh no", 500)
    number = (await ana.send(room, "/fail now"))["number"]
    [reply] = await answers(ana, room, number)
    assert reply["text"] == "`/fail` was not carried out. It answered 500."
    assert len(sending.receiver.at(path_of(made))) == 3


async def test_a_name_is_one_commands_in_a_room_and_another_rooms_is_unknown(
    sending: Sending, ana: Person, ben: Person
) -> None:
    room, other = await ana.channel(), await ana.channel()
    made = await sending.webhook(ana, room, sends="command", word="who")
    problem = await sending.webhook(ana, room, 409, sends="command", word="WHO")
    assert problem["code"] == "command_taken"
    await sending.webhook(ana, other, sends="command", word="who")
    await ben.ask("GET", f"/rooms/{room}/commands", status=404)
    path = f"/rooms/{room}/outgoing-webhooks/{made['webhook']['bot_id']}"
    await ana.ask("PATCH", path, {"active": False}, 204)
    assert await ana.ask("GET", f"/rooms/{room}/commands") == []


async def test_an_answer_that_breaks_a_rule_of_the_room_is_not_posted(
    sending: Sending, ana: Person
) -> None:
    room = await ana.channel()
    made = await sending.webhook(ana, room, sends="command", word="say")
    sending.answering(made, {"text": "Bandits everywhere"})
    await ana.ask("PUT", f"/rooms/{room}/rules", {"words": ["bandits"]})
    await ana.send(room, "/say something")

    async def refused() -> Any:
        return (await ana.ask("GET", f"/rooms/{room}/rules"))["refusals"]

    [counted] = await until(refused, "the answer is refused")
    assert (counted["rule"], counted["refused"]) == ("words", 1)
    assert [each["text"] for each in await ana.messages(room)] == ["/say something"]
