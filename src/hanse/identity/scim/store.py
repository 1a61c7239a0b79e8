"""All SQL of provisioning. Conditions and orders come from `filters`, which knows the columns."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from hanse.identity.model import Status
from hanse.identity.people.store import PERSON, person_of
from hanse.identity.scim.filters import Condition
from hanse.identity.scim.model import MemberRef, Provided, ProvidedGroup
from hanse.platform.database import Tx

ALL = Condition("true", [])
FIRST = 2
"""The number of a condition's first parameter; $1 is the organisation."""

_PROVIDED = (
    ", ".join(f"p.{each}" for each in PERSON.split(", "))
    + ", coalesce(p.user_name, p.email) as user_name, p.external_id, p.profile, p.revision, "
    "p.updated_at"
)
# Programs have accounts, but no provider provides them.
_THERE = """
    p.organisation_id = $1 and p.status <> 'removed' and p.role <> 'service'
"""
_GROUP = """
    g.id, g.name, g.external_id, g.provisioned, g.created_at, g.updated_at, g.revision,
    (select count(*) from identity.group_members m where m.group_id = g.id)
        + (select count(*) from identity.group_parents c where c.parent_id = g.id) as member_count
"""


def _provided(row: Any) -> Provided:
    return Provided(
        person_of(row),
        row["user_name"],
        row["external_id"],
        row["profile"],
        row["revision"],
        row["updated_at"],
    )


async def get_person(tx: Tx, id: UUID, *, lock: bool = False) -> Provided | None:
    """One person; with `lock`, kept as they are until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        select {_PROVIDED} from identity.people p where {_THERE} and p.id = $2
        {"for no key update" if lock else ""}
        """,
        tx.organisation_id,
        id,
    )
    return None if row is None else _provided(row)


async def list_people(
    tx: Tx, condition: Condition, order: str, offset: int, limit: int
) -> list[Provided]:
    """A page of the people for whom the condition holds, whose parameters begin at FIRST."""
    last = FIRST + len(condition.arguments)
    rows = await tx.fetch(
        f"""
        select {_PROVIDED} from identity.people p where {_THERE} and {condition.sql}
        order by {order} offset ${last} limit ${last + 1}
        """,
        tx.organisation_id,
        *condition.arguments,
        offset,
        limit,
    )
    return [_provided(row) for row in rows]


async def count_people(tx: Tx, condition: Condition) -> int:
    """How many people there are for whom the condition holds, whose parameters begin at FIRST."""
    count: int = await tx.fetchval(
        f"select count(*) from identity.people p where {_THERE} and {condition.sql}",
        tx.organisation_id,
        *condition.arguments,
    )
    return count


async def put_provided(
    tx: Tx, id: UUID, user_name: str, external_id: str | None, profile: dict[str, Any]
) -> Provided:
    """Keep what a provider wrote about somebody."""
    row = await tx.fetchrow(
        f"""
        update identity.people p set user_name = $3, external_id = $4, profile = $5
        where p.organisation_id = $1 and p.id = $2
        returning {_PROVIDED}
        """,
        tx.organisation_id,
        id,
        user_name,
        external_id,
        profile,
    )
    assert row is not None
    return _provided(row)


async def put_new(
    tx: Tx,
    id: UUID,
    user_name: str,
    external_id: str | None,
    profile: dict[str, Any],
    *,
    status: Status,
    locale: str,
    time_zone: str,
    languages: Sequence[str],
) -> Provided:
    """Keep what a provider wrote about somebody who was made a moment ago, settings included."""
    row = await tx.fetchrow(
        f"""
        update identity.people p set user_name = $3, external_id = $4, profile = $5, status = $6,
            locale = $7, time_zone = $8, languages = $9
        where p.organisation_id = $1 and p.id = $2
        returning {_PROVIDED}
        """,
        tx.organisation_id,
        id,
        user_name,
        external_id,
        profile,
        status.value,
        locale,
        time_zone,
        list(languages),
    )
    assert row is not None
    return _provided(row)


async def list_memberships(
    tx: Tx, person_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[UUID, str]]]:
    """(id, name) of the groups that each of these people is in itself."""
    rows = await tx.fetch(
        """
        select m.person_id, g.id, g.name
        from identity.group_members m join identity.groups g on g.id = m.group_id
        where m.organisation_id = $1 and m.person_id = any ($2) order by m.person_id, g.id
        """,
        tx.organisation_id,
        list(person_ids),
    )
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append((row["id"], row["name"]))
    return found


