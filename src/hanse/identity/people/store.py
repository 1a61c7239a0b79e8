"""All SQL of people and their directory."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hanse.identity.model import Person, Status
from hanse.identity.policy import Role
from hanse.platform.database import Tx

PERSON = "id, email, name, role, created_at, locale, time_zone, languages, status, photo_at"


def person_of(row: Any) -> Person:
    """Make a person of a row with the columns PERSON."""
    photo_at = row["photo_at"]
    return Person(
        row["id"],
        row["email"],
        row["name"],
        Role(row["role"]),
        row["created_at"],
        row["locale"],
        row["time_zone"],
        row["languages"],
        Status(row["status"]),
        photo_at and f"/v1/people/{row['id']}/photo?v={int(photo_at.timestamp() * 1000)}",
    )


async def insert_person(tx: Tx, id: UUID, email: str, name: str, role: Role) -> Person | None:
    """Insert a person; None if the e-mail address is taken, or somebody is called so."""
    row = await tx.fetchrow(
        f"""
        insert into identity.people (id, organisation_id, email, name, role)
        values ($1, $2, $3, $4, $5)
        on conflict do nothing
        returning {PERSON}
        """,
        id,
        tx.organisation_id,
        email,
        name,
        role.value,
    )
    return None if row is None else person_of(row)


async def get_person(tx: Tx, id: UUID) -> Person | None:
    """One person by id."""
    row = await tx.fetchrow(
        f"select {PERSON} from identity.people where organisation_id = $1 and id = $2",
        tx.organisation_id,
        id,
    )
    return None if row is None else person_of(row)


async def lock_person(tx: Tx, id: UUID) -> Person | None:
    """One person by id, kept as it is until the transaction ends."""
    row = await tx.fetchrow(
        f"select {PERSON} from identity.people where organisation_id = $1 and id = $2 for update",
        tx.organisation_id,
        id,
    )
    return None if row is None else person_of(row)


async def get_person_by_email(tx: Tx, email: str) -> Person | None:
    """One person by e-mail address, whatever its case."""
    row = await tx.fetchrow(
        f"""
        select {PERSON} from identity.people
        where organisation_id = $1 and email_key = lower($2)
        """,
        tx.organisation_id,
        email,
    )
    return None if row is None else person_of(row)


async def is_user_name_taken(tx: Tx, user_name: str, but: UUID) -> bool:
    """Tell whether somebody else is called that, whatever its case."""
    taken = await tx.fetchval(
        """
        select exists (
            select from identity.people
            where organisation_id = $1 and user_name_key = lower($2) and id <> $3
        )
        """,
        tx.organisation_id,
        user_name,
        but,
    )
    return bool(taken)


async def find_actors(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, bool]:
    """Those of these ids that can act now: active people (False) and valid API keys (True)."""
    rows = await tx.fetch(
        """
        select id, false as is_key from identity.people
        where organisation_id = $1 and id = any($2) and status = 'active'
        union all
        select id, true from identity.api_keys
        where organisation_id = $1 and id = any($2) and revoked_at is null
            and (expires_at is null or expires_at > now())
        """,
        tx.organisation_id,
        list(ids),
    )
    return {row["id"]: row["is_key"] for row in rows}


async def api_keys_among(tx: Tx, ids: Sequence[UUID]) -> list[UUID]:
    """Those of these ids that are API keys, those included that no longer act."""
    rows = await tx.fetch(
        "select id from identity.api_keys where organisation_id = $1 and id = any($2) order by id",
        tx.organisation_id,
        list(ids),
    )
    return [row["id"] for row in rows]


async def guests_among(tx: Tx, ids: Sequence[UUID]) -> list[UUID]:
    """Those of these ids that are guests of the organisation, who have not left it."""
    rows = await tx.fetch(
        """
        select id from identity.people
        where organisation_id = $1 and id = any($2) and role = 'guest' and status = 'active'
        order by id
        """,
        tx.organisation_id,
        list(ids),
    )
    return [row["id"] for row in rows]


async def names_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these people and API keys are called, those included that no longer act."""
    rows = await tx.fetch(
        """
        select id, name from identity.people where organisation_id = $1 and id = any($2)
        union all
        select id, name from identity.api_keys where organisation_id = $1 and id = any($2)
        """,
        tx.organisation_id,
        list(ids),
    )
    return {row["id"]: row["name"] for row in rows}


