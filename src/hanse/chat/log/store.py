"""All SQL of the log. Every append holds the heads of its rooms, in the order of their ids."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from hanse.chat.log.model import Body, Draft, Event, Kind
from hanse.chat.places import NUMBER_MAX
from hanse.platform.database import Tx

EVENT: Final = """
    e.room_id, e.number, e.messages, e.sender_id, e.device, e.client_key, e.kind, e.created_at,
    e.target, e.thread, case when e.is_moved then e.sent_topic else e.topic end as topic, e.body,
    e.is_redacted
"""
"""The columns of an event `e`, as it was appended."""

# By size unless somebody chose: counted only up to where it is decided.
EVERYBODY_REACHES_ALL: Final = """
    case r.reach_all when 'everybody' then true when 'moderators' then false else (
        select count(*) <= 50 from (
            select from chat.members c where c.room_id = r.id limit 51) as counted)
    end
"""

_LOCK_SQL: Final = """
select h.room_id, h.head, h.messages, h.epoch, r.archived_at is not null as is_archived,
    r.kind = 'direct' as is_direct, h.has_rules
from chat.heads h cross join lateral (
    select r.archived_at, r.kind from chat.rooms r where r.id = h.room_id limit 1
) r
where h.room_id = any($1)
order by h.room_id for update of h
"""

# A statement of its own, after the lock: it sees what whoever held the heads before has committed.
# Each fact is looked up by itself, in an index: as joins, PostgreSQL would read the rooms' logs.
_FACTS_SQL: Final = """
select known.number as known_number, known.created_at as known_at,
    (select m.role from chat.members m
        where m.room_id = a.room_id and m.member_id = a.sender_id) as role,
    t.kind as target_kind, t.sender_id as target_sender_id,
    coalesce(t.is_redacted, false) as target_is_redacted,
    a.thread is null or coalesce((select th.kind = 'message' from chat.events th
        where th.room_id = a.room_id and th.number = a.thread), false) as has_thread,
    (select mute.muted_until from chat.mutes mute
        where mute.room_id = a.room_id and mute.member_id = a.sender_id
            and mute.muted_until > clock_timestamp()) as muted_until,
    clock_timestamp() as at
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    with ordinality as a (room_id, sender_id, device, client_key, target, thread, place)
left join lateral (
    select e.number, e.created_at from chat.events e
    where e.room_id = a.room_id and e.sender_id = a.sender_id and e.device = a.device
        and e.client_key = a.client_key
    limit 1
) known on true
left join lateral (
    select e.kind, e.sender_id, e.is_redacted from chat.events e
    where a.target is not null and e.room_id = a.room_id and e.number = a.target
    limit 1
) t on true
order by a.place
"""

_INSERT_SQL: Final = """
insert into chat.events (organisation_id, room_id, number, messages, sender_id, device, client_key,
    kind, target, thread, topic, to_all, body, created_at)
select $1::uuid, e.* from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[],
    $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::boolean[],
    $13::jsonb[], $14::timestamptz[]) as e
"""

_MOVE_HEADS_SQL: Final = """
update chat.heads h
set head = v.head, messages = v.messages, epoch = greatest(h.epoch, v.epoch)
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
    as v (room_id, head, messages, epoch)
where h.room_id = v.room_id
"""

_TO_ALL_SQL: Final = """
update chat.events e set to_all = v.to_all
from unnest($1::uuid[], $2::bigint[], $3::boolean[]) as v (room_id, target, to_all)
where e.room_id = v.room_id and e.number = v.target and e.to_all <> v.to_all
"""

FORGET_MENTIONS_SQL: Final = """
delete from chat.mentions m using unnest($1::uuid[], $2::bigint[]) as v (room_id, number)
where m.room_id = v.room_id and m.number = v.number
"""

_MENTION_SQL: Final = """
insert into chat.mentions (organisation_id, room_id, member_id, number)
select $1::uuid, m.room_id, m.member_id, v.number
from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as v (room_id, member_id, number)
join chat.members m on m.room_id = v.room_id and m.member_id = v.member_id
on conflict do nothing
"""


class Head(Struct, frozen=True):
    """Where a room's log ends, and what of the room decides over the next event."""

    room_id: UUID
    head: int
    messages: int
    epoch: int
    is_archived: bool
    is_direct: bool
    has_rules: bool


