"""All SQL of holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.files.model import File
from hanse.chat.holds.model import Hold
from hanse.chat.log.model import Body, Kind
from hanse.platform.database import Tx

_IS_HELD: Final = """
exists (
    select from chat.holds h
    where h.organisation_id = m.organisation_id and h.released_at is null
        and (h.room_id is null or h.room_id = m.room_id)
        and (h.person_id is null or h.person_id = m.sender_id)
        and (h.from_at is null or h.from_at <= m.created_at)
        and (h.until_at is null or h.until_at > m.created_at)
)
"""
"""Whether a message `m` is under a hold."""

_KEEP_SQL: Final = f"""
insert into chat.held_events (organisation_id, room_id, number, message, body, topic)
select e.organisation_id, e.room_id, e.number, m.number, e.body, e.topic
from unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
join chat.events m on m.room_id = v.room_id and m.number = v.number
join chat.events e on e.room_id = v.room_id
    and (e.number = v.number or (e.target = v.number and e.kind in ('edit', 'press')))
where not e.is_redacted and {_IS_HELD}
on conflict do nothing
"""

_KEEP_FILES_SQL: Final = """
update chat.files f set is_held = true
from unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where f.room_id = v.room_id and f.number = v.number and exists (
    select from chat.held_events h where h.room_id = v.room_id and h.number = v.number
)
"""

# What was deleted before the hold may stand in a report still.
_KEEP_SAID_SQL: Final = f"""
insert into chat.held_events (organisation_id, room_id, number, message, body, topic)
select m.organisation_id, m.room_id, m.number, m.number, jsonb_build_object('text', r.said), m.topic
from chat.reports r join chat.events m on m.room_id = r.room_id and m.number = r.number
where r.room_id = $1 and r.number = any($2) and r.said <> '' and m.is_redacted and {_IS_HELD}
on conflict do nothing
"""

_ANY_SQL: Final = """
select exists (select from chat.holds where organisation_id = $1 and released_at is null)
"""

_HOLD: Final = ", ".join(Hold.__struct_fields__)

_INSERT_SQL: Final = f"""
insert into chat.holds
    (id, organisation_id, name, reason, room_id, person_id, subject, from_at, until_at, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning {_HOLD}
"""

_LIST_SQL: Final = f"""
select {_HOLD} from chat.holds
where organisation_id = $1 and id < $2 order by id desc limit $3
"""

_RELEASE_SQL: Final = f"""
update chat.holds set released_by = $2, released_at = now()
where id = $1 and released_at is null returning {_HOLD}
"""

# By room and number: every room's part is one walk along an index.
_HELD_SQL: Final = """
select r.id as room_id, r.name as room_name, m.kind, m.number, m.sender_id, m.created_at,
    coalesce(m.topic, k.topic) as topic, m.thread, m.is_redacted as is_deleted,
    coalesce(k.body, m.body) as body
from chat.rooms r
cross join lateral (
    select e.* from chat.events e
    where e.room_id = r.id and e.kind in ('message', 'http', 'translation')
        and e.number > case when r.id = $2 then $3 else 0 end
        and ($4::uuid is null or e.sender_id = $4)
        and ($5::timestamptz is null or e.created_at >= $5)
        and ($6::timestamptz is null or e.created_at < $6)
    order by e.number limit $7
) m
left join chat.held_events k on k.room_id = m.room_id and k.number = m.number
where r.organisation_id = $1 and r.id >= $2 and ($8::uuid is null or r.id = $8)
order by r.id, m.number limit $7
"""

_EDITS_SQL: Final = """
select e.room_id, e.target as message, e.number, e.created_at, e.is_redacted,
    coalesce(k.body, e.body) as body
from unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
join chat.events e on e.room_id = v.room_id and e.target = v.number and e.kind = 'edit'
left join chat.held_events k on k.room_id = e.room_id and k.number = e.number
order by e.room_id, e.number
"""

_FREE_SQL: Final = f"""
with free as (
    delete from chat.held_events k where (k.room_id, k.number) in (
        select k.room_id, k.number from chat.held_events k
        join chat.events m on m.room_id = k.room_id and m.number = k.message
        where k.organisation_id = $1 and not {_IS_HELD} limit $2
    ) returning k.room_id, k.number
), files as (
    delete from chat.files f using free
    where f.room_id = free.room_id and f.number = free.number and f.is_held
)
select count(*) from free
"""


class HeldRow(Struct, frozen=True):
    """A message under a hold, or what a program was told; `body` is empty if that is gone."""

    room_id: UUID
    room_name: str
    kind: Kind
    number: int
    sender_id: UUID
    created_at: datetime
    topic: str | None
    thread: int | None
    is_deleted: bool
    body: Body


class EditRow(Struct, frozen=True):
    """An edit of a message under a hold."""

    room_id: UUID
    message: int
    number: int
    created_at: datetime
    is_redacted: bool
    body: Body


def _with_body(row: Any) -> list[Any]:
    return [*list(row)[:-1], msgspec.convert(row["body"], Body)]


def _held(row: Any) -> HeldRow:
    values = {**dict(row.items()), "kind": Kind(row["kind"])}
    values["body"] = msgspec.convert(row["body"], Body)
    return HeldRow(**values)


async def keep_held(tx: Tx, room_ids: Sequence[UUID], numbers: Sequence[int]) -> None:
    """Keep aside those of these messages that are under a hold, with their edits and files.

    For whoever destroys messages, before they do.
    """
    if await tx.fetchval(_ANY_SQL, tx.organisation_id):
        await tx.execute(_KEEP_SQL, list(room_ids), list(numbers))
        await tx.execute(_KEEP_FILES_SQL, list(room_ids), list(numbers))


async def keep_said(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> None:
    """Keep aside what only reports say of these messages, if they are under a hold.

    For whoever destroys what reports say, before they do.
    """
    if await tx.fetchval(_ANY_SQL, tx.organisation_id):
        await tx.execute(_KEEP_SAID_SQL, room_id, list(numbers))


async def insert(tx: Tx, hold: Hold) -> Hold:
    """Begin a hold; its `created_at` is the database's."""
    row = await tx.fetchrow(
        _INSERT_SQL,
        hold.id,
        tx.organisation_id,
        hold.name,
        hold.reason,
        hold.room_id,
        hold.person_id,
        hold.subject,
        hold.from_at,
        hold.until_at,
        hold.created_by,
    )
    assert row is not None
    return Hold(**dict(row.items()))


async def get(tx: Tx, id: UUID) -> Hold | None:
    """One hold."""
    row = await tx.fetchrow(f"select {_HOLD} from chat.holds where id = $1", id)
    return None if row is None else Hold(**dict(row.items()))


async def list_holds(tx: Tx, before: UUID, limit: int) -> list[Hold]:
    """Holds, the newest first."""
    rows = await tx.fetch(_LIST_SQL, tx.organisation_id, before, limit)
    return [Hold(**dict(row.items())) for row in rows]


async def release(tx: Tx, id: UUID, released_by: UUID) -> Hold | None:
    """End a hold; None if it has ended."""
    row = await tx.fetchrow(_RELEASE_SQL, id, released_by)
    return None if row is None else Hold(**dict(row.items()))


async def room_name(tx: Tx, room_id: UUID) -> str | None:
    """What a room is called; None without it."""
    name: str | None = await tx.fetchval("select name from chat.rooms where id = $1", room_id)
    return name


async def read_held(tx: Tx, hold: Hold, after: tuple[UUID, int], limit: int) -> list[HeldRow]:
    """The messages of a hold behind a place, by room and number."""
    rows = await tx.fetch(
        _HELD_SQL,
        tx.organisation_id,
        *after,
        hold.person_id,
        hold.from_at,
        hold.until_at,
        limit,
        hold.room_id,
    )
    return [_held(row) for row in rows]


async def read_edits(tx: Tx, room_ids: Sequence[UUID], numbers: Sequence[int]) -> list[EditRow]:
    """The edits of these messages, in their order."""
    rows = await tx.fetch(_EDITS_SQL, list(room_ids), list(numbers))
    return [EditRow(*_with_body(row)) for row in rows]


async def get_file(tx: Tx, hold: Hold, file_id: UUID) -> File | None:
    """A file that came with a message of a hold, held or still to be seen."""
    row = await tx.fetchrow(
        """
        select f.id, f.name, f.media_type, f.bytes, f.width, f.height from chat.files f
        join chat.events m on m.room_id = f.room_id and m.number = f.number
        where f.id = $1 and ($2::uuid is null or m.room_id = $2)
            and ($3::uuid is null or m.sender_id = $3)
            and ($4::timestamptz is null or m.created_at >= $4)
            and ($5::timestamptz is null or m.created_at < $5)
        """,
        file_id,
        hold.room_id,
        hold.person_id,
        hold.from_at,
        hold.until_at,
    )
    return None if row is None else File(**dict(row.items()))


async def free(tx: Tx, limit: int) -> int:
    """Destroy what was kept aside and is under no hold any longer; return of how many events."""
    return int(await tx.fetchval(_FREE_SQL, tx.organisation_id, limit))
