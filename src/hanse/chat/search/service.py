"""Searching: by words of what was written or of what it was translated to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.log.fold import Message
from hanse.chat.log.present import read_present
from hanse.chat.places import NEWEST, encoded, instant, parse_place
from hanse.chat.reading import languages_of, translated_for
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.service import actor_of, may_browse, see_room
from hanse.chat.search import labels, store
from hanse.chat.search.store import Found
from hanse.chat.search.words import TERMS_MAX, Snippet, Term, parsed, snippet, tsquery
from hanse.chat.translations import store as translations_store
from hanse.chat.translations.model import Translated
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest

HITS_PAGE_MAX: Final = 50
ROOMS_MAX: Final = 10_000
"""Rooms, newest first, that are searched at once."""
_ROUNDS_MAX: Final = 5

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class InvalidQuery(BadRequest):
    """There is nothing to look for."""

    code = "invalid_query"
    title = "Invalid query"


class Filters(Struct, frozen=True, kw_only=True):
    """Which messages are looked at: sent at `since` or later, and before `until`."""

    room_id: UUID | None = None
    topic: str | None = None
    sender_id: UUID | None = None
    mentions_me: bool = False
    since: datetime | None = None
    until: datetime | None = None


class Hit(Struct, frozen=True):
    """A message that was found, as it stands.

    `language` is that of the text in which it was found, null if it could not be told;
    `is_translation` says that this text is no original. `translation` is the reader's, null where
    they read what was written, or none is there.
    """

    room_id: UUID
    message: Message
    language: str | None
    is_translation: bool
    snippet: Snippet
    translation: Translated | None


class SearchPage(Struct, frozen=True):
    """Messages, newest first. `next_cursor` asks for older ones; null at the end."""

    items: list[Hit]
    next_cursor: str | None


async def search(
    tx: Tx,
    access: Access,
    query: str,
    filters: Filters,
    *,
    limit: int,
    cursor: str | None = None,
    languages: Sequence[str] | None = None,
) -> SearchPage:
    """Return messages of rooms that the caller may read which have what `query` asks for.

    `languages` stand in for those that the caller reads. Raises InvalidQuery, InvalidCursor,
    NoSuchRoom.
    """
    access.require(Permission.CHAT_READ)
    actor = actor_of(access)
    reads = await languages_of(tx, access) if languages is None else list(languages)
    terms = _terms(query, reads)
    if filters.room_id is not None:
        rooms = [(await see_room(tx, access, filters.room_id)).id]
    else:
        rooms = await rooms_store.readable_ids(
            tx, actor, may_browse=may_browse(access), limit=ROOMS_MAX
        )
    condition = " & ".join([tsquery(terms, _labels(tx, filters)), *_mentions(filters, actor)])
    before = NEWEST if cursor is None else parse_place(cursor)
    hits: list[Hit] = []
    for _ in range(_ROUNDS_MAX):
        found = await store.find(
            tx,
            condition,
            rooms,
            _bound("since", filters.since) or _EARLIEST,
            _bound("until", filters.until) or NEWEST[0],
            before,
            2 * (limit + 1),
        )
        hits += await _hits(tx, found, terms, reads, limit + 1 - len(hits))
        if len(hits) > limit:
            return SearchPage(hits[:limit], _cursor(hits[limit - 1]))
        if len(found) < 2 * (limit + 1):
            return SearchPage(hits, None)
        last = found[-1]
        before = (last.sent_at, last.room_id, last.number)
    # Almost all that was found is being edited just now.
    return SearchPage(hits, encoded(before))


def _terms(query: str, reads: Sequence[str]) -> list[Term]:
    terms = parsed(query.replace("\0", " "), reads or ["en"])
    if all(each.is_not for each in terms):
        raise InvalidQuery("Name a word to look for.")
    if sum(len(each.words) for each in terms) > TERMS_MAX:
        raise InvalidQuery(f"Look for up to {TERMS_MAX} words at once.")
    return terms


def _bound(name: str, at: datetime | None) -> datetime | None:
    return None if at is None else instant(name, at, InvalidQuery)


def _labels(tx: Tx, filters: Filters) -> list[str]:
    return [
        labels.of_organisation(tx.organisation_id),
        *([labels.of_room(filters.room_id)] if filters.room_id else []),
        *([labels.of_topic(filters.topic)] if filters.topic else []),
        *([labels.of_sender(filters.sender_id)] if filters.sender_id else []),
    ]


def _mentions(filters: Filters, actor: UUID) -> list[str]:
    if not filters.mentions_me:
        return []
    mine, to_all = labels.of_mention(actor), labels.TO_ALL
    return [f"('{mine}' | '{to_all}') & !'{labels.of_sender(actor)}'"]


async def _hits(
    tx: Tx, found: Sequence[Found], terms: Sequence[Term], reads: Sequence[str], limit: int
) -> list[Hit]:
    """Make the first `limit` hits, each message once, in the order of `found`."""
    best: dict[tuple[UUID, int], Found] = {}
    for each in found:
        key = (each.room_id, each.number)
        if key not in best or _preference(each, reads) < _preference(best[key], reads):
            best[key] = each
    made: dict[tuple[UUID, int], Hit] = {}
    chosen = sorted(best.values(), key=lambda each: each.room_id)
    for room_id, group in groupby(chosen, lambda each: each.room_id):
        for hit in await _hits_of_room(tx, room_id, list(group), terms, reads):
            made[room_id, hit.message.number] = hit
    return [made[key] for key in best if key in made][:limit]


def _preference(found: Found, reads: Sequence[str]) -> tuple[bool, int]:
    place = reads.index(found.language) if found.language in reads else len(reads)
    return not found.is_original, place


async def _hits_of_room(
    tx: Tx, room_id: UUID, found: Sequence[Found], terms: Sequence[Term], reads: Sequence[str]
) -> list[Hit]:
    numbers = [each.number for each in found]
    messages = await read_present(tx, room_id, numbers)
    by_number = {each.number: each for each in messages if not each.is_deleted}
    revisions = {each.number: each.revision for each in by_number.values()}
    others = [each.language for each in found if not each.is_original]
    texts = {
        (each.number, each.language): each.text
        for each in (
            await translations_store.read(tx, room_id, revisions, others) if others else []
        )
    }
    mine = {each.number: each for each in await translated_for(tx, room_id, messages, reads)}
    hits = []
    for each in found:
        message = by_number.get(each.number)
        # What was edited a moment ago is found by its new words in another moment.
        if message is None or message.revision != each.revision:
            continue
        text = message.text if each.is_original else texts.get((each.number, each.language))
        if text is not None:
            part = snippet(text, each.language, terms)
            translation = mine.get(each.number)
            is_translation = not each.is_original
            hits.append(
                Hit(room_id, message, each.language or None, is_translation, part, translation)
            )
    return hits


def _cursor(hit: Hit) -> str:
    return encoded((hit.message.created_at, hit.room_id, hit.message.number))
