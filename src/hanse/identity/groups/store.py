"""All SQL of groups."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hanse.identity.groups.model import Group, Member
from hanse.identity.people.store import PERSON, person_of
from hanse.identity.policy import Permission, roles_with
from hanse.platform.database import Tx

_GROUP = """
    g.id, g.name, g.description, g.permissions, g.external_id, g.created_at, g.updated_at,
    (select count(*) from identity.group_members m where m.group_id = g.id) as member_count,
    array(select p.parent_id from identity.group_parents p where p.child_id = g.id) as parent_ids,
    array(select p.child_id from identity.group_parents p where p.parent_id = g.id) as child_ids
"""
_LOCK = 0x68616E73656772


def _group(row: Any) -> Group:
    return Group(*row.values())


async def lock_nesting(tx: Tx) -> None:
    """Wait until nobody else changes how the organisation's groups lie within each other."""
    await tx.execute(
        "select pg_advisory_xact_lock($1 # hashtextextended($2::text, 0))",
        _LOCK,
        str(tx.organisation_id),
    )


async def insert_group(
    tx: Tx, id: UUID, name: str, description: str, permissions: Sequence[str]
) -> bool:
    """Insert a group; False if the name is taken."""
    made = await tx.fetchval(
        """
        insert into identity.groups (id, organisation_id, name, description, permissions)
        values ($1, $2, $3, $4, $5)
        on conflict (organisation_id, name_key) do nothing
        returning true
        """,
        id,
        tx.organisation_id,
        name,
        description,
        list(permissions),
    )
    return bool(made)


async def get_group(tx: Tx, id: UUID) -> Group | None:
    """One group by id."""
    row = await tx.fetchrow(
        f"select {_GROUP} from identity.groups g where g.organisation_id = $1 and g.id = $2",
        tx.organisation_id,
        id,
    )
    return None if row is None else _group(row)


async def get_group_id(tx: Tx, name: str) -> UUID | None:
    """The id of the group of that name, whatever its case."""
    id: UUID | None = await tx.fetchval(
        "select id from identity.groups where organisation_id = $1 and name_key = lower($2)",
        tx.organisation_id,
        name,
    )
    return id


async def list_groups(tx: Tx, prefix: str, after: UUID | None, limit: int) -> list[Group]:
    """Groups whose name begins with `prefix`, in the order of their making, from `after` on."""
    rows = await tx.fetch(
        f"""
        select {_GROUP} from identity.groups g
        where g.organisation_id = $1 and ($2::uuid is null or g.id > $2)
            and starts_with(g.name_key, lower($3))
        order by g.id limit $4
        """,
        tx.organisation_id,
        after,
        prefix,
        limit,
    )
    return [_group(row) for row in rows]


async def list_groups_of(tx: Tx, person_id: UUID) -> list[UUID]:
    """The ids of all groups somebody is in, those around their groups included."""
    rows = await tx.fetch(
        """
        with recursive within (group_id) as (
            select group_id from identity.group_members
            where organisation_id = $1 and person_id = $2
            union
            select g.parent_id from within w
            join identity.group_parents g on g.child_id = w.group_id
        )
        select group_id from within order by group_id
        """,
        tx.organisation_id,
        person_id,
    )
    return [row["group_id"] for row in rows]


