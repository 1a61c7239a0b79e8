"""Sends messages of rooms to those who want them, and posts what they answer."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from hanse import identity
from hanse.chat.integrations.posts import InvalidPost, Post, read_post
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.appender import Appender
from hanse.chat.log.model import Body, Draft, Event, Kind
from hanse.chat.log.stretches import read_stretches
from hanse.chat.notifying.store import room_name
from hanse.chat.outgoing import store
from hanse.chat.outgoing.model import (
    MESSAGE_TYPE,
    Rule,
    Sends,
    Sent,
    SentMessage,
    SentRoom,
    arguments_of,
)
from hanse.identity import DeliveryStatus, Hear, Settled
from hanse.platform.bus import Bus, Envelope
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Db, Tx
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

ANSWER: Final = "chat.post_answer"
DEVICE: Final = "answer"
TRIES_MAX: Final = 11
COMMAND_TRIES_MAX: Final = 3
"""Somebody waits for a command: it is tried for twenty seconds, not for a day."""


class PostAnswer(Struct, frozen=True, kw_only=True):
    """The job that posts what was answered to a message."""

    room_id: UUID
    bot_id: UUID
    thread: int
    topic: str | None
    text: str
    username: str | None
    client_key: str


class _Message(Struct, frozen=True):
    data: Sent


def outgoing_consumer() -> Consumer:
    """Return what lets messages be sent that outgoing webhooks of their rooms want."""
    return Consumer(
        name="chat-outgoing-webhooks",
        types=(EventsAppended.type,),
        handler=one_by_one(_on_appended),
    )


async def _on_appended(tx: Tx, envelope: Envelope) -> None:
    async for room_id, events in read_stretches(tx, envelope):
        messages = [each for each in events if each.kind is Kind.MESSAGE and not each.is_redacted]
        if messages and (rules := await store.rules_of(tx, room_id)):
            await _send(tx, room_id, messages, rules)


async def _send(tx: Tx, room_id: UUID, messages: Sequence[Event], rules: Sequence[Rule]) -> None:
    senders = sorted({each.sender_id for each in messages})
    # What programs say is not sent: two of them would answer each other for ever.
    actors = await identity.find_actors(tx, senders)
    people = {id for id, is_key in actors.items() if not is_key}
    names = await identity.names_of(tx, sorted(people))
    room = SentRoom(room_id, await room_name(tx, room_id))
    for event in (each for each in messages if each.sender_id in people):
        for rule in rules:
            arguments = arguments_of(rule, event)
            if arguments is None:
                continue
            await identity.send_to_webhook(
                tx,
                rule.webhook_id,
                uuid5(rule.webhook_id, f"{room_id}/{event.number}"),
                MESSAGE_TYPE,
                event.created_at,
                _sent(rule, room, event, names.get(event.sender_id, ""), arguments),
                tries_max=COMMAND_TRIES_MAX if rule.sends is Sends.COMMAND else TRIES_MAX,
            )


def _sent(rule: Rule, room: SentRoom, event: Event, sender: str, arguments: str) -> Sent:
    return Sent(
        bot_id=rule.bot_id,
        sends=rule.sends,
        word=rule.word,
        room=room,
        message=SentMessage(
            number=event.number,
            text=event.body.text,
            arguments=arguments,
            topic=event.topic,
            thread=event.thread,
            sender_id=event.sender_id,
            sender=sender,
            created_at=event.created_at,
        ),
    )


def webhook_answers() -> dict[str, Hear]:
    """Return who hears what came of messages that were sent, by the type of these."""
    return {MESSAGE_TYPE: _on_settled}


async def _on_settled(tx: Tx, settled: Settled) -> None:
    """Let an answer be posted, or that a command failed: once, as a delivery is settled once."""
    sent = msgspec.json.decode(settled.message, type=_Message).data
    post = _answer(sent, settled)
    if post is None:
        return
    answer = PostAnswer(
        room_id=sent.room.id,
        bot_id=sent.bot_id,
        thread=sent.message.thread or sent.message.number,
        topic=sent.message.topic,
        text=post.text,
        username=post.username,
        client_key=str(settled.event_id),
    )
    await enqueue(tx, ANSWER, answer)


def _answer(sent: Sent, settled: Settled) -> Post | None:
    if settled.status is DeliveryStatus.DELIVERED:
        with suppress(InvalidPost):
            return read_post(settled.answer)
        return None
    if sent.sends is Sends.COMMAND:
        return Post(f"`/{sent.word}` was not carried out. {settled.error or ''}".strip())
    return None


def register_answers(jobs: Jobs, db: Db, bus: Bus) -> None:
    """Add the job that posts answers. `db` is of `hanse_jobs`."""
    appender = Appender(db, bus)

    async def post_answer(tx: Tx, job: PostAnswer) -> None:
        draft = Draft(
            room_id=job.room_id,
            sender_id=job.bot_id,
            device=DEVICE,
            client_key=job.client_key,
            kind=Kind.MESSAGE,
            thread=job.thread,
            topic=job.topic,
            body=Body(text=job.text, username=job.username),
        )
        organisation_id: Any = tx.organisation_id
        try:
            # In a transaction of its own: by the client key a second attempt adds nothing.
            await appender.append(organisation_id, draft)
        except Problem as problem:
            if problem.status >= 500:
                raise
            log.info("answer_refused", room_id=str(job.room_id), code=problem.code)

    jobs.task(ANSWER, PostAnswer)(post_answer)
