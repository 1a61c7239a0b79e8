"""Tells people of messages: a moment later, and only of what they have not read by then."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.model import Event, Kind
from hanse.chat.log.stretches import read_stretches
from hanse.chat.notifying import store
from hanse.chat.notifying.kinds import BY_REASON, Reason
from hanse.chat.programs import store as programs_store
from hanse.platform.bus import Envelope
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs, enqueue

TELL: Final = "chat.tell"
TELL_AFTER_S: Final = 3.0
"""Whoever has the room open has read a message by then."""


class Tell(Struct, frozen=True):
    """The job that tells people of one message."""

    room_id: UUID
    number: int


def telling_consumer(after_s: float = TELL_AFTER_S) -> Consumer:
    """Return what plans to tell of each message that is meant for somebody."""

    async def on_appended(tx: Tx, envelope: Envelope) -> None:
        async for _, events in read_stretches(tx, envelope):
            for event in events:
                if event.kind is Kind.MESSAGE and await store.told(tx, event):
                    await enqueue(tx, TELL, Tell(event.room_id, event.number), delay_s=after_s)

    return Consumer(
        name="chat-notifications", types=(EventsAppended.type,), handler=one_by_one(on_appended)
    )


async def tell(tx: Tx, asked: Tell) -> None:
    """Tell whoever has not read a message by now, unless it is gone."""
    message = await log_store.read_message(tx, asked.room_id, asked.number)
    if message is None or message.is_redacted:
        return
    told = await store.told(tx, message)
    if told:
        await _tell(tx, message, told)


async def _tell(tx: Tx, message: Event, told: Mapping[UUID, Reason]) -> None:
    names = await identity.names_of(tx, [message.sender_id])
    known = {
        "sender": names.get(message.sender_id) or await _program_name(tx, message),
        "room": await store.room_name(tx, message.room_id),
    }
    for reason, kind in BY_REASON.items():
        people = [each for each, why in told.items() if why is reason]
        facts = {name: known[name] for name in kind.facts}
        about = message.thread if reason is Reason.THREAD else ""
        link = f"/chat/{message.room_id}?message={message.number}"
        topic = f"{message.room_id}/{about}"
        await identity.notify(tx, people, kind, facts, link, topic=topic)


async def _program_name(tx: Tx, message: Event) -> str:
    id = message.body.program_id
    return "" if id is None else await programs_store.program_name(tx, id) or ""


def register_telling(jobs: Jobs) -> None:
    """Add the job that tells people of messages."""
    jobs.task(TELL, Tell)(tell)
