"""Lets messages be found that search does not know: brought in, or older than search itself."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.log.append import Stretch
from hanse.chat.porting import store
from hanse.chat.search.events import IndexingWanted
from hanse.identity import Access, Permission
from hanse.platform.database import Db, Tx
from hanse.platform.outbox import announce

STRETCH_MAX: Final = 100
"""Messages that are indexed in one transaction."""
_ROOMS_TOGETHER: Final = 100
_NUMBERS_TOGETHER: Final = 2000


class Indexing(Struct, frozen=True):
    """How far a look at all rooms is, and how many messages it has asked to index."""

    rooms: int
    messages: int


async def announce_stretches(tx: Tx, room_id: UUID, first: int, last: int) -> None:
    """Ask for a part of a log to be indexed."""
    for start in range(first, last + 1, STRETCH_MAX):
        stretch = Stretch(room_id, start, min(start + STRETCH_MAX - 1, last))
        await announce(tx, IndexingWanted(stretches=[stretch]))


async def index_missing(db: Db, access: Access) -> AsyncIterator[Indexing]:
    """Ask for all messages of the organisation to be indexed that search does not know.

    Each page is a transaction. What was indexed meanwhile is not asked for, so a second run goes on
    where one was cut off. Raises MissingScope.
    """
    access.require(Permission.CHAT_CHANNELS)
    rooms, messages, after = 0, 0, UUID(int=0)
    while True:
        async with db.tx(access.organisation_id) as tx:
            page = await store.list_rooms(tx, after, _ROOMS_TOGETHER)
        if not page:
            return
        for room in page:
            number = 0
            while True:
                async with db.tx(access.organisation_id) as tx:
                    numbers = await store.unindexed(tx, room.id, number, _NUMBERS_TOGETHER)
                    for start in range(0, len(numbers), STRETCH_MAX):
                        some = numbers[start : start + STRETCH_MAX]
                        await _announce(tx, room.id, some)
                if not numbers:
                    break
                messages += len(numbers)
                number = numbers[-1]
                yield Indexing(rooms, messages)
            rooms += 1
        after = page[-1].id
        yield Indexing(rooms, messages)


async def _announce(tx: Tx, room_id: UUID, numbers: list[int]) -> None:
    """Ask for these numbers, which rise, in as few stretches as they have."""
    stretches: list[Stretch] = []
    for number in numbers:
        if stretches and stretches[-1].last == number - 1:
            stretches[-1] = Stretch(room_id, stretches[-1].first, number)
        else:
            stretches.append(Stretch(room_id, number, number))
    await announce(tx, IndexingWanted(stretches=stretches))
