"""All SQL of topics: where messages stand by now, and what happened to topics as a whole."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from hanse.chat.log.model import Event, Topic
from hanse.platform.database import Tx

_MOVE_TOPICS_SQL: Final = """
update chat.events e set topic = v.topic, is_moved = true,
    sent_topic = case when e.is_moved then e.sent_topic else e.topic end
from unnest($1::uuid[], $2::bigint[], $3::text[]) as v (room_id, target, topic)
where e.room_id = v.room_id and e.number = v.target
"""

_MOVE_WHOLE_SQL: Final = """
update chat.events e set topic = $5, is_moved = true,
    sent_topic = case when e.is_moved then e.sent_topic else e.topic end
where e.room_id = $1 and e.topic = $2 and e.number >= $3 and e.number < $4 and e.kind = 'message'
"""

# Steps from each topic to the next in the index: it costs the topics, never the messages.
_TOPICS_SQL: Final = """
with recursive names (topic) as (
    (select e.topic from chat.events e where e.room_id = $1 and e.topic is not null
        order by e.topic limit 1)
    union all
    select (select e.topic from chat.events e where e.room_id = $1 and e.topic > n.topic
        order by e.topic limit 1)
    from names n where n.topic is not null
)
select n.topic as name, last.number, last.created_at as at,
    case when m.member_id is null then 0 else
        (select count(*) from chat.events e where e.room_id = $1 and e.topic = n.topic
            and e.number > m.read_number and e.kind = 'message' and not e.is_redacted
            and e.sender_id <> m.member_id)
    end as unread
from names n
cross join lateral (
    select e.number, e.created_at from chat.events e
    where e.room_id = $1 and e.topic = n.topic and e.kind = 'message' and not e.is_redacted
    order by e.number desc limit 1
) last
left join chat.members m on m.room_id = $1 and m.member_id = $2
order by last.number desc limit $3
"""


async def move_topics(tx: Tx, events: Sequence[Event]) -> None:
    """Let what these events concern stand in another topic; what was sent stays known."""
    for is_whole, some in groupby(events, key=lambda each: each.target is None):
        if not is_whole:
            last = {(each.room_id, each.target): each.topic for each in some}
            rooms, targets = zip(*last, strict=True)
            await tx.execute(_MOVE_TOPICS_SQL, list(rooms), list(targets), list(last.values()))
            continue
        for each in some:
            if (old := each.body.from_topic) is not None:
                first = each.body.since or 1
                await tx.execute(_MOVE_WHOLE_SQL, each.room_id, old, first, each.number, each.topic)


async def filled_topics(
    tx: Tx, wanted: Sequence[tuple[UUID, str, int]]
) -> set[tuple[UUID, str, int]]:
    """Those of these (room, topic, number) that have messages from the number on."""
    rows = await tx.fetch(
        """
        select v.room_id, v.topic, v.since
        from unnest($1::uuid[], $2::text[], $3::bigint[]) as v (room_id, topic, since)
        where exists (
            select from chat.events e where e.room_id = v.room_id and e.topic = v.topic
                and e.number >= v.since and e.kind = 'message' and not e.is_redacted)
        """,
        *[list(column) for column in zip(*wanted, strict=True)],
    )
    return {(row["room_id"], row["topic"], row["since"]) for row in rows}


async def topics_now(tx: Tx, room_id: UUID, numbers: Sequence[int]) -> dict[int, str | None]:
    """The topics in which these messages stand by now."""
    rows = await tx.fetch(
        "select number, topic from chat.events where room_id = $1 and number = any($2)",
        room_id,
        list(numbers),
    )
    return {row["number"]: row["topic"] for row in rows}


async def read_topics(tx: Tx, room_id: UUID, member_id: UUID, limit: int) -> list[Topic]:
    """The topics of a room, those first that were written in last, as a member sees them."""
    rows = await tx.fetch(_TOPICS_SQL, room_id, member_id, limit)
    return [Topic(**dict(row.items())) for row in rows]
