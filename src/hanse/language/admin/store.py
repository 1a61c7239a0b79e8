"""All SQL of usage reports."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from hanse.platform.database import Tx


class UsageRow(msgspec.Struct, frozen=True):
    """Characters of one group: an API key (None for people), and a day if days are told apart."""

    api_key_id: UUID | None
    day: date | None
    text_characters: int
    document_characters: int
    write_characters: int


class TagRow(msgspec.Struct, frozen=True):
    """Characters of one reporting tag, and a day if days are told apart."""

    tag: str
    day: date | None
    text_characters: int
    write_characters: int
    total_characters: int


_SUMS: Final = """
coalesce(sum(characters) filter (where kind = 'text'), 0)::bigint as text_characters,
coalesce(sum(characters) filter (where kind = 'document'), 0)::bigint as document_characters,
coalesce(sum(characters) filter (where kind = 'write'), 0)::bigint as write_characters
"""
BY_KEY: Final = f"""
select api_key_id, case when $4 then (created_at at time zone 'utc')::date end as day, {_SUMS}
from language.translations
where organisation_id = $1 and created_at >= $2 and created_at < $3
group by 1, 2 order by 2, 1
"""
BY_TAG: Final = """
select reporting_tag as tag, case when $4 then (created_at at time zone 'utc')::date end as day,
    coalesce(sum(characters) filter (where kind = 'text'), 0)::bigint as text_characters,
    coalesce(sum(characters) filter (where kind = 'write'), 0)::bigint as write_characters,
    sum(characters)::bigint as total_characters
from language.translations
where organisation_id = $1 and created_at >= $2 and created_at < $3 and reporting_tag is not null
group by 1, 2 order by 1, 2 limit $5 offset $6
"""


async def usage_by_key(tx: Tx, start: datetime, end: datetime, *, by_day: bool) -> list[UsageRow]:
    """Return what was used from `start` to before `end`, by API key and perhaps by day (UTC)."""
    rows = await tx.fetch(BY_KEY, tx.organisation_id, start, end, by_day)
    return [UsageRow(**row) for row in rows]


async def usage_by_tag(
    tx: Tx, start: datetime, end: datetime, *, by_day: bool, limit: int, offset: int
) -> list[TagRow]:
    """Return what was used under each reporting tag, and perhaps by day (UTC)."""
    rows = await tx.fetch(BY_TAG, tx.organisation_id, start, end, by_day, limit, offset)
    return [TagRow(**row) for row in rows]
