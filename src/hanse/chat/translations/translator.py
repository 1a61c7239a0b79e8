"""Brings messages into the languages of their readers: each once, whoever hears of it first.

A message is heard of twice. The bell rings at once, and may be lost; the stream of events comes a
moment later, and is not. A claim in the database lets one of them do the work.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from hanse import identity
from hanse.chat import bell
from hanse.chat.log import store as log_store
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.fold import Message, messages_of
from hanse.chat.log.model import Kind
from hanse.chat.search.indexer import index, search_consumer
from hanse.chat.translations import store
from hanse.chat.translations.events import Told, TranslationsWanted, tell
from hanse.chat.translations.model import Translated, wishes
from hanse.language import LiveTranslator
from hanse.platform.bus import Bus, Envelope
from hanse.platform.consumers import Consumer
from hanse.platform.database import Db, Tx
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

READERS_KEPT_S: Final = 5.0
READERS_KEPT_MAX: Final = 10_000
LISTENED_MAX: Final = 200
"""Messages of the bell in work; more are left to the stream of events."""

_TEXTS: Final = (Kind.MESSAGE, Kind.EDIT)

_made = Counter("hanse_chat_translations_total", "Translations of messages.", ["outcome"])
_seconds = Histogram(
    "hanse_chat_translation_seconds",
    "Time from a message's append to its translation.",
    buckets=(0.025, 0.05, 0.1, 0.15, 0.2, 0.4, 0.8, 1.6, 5, 15, 60),
)


class StillTranslating(Exception):
    """Another process is at it; look again later."""


class Translator:
    """Translates messages in one process. `db` is of `hanse_jobs`."""

    def __init__(self, db: Db, bus: Bus, live: LiveTranslator) -> None:
        self._db = db
        self._bus = bus
        self._live = live
        self._readers: OrderedDict[UUID, tuple[float, list[list[str]]]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def recognise(self, text: str, candidates: Collection[str]) -> str | None:
        """Return the root language of a text, most likely one of `candidates`."""
        return await self._live.recognise(text, candidates)

    async def listen(self) -> None:
        """Follow the bell from now on."""
        await self._bus.subscribe(bell.ALL, self._hear)

    async def _hear(self, message: Any) -> None:
        try:
            frame = bell.decoded(message.data)
        except msgspec.DecodeError:
            return
        for event in frame.events:
            if event.kind is Kind.MEMBERS:
                self._readers.pop(frame.room_id, None)
            if event.kind in _TEXTS and len(self._tasks) < LISTENED_MAX:
                number = event.target or event.number
                work = self._at_once(frame.organisation_id, frame.room_id, number)
                task = asyncio.create_task(work)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _at_once(self, organisation_id: UUID, room_id: UUID, number: int) -> None:
        try:
            await self.translate(organisation_id, room_id, number)
        except (Problem, StillTranslating) as error:
            log.debug("chat_translation_later", error=str(error))
        except Exception as error:  # the edge of the process; the stream of events comes yet
            log.error("chat_translation_failed", exc_info=error)

    async def on_appended(self, tx: Tx, envelope: Envelope) -> None:
        """Translate what was appended, where that was not done at once."""
        for stretch in envelope.decode(EventsAppended).stretches:
            events = await log_store.read_events(
                tx, stretch.room_id, stretch.first - 1, stretch.last - stretch.first + 1
            )
            numbers = {each.target or each.number for each in events if each.kind in _TEXTS}
            for number in sorted(numbers):
                await self.translate(tx.organisation_id, stretch.room_id, number)

    async def on_wanted(self, tx: Tx, envelope: Envelope) -> None:
        """Translate for somebody who came to older messages."""
        wanted = envelope.decode(TranslationsWanted)
        for number in wanted.numbers:
            await self.translate(tx.organisation_id, wanted.room_id, number, [wanted.languages])

    async def translate(
        self,
        organisation_id: UUID,
        room_id: UUID,
        number: int,
        readers: Sequence[Sequence[str]] | None = None,
    ) -> None:
        """Translate a message into what its readers need, or `readers` if they are named.

        Raises StillTranslating, and what kept a translation from being made.
        """
        async with self._db.tx(organisation_id) as tx:
            message = await _message(tx, room_id, number)
            if message is None or message.is_deleted:
                return
            everybody = await self._readers_of(tx, room_id)
        readers = everybody if readers is None else readers
        candidates = {each for languages in (*everybody, *readers) for each in languages}
        if not candidates:
            return
        source = await self._live.recognise(message.text, candidates)
        if source is None:
            return
        targets = await self._targets(readers, source)
        if targets:
            await self._make(organisation_id, room_id, message, source, targets)

    async def _targets(self, readers: Sequence[Sequence[str]], source: str) -> list[str]:
        """The languages to translate into: of each reader the best that there are models for."""
        targets: dict[str, None] = {}
        for languages in wishes(readers, source):
            for each in languages:
                if await self._live.can(source, each):
                    targets[each] = None
                    break
        return list(targets)

    async def _make(
        self,
        organisation_id: UUID,
        room_id: UUID,
        message: Message,
        source: str,
        targets: Sequence[str],
    ) -> None:
        key = (room_id, message.number, message.revision)
        async with self._db.tx(organisation_id) as tx:
            mine = await store.claim(tx, *key, targets, source)
            others = [each for each in targets if each not in mine]
            waits = bool(others) and await store.unfinished(tx, *key, others)
        outcomes = await asyncio.gather(
            *(self._one(organisation_id, room_id, message, source, each) for each in mine),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        if waits:
            raise StillTranslating

    async def _one(
        self, organisation_id: UUID, room_id: UUID, message: Message, source: str, target: str
    ) -> None:
        try:
            made = await self._live.translate(organisation_id, message.text, source, target)
        except BaseException:
            _made.labels("failed").inc()
            async with self._db.tx(organisation_id) as tx:
                await store.give_back(tx, room_id, message.number, message.revision, [target])
            raise
        translated = Translated(
            room_id=room_id,
            number=message.number,
            revision=message.revision,
            language=target,
            source_language=source,
            engine=made.engine or "none",
            text=made.text,
            untranslated=made.untranslated,
            issues=[each.sub_type for each in made.issues],
        )
        async with self._db.tx(organisation_id) as tx:
            if not await store.finish(tx, translated):
                return
            await index(tx, room_id, [message.number], self._live.recognise)
            await self._live.keep(tx, made)
        _made.labels("made").inc()
        _seconds.observe(time.time() - (message.edited_at or message.created_at).timestamp())
        await tell(self._bus, Told(organisation_id, translated))

    async def _readers_of(self, tx: Tx, room_id: UUID) -> list[list[str]]:
        now = time.monotonic()
        known = self._readers.get(room_id)
        if known is not None and now - known[0] < READERS_KEPT_S:
            return known[1]
        ids = await store.reader_ids(tx, room_id)
        readers = await identity.reading_languages(tx, ids)
        self._readers[room_id] = (now, readers)
        self._readers.move_to_end(room_id)
        if len(self._readers) > READERS_KEPT_MAX:
            self._readers.popitem(last=False)
        return readers


async def _message(tx: Tx, room_id: UUID, number: int) -> Message | None:
    event = await log_store.read_message(tx, room_id, number)
    if event is None:
        return None
    [message] = messages_of([event], await log_store.read_about(tx, room_id, [number]))
    return message


def consumers_of(translator: Translator) -> tuple[Consumer, ...]:
    """Return what of the stream of events asks for translations, and lets messages be found."""
    return (
        search_consumer(translator.recognise),
        Consumer(
            name="chat-translations",
            types=(EventsAppended.type,),
            handler=translator.on_appended,
            concurrency=3,
        ),
        Consumer(
            name="chat-translations-wanted",
            types=(TranslationsWanted.type,),
            handler=translator.on_wanted,
        ),
    )
