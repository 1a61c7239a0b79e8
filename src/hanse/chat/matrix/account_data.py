"""What Matrix's clients keep for their person: all SQL of it, and the rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.matrix.events import Json
from hanse.platform.database import Tx
from hanse.platform.problems import BadRequest, Conflict

TYPES_MAX: Final = 1_000
"""Pieces that somebody may keep, those of rooms counted too."""
TYPE_CHARACTERS_MAX: Final = 200
DIRECT: Final = "m.direct"
_OF_THE_SERVER: Final = frozenset({"m.fully_read", "m.push_rules"})


class InvalidAccountData(BadRequest):
    """This cannot be kept under this type."""

    code = "invalid_account_data"
    title = "Invalid account data"


class TooMuchAccountData(Conflict):
    """Somebody keeps as many pieces as they may."""

    code = "too_much_account_data"
    title = "Too much account data"


class Kept(Struct, frozen=True):
    """A piece of account data; `room_id` is None for one of all rooms."""

    room_id: UUID | None
    type: str
    content: Json


def require_type(type: str) -> None:
    """Raise InvalidAccountData unless a client may keep something under this type."""
    if not 0 < len(type) <= TYPE_CHARACTERS_MAX or not type.isprintable():
        raise InvalidAccountData(f"A type has up to {TYPE_CHARACTERS_MAX} printable characters.")
    if type in _OF_THE_SERVER:
        raise InvalidAccountData(f"The server itself says what {type} is.")


async def put(tx: Tx, member_id: UUID, room_id: UUID | None, type: str, content: Json) -> None:
    """Keep a piece in place of the one before. Raises TooMuchAccountData."""
    # Whoever writes at the same time waits: otherwise both could pass the limit.
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1::text, 22))", str(member_id))
    count = """
        select count(*) from chat.matrix_account_data
        where organisation_id = $1 and member_id = $2
            and (room_id, type) is distinct from ($3::uuid, $4)
    """
    if await tx.fetchval(count, tx.organisation_id, member_id, room_id, type) >= TYPES_MAX:
        raise TooMuchAccountData(f"Up to {TYPES_MAX} pieces of account data are kept.")
    await tx.execute(
        """
        insert into chat.matrix_account_data
            (organisation_id, member_id, room_id, type, content, changed_at)
        values ($1, $2, $3, $4, $5, clock_timestamp())
        on conflict (member_id, room_id, type) do update
            set content = excluded.content, changed_at = excluded.changed_at
        """,
        tx.organisation_id,
        member_id,
        room_id,
        type,
        msgspec.json.encode(content).decode(),
    )


async def get(tx: Tx, member_id: UUID, room_id: UUID | None, type: str) -> Json | None:
    """One piece of somebody's."""
    sql = """
        select content from chat.matrix_account_data
        where member_id = $1 and room_id is not distinct from $2 and type = $3
    """
    found = await tx.fetchval(sql, member_id, room_id, type)
    return None if found is None else msgspec.json.decode(found, type=Json)


async def changed(
    tx: Tx, member_id: UUID, after: datetime | None, until: datetime, new_rooms: Sequence[UUID]
) -> list[Kept]:
    """What changed between two times, all that there is if `after` is None, and all of new rooms.

    Somebody has up to TYPES_MAX pieces.
    """
    rows = await tx.fetch(
        """
        select room_id, type, content from chat.matrix_account_data
        where organisation_id = $1 and member_id = $2 and (
            $3::timestamptz is null or changed_at > $3 and changed_at <= $4 or room_id = any($5))
        order by changed_at
        """,
        tx.organisation_id,
        member_id,
        after,
        until,
        list(new_rooms),
    )
    return [
        Kept(row["room_id"], row["type"], msgspec.json.decode(row["content"], type=Json))
        for row in rows
    ]
