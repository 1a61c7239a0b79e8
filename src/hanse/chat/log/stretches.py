"""Reads what the stream of events tells of: that logs grew, not what by."""

from collections.abc import AsyncIterator
from uuid import UUID

from hanse.chat.log import store
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.model import Event
from hanse.platform.bus import Envelope
from hanse.platform.database import Tx


async def read_stretches(tx: Tx, envelope: Envelope) -> AsyncIterator[tuple[UUID, list[Event]]]:
    """Yield each room whose log grew, with the events that were appended to it."""
    for stretch in envelope.decode(EventsAppended).stretches:
        count = stretch.last - stretch.first + 1
        yield (
            stretch.room_id,
            await store.read_events(tx, stretch.room_id, stretch.first - 1, count),
        )