async def people_of(tx: Tx, ids: Sequence[UUID]) -> list[Person]:
    """These people, those included that are gone, in the order of their making."""
    rows = await tx.fetch(
        f"""
        select {PERSON} from identity.people
        where organisation_id = $1 and id = any($2) order by id
        """,
        tx.organisation_id,
        list(ids),
    )
    return [person_of(row) for row in rows]


async def ids_by_email(tx: Tx, emails: Sequence[str]) -> dict[str, UUID]:
    """The active people with these addresses, by the address in small letters."""
    rows = await tx.fetch(
        """
        select email_key, id from identity.people
        where organisation_id = $1 and status = 'active'
            and email_key in (select lower(each) from unnest($2::text[]) as each)
        """,
        tx.organisation_id,
        list(emails),
    )
    return {row["email_key"]: row["id"] for row in rows}


async def owner_ids(tx: Tx, limit: int) -> list[UUID]:
    """The organisation's active owners, those first who were there first."""
    rows = await tx.fetch(
        """
        select id from identity.people
        where organisation_id = $1 and role = 'owner' and status = 'active' order by id limit $2
        """,
        tx.organisation_id,
        limit,
    )
    return [row["id"] for row in rows]


async def insert_departed(tx: Tx, people: Mapping[UUID, str]) -> None:
    """Insert people, by id, of whom nothing is known but what they were called."""
    await tx.execute(
        """
        insert into identity.people (id, organisation_id, email, name, role, status)
        select v.id, $1, v.id || '@removed.invalid', v.name, 'guest', 'removed'
        from unnest($2::uuid[], $3::text[]) as v (id, name)
        """,
        tx.organisation_id,
        list(people),
        list(people.values()),
    )
    # Inserting put them into the directory.
    await tx.execute(
        "delete from identity.people_terms where organisation_id = $1 and person_id = any($2)",
        tx.organisation_id,
        list(people),
    )


async def reading_languages(tx: Tx, ids: Sequence[UUID]) -> list[list[str]]:
    """What these people read, best first, each combination once; who names none is left out."""
    rows = await tx.fetch(
        """
        select distinct languages from identity.people
        where organisation_id = $1 and id = any($2) and status = 'active' and languages <> '{}'
        """,
        tx.organisation_id,
        list(ids),
    )
    return [row["languages"] for row in rows]