async def get_group(tx: Tx, id: UUID, *, lock: bool = False) -> ProvidedGroup | None:
    """One group; with `lock`, kept as it is until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        select {_GROUP} from identity.groups g where g.organisation_id = $1 and g.id = $2
        {"for no key update" if lock else ""}
        """,
        tx.organisation_id,
        id,
    )
    return None if row is None else ProvidedGroup(*row.values())


async def list_groups(
    tx: Tx, condition: Condition, order: str, offset: int, limit: int
) -> list[ProvidedGroup]:
    """A page of the groups for which the condition holds, whose parameters begin at FIRST."""
    last = FIRST + len(condition.arguments)
    rows = await tx.fetch(
        f"""
        select {_GROUP} from identity.groups g
        where g.organisation_id = $1 and {condition.sql}
        order by {order} offset ${last} limit ${last + 1}
        """,
        tx.organisation_id,
        *condition.arguments,
        offset,
        limit,
    )
    return [ProvidedGroup(*row.values()) for row in rows]


async def count_groups(tx: Tx, condition: Condition) -> int:
    """How many groups there are for which the condition holds, whose parameters begin at FIRST."""
    count: int = await tx.fetchval(
        f"""
        select count(*) from identity.groups g
        where g.organisation_id = $1 and {condition.sql}
        """,
        tx.organisation_id,
        *condition.arguments,
    )
    return count


async def insert_group(tx: Tx, id: UUID, name: str, external_id: str | None) -> bool:
    """Insert a group of the provider's; False if the name is taken."""
    made = await tx.fetchval(
        """
        insert into identity.groups (id, organisation_id, name, external_id, provisioned)
        values ($1, $2, $3, $4, true)
        on conflict (organisation_id, name_key) do nothing
        returning true
        """,
        id,
        tx.organisation_id,
        name,
        external_id,
    )
    return bool(made)


async def update_group(tx: Tx, id: UUID, name: str, external_id: str | None) -> None:
    """Write what a provider can change of a group."""
    await tx.execute(
        """
        update identity.groups set name = $3, external_id = $4
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        name,
        external_id,
    )


async def list_members(
    tx: Tx, group_ids: Sequence[UUID], only: Collection[UUID] | None = None
) -> dict[UUID, list[MemberRef]]:
    """Who is in each of these groups itself; of `only`, if given."""
    rows = await tx.fetch(
        """
        select m.group_id, p.id, 'User' as type, p.name
        from identity.group_members m join identity.people p on p.id = m.person_id
        where m.organisation_id = $1 and m.group_id = any ($2)
            and ($3::uuid[] is null or m.person_id = any ($3))
        union all
        select c.parent_id, g.id, 'Group', g.name
        from identity.group_parents c join identity.groups g on g.id = c.child_id
        where c.organisation_id = $1 and c.parent_id = any ($2)
            and ($3::uuid[] is null or c.child_id = any ($3))
        order by 1, 2
        """,
        tx.organisation_id,
        list(group_ids),
        None if only is None else list(only),
    )
    found: dict[UUID, list[MemberRef]] = {}
    for row in rows:
        found.setdefault(row["group_id"], []).append(MemberRef(row["id"], row["type"], row["name"]))
    return found


async def add_people(tx: Tx, group_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Put people into a group; return the ids of those there are, in it before or not."""
    rows = await tx.fetch(
        """
        with found as (
            select id from identity.people
            where organisation_id = $1 and id = any ($3) and status <> 'removed'
                and role <> 'service'
        ), added as (
            insert into identity.group_members (organisation_id, group_id, person_id)
            select $1, $2, id from found on conflict (group_id, person_id) do nothing
        )
        select id from found
        """,
        tx.organisation_id,
        group_id,
        list(ids),
    )
    return [row["id"] for row in rows]


async def remove_people(tx: Tx, group_id: UUID, ids: Sequence[UUID]) -> None:
    """Take people out of a group."""
    await tx.execute(
        """
        delete from identity.group_members
        where organisation_id = $1 and group_id = $2 and person_id = any ($3)
        """,
        tx.organisation_id,
        group_id,
        list(ids),
    )


async def remove_children(tx: Tx, group_id: UUID, ids: Sequence[UUID]) -> None:
    """Take groups out of a group."""
    await tx.execute(
        """
        delete from identity.group_parents
        where organisation_id = $1 and parent_id = $2 and child_id = any ($3)
        """,
        tx.organisation_id,
        group_id,
        list(ids),
    )