class Known(Struct, frozen=True):
    """What the log knows about a draft; `known_number` is set if it has the draft already."""

    known_number: int | None
    known_at: datetime | None
    role: str | None
    target_kind: str | None
    target_sender_id: UUID | None
    target_is_redacted: bool
    has_thread: bool
    muted_until: datetime | None
    at: datetime


async def lock_heads(tx: Tx, room_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """Hold the heads of these rooms until the transaction ends; unknown rooms are left out."""
    rows = await tx.fetch(_LOCK_SQL, list(room_ids))
    return {row["room_id"]: Head(*row) for row in rows}


async def known(tx: Tx, drafts: Sequence[Draft]) -> list[Known]:
    """What the log knows about each draft. Its rooms' heads must be held."""
    rows = await tx.fetch(
        _FACTS_SQL,
        [each.room_id for each in drafts],
        [each.sender_id for each in drafts],
        [each.device for each in drafts],
        [each.client_key for each in drafts],
        [each.target for each in drafts],
        [each.thread for each in drafts],
    )
    return [Known(*row) for row in rows]


async def insert_events(tx: Tx, events: Sequence[Event]) -> None:
    """Write events into the log."""
    await tx.execute(
        _INSERT_SQL,
        tx.organisation_id,
        [each.room_id for each in events],
        [each.number for each in events],
        [each.messages for each in events],
        [each.sender_id for each in events],
        [each.device for each in events],
        [each.client_key for each in events],
        [each.kind.value for each in events],
        [each.target for each in events],
        [each.thread for each in events],
        [each.topic for each in events],
        [each.body.to_all and each.kind is Kind.MESSAGE for each in events],
        [each.body for each in events],
        [each.created_at for each in events],
    )


async def move_heads(tx: Tx, ends: dict[UUID, tuple[int, int, int]]) -> None:
    """Say where the logs end now: head, messages and the owner's epoch, by room."""
    columns = [list(column) for column in zip(*ends.values(), strict=True)]
    await tx.execute(_MOVE_HEADS_SQL, list(ends), *columns)


async def mention(tx: Tx, events: Sequence[Event], reached: Mapping[int, Sequence[UUID]]) -> None:
    """Count the mentions of these messages and edits; an edit's replace those of its target.

    `reached` are those who are mentioned with groups or as being there, by the event's place among
    these. Whoever was there stays mentioned by an edit that speaks to those who are there, too.
    """
    edits = [each for each in events if each.kind is Kind.EDIT]
    if edits:
        rooms, targets = [each.room_id for each in edits], [each.target for each in edits]
        replaced = [each for each in edits if not each.body.to_here]
        await tx.execute(
            FORGET_MENTIONS_SQL,
            [each.room_id for each in replaced],
            [each.target for each in replaced],
        )
        await tx.execute(_TO_ALL_SQL, rooms, targets, [each.body.to_all for each in edits])
    wanted = [
        (each.room_id, who, each.target or each.number)
        for place, each in enumerate(events)
        for who in {*each.body.mentions, *reached.get(place, ())}
        if who != each.sender_id
    ]
    if wanted:
        columns = [list(column) for column in zip(*wanted, strict=True)]
        await tx.execute(_MENTION_SQL, tx.organisation_id, *columns)


async def where_everybody_reaches_all(tx: Tx, room_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these rooms in which whoever writes may address all."""
    rows = await tx.fetch(
        f"select r.id from chat.rooms r where r.id = any($1) and {EVERYBODY_REACHES_ALL}",
        list(room_ids),
    )
    return [row["id"] for row in rows]


async def people_in(tx: Tx, room_id: UUID) -> list[UUID]:
    """The people who are members of a room."""
    rows = await tx.fetch(
        "select member_id from chat.members where room_id = $1 and not is_key", room_id
    )
    return [row["member_id"] for row in rows]


async def read_events(tx: Tx, room_id: UUID, after: int, limit: int) -> list[Event]:
    """The log of a room from behind number `after`, up to `limit` events."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number > $2 order by e.number limit $3
        """,
        room_id,
        after,
        limit,
    )
    return [event_of(row) for row in rows]


async def read_messages(
    tx: Tx, room_id: UUID, before: int, limit: int, topic: str | None, thread: int | None
) -> list[Event]:
    """The last messages before a number, of one topic or thread if asked, newest first."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number < $2 and e.kind = 'message'
            and ($4::text is null or e.topic = $4) and ($5::bigint is null or e.thread = $5)
        order by e.number desc limit $3
        """,
        room_id,
        before,
        limit,
        topic,
        thread,
    )
    return [event_of(row) for row in rows]


async def read_messages_after(
    tx: Tx, room_id: UUID, after: int, limit: int, topic: str | None, thread: int | None
) -> list[Event]:
    """The first messages behind a number, of one topic or thread if asked, oldest first."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number > $2 and e.kind = 'message'
            and ($4::text is null or e.topic = $4) and ($5::bigint is null or e.thread = $5)
        order by e.number limit $3
        """,
        room_id,
        after,
        limit,
        topic,
        thread,
    )
    return [event_of(row) for row in rows]


async def read_these(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> list[Event]:
    """These messages of a room as they were sent, in their order."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number = any($2) and e.kind = 'message' order by e.number
        """,
        room_id,
        list(numbers),
    )
    return [event_of(row) for row in rows]


async def number_at(tx: Tx, room_id: UUID, at: datetime) -> int:
    """The number of the last event before a time; 0 if there is none.

    Numbers are dense and given in the order of time, so the log is searched by halves.
    """
    number: int = await tx.fetchval(
        """
        with recursive halves (low, high) as (
            select 0::bigint, h.head from chat.heads h where h.room_id = $1
            union all
            select case when e.created_at < $2 then e.number else low end,
                case when e.created_at < $2 then high else e.number - 1 end
            from halves join chat.events e
                on e.room_id = $1 and e.number = (low + high + 1) / 2
            where low < high
        )
        select coalesce(max(low) filter (where low = high), 0) from halves
        """,
        room_id,
        at,
    )
    return number


async def read_about(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> list[Event]:
    """Everything that happened to these messages afterwards, or to topics, in its order."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.target = any($2)
        union all
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.kind = 'topic' and e.target is null and e.number > $3
        order by number
        """,
        room_id,
        list(numbers),
        min(numbers, default=NUMBER_MAX),
    )
    return [event_of(row) for row in rows]


async def read_numbered(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> list[Event]:
    """The events of a room with these numbers, of whatever kind, in their order."""
    sql = f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number = any($2) order by e.number
    """
    return [event_of(row) for row in await tx.fetch(sql, room_id, list(numbers))]


async def read_message(tx: Tx, room_id: UUID, number: int) -> Event | None:
    """One message of a room as it was sent."""
    row = await tx.fetchrow(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.number = $2 and e.kind = 'message'
        """,
        room_id,
        number,
    )
    return None if row is None else event_of(row)


async def read_whole_topics(tx: Tx, room_id: UUID) -> list[Event]:
    """All that happened to topics of a room as a whole, in its order."""
    rows = await tx.fetch(
        f"""
        select {EVENT} from chat.events e
        where e.room_id = $1 and e.kind = 'topic' and e.target is null order by e.number
        """,
        room_id,
    )
    return [event_of(row) for row in rows]


async def read_heads(tx: Tx, room_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Where the logs of these rooms end."""
    rows = await tx.fetch(
        "select room_id, head from chat.heads where room_id = any($1)", list(room_ids)
    )
    return {row["room_id"]: row["head"] for row in rows}


def event_of(row: Any) -> Event:
    """Make an event of a row with the columns EVENT."""
    values = dict(row.items())
    values["kind"] = Kind(values["kind"])
    values["body"] = msgspec.convert(values["body"], Body)
    return Event(**values)
