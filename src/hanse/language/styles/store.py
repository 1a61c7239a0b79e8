"""All SQL of styles."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hanse.platform.database import Tx


class CustomInstruction(msgspec.Struct, frozen=True, omit_defaults=True):
    """An instruction in words; as the contract shows it."""

    id: UUID
    label: str
    prompt: str
    source_language: str | None = None


class StyleRow(msgspec.Struct, frozen=True):
    """A style; `configured_rules` has options by group and setting."""

    id: UUID
    name: str
    language: str
    configured_rules: dict[str, dict[str, str]]
    custom_instructions: tuple[CustomInstruction, ...]
    version: int
    created_at: datetime
    updated_at: datetime


SELECT: Final = """
select id, name, language, configured_rules::text, custom_instructions::text, version, created_at,
       updated_at
from language.styles where organisation_id = $1
"""
GET: Final = f"{SELECT} and id = $2"
LOCK: Final = f"{GET} for update"
LIST: Final = f"{SELECT} order by id limit $2 offset $3"
COUNT: Final = "select count(*) from language.styles where organisation_id = $1"
PUT: Final = """
insert into language.styles (
    organisation_id, id, name, language, configured_rules, custom_instructions, version, created_at,
    updated_at
) values ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7, $8, $9)
on conflict (id) do update
set name = excluded.name, configured_rules = excluded.configured_rules,
    custom_instructions = excluded.custom_instructions, version = excluded.version,
    updated_at = excluded.updated_at
"""
DELETE: Final = "delete from language.styles where organisation_id = $1 and id = $2 returning id"


async def get(tx: Tx, style_id: UUID, *, for_update: bool = False) -> StyleRow | None:
    """Return a style of the transaction's organisation."""
    row = await tx.fetchrow(LOCK if for_update else GET, tx.organisation_id, style_id)
    return None if row is None else _style(row)


async def list_styles(tx: Tx, limit: int, offset: int) -> list[StyleRow]:
    """Return styles of the transaction's organisation, oldest first."""
    return [_style(row) for row in await tx.fetch(LIST, tx.organisation_id, limit, offset)]


async def count(tx: Tx) -> int:
    """Return how many styles the transaction's organisation has."""
    number: int = await tx.fetchval(COUNT, tx.organisation_id)
    return number


async def put(tx: Tx, style: StyleRow) -> None:
    """Write a style, new or changed."""
    await tx.execute(
        PUT,
        tx.organisation_id,
        style.id,
        style.name,
        style.language,
        msgspec.json.encode(style.configured_rules).decode(),
        msgspec.json.encode(style.custom_instructions).decode(),
        style.version,
        style.created_at,
        style.updated_at,
    )


async def delete(tx: Tx, style_id: UUID) -> bool:
    """Delete a style; say whether there was one."""
    return await tx.fetchval(DELETE, tx.organisation_id, style_id) is not None


def _style(row: Any) -> StyleRow:
    return StyleRow(
        id=row["id"],
        name=row["name"],
        language=row["language"],
        configured_rules=msgspec.json.decode(row["configured_rules"]),
        custom_instructions=msgspec.json.decode(
            row["custom_instructions"], type=tuple[CustomInstruction, ...]
        ),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