async def list_people(tx: Tx, after: UUID | None, limit: int) -> list[Person]:
    """People in the order of their making, from `after` on; nobody who is gone for good."""
    rows = await tx.fetch(
        f"""
        select {PERSON} from identity.people
        where organisation_id = $1 and ($2::uuid is null or id > $2) and status <> 'removed'
        order by id limit $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [person_of(row) for row in rows]


async def fold(tx: Tx, text: str) -> str:
    """Text as the directory compares it: small letters without accents."""
    folded: str = await tx.fetchval("select identity.fold($1)", text)
    return folded


# The planner believes that little matches. So that it looks at the few terms of each person of a
# page, and not at all that match, there is a scalar where `not exists` would do, of which it makes
# a join, and `left` where it would enter another index.
SEARCH_SQL = f"""
select t.term, {", ".join(f"p.{each}" for each in PERSON.split(", "))}
from identity.people_terms t join identity.people p on p.id = t.person_id
where t.organisation_id = $1 and t.rank = $2 and t.term >= $3 and t.term < $4
    and (t.term, t.person_id) > ($5, $6)
    and (
        select true from identity.people_terms o
        where o.person_id = t.person_id and left(o.term, length($3)) = $3
            and (o.rank < t.rank or (o.rank = t.rank and o.term < t.term))
        limit 1
    ) is null
order by t.term, t.person_id limit $7
"""


async def search(
    tx: Tx, rank: int, begin: str, end: str, after: tuple[str, UUID], limit: int
) -> list[tuple[str, Person]]:
    """People with a term of that rank from `begin` up to `end`, each once, with the term.

    In the order of (term, id), beyond `after`; whoever has a term of a better rank is left out.
    """
    rows = await tx.fetch(SEARCH_SQL, tx.organisation_id, rank, begin, end, *after, limit)
    return [(row["term"], person_of(row)) for row in rows]


async def update_person(
    tx: Tx,
    id: UUID,
    *,
    email: str,
    name: str,
    role: Role,
    status: Status,
    locale: str,
    time_zone: str,
    languages: list[str],
) -> Person | None:
    """Write all that can be changed of a person; None if nobody has that id."""
    row = await tx.fetchrow(
        f"""
        update identity.people set email = $3, name = $4, role = $5, status = $6, locale = $7,
            time_zone = $8, languages = $9
        where organisation_id = $1 and id = $2
        returning {PERSON}
        """,
        tx.organisation_id,
        id,
        email,
        name,
        role.value,
        status.value,
        locale,
        time_zone,
        languages,
    )
    return None if row is None else person_of(row)


async def remove_person(tx: Tx, id: UUID) -> None:
    """Let somebody be gone for good: out of directory and groups, their address free again.

    The row and the name stay for what refers to them.
    """
    await tx.execute(
        """
        update identity.people
        set status = 'removed', email = id || '@removed.invalid', user_name = null,
            external_id = null, profile = '{}', photo_at = null
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
    )
    # After the update, which puts the terms of the new address into the directory.
    for table in ("people_terms", "group_members", "photos"):
        await tx.execute(
            f"delete from identity.{table} where organisation_id = $1 and person_id = $2",
            tx.organisation_id,
            id,
        )


async def forget_person(tx: Tx, id: UUID, name: str) -> None:
    """Put `name` in the place of a person's, and let nothing else tell who they were.

    For somebody who is removed next, which takes the name out of the directory.
    """
    await tx.execute(
        """
        update identity.people
        set name = $3, role = 'guest', locale = 'en', time_zone = 'UTC', languages = '{}'
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        id,
        name,
    )


async def other_owners(tx: Tx, id: UUID) -> int:
    """How many active owners there are besides this one; holds them all until the end."""
    rows = await tx.fetch(
        """
        select id from identity.people
        where organisation_id = $1 and role = 'owner' and status = 'active'
        order by id for update
        """,
        tx.organisation_id,
    )
    return sum(row["id"] != id for row in rows)


async def put_photo(tx: Tx, person_id: UUID, image: bytes) -> None:
    """Keep an image as the person's photo."""
    await tx.execute(
        """
        insert into identity.photos (person_id, organisation_id, image) values ($2, $1, $3)
        on conflict (person_id) do update set image = excluded.image
        """,
        tx.organisation_id,
        person_id,
        image,
    )
    await _stamp_photo(tx, person_id, present=True)


async def delete_photo(tx: Tx, person_id: UUID) -> None:
    """Throw the person's photo away."""
    await tx.execute(
        "delete from identity.photos where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    await _stamp_photo(tx, person_id, present=False)


async def get_photo(tx: Tx, person_id: UUID) -> bytes | None:
    """The person's photo."""
    image: bytes | None = await tx.fetchval(
        "select image from identity.photos where organisation_id = $1 and person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return image


async def _stamp_photo(tx: Tx, person_id: UUID, *, present: bool) -> None:
    await tx.execute(
        """
        update identity.people set photo_at = case when $3 then clock_timestamp() end
        where organisation_id = $1 and id = $2
        """,
        tx.organisation_id,
        person_id,
        present,
    )