async def update_group(
    tx: Tx, id: UUID, name: str, description: str, permissions: Sequence[str]
) -> None:
    """Write all that can be changed of a group."""
    await tx.execute(
        """
        update identity.groups
        set name = $3, description = $4, permissions = $5, updated_at = now()
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        name,
        description,
        list(permissions),
    )


async def delete_group(tx: Tx, id: UUID) -> None:
    """Delete a group; its members stay what else they are."""
    await tx.execute(
        "delete from identity.groups where organisation_id = $1 and id = $2",
        tx.organisation_id,
        id,
    )


async def list_members(tx: Tx, group_id: UUID, after: UUID | None, limit: int) -> list[Member]:
    """Who is in the group itself, in the order of their making, from `after` on."""
    columns = ", ".join(f"p.{each}" for each in PERSON.split(", "))
    rows = await tx.fetch(
        f"""
        select m.is_manager, m.provider_id, {columns}
        from identity.group_members m join identity.people p on p.id = m.person_id
        where m.organisation_id = $1 and m.group_id = $2
            and ($3::uuid is null or m.person_id > $3)
        order by m.person_id limit $4
        """,
        tx.organisation_id,
        group_id,
        after,
        limit,
    )
    return [Member(person_of(row), row["is_manager"], row["provider_id"]) for row in rows]


async def is_manager(tx: Tx, group_id: UUID, person_id: UUID) -> bool:
    """Tell whether somebody manages a group."""
    found = await tx.fetchval(
        """
        select is_manager from identity.group_members
        where organisation_id = $1 and group_id = $2 and person_id = $3
        """,
        tx.organisation_id,
        group_id,
        person_id,
    )
    return bool(found)


async def put_member(tx: Tx, group_id: UUID, person_id: UUID, *, is_manager: bool) -> bool:
    """Put somebody into a group, or say whether they manage it; True if they were not in it."""
    is_new = await tx.fetchval(
        """
        insert into identity.group_members (organisation_id, group_id, person_id, is_manager)
        values ($1, $2, $3, $4)
        on conflict (group_id, person_id) do update set is_manager = excluded.is_manager
        returning xmax = 0
        """,
        tx.organisation_id,
        group_id,
        person_id,
        is_manager,
    )
    return bool(is_new)


async def delete_member(tx: Tx, group_id: UUID, person_id: UUID) -> bool:
    """Take somebody out of a group; False if they were not in it."""
    tag = await tx.execute(
        """
        delete from identity.group_members
        where organisation_id = $1 and group_id = $2 and person_id = $3
        """,
        tx.organisation_id,
        group_id,
        person_id,
    )
    return tag != "DELETE 0"


async def put_provided(
    tx: Tx, provider_id: UUID, person_id: UUID, group_ids: Sequence[UUID]
) -> list[UUID]:
    """Make what a provider keeps of somebody's memberships be `group_ids`; return what changed.

    Memberships that people made are left alone, as are groups that do not exist.
    """
    # In the order of ids, as the triggers do: two people who change places wait for each other.
    locked = await tx.fetch(
        """
        select id from identity.groups g
        where organisation_id = $1 and id in (
            select group_id from identity.group_members
            where person_id = $3 and provider_id = $2 and group_id <> all ($4)
            union all
            select wanted.id from unnest($4::uuid[]) as wanted (id)
            where not exists (
                select from identity.group_members m
                where m.group_id = wanted.id and m.person_id = $3
            )
        )
        order by id for no key update
        """,
        tx.organisation_id,
        provider_id,
        person_id,
        list(group_ids),
    )
    if not locked:
        return []
    rows = await tx.fetch(
        """
        with gone as (
            delete from identity.group_members
            where organisation_id = $1 and person_id = $3 and provider_id = $2
                and group_id <> all ($4)
            returning group_id
        ), come as (
            insert into identity.group_members (organisation_id, group_id, person_id, provider_id)
            select $1, g.id, $3, $2 from identity.groups g
            where g.organisation_id = $1 and g.id = any ($4)
            on conflict (group_id, person_id) do nothing
            returning group_id
        )
        select group_id from gone union all select group_id from come
        """,
        tx.organisation_id,
        provider_id,
        person_id,
        list(group_ids),
    )
    return [row["group_id"] for row in rows]


async def put_child(tx: Tx, parent_id: UUID, child_id: UUID) -> None:
    """Put one group into another."""
    await tx.execute(
        """
        insert into identity.group_parents (organisation_id, parent_id, child_id)
        values ($1, $2, $3) on conflict do nothing
        """,
        tx.organisation_id,
        parent_id,
        child_id,
    )


async def delete_child(tx: Tx, parent_id: UUID, child_id: UUID) -> bool:
    """Take one group out of another; False if it was not in it."""
    tag = await tx.execute(
        """
        delete from identity.group_parents
        where organisation_id = $1 and parent_id = $2 and child_id = $3
        """,
        tx.organisation_id,
        parent_id,
        child_id,
    )
    return tag != "DELETE 0"


async def list_holders(tx: Tx, permission: Permission, limit: int) -> list[UUID]:
    """Who can sign in and may do this, by role or by a group they are in; longest here first."""
    rows = await tx.fetch(
        """
        with recursive giving (id) as (
            select id from identity.groups
            where organisation_id = $1 and permissions @> array[$2::text]
            union
            select g.child_id from giving
            join identity.group_parents g on g.parent_id = giving.id and g.organisation_id = $1
        )
        select id from identity.people p
        where organisation_id = $1 and status = 'active' and role <> 'service'
            and (role = any ($3) or exists (
                select from identity.group_members m
                where m.person_id = p.id and m.group_id in (select id from giving)
            ))
        order by id limit $4
        """,
        tx.organisation_id,
        permission.value,
        [role.value for role in roles_with(permission)],
        limit,
    )
    return [row["id"] for row in rows]


async def names_of_groups(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these groups are called, those that there are."""
    rows = await tx.fetch(
        "select id, name from identity.groups where organisation_id = $1 and id = any($2)",
        tx.organisation_id,
        list(ids),
    )
    return {row["id"]: row["name"] for row in rows}


async def members_among(
    tx: Tx, group_ids: Sequence[UUID], person_ids: Sequence[UUID]
) -> list[UUID]:
    """Those of these people who are in one of these groups, or in a group within it."""
    rows = await tx.fetch(
        """
        with recursive inside (id) as (
            select unnest($2::uuid[])
            union
            select p.child_id from inside i
            join identity.group_parents p on p.parent_id = i.id and p.organisation_id = $1
        )
        select distinct m.person_id from identity.group_members m
        where m.organisation_id = $1 and m.group_id in (select id from inside)
            and m.person_id = any($3)
        """,
        tx.organisation_id,
        list(group_ids),
        list(person_ids),
    )
    return [row["person_id"] for row in rows]


async def ancestors(tx: Tx, group_id: UUID) -> dict[UUID, list[str]]:
    """The permissions of a group and of all groups around it, by id."""
    rows = await tx.fetch(
        """
        with recursive around (id) as (
            select $2::uuid
            union
            select p.parent_id from around a
            join identity.group_parents p on p.child_id = a.id and p.organisation_id = $1
        )
        select g.id, g.permissions from around a join identity.groups g on g.id = a.id
        where g.organisation_id = $1
        """,
        tx.organisation_id,
        group_id,
    )
    return {row["id"]: row["permissions"] for row in rows}


async def depth(tx: Tx, parent_id: UUID, child_id: UUID) -> int:
    """How many groups would lie within one another if `child_id` were put into `parent_id`."""
    levels: int = await tx.fetchval(
        """
        with recursive up (id, level) as (
            select $2::uuid, 1
            union
            select p.parent_id, u.level + 1 from up u
            join identity.group_parents p on p.child_id = u.id and p.organisation_id = $1
        ), down (id, level) as (
            select $3::uuid, 1
            union
            select p.child_id, d.level + 1 from down d
            join identity.group_parents p on p.parent_id = d.id and p.organisation_id = $1
        )
        select (select max(level) from up) + (select max(level) from down)
        """,
        tx.organisation_id,
        parent_id,
        child_id,
    )
    return levels
