"""All SQL of rooms and members."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.log.model import RoomRole
from hanse.chat.log.store import EVERYBODY_REACHES_ALL
from hanse.chat.rooms.model import Preferences, ReachAll, Reading, Room, RoomKind, RoomMember, Told
from hanse.platform.database import Tx

# Differences of counts that the log carries, less the few messages that do not count: both of
# these have an index of their own, so that it costs the same in a room of any size.
_UNREAD: Final = """
    case when m.member_id is null then 0 else
        h.messages - m.read_messages
        - (select count(*) from chat.events e where e.room_id = r.id and e.kind = 'message'
            and e.sender_id = m.member_id and e.number > m.read_number and not e.is_redacted)
        - (select count(*) from chat.events e where e.room_id = r.id and e.kind = 'message'
            and e.is_redacted and e.number > m.read_number)
    end
"""
_MENTIONS: Final = """
    case when m.member_id is null then 0 else
        (select count(*) from (
            select n.number from chat.mentions n where n.room_id = r.id
                and n.member_id = m.member_id and n.number > m.read_number
            union
            select e.number from chat.events e where e.room_id = r.id and e.to_all
                and e.number > m.read_number and e.sender_id <> m.member_id
        ) as mentioned)
    end
"""
_ROOM: Final = f"""
    r.id, r.kind, r.is_public, r.name, r.description, r.created_at,
    r.archived_at is not null as is_archived, r.has_link_previews, r.reach_all,
    {EVERYBODY_REACHES_ALL} as everybody_reaches_all,
    nullif(coalesce(r.retention_days, (select p.retention_days from chat.policies p
        where p.organisation_id = r.organisation_id)), 0) as retention_days, h.head, m.role,
    coalesce(m.read_number, 0) as read_number, {_UNREAD} as unread, {_MENTIONS} as mentions,
    coalesce(m.reading, 'translated') as reading,
    coalesce(m.notifications, 'mentions') as notifications,
    case when r.kind = 'direct' then
        array(select o.member_id from chat.members o where o.room_id = r.id order by o.member_id)
    else '{{}}' end as member_ids
