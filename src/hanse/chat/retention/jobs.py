"""The job that takes messages away when their time is over."""

from typing import Final
from uuid import UUID

from prometheus_client import Counter

from hanse.chat.holds import store as holds_store
from hanse.chat.log import store as log_store
from hanse.chat.log.redaction import redact
from hanse.chat.reports import store as reports_store
from hanse.chat.retention import store
from hanse.chat.retention.store import Retained
from hanse.platform.database import Db, Tx
from hanse.platform.jobs import Jobs

ROOMS_TOGETHER: Final = 500
MESSAGES_TOGETHER: Final = 500
TIMEOUT_S: Final = 3000.0

_expired = Counter("hanse_chat_expired_messages_total", "Messages taken away by their age.")


def register_retention(jobs: Jobs, db: Db) -> None:
    """Add the periodic job that takes away what is older than its room keeps it."""

    async def expire(tx: Tx) -> None:
        after = UUID(int=0)
        while rooms := await store.retained(tx, after, ROOMS_TOGETHER):
            for room in rooms:
                while await _expire_some(db, room):
                    pass
            after = rooms[-1].room_id

    jobs.periodic("chat.expire_messages", "*/15 * * * *", timeout_s=TIMEOUT_S)(expire)


async def _expire_some(db: Db, room: Retained) -> bool:
    """Take away what is oldest in a room; tell whether there may be more.

    A transaction of its own, and short: it holds the room's head, as appending does.
    """
    async with db.tx(room.organisation_id) as tx:
        await log_store.lock_heads(tx, [room.room_id])
        found = await store.expired(tx, room.room_id, room.retention_days, MESSAGES_TOGETHER)
        if not found:
            return False
        numbers = [each.number for each in found if not each.is_redacted]
        await redact(tx, [(room.room_id, number) for number in numbers])
        all_numbers = [each.number for each in found]
        await holds_store.keep_said(tx, room.room_id, all_numbers)
        await reports_store.forget_said(tx, room.room_id, all_numbers)
        await store.expired_to(tx, room.room_id, found[-1].number)
    _expired.inc(len(numbers))
    return len(found) == MESSAGES_TOGETHER
