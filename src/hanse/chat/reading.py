"""Reading a room: its log from a number on, and its messages as they stand, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse import identity
from hanse.chat.log import store, topic_store
from hanse.chat.log.fold import Message, changed, messages_of
from hanse.chat.log.model import Event, Topic, at_most
from hanse.chat.log.pins import read_pinned
from hanse.chat.log.present import read_present
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.log.topics import former_names, marked, moves
from hanse.chat.places import NUMBER_MAX, instant
from hanse.chat.previews.model import Previewed
from hanse.chat.previews.reading import previewed
from hanse.chat.rooms.service import actor_of, see_room
from hanse.chat.translations import store as translations_store
from hanse.chat.translations.events import TranslationsWanted
from hanse.chat.translations.model import Translated, is_for
from hanse.identity import Access
from hanse.platform.database import Tx
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest

EVENTS_PAGE_MAX: Final = 500
MESSAGES_PAGE_MAX: Final = 100
TOPICS_MAX: Final = 200
PINNED_MAX: Final = 100
CHARACTERS_MAX: Final = 1_000_000
"""Text in one answer; what is beyond waits for the next."""


class InvalidPage(BadRequest):
    """A page of history begins or ends at one place."""

    code = "invalid_page"
    title = "Invalid page"


class LogPage(Struct, frozen=True):
    """A part of a room's log without a gap; `head` is where the log ends."""

    events: list[Event]
    head: int


class HistoryPage(Struct, frozen=True):
    """Messages as they stand, oldest first. `before` asks for the page before; null at the start.

    `after` asks for the page behind; null at the end.
    `translations` are those into languages that the caller reads, of messages that they do not;
    `previews` what stands behind links of these messages.
    `head` is the number up to which the log was taken into account: go on from there.
    """

    messages: list[Message]
    translations: list[Translated]
    previews: list[Previewed]
    before: int | None
    after: int | None
    head: int


class PinnedMessages(Struct, frozen=True):
    """What is pinned in a room, pinned last first, and its translations for the caller."""

    messages: list[Message]
    translations: list[Translated]


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
    before: int | None = None,
    after: int | None = None,
    at: datetime | None = None,
    limit: int,
    topic: str | None = None,
    thread: int | None = None,
    languages: Sequence[str] | None = None,
) -> HistoryPage:
    """Return up to `limit` messages, of one topic or thread if asked: the last ones before a
    number, or the first ones behind a number or at a time.

    `languages` stand in for those that the caller reads. Raises NoSuchRoom, InvalidPage.
    """
    if sum(each is not None for each in (before, after, at)) > 1:
        raise InvalidPage("Name one of `before`, `after` and `at`.")
    room = await see_room(tx, access, room_id)
    if at is not None:
        after = await store.number_at(tx, room_id, instant("at", at, InvalidPage))
    if after is None:
        end = before or NUMBER_MAX
        found = await store.read_messages(tx, room_id, end, limit + 1, topic, thread)
        page = found[:limit][::-1]
        earlier = page[0].number if len(found) > limit else None
        behind = before - 1 if before and before <= room.head else None
    else:
        found = await store.read_messages_after(tx, room_id, after, limit + 1, topic, thread)
        page = found[:limit]
        earlier = after + 1 if after else None
        behind = page[-1].number if len(found) > limit else None
    later = await store.read_about(tx, room_id, [each.number for each in page])
    # The log may have grown between the statements. Whoever reads on from `head` meets what is
    # behind it once: a topic's move, met twice, may not come to the same.
    messages = messages_of(page, [each for each in later if each.number <= room.head])
    reads = await languages_of(tx, access) if languages is None else languages
    translations = await translated_for(tx, room_id, messages, reads)
    previews = await previewed(tx, room_id, messages)
    return HistoryPage(messages, translations, previews, earlier, behind, room.head)


async def read_topics(tx: Tx, access: Access, room_id: UUID) -> list[Topic]:
    """Return the topics of a room, the one written in last first. Raises NoSuchRoom."""
    await see_room(tx, access, room_id)
    topics = await topic_store.read_topics(tx, room_id, actor_of(access), TOPICS_MAX)
    marks = marked(await store.read_whole_topics(tx, room_id))
    former = former_names(marks, [each.name for each in topics])
    return [
        msgspec.structs.replace(
            each,
            is_resolved=each.name in marks.resolved,
            former_names=former.get(each.name, ()),
        )
        for each in topics
    ]


async def list_pinned(tx: Tx, access: Access, room_id: UUID) -> PinnedMessages:
    """Return up to PINNED_MAX pinned messages of a room. Raises NoSuchRoom."""
    await see_room(tx, access, room_id)
    numbers = await read_pinned(tx, room_id, PINNED_MAX)
    found = {each.number: each for each in await read_present(tx, room_id, numbers)}
    messages = [found[number] for number in numbers]
    reads = await languages_of(tx, access)
    return PinnedMessages(messages, await translated_for(tx, room_id, messages, reads))


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
    events, message = [event], messages_of([event], [])[0]
    for each in later:
        if each.target is not None or moves(each, message.topic, number):
            events.append(each)
            message = changed(message, each)
    return MessageHistory(message, events)
