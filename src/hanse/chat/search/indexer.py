"""Lets messages be found: a consumer of what was appended, and of each translation as it is made.

A sender waits for none of this. Whoever deletes a message takes away in the same transaction what
it is found by.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from hanse.chat.log.append import EventsAppended
from hanse.chat.log.fold import Message
from hanse.chat.log.model import Kind
from hanse.chat.log.present import read_present
from hanse.chat.log.stretches import read_stretches
from hanse.chat.search import store
from hanse.chat.search.events import IndexingWanted
from hanse.chat.search.labels import labels_of
from hanse.chat.search.store import Findable
from hanse.chat.search.words import vector
from hanse.chat.translations import store as translations_store
from hanse.identity import reading_languages
from hanse.platform.bus import Envelope
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Tx

Recognise = Callable[[str, Collection[str]], Awaitable[str | None]]
"""Tells the language of a text, most likely one of some; None where there is none to tell."""

_KINDS = (Kind.MESSAGE, Kind.EDIT, Kind.TOPIC)


async def index(tx: Tx, room_id: UUID, numbers: Sequence[int], recognise: Recognise) -> None:
    """Let these messages be found by what they say now, in each language that they are in."""
    held = await store.hold(tx, room_id, numbers)
    if not held:
        return
    messages = await read_present(tx, room_id, held)
    translations = await store.texts(tx, room_id, messages)
    sources = {row["number"]: row["source_language"] for row in translations}
    candidates = set[str]()
    if any(each.number not in sources for each in messages):
        readers = await translations_store.reader_ids(tx, room_id)
        candidates = {each for some in await reading_languages(tx, readers) for each in some}
    findable: dict[tuple[int, str], Findable] = {}
    by_number = {each.number: each for each in messages}
    for row in translations:
        message = by_number[row["number"]]
        one = _findable(tx, room_id, message, row["language"], row["text"], is_original=False)
        findable[message.number, one.language] = one
    for message in messages:
        source = sources.get(message.number) or await recognise(message.text, candidates) or ""
        one = _findable(tx, room_id, message, source, message.text, is_original=True)
        findable[message.number, source] = one
    await store.put(tx, room_id, list(findable.values()))


def _findable(
    tx: Tx, room_id: UUID, message: Message, language: str, text: str, *, is_original: bool
) -> Findable:
    labels = labels_of(tx.organisation_id, room_id, message)
    return Findable(message, language, is_original, vector(text, language, labels))


def history_consumer(recognise: Recognise) -> Consumer:
    """Return what lets old messages be found, beside the new ones and never before them."""

    async def on_wanted(tx: Tx, envelope: Envelope) -> None:
        for stretch in envelope.decode(IndexingWanted).stretches:
            numbers = range(stretch.first, stretch.last + 1)
            await index(tx, stretch.room_id, list(numbers), recognise)

    return Consumer(
        name="chat-search-history", types=(IndexingWanted.type,), handler=one_by_one(on_wanted)
    )


def search_consumer(recognise: Recognise) -> Consumer:
    """Return what lets messages be found a moment after they were appended."""

    async def on_appended(tx: Tx, envelope: Envelope) -> None:
        async for room_id, events in read_stretches(tx, envelope):
            numbers = {each.target or each.number for each in events if each.kind in _KINDS}
            await index(tx, room_id, sorted(numbers), recognise)
            for topic in {each.topic for each in events if each.body.from_topic}:
                if topic is not None:
                    await store.move(tx, room_id, topic)

    return Consumer(
        name="chat-search",
        types=(EventsAppended.type,),
        handler=one_by_one(on_appended),
        concurrency=3,
    )
