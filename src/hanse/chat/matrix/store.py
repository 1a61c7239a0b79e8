"""All SQL that only Matrix's clients need."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.translations.model import Translated
from hanse.platform.database import Tx

_SETTLED_S: Final = 1.0
"""Age at which a translation's transaction is certainly over, so that none is overlooked."""


async def settled_at(tx: Tx) -> datetime:
    """The time up to which all translations can be seen."""
    at: datetime = await tx.fetchval(
        "select clock_timestamp() - $1 * interval '1 second'", _SETTLED_S
    )
    return at


async def translations_between(
    tx: Tx,
    room_ids: Sequence[UUID],
    languages: Sequence[str],
    after: datetime,
    until: datetime,
    limit: int,
) -> list[Translated]:
    """What was translated in these rooms between two times, the first `limit` of it."""
    rows = await tx.fetch(
        """
        select room_id, number, revision, language, source_language, engine, text, untranslated,
            issues
        from chat.translations
        where organisation_id = $1 and finished_at > $4 and finished_at <= $5
            and room_id = any($2) and language = any($3)
        order by finished_at, room_id, number limit $6
        """,
        tx.organisation_id,
        list(room_ids),
        list(languages),
        after,
        until,
        limit,
    )
    return [_translated(row) for row in rows]


def _translated(row: Any) -> Translated:
    return Translated(**dict(row.items()))


async def reaction_before(
    tx: Tx, room_id: UUID, target: int, sender_id: UUID, emoji: str, number: int
) -> int | None:
    """The last time before a number that somebody reacted so to a message."""
    found: int | None = await tx.fetchval(
        """
        select max(number) from chat.events where room_id = $1 and target = $2
            and kind = 'reaction' and sender_id = $3 and body ->> 'emoji' = $4
            and coalesce((body ->> 'on')::boolean, true) and number < $5
        """,
        room_id,
        target,
        sender_id,
        emoji,
        number,
    )
    return found


async def rooms_ending_in(tx: Tx, keys: Sequence[bytes]) -> list[UUID]:
    """The rooms of the organisation whose ids end in these bytes."""
    rows = await tx.fetch(
        """
        select id from chat.rooms
        where organisation_id = $1 and substring(uuid_send(id) from 11) = any($2::bytea[])
        """,
        tx.organisation_id,
        list(keys),
    )
    return [row["id"] for row in rows]


class Related(Struct, frozen=True):
    """Which events that relate to a message are wanted: `limit` behind `place`, or back from it."""

    edits: bool
    reactions: bool
    thread: bool
    place: int
    is_back: bool
    limit: int


async def related(tx: Tx, room_id: UUID, number: int, wanted: Related) -> list[int]:
    """The edits of a message, its reactions that stand, and answers to it, without what is
    deleted."""
    bound, order = ("<=", "desc") if wanted.is_back else (">", "asc")
    rows = await tx.fetch(
        f"""
        select e.number from chat.events e
        where e.room_id = $1 and not e.is_redacted and e.number {bound} $6 and (
            ($3 and e.target = $2 and e.kind = 'edit')
            or ($5 and e.thread = $2 and e.kind = 'message')
            or ($4 and e.target = $2 and e.kind = 'reaction'
                and coalesce((e.body ->> 'on')::boolean, true)
                and not exists (
                    select from chat.events l
                    where l.room_id = $1 and l.target = $2 and l.number > e.number
                        and l.kind = 'reaction' and l.sender_id = e.sender_id
                        and l.body ->> 'emoji' = e.body ->> 'emoji')))
        order by e.number {order} limit $7
        """,
        room_id,
        number,
        wanted.edits,
        wanted.reactions,
        wanted.thread,
        wanted.place,
        wanted.limit,
    )
    return [row["number"] for row in rows]
