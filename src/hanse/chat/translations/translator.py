"""Brings messages into the languages of their readers: each once, whoever hears of it first.

A message is heard of twice. The bell rings at once, and may be lost; the stream of events comes a
moment later, and is not. A claim in the database lets one of them do the work. What needs nothing
is the common case: it costs no query of its own, either way.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from prometheus_client import Counter, Histogram

from hanse import identity
from hanse.chat import annotations, bell
from hanse.chat.log import store as log_store
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.fold import Message
from hanse.chat.log.model import Event, Kind
from hanse.chat.log.present import read_present
from hanse.chat.search.indexer import history_consumer, index, search_consumer
from hanse.chat.translations import store
from hanse.chat.translations.events import TranslationsWanted
from hanse.chat.translations.model import Translated, wishes
from hanse.language import LiveTranslator
from hanse.platform.bus import Bus, Envelope
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Db, Tx
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log

READERS_KEPT_S: Final = 5.0
READERS_KEPT_MAX: Final = 10_000
LISTENED_MAX: Final = 200
"""Frames of the bell in work; more are left to the stream of events."""
SETTLED_MAX: Final = 20_000
"""Events of the bell that need nothing more; of older ones the log is asked."""

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
        self._settled: OrderedDict[tuple[UUID, int], None] = OrderedDict()
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
        if any(each.kind is Kind.MEMBERS for each in frame.events):
            self._readers.pop(frame.room_id, None)
        if self._remembered_readers(frame.room_id) == []:
            for event in frame.events:
                self._settle(event)
        elif len(self._tasks) < LISTENED_MAX:
            task = asyncio.create_task(self._at_once(frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _at_once(self, frame: bell.Ring) -> None:
        try:
            await self._readers_of(frame.organisation_id, frame.room_id)
        except Problem as problem:
            log.debug("chat_translation_later", error=str(problem))
            return
        await asyncio.gather(
            *(self._one_at_once(frame.organisation_id, event) for event in frame.events)
        )

    async def _one_at_once(self, organisation_id: UUID, event: Event) -> None:
        try:
            if event.kind in _TEXTS:
                await self._bring(organisation_id, event.room_id, _Text.of(event))
        except (Problem, StillTranslating) as error:
            log.debug("chat_translation_later", error=str(error))
        except Exception as error:  # the edge of the process; the stream of events comes yet
            log.error("chat_translation_failed", exc_info=error)
        else:
            self._settle(event)

    def _settle(self, event: Event) -> None:
        """Remember that there is nothing to do about an event when the stream tells of it."""
        self._settled[event.room_id, event.number] = None
        if len(self._settled) > SETTLED_MAX:
            self._settled.popitem(last=False)

    async def on_appended(self, tx: Tx, envelope: Envelope) -> None:
        """Translate what was appended, where that was not done at once."""
        for stretch in envelope.decode(EventsAppended).stretches:
            numbers = range(stretch.first, stretch.last + 1)
            left = [each for each in numbers if (stretch.room_id, each) not in self._settled]
            if left:
                await self._on_stretch(tx, stretch.room_id, left)
            for each in numbers:
                self._settled.pop((stretch.room_id, each), None)

    async def _on_stretch(self, tx: Tx, room_id: UUID, numbers: Sequence[int]) -> None:
        if not await self._readers_of(tx.organisation_id, room_id):
            return
        first, last = numbers[0], numbers[-1]
        events = await log_store.read_events(tx, room_id, first - 1, last - first + 1)
        texts = [each for each in events if each.kind in _TEXTS and each.number in numbers]
        for number in sorted({each.target or each.number for each in texts}):
            await self.translate(tx.organisation_id, room_id, number)

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
            found = await read_present(tx, room_id, [number])
        for message in found:
            if not message.is_deleted:
                await self._bring(organisation_id, room_id, _Text.of_message(message), readers)

    async def _bring(
        self,
        organisation_id: UUID,
        room_id: UUID,
        text: "_Text",
        readers: Sequence[Sequence[str]] | None = None,
    ) -> None:
        if not text.text.strip():
            return
        everybody = await self._readers_of(organisation_id, room_id)
        readers = everybody if readers is None else readers
        candidates = {each for languages in (*everybody, *readers) for each in languages}
        if not candidates:
            return
        source = await self._live.recognise(text.text, candidates)
        if source is None:
            return
        targets = await self._targets(readers, source)
        if targets:
            await self._make(organisation_id, room_id, text, source, targets)

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
        text: "_Text",
        source: str,
        targets: Sequence[str],
    ) -> None:
        key = (room_id, text.number, text.revision)
        async with self._db.tx(organisation_id) as tx:
            mine = await store.claim(tx, *key, targets, source)
            others = [each for each in targets if each not in mine]
            waits = bool(others) and await store.unfinished(tx, *key, others)
        outcomes = await asyncio.gather(
            *(self._one(organisation_id, room_id, text, source, each) for each in mine),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        if waits:
            raise StillTranslating

    async def _one(
        self, organisation_id: UUID, room_id: UUID, text: "_Text", source: str, target: str
    ) -> None:
        try:
            made = await self._live.translate(organisation_id, text.text, source, target)
        except BaseException:
            _made.labels("failed").inc()
            async with self._db.tx(organisation_id) as tx:
                await store.give_back(tx, room_id, text.number, text.revision, [target])
            raise
        translated = Translated(
            room_id=room_id,
            number=text.number,
            revision=text.revision,
            language=target,
            source_language=source,
            engine=made.engine or "none",
            text=made.text,
            untranslated=made.untranslated,
            issues=[each.sub_type for each in made.issues],
        )
        async with self._db.tx(organisation_id) as tx:
            if not await store.finish(tx, translated):
                # The message was deleted meanwhile: no trace of it stays here either.
                await store.give_back(tx, room_id, text.number, text.revision, [target])
                return
            await index(tx, room_id, [text.number], self._live.recognise)
            await self._live.keep(tx, made)
        _made.labels("made").inc()
        _seconds.observe(time.time() - text.at.timestamp())
        await annotations.tell(self._bus, annotations.Translation(organisation_id, translated))

    async def _readers_of(self, organisation_id: UUID, room_id: UUID) -> list[list[str]]:
        """What the people in a room read; none of them if nobody has said so."""
        known = self._remembered_readers(room_id)
        if known is not None:
            return known
        now = time.monotonic()
        async with self._db.tx(organisation_id) as tx:
            ids = await store.reader_ids(tx, room_id)
            readers = await identity.reading_languages(tx, ids) if ids else []
        self._readers[room_id] = (now, readers)
        self._readers.move_to_end(room_id)
        if len(self._readers) > READERS_KEPT_MAX:
            self._readers.popitem(last=False)
        return readers

    def _remembered_readers(self, room_id: UUID) -> list[list[str]] | None:
        known = self._readers.get(room_id)
        if known is None or time.monotonic() - known[0] > READERS_KEPT_S:
            return None
        return known[1]


class _Text(Struct, frozen=True):
    """What a message says in one revision, and since when."""

    number: int
    revision: int
    text: str
    at: datetime

    @classmethod
    def of(cls, event: Event) -> "_Text":
        """What an event says that is a message or an edit."""
        return cls(event.target or event.number, event.number, event.body.text, event.created_at)

    @classmethod
    def of_message(cls, message: Message) -> "_Text":
        """What a message says as it stands."""
        at = message.edited_at or message.created_at
        return cls(message.number, message.revision, message.text, at)


def consumers_of(translator: Translator) -> tuple[Consumer, ...]:
    """Return what of the stream of events asks for translations, and lets messages be found."""
    return (
        search_consumer(translator.recognise),
        history_consumer(translator.recognise),
        Consumer(
            name="chat-translations",
            types=(EventsAppended.type,),
            handler=one_by_one(translator.on_appended),
            concurrency=3,
        ),
        Consumer(
            name="chat-translations-wanted",
            types=(TranslationsWanted.type,),
            handler=one_by_one(translator.on_wanted),
        ),
    )
