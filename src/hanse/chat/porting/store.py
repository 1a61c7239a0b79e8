"""All SQL of what comes from elsewhere and goes there."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hanse.platform.database import Tx

_UNINDEXED_SQL: Final = """
select e.number from chat.events e
where e.room_id = $1 and e.kind = 'message' and not e.is_redacted and e.number > $2
    and not exists (
        select from chat.findable f where f.room_id = e.room_id and f.number = e.number
    )
order by e.number limit $3
"""


class StoredRoom(Struct, frozen=True):
    """A room with all that its export says of it."""

    id: UUID
    kind: str
    name: str
    description: str
    is_public: bool
    is_archived: bool
    created_at: datetime
    head: int


def key_hash(key: str) -> bytes:
    """Return what is kept of a name that somebody or something has in an export."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


async def known_people(tx: Tx, source: str, keys: Sequence[str]) -> dict[str, UUID]:
    """Who these people are here, those of whom that was decided before."""
    by_hash = {key_hash(each): each for each in keys}
    rows = await tx.fetch(
        """
        select key_hash, person_id from chat.imported_people
        where organisation_id = $1 and source = $2 and key_hash = any($3)
        """,
        tx.organisation_id,
        source,
        list(by_hash),
    )
    return {by_hash[row["key_hash"]]: row["person_id"] for row in rows}


async def keep_people(tx: Tx, source: str, people: Mapping[str, UUID]) -> None:
    """Decide who these people are here; what was decided before stays."""
    await tx.execute(
        """
        insert into chat.imported_people (organisation_id, source, key_hash, person_id)
        select $1::uuid, $2::text, v.* from unnest($3::bytea[], $4::uuid[]) as v
        on conflict do nothing
        """,
        tx.organisation_id,
        source,
        [key_hash(each) for each in people],
        list(people.values()),
    )


async def known_rooms(tx: Tx, source: str, keys: Sequence[str]) -> dict[str, UUID]:
    """Those of these rooms that were brought in before."""
    by_hash = {key_hash(each): each for each in keys}
    rows = await tx.fetch(
        """
        select key_hash, room_id from chat.imported_rooms
        where organisation_id = $1 and source = $2 and key_hash = any($3)
        """,
        tx.organisation_id,
        source,
        list(by_hash),
    )
    return {by_hash[row["key_hash"]]: row["room_id"] for row in rows}


async def hold_source(tx: Tx, source: str) -> None:
    """Let no other import of the same make rooms until this transaction ends."""
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.organisation_id}/{source}"
    )


async def keep_room(tx: Tx, source: str, key: str, room_id: UUID) -> None:
    """Note which room here is one of an export."""
    await tx.execute(
        """
        insert into chat.imported_rooms (organisation_id, source, key_hash, room_id)
        values ($1, $2, $3, $4)
        """,
        tx.organisation_id,
        source,
        key_hash(key),
        room_id,
    )


async def maker_of(tx: Tx, room_id: UUID) -> UUID:
    """Who made a room."""
    maker: UUID = await tx.fetchval("select created_by from chat.rooms where id = $1", room_id)
    return maker


async def date_room(tx: Tx, room_id: UUID, at: datetime) -> None:
    """Say when a room was made."""
    await tx.execute("update chat.rooms set created_at = $2 where id = $1", room_id, at)


async def last_at(tx: Tx, room_id: UUID) -> datetime | None:
    """The time of a room's last event."""
    at: datetime | None = await tx.fetchval(
        """
        select e.created_at from chat.heads h
        join chat.events e on e.room_id = h.room_id and e.number = h.head
        where h.room_id = $1
        """,
        room_id,
    )
    return at


async def read_along(tx: Tx, room_id: UUID, before: int) -> None:
    """Let whoever had read up to number `before` have read up to the room's end."""
    await tx.execute(
        """
        update chat.members m set read_number = h.head, read_messages = h.messages
        from chat.heads h
        where h.room_id = $1 and m.room_id = $1 and m.read_number >= $2
        """,
        room_id,
        before,
    )


async def list_rooms(tx: Tx, after: UUID, limit: int) -> list[StoredRoom]:
    """All rooms of the organisation in the order of their making, beyond `after`."""
    rows = await tx.fetch(
        """
        select r.id, r.kind, r.name, r.description, r.is_public,
            r.archived_at is not null as is_archived, r.created_at, h.head
        from chat.rooms r join chat.heads h on h.room_id = r.id
        where r.organisation_id = $1 and r.id > $2 order by r.id limit $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [StoredRoom(*row) for row in rows]


async def members(tx: Tx, room_id: UUID) -> list[Any]:
    """The people in a room: member_id, role."""
    return list(
        await tx.fetch(
            """
            select member_id, role from chat.members
            where room_id = $1 order by joined_at, member_id
            """,
            room_id,
        )
    )


async def actor_ids(tx: Tx, room_id: UUID) -> list[UUID]:
    """Who ever did something in a room."""
    rows = await tx.fetch("select distinct sender_id from chat.events where room_id = $1", room_id)
    return [row["sender_id"] for row in rows]


async def unindexed(tx: Tx, room_id: UUID, after: int, limit: int) -> list[int]:
    """The first messages behind a number that search does not know."""
    rows = await tx.fetch(_UNINDEXED_SQL, room_id, after, limit)
    return [row["number"] for row in rows]
