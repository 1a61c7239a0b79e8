"""The rules in force for some drafts, as the append asks for them."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse.chat.log.model import Draft
from hanse.chat.moderation import store
from hanse.chat.moderation.checking import Ruled, Ruling, ready
from hanse.platform.database import Tx

KEPT_MAX: Final = 256
"""Rules that one process keeps ready, those of rooms that were written in last."""

# By revision, which is another one after each change: there is nothing to invalidate.
_ready: Final[OrderedDict[UUID, Ruled]] = OrderedDict()


async def ruling_of(tx: Tx, room_ids: Sequence[UUID], drafts: Sequence[Draft]) -> Ruling:
    """Return the rules of these rooms, whose heads are held, and what they need to decide."""
    rooms: dict[UUID, list[Ruled]] = {}
    found = await store.in_force(tx, room_ids)
    known = await _made_ready(tx, room_ids, [each.revision for each in found])
    for each in found:
        rooms.setdefault(each.room_id, []).append(known[each.revision])
    slow = {room for room, ruled in rooms.items() if any(each.rules.slow_s for each in ruled)}
    senders = sorted({(each.room_id, each.sender_id) for each in drafts if each.room_id in slow})
    return Ruling(rooms, await store.last_sent(tx, senders) if senders else {})


async def _made_ready(
    tx: Tx, room_ids: Sequence[UUID], revisions: Sequence[UUID]
) -> dict[UUID, Ruled]:
    # Others may push out of the memory what is there now, while the database is asked.
    known = {each: _ready[each] for each in revisions if each in _ready}
    if new := [each for each in revisions if each not in known]:
        read = await store.read_revisions(tx, room_ids, new)
        known |= {revision: ready(*found) for revision, found in read.items()}
    for revision, ruled in known.items():
        _ready[revision] = ruled
        _ready.move_to_end(revision)
    while len(_ready) > KEPT_MAX:
        _ready.popitem(last=False)
    return known
