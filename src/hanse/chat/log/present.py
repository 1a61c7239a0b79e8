"""Reads messages by their numbers, as they stand."""

from collections.abc import Sequence
from uuid import UUID

from hanse.chat.log import store
from hanse.chat.log.fold import Message, messages_of
from hanse.platform.database import Tx


async def read_present(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> list[Message]:
    """Return these messages of a room after all that happened to them, in their order.

    Numbers of no message are left out.
    """
    events = await store.read_these(tx, room_id, numbers)
    return messages_of(events, await store.read_about(tx, room_id, numbers))
