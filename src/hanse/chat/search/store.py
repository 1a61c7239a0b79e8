"""All SQL of what messages are found by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.log.fold import Message
from hanse.chat.search.labels import TOPIC, of_topic
from hanse.platform.database import Tx

# Held until the transaction ends: a deletion waits, and then takes away what is written here.
_HOLD_SQL: Final = """
select e.number from chat.events e
where e.room_id = $1 and e.number = any($2) and e.kind = 'message' and not e.is_redacted
order by e.number for share
"""

_PUT_SQL: Final = """
insert into chat.findable as kept
    (organisation_id, room_id, number, language, revision, is_original, sent_at, words)
select $1::uuid, $2::uuid, v.*
from unnest($3::bigint[], $4::text[], $5::bigint[], $6::boolean[], $7::timestamptz[],
    $8::text[]::tsvector[]) as v
on conflict (room_id, number, language) do update
    set revision = excluded.revision, is_original = excluded.is_original, words = excluded.words
    where excluded.revision >= kept.revision
"""

_FORGET_SQL: Final = """
delete from chat.findable f
using unnest($2::bigint[], $3::bigint[], $4::text[]) as v (number, revision, language)
where f.room_id = $1 and f.number = v.number
    and (f.revision < v.revision or (f.is_original and f.language <> v.language))
"""

_TEXTS_SQL: Final = """
select number, language, source_language, text from chat.translations
where room_id = $1 and text is not null
    and (number, revision) in (select * from unnest($2::bigint[], $3::bigint[]))
order by number, language
"""


# By where they stand: the labels themselves are in no index that is used below a policy.
_MOVE_SQL: Final = """
update chat.findable f
set words = array_to_tsvector(array[$3::text])
    || ts_delete(f.words, array(select w.lexeme from unnest(f.words) w where w.lexeme like $4))
from chat.events e
where e.room_id = $1 and e.topic = $2 and e.is_moved and e.kind = 'message'
    and f.room_id = e.room_id and f.number = e.number
    and not f.words @@ quote_literal($3)::tsquery
"""


class Findable(Struct, frozen=True):
    """A message, or its translation, by its words."""

    message: Message
    language: str
    is_original: bool
    words: str


class Found(Struct, frozen=True):
    """Where something was found."""

    room_id: UUID
    number: int
    language: str
    revision: int
    is_original: bool
    sent_at: datetime


async def hold(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> list[int]:
    """Return those of these messages that are not deleted, nor will be before this is done."""
    rows = await tx.fetch(_HOLD_SQL, room_id, list(numbers))
    return [row["number"] for row in rows]


async def texts(tx: Tx, room_id: UUID, messages: Sequence[Message]) -> list[Any]:
    """The finished translations of messages: number, language, source_language, text."""
    numbers, revisions = [m.number for m in messages], [m.revision for m in messages]
    return list(await tx.fetch(_TEXTS_SQL, room_id, numbers, revisions))


async def put(tx: Tx, room_id: UUID, findable: Sequence[Findable]) -> None:
    """Let messages be found by these words, and no longer by what they said before."""
    originals = [each for each in findable if each.is_original]
    await tx.execute(
        _FORGET_SQL,
        room_id,
        [each.message.number for each in originals],
        [each.message.revision for each in originals],
        [each.language for each in originals],
    )
    await tx.execute(
        _PUT_SQL,
        tx.organisation_id,
        room_id,
        [each.message.number for each in findable],
        [each.language for each in findable],
        [each.message.revision for each in findable],
        [each.is_original for each in findable],
        [each.message.created_at for each in findable],
        [each.words for each in findable],
    )


async def move(tx: Tx, room_id: UUID, topic: str) -> None:
    """Let what moved to a topic of a room be found there, and in no other."""
    await tx.execute(_MOVE_SQL, room_id, topic, of_topic(topic), f"{TOPIC}%")


async def find(
    tx: Tx,
    query: str,
    room_ids: Sequence[UUID],
    since: datetime,
    until: datetime,
    before: tuple[datetime, UUID, int],
    limit: int,
) -> list[Found]:
    """What a `tsquery` finds in rooms, newest first, before (time, room, number)."""
    rows = await tx.fetch(
        "select * from chat.find_messages($1::text::tsquery, $2, $3, $4, $5, $6, $7, $8)",
        query,
        list(room_ids),
        since,
        until,
        *before,
        limit,
    )
    return [Found(*row) for row in rows]