"""


def _room(row: Any) -> Room:
    values = dict(row.items())
    values["kind"] = RoomKind(values["kind"])
    values["role"] = RoomRole(values["role"]) if values["role"] else None
    values["reach_all"] = ReachAll(values["reach_all"])
    values["reading"] = Reading(values["reading"])
    values["notifications"] = Told(values["notifications"])
    return Room(**values)


async def insert_room(
    tx: Tx,
    id: UUID,
    *,
    kind: RoomKind,
    created_by: UUID,
    name: str = "",
    description: str = "",
    is_public: bool = False,
    direct_key: bytes | None = None,
) -> bool:
    """Insert a room with an empty log; False if these people have a direct room already."""
    made = await tx.fetchval(
        """
        insert into chat.rooms
            (id, organisation_id, kind, is_public, name, description, direct_key, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (organisation_id, direct_key) do nothing returning true
        """,
        id,
        tx.organisation_id,
        kind.value,
        is_public,
        name,
        description,
        direct_key,
        created_by,
    )
    if made:
        await tx.execute(
            "insert into chat.heads (room_id, organisation_id) values ($1, $2)",
            id,
            tx.organisation_id,
        )
    return bool(made)


async def find_direct(tx: Tx, direct_key: bytes) -> UUID | None:
    """The direct room with this key."""
    id: UUID | None = await tx.fetchval(
        "select id from chat.rooms where organisation_id = $1 and direct_key = $2",
        tx.organisation_id,
        direct_key,
    )
    return id


async def get_room(tx: Tx, id: UUID, member_id: UUID) -> Room | None:
    """One room as a member, or somebody else, sees it; whether they may is not asked here."""
    row = await tx.fetchrow(
        f"""
        select {_ROOM} from chat.rooms r join chat.heads h on h.room_id = r.id
        left join chat.members m on m.room_id = r.id and m.member_id = $3
        where r.organisation_id = $1 and r.id = $2
        """,
        tx.organisation_id,
        id,
        member_id,
    )
    return None if row is None else _room(row)


async def list_rooms_of(tx: Tx, member_id: UUID, after: UUID | None, limit: int) -> list[Room]:
    """The rooms that a member is in, in the order of their making, from `after` on."""
    rows = await tx.fetch(
        f"""
        select {_ROOM} from chat.members m join chat.rooms r on r.id = m.room_id
        join chat.heads h on h.room_id = r.id
        where m.organisation_id = $1 and m.member_id = $2
            and ($3::uuid is null or m.room_id > $3)
        order by m.room_id limit $4
        """,
        tx.organisation_id,
        member_id,
        after,
        limit,
    )
    return [_room(row) for row in rows]


async def list_public(tx: Tx, member_id: UUID, after: UUID | None, limit: int) -> list[Room]:
    """The public channels, in the order of their making, from `after` on."""
    rows = await tx.fetch(
        f"""
        select {_ROOM} from chat.rooms r join chat.heads h on h.room_id = r.id
        left join chat.members m on m.room_id = r.id and m.member_id = $2
        where r.organisation_id = $1 and r.is_public and ($3::uuid is null or r.id > $3)
        order by r.id limit $4
        """,
        tx.organisation_id,
        member_id,
        after,
        limit,
    )
    return [_room(row) for row in rows]


async def room_ids_of(tx: Tx, member_id: UUID, limit: int) -> dict[UUID, int]:
    """Where the logs of a member's rooms end, by room, newest rooms first."""
    rows = await tx.fetch(
        """
        select m.room_id, h.head from chat.members m join chat.heads h on h.room_id = m.room_id
        where m.organisation_id = $1 and m.member_id = $2
        order by m.room_id desc limit $3
        """,
        tx.organisation_id,
        member_id,
        limit,
    )
    return {row["room_id"]: row["head"] for row in rows}


async def visible(
    tx: Tx, member_id: UUID, room_ids: Sequence[UUID], *, may_browse: bool
) -> dict[UUID, int]:
    """Those of these rooms that somebody may read, with their heads."""
    rows = await tx.fetch(
        """
        select h.room_id, h.head from chat.heads h join chat.rooms r on r.id = h.room_id
        left join chat.members m on m.room_id = h.room_id and m.member_id = $1
        where h.room_id = any($2) and (m.member_id is not null or ($3 and r.is_public))
        """,
        member_id,
        list(room_ids),
        may_browse,
    )
    return {row["room_id"]: row["head"] for row in rows}


async def readable_ids(tx: Tx, member_id: UUID, *, may_browse: bool, limit: int) -> list[UUID]:
    """The rooms that somebody may read, newest first."""
    rows = await tx.fetch(
        """
        select m.room_id as id from chat.members m
        where m.organisation_id = $1 and m.member_id = $2
        union
        select r.id from chat.rooms r where r.organisation_id = $1 and r.is_public and $3
        order by id desc limit $4
        """,
        tx.organisation_id,
        member_id,
        may_browse,
        limit,
    )
    return [row["id"] for row in rows]


async def update_room(
    tx: Tx,
    id: UUID,
    name: str | None,
    description: str | None,
    is_archived: bool | None,
    has_link_previews: bool | None,
    reach_all: ReachAll | None,
) -> None:
    """Write what is given; None leaves a field."""
    await tx.execute(
        """
        update chat.rooms set name = coalesce($2, name), description = coalesce($3, description),
            archived_at = case when $4::boolean is null then archived_at
                when $4 then coalesce(archived_at, now()) end,
            has_link_previews = coalesce($5, has_link_previews),
            reach_all = coalesce($6, reach_all)
        where id = $1
        """,
        id,
        name,
        description,
        is_archived,
        has_link_previews,
        reach_all,
    )


async def put_members(
    tx: Tx, room_id: UUID, members: Mapping[UUID, bool], role: RoomRole
) -> list[UUID]:
    """Let these (by id, whether it is a key) be in the room in this role; return who changed.

    Who is new has read everything up to now.
    """
    rows = await tx.fetch(
        """
        insert into chat.members as kept (organisation_id, room_id, member_id, is_key, role,
            read_number, read_messages)
        select $1::uuid, h.room_id, v.member_id, v.is_key, $5::text, h.head, h.messages
        from unnest($3::uuid[], $4::boolean[]) as v (member_id, is_key)
        join chat.heads h on h.room_id = $2
        on conflict (room_id, member_id) do update set role = excluded.role
            where kept.role <> excluded.role
        returning member_id
        """,
        tx.organisation_id,
        room_id,
        list(members),
        list(members.values()),
        role.value,
    )
    return [row["member_id"] for row in rows]


async def delete_member(tx: Tx, room_id: UUID, member_id: UUID) -> None:
    """Take somebody out of a room, and what counted their mentions."""
    await tx.execute(
        "delete from chat.members where room_id = $1 and member_id = $2", room_id, member_id
    )
    await tx.execute(
        "delete from chat.mentions where room_id = $1 and member_id = $2", room_id, member_id
    )


async def list_members(tx: Tx, room_id: UUID, after: UUID | None, limit: int) -> list[RoomMember]:
    """Who is in a room, in the order of their making, from `after` on."""
    rows = await tx.fetch(
        """
        select m.member_id, m.is_key, m.role, m.joined_at, m.read_number, u.muted_until
        from chat.members m left join chat.mutes u
            on u.room_id = m.room_id and u.member_id = m.member_id and u.muted_until > now()
        where m.room_id = $1 and ($2::uuid is null or m.member_id > $2)
        order by m.member_id limit $3
        """,
        room_id,
        after,
        limit,
    )
    return [
        RoomMember(
            row["member_id"],
            row["is_key"],
            RoomRole(row["role"]),
            row["joined_at"],
            row["read_number"],
            row["muted_until"],
        )
        for row in rows
    ]


async def mute(tx: Tx, room_id: UUID, member_id: UUID, minutes: int) -> None:
    """Let somebody not write in a room for so many minutes from now."""
    await tx.execute(
        """
        insert into chat.mutes (organisation_id, room_id, member_id, muted_until)
        values ($1, $2, $3, now() + $4 * interval '1 minute')
        on conflict (room_id, member_id) do update set muted_until = excluded.muted_until
        """,
        tx.organisation_id,
        room_id,
        member_id,
        minutes,
    )


async def unmute(tx: Tx, room_id: UUID, member_id: UUID) -> bool:
    """Let somebody write again; tell whether they were muted."""
    sql = """
    with gone as (
        delete from chat.mutes where room_id = $1 and member_id = $2 returning muted_until
    )
    select muted_until > now() from gone
    """
    return bool(await tx.fetchval(sql, room_id, member_id))


async def kind_of(tx: Tx, room_id: UUID) -> RoomKind:
    """What a room is for."""
    return RoomKind(await tx.fetchval("select kind from chat.rooms where id = $1", room_id))


async def get_role(tx: Tx, room_id: UUID, member_id: UUID) -> RoomRole | None:
    """Somebody's role in a room."""
    role = await tx.fetchval(
        "select role from chat.members where room_id = $1 and member_id = $2", room_id, member_id
    )
    return RoomRole(role) if role else None


async def count_members(tx: Tx, room_id: UUID) -> tuple[int, int]:
    """How many members a room has, and how many owners."""
    row = await tx.fetchrow(
        """
        select count(*) as members, count(*) filter (where role = 'owner') as owners
        from chat.members where room_id = $1
        """,
        room_id,
    )
    assert row is not None
    return row["members"], row["owners"]


async def set_read(
    tx: Tx, room_id: UUID, member_id: UUID, number: int, *, is_back: bool
) -> int | None:
    """Move somebody's marker to `number`, backwards only if `is_back`; return where it is now.

    None if they are not in the room, or the log does not reach so far.
    """
    marker: int | None = await tx.fetchval(
        """
        update chat.members m set
            read_number = case when $4 or $3 > m.read_number then $3 else m.read_number end,
            read_messages = case when $4 or $3 > m.read_number then
                coalesce((select e.messages from chat.events e
                    where e.room_id = $1 and e.number = $3), 0)
                else m.read_messages end
        from chat.heads h
        where m.room_id = $1 and m.member_id = $2 and h.room_id = m.room_id and $3 <= h.head
        returning m.read_number
        """,
        room_id,
        member_id,
        number,
        is_back,
    )
    return marker


async def set_preferences(
    tx: Tx, room_id: UUID, member_id: UUID, reading: Reading | None, notifications: Told | None
) -> Preferences | None:
    """Write what somebody chose in a room, None leaves it; None if they are not in the room."""
    row = await tx.fetchrow(
        """
        update chat.members set reading = coalesce($3, reading),
            notifications = coalesce($4, notifications)
        where room_id = $1 and member_id = $2
        returning reading, notifications
        """,
        room_id,
        member_id,
        reading,
        notifications,
    )
    return row and Preferences(Reading(row["reading"]), Told(row["notifications"]))
