"""All SQL of translations."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hanse.chat.translations.model import Translated
from hanse.platform.database import Tx

CLAIM_S: Final = 30.0
"""A claim that is older, and has no text yet, was given up with its process."""

_COLUMNS: Final = """
    room_id, number, revision, language, source_language, engine, text, untranslated, issues
"""

_CLAIM_SQL: Final = """
insert into chat.translations as kept
    (organisation_id, room_id, number, revision, language, source_language)
select $1::uuid, $2::uuid, $3::bigint, $4::bigint, unnest($5::text[]), $6::text
on conflict (room_id, number, revision, language) do update set claimed_at = now()
    where kept.text is null and kept.claimed_at < now() - $7 * interval '1 second'
returning language
"""

# The message is held: if it is being deleted, this waits, and then there is nothing to finish.
_FINISH_SQL: Final = """
with message as (
    select e.room_id, e.number from chat.events e
    where e.room_id = $1 and e.number = $2 and not e.is_redacted for share
)
update chat.translations t
set text = $5, engine = $6, untranslated = $7, issues = $8, finished_at = now()
from message m
where t.room_id = m.room_id and t.number = m.number and t.revision = $3 and t.language = $4
    and t.text is null
returning true
"""


async def claim(
    tx: Tx, room_id: UUID, number: int, revision: int, languages: Sequence[str], source: str
) -> list[str]:
    """Return those of these languages that are the caller's to make now, and nobody else's."""
    rows = await tx.fetch(
        _CLAIM_SQL,
        tx.organisation_id,
        room_id,
        number,
        revision,
        list(languages),
        source,
        CLAIM_S,
    )
    return [row["language"] for row in rows]


async def unfinished(
    tx: Tx, room_id: UUID, number: int, revision: int, languages: Sequence[str]
) -> bool:
    """Tell whether one of these languages is claimed and not made yet."""
    found = await tx.fetchval(
        """
        select exists (select from chat.translations where room_id = $1 and number = $2
            and revision = $3 and language = any($4) and text is null)
        """,
        room_id,
        number,
        revision,
        list(languages),
    )
    return bool(found)


async def finish(tx: Tx, translated: Translated) -> bool:
    """Put the text where the claim is; False if the message was deleted meanwhile."""
    return bool(
        await tx.fetchval(
            _FINISH_SQL,
            translated.room_id,
            translated.number,
            translated.revision,
            translated.language,
            translated.text,
            translated.engine,
            translated.untranslated,
            translated.issues,
        )
    )


async def give_back(
    tx: Tx, room_id: UUID, number: int, revision: int, languages: Sequence[str]
) -> None:
    """Let somebody else make these languages."""
    await tx.execute(
        """
        delete from chat.translations where room_id = $1 and number = $2 and revision = $3
            and language = any($4) and text is null
        """,
        room_id,
        number,
        revision,
        list(languages),
    )


async def read(
    tx: Tx, room_id: UUID, revisions: dict[int, int], languages: Sequence[str]
) -> list[Translated]:
    """The translations of these messages, by number and revision, into these languages."""
    rows = await tx.fetch(
        f"""
        select {_COLUMNS} from chat.translations
        where room_id = $1 and language = any($4) and text is not null
            and (number, revision) in (select * from unnest($2::bigint[], $3::bigint[]))
        order by number, language
        """,
        room_id,
        list(revisions),
        list(revisions.values()),
        list(languages),
    )
    return [_translated(row) for row in rows]


def _translated(row: Any) -> Translated:
    return Translated(**dict(row.items()))


async def reader_ids(tx: Tx, room_id: UUID) -> list[UUID]:
    """The people in a room."""
    rows = await tx.fetch(
        "select member_id from chat.members where room_id = $1 and not is_key", room_id
    )
    return [row["member_id"] for row in rows]
