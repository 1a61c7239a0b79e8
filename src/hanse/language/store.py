"""All SQL of the language system."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import Event, encoded


class TranslationRow(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one answered request, or document: everything but the text."""

    id: UUID
    organisation_id: UUID
    api_key_id: UUID | None
    person_id: UUID | None
    source_languages: list[str]
    target_language: str
    texts: int
    characters: int
    sentences: int
    models: list[str]
    duration_ms: int
    reporting_tag: str | None
    created_at: datetime
    kind: str = "text"


class UsageTotals(msgspec.Struct, frozen=True):
    """Billed characters of a span of days, of one API key and of the whole organisation."""

    key_characters: int
    organisation_characters: int


INSERT_TRANSLATION: Final = """
insert into language.translations (
    id, organisation_id, api_key_id, person_id, source_languages, target_language, texts,
    characters, sentences, models, duration_ms, reporting_tag, created_at, kind
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""

KEEP_TRANSLATIONS: Final = "select language.keep_translations($1, $2, $3)"

ADD_USAGE: Final = """
insert into language.usage_days as usage (
    organisation_id, id, api_key_id, day, characters, requests
) select $1, * from unnest($2::uuid[], $3::uuid[], $4::date[], $5::bigint[], $6::bigint[])
on conflict (organisation_id, api_key_id, day) do update set
    characters = usage.characters + excluded.characters,
    requests = usage.requests + excluded.requests
"""

READ_USAGE: Final = """
select
    coalesce(sum(characters) filter (where api_key_id = $2), 0)::bigint as key_characters,
    coalesce(sum(characters), 0)::bigint as organisation_characters
from language.usage_days
where organisation_id = $1 and day >= $3 and day < $4
"""


async def insert_translation(tx: Tx, row: TranslationRow) -> None:
    """Keep the record of a request."""
    await tx.execute(INSERT_TRANSLATION, *msgspec.structs.astuple(row))


async def keep_translations(
    db: Db, rows: Sequence[TranslationRow], events: Sequence[tuple[Event, str | None]]
) -> None:
    """Keep the records of several requests of one organisation, and announce their events.

    All in a transaction of its own. Raises EventTooLarge, DatabaseUnavailable.
    """
    await db.call(KEEP_TRANSLATIONS, rows[0].organisation_id, rows, encoded(events))


class KeyUsage(NamedTuple):
    """What an API key, or with None whoever came without one, used on a day."""

    api_key_id: UUID | None
    day: date
    characters: int
    requests: int


async def add_usage(tx: Tx, used: Sequence[KeyUsage]) -> None:
    """Count what the transaction's organisation has used; a key and day comes once at most."""
    keys, days, characters, requests = zip(*used, strict=True)
    ids = [new_id() for _ in used]
    await tx.execute(ADD_USAGE, tx.organisation_id, ids, keys, days, characters, requests)


async def read_usage(tx: Tx, api_key_id: UUID | None, first: date, until: date) -> UsageTotals:
    """Return the usage of the transaction's organisation from day `first` to before `until`."""
    row = await tx.fetchrow(READ_USAGE, tx.organisation_id, api_key_id, first, until)
    assert row is not None, "an aggregate without groups has one row"
    return UsageTotals(row["key_characters"], row["organisation_characters"])


READ_KEY_LIMIT: Final = """
select characters from language.key_limits where organisation_id = $1 and api_key_id = $2
"""
READ_KEY_LIMITS: Final = """
select api_key_id, characters from language.key_limits where organisation_id = $1
"""
SET_KEY_LIMIT: Final = """
insert into language.key_limits (organisation_id, api_key_id, characters) values ($1, $2, $3)
on conflict (organisation_id, api_key_id) do update set characters = excluded.characters
"""
REMOVE_KEY_LIMIT: Final = """
delete from language.key_limits where organisation_id = $1 and api_key_id = $2
"""


async def read_key_limit(tx: Tx, api_key_id: UUID) -> int | None:
    """Return how many characters a key may use in a month; None without a limit."""
    limit: int | None = await tx.fetchval(READ_KEY_LIMIT, tx.organisation_id, api_key_id)
    return limit


async def read_key_limits(tx: Tx) -> dict[UUID, int]:
    """Return the limits of all keys of the transaction's organisation that have one."""
    rows = await tx.fetch(READ_KEY_LIMITS, tx.organisation_id)
    return {row["api_key_id"]: row["characters"] for row in rows}


async def set_key_limit(tx: Tx, api_key_id: UUID, characters: int | None) -> None:
    """Set or, with None, remove the limit of a key."""
    if characters is None:
        await tx.execute(REMOVE_KEY_LIMIT, tx.organisation_id, api_key_id)
    else:
        await tx.execute(SET_KEY_LIMIT, tx.organisation_id, api_key_id, characters)
