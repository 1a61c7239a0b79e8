"""Reading a room: its log from a number on, and its messages as they stand, page by page."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store
from hanse.chat.log.fold import Message, messages_of
from hanse.chat.log.model import Event, Topic, at_most
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.rooms.service import actor_of, see_room
from hanse.chat.translations import store as translations_store
from hanse.chat.translations.events import TranslationsWanted
from hanse.chat.translations.model import Translated, is_for
from hanse.identity import Access
from hanse.platform.database import Tx
from hanse.platform.outbox import announce

EVENTS_PAGE_MAX: Final = 500
MESSAGES_PAGE_MAX: Final = 100
TOPICS_MAX: Final = 200
CHARACTERS_MAX: Final = 1_000_000
"""Text in one answer; what is beyond waits for the next."""
NUMBER_MAX: Final = 2**62


class LogPage(Struct, frozen=True):
    """A part of a room's log without a gap; `head` is where the log ends."""

    events: list[Event]
    head: int


class HistoryPage(Struct, frozen=True):
    """Messages as they stand, oldest first. `before` asks for the page before; null at the start.

    `translations` are those into languages that the caller reads, of messages that they do not.
    `head` is the number up to which the log was taken into account: go on from there.
    """

    messages: list[Message]
    translations: list[Translated]
    before: int | None
    head: int


class MessageHistory(Struct, frozen=True):
    """A message with all that happened to it, its earlier versions included."""

    message: Message
    events: list[Event]


async def read_log(tx: Tx, access: Access, room_id: UUID, after: int, limit: int) -> LogPage:
    """Return what follows number `after` in a room's log. Raises NoSuchRoom."""
    room = await see_room(tx, access, room_id)
    events = at_most(await store.read_events(tx, room_id, after, limit), CHARACTERS_MAX)
    return LogPage(events, max(room.head, events[-1].number if events else 0))


async def read_history(
    tx: Tx,
    access: Access,
    room_id: UUID,
    *,
    before: int | None,
    limit: int,
    topic: str | None = None,
    thread: int | None = None,
    languages: Sequence[str] | None = None,
) -> HistoryPage:
    """Return the last `limit` messages before a number, of one topic or thread if asked.

    `languages` stand in for those that the caller reads. Raises NoSuchRoom.
    """
    room = await see_room(tx, access, room_id)
    found = await store.read_messages(tx, room_id, before or NUMBER_MAX, limit + 1, topic, thread)
    page = found[:limit]
    later = await store.read_about(tx, room_id, [each.number for each in page])
    messages = messages_of(page, later)
    # The log may have grown between the statements: what is shown is never older than `head`.
    more = page[-1].number if len(found) > limit else None
    reads = await languages_of(tx, access) if languages is None else languages
    translations = await translated_for(tx, room_id, messages, reads)
    return HistoryPage(messages, translations, more, room.head)


async def read_topics(tx: Tx, access: Access, room_id: UUID) -> list[Topic]:
    """Return the topics of a room, the one written in last first. Raises NoSuchRoom."""
    await see_room(tx, access, room_id)
    return await store.read_topics(tx, room_id, actor_of(access), TOPICS_MAX)


async def languages_of(tx: Tx, access: Access) -> list[str]:
    """Return what the caller reads, best first; an API key reads what was written."""
    if access.person_id is None:
        return []
    person = await identity.get_person(tx, access.person_id)
    return [] if person is None else person.languages


async def translated_for(
    tx: Tx, room_id: UUID, messages: Sequence[Message], languages: Sequence[str]
) -> list[Translated]:
    """Return the translations of these messages that a reader of these languages wants."""
    if not languages or not messages:
        return []
    revisions = {each.number: each.revision for each in messages if not each.is_deleted}
    found = await translations_store.read(tx, room_id, revisions, languages)
    return [each for each in found if is_for(languages, each.source_language, each.language)]


async def want_translations(
    tx: Tx,
    access: Access,
    room_id: UUID,
    numbers: Sequence[int],
    languages: Sequence[str] | None = None,
) -> None:
    """Ask for messages in what the caller, or a reader of `languages`, reads.

    What is made is told to those who follow, and stands in the history. Raises NoSuchRoom.
    """
    await see_room(tx, access, room_id)
    reads = await languages_of(tx, access) if languages is None else languages
    if reads and numbers:
        wanted = sorted(set(numbers))
        await announce(
            tx, TranslationsWanted(room_id=room_id, numbers=wanted, languages=list(reads))
        )


async def read_message(tx: Tx, access: Access, room_id: UUID, number: int) -> MessageHistory:
    """Return one message with its past. Raises NoSuchRoom, NoSuchMessage."""
    await see_room(tx, access, room_id)
    event = await store.read_message(tx, room_id, number)
    if event is None:
        raise NoSuchMessage(f"There is no message {number} in this room.")
    later = await store.read_about(tx, room_id, [number])
    [message] = messages_of([event], later)
    return MessageHistory(message, [event, *later])
