"""All SQL of drafts."""

from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.platform.database import Tx

_DRAFT: Final = """
    d.room_id, nullif(d.topic, '') as topic, nullif(d.thread, 0) as thread, d.text, d.version
"""
_NOW: Final = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"


class ComposerDraft(Struct, frozen=True):
    """What somebody has begun to write in a room, or in its topic or thread, and not sent.

    `version` grows with every change of it: the time, in microseconds. The last one counts.
    """

    room_id: UUID
    topic: str | None
    thread: int | None
    text: str
    version: int


def _draft(row: Any) -> ComposerDraft:
    return ComposerDraft(*row)


async def put(
    tx: Tx, member_id: UUID, room_id: UUID, topic: str | None, thread: int | None, text: str
) -> ComposerDraft:
    """Keep a draft in place of the one that stood there."""
    row = await tx.fetchrow(
        f"""
        insert into chat.drafts as d
            (organisation_id, member_id, room_id, topic, thread, text, version)
        values ($1, $2, $3, $4, $5, $6, {_NOW})
        on conflict (member_id, room_id, topic, thread) do update
            set text = excluded.text, version = greatest(excluded.version, d.version + 1)
        returning {_DRAFT}
        """,
        tx.organisation_id,
        member_id,
        room_id,
        topic or "",
        thread or 0,
        text,
    )
    return _draft(row)


async def delete(
    tx: Tx, member_id: UUID, room_id: UUID, topic: str | None, thread: int | None
) -> None:
    """Keep nothing at a place."""
    await tx.execute(
        """
        delete from chat.drafts
        where member_id = $1 and room_id = $2 and topic = $3 and thread = $4
        """,
        member_id,
        room_id,
        topic or "",
        thread or 0,
    )


async def count(tx: Tx, member_id: UUID) -> int:
    """How many drafts somebody has."""
    found: int = await tx.fetchval(
        """
        select count(*) from chat.drafts d
        join chat.members m on m.room_id = d.room_id and m.member_id = d.member_id
        where d.organisation_id = $1 and d.member_id = $2
        """,
        tx.organisation_id,
        member_id,
    )
    return found


async def list_drafts(tx: Tx, member_id: UUID, limit: int) -> list[ComposerDraft]:
    """What somebody has begun to write in rooms that they are in, last written first."""
    rows = await tx.fetch(
        f"""
        select {_DRAFT} from chat.drafts d
        join chat.members m on m.room_id = d.room_id and m.member_id = d.member_id
        where d.organisation_id = $1 and d.member_id = $2
        order by d.version desc limit $3
        """,
        tx.organisation_id,
        member_id,
        limit,
    )
    return [_draft(row) for row in rows]
