"""All SQL of outgoing webhooks."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse.chat.integrations.model import Bot
from hanse.chat.outgoing.model import Command, Rule, Sends
from hanse.platform.database import Tx

_RULES_SQL: Final = """
select o.bot_id, o.webhook_id, o.sends, o.word, b.created_at
from chat.outgoing_webhooks o join chat.bots b on b.id = o.bot_id
where o.room_id = $1 order by o.bot_id
"""


class Kept(Struct, frozen=True):
    """A row of the table, with its bot."""

    bot: Bot
    webhook_id: UUID
    sends: Sends
    command: Command


async def insert(
    tx: Tx,
    bot_id: UUID,
    *,
    room_id: UUID,
    webhook_id: UUID,
    sends: Sends,
    word: str | None,
    hint: str,
    description: str,
) -> bool:
    """Let a webhook get messages; False if the room has a command of that name."""
    inserted = await tx.fetchval(
        """
        insert into chat.outgoing_webhooks
            (bot_id, organisation_id, room_id, webhook_id, sends, word, hint, description)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning bot_id
        """,
        bot_id,
        tx.organisation_id,
        room_id,
        webhook_id,
        sends.value,
        word,
        hint,
        description,
    )
    return inserted is not None


async def list_kept(tx: Tx, room_id: UUID) -> list[Kept]:
    """The outgoing webhooks of a room, oldest first; the command's name is the word of any."""
    rows = await tx.fetch(
        """
        select o.bot_id, o.webhook_id, o.sends, o.word, o.hint, o.description, b.created_by,
            b.created_at
        from chat.outgoing_webhooks o join chat.bots b on b.id = o.bot_id
        where o.room_id = $1 order by o.bot_id
        """,
        room_id,
    )
    return [
        Kept(
            Bot(
                id=row["bot_id"],
                name="",
                created_by=row["created_by"],
                created_at=row["created_at"],
            ),
            row["webhook_id"],
            Sends(row["sends"]),
            Command(row["word"] or "", row["hint"], row["description"]),
        )
        for row in rows
    ]


async def rules_of(tx: Tx, room_id: UUID) -> list[Rule]:
    """Which messages of a room are wanted, and where."""
    rows = await tx.fetch(_RULES_SQL, room_id)
    return [Rule(**{**row, "sends": Sends(row["sends"])}) for row in rows]
