"""All SQL of bots and incoming webhooks."""

from datetime import datetime
from typing import Final
from uuid import UUID

from hanse.chat.integrations.model import Bot, Door, IncomingWebhook
from hanse.platform.database import Tx

_LIST_INCOMING_SQL: Final = """
select w.bot_id, w.topic, b.created_by, b.created_at, w.posted_at
from chat.incoming_webhooks w join chat.bots b on b.id = w.bot_id
where b.room_id = $1 order by b.id
"""


async def count_bots(tx: Tx, room_id: UUID) -> int:
    """How many bots were made for a room, those of webhooks included."""
    count: int = await tx.fetchval("select count(*) from chat.bots where room_id = $1", room_id)
    return count


async def insert_bot(tx: Tx, id: UUID, room_id: UUID, created_by: UUID) -> datetime:
    """Note an API key as a bot of a room; return when that was."""
    at: datetime = await tx.fetchval(
        """
        insert into chat.bots (id, organisation_id, room_id, created_by)
        values ($1, $2, $3, $4) returning created_at
        """,
        id,
        tx.organisation_id,
        room_id,
        created_by,
    )
    return at


async def list_bots(tx: Tx, room_id: UUID) -> list[Bot]:
    """The bots of a room that are not those of webhooks, without their names."""
    rows = await tx.fetch(
        """
        select id, created_by, created_at from chat.bots b
        where room_id = $1
            and not exists (select from chat.incoming_webhooks w where w.bot_id = b.id)
            and not exists (select from chat.outgoing_webhooks w where w.bot_id = b.id)
        order by id
        """,
        room_id,
    )
    return [Bot(**row, name="") for row in rows]


async def delete_bot(tx: Tx, room_id: UUID, id: UUID) -> bool:
    """Forget a bot of a room, with the addresses at which it posts; False if there is none."""
    sql = "delete from chat.bots where room_id = $1 and id = $2 returning id"
    return bool(await tx.fetchval(sql, room_id, id))


async def outgoing_of(tx: Tx, room_id: UUID, bot_id: UUID) -> UUID | None:
    """The webhook of identity that gets messages of a room for a bot."""
    sql = "select webhook_id from chat.outgoing_webhooks where room_id = $1 and bot_id = $2"
    id: UUID | None = await tx.fetchval(sql, room_id, bot_id)
    return id


async def insert_incoming(
    tx: Tx, bot_id: UUID, room_id: UUID, secret_hash: bytes, topic: str | None
) -> None:
    """Let a bot post for whoever knows a secret."""
    await tx.execute(
        """
        insert into chat.incoming_webhooks (bot_id, organisation_id, room_id, secret_hash, topic)
        values ($1, $2, $3, $4, $5)
        """,
        bot_id,
        tx.organisation_id,
        room_id,
        secret_hash,
        topic,
    )


async def list_incoming(tx: Tx, room_id: UUID) -> list[IncomingWebhook]:
    """The incoming webhooks of a room, without their names."""
    rows = await tx.fetch(_LIST_INCOMING_SQL, room_id)
    return [IncomingWebhook(**row, name="") for row in rows]


async def rotate_incoming(tx: Tx, room_id: UUID, bot_id: UUID, secret_hash: bytes) -> bool:
    """Put another secret in the place of the old one; False if there is no such webhook."""
    sql = """
    update chat.incoming_webhooks set secret_hash = $3 where room_id = $1 and bot_id = $2
    returning bot_id
    """
    return bool(await tx.fetchval(sql, room_id, bot_id, secret_hash))


async def find_incoming(tx: Tx, secret_hash: bytes) -> Door | None:
    """Where a secret leads, in any organisation. Needs a system transaction."""
    row = await tx.fetchrow("select * from chat.find_incoming_webhook($1)", secret_hash)
    return None if row is None else Door(**row)


async def touch_incoming(tx: Tx, bot_id: UUID) -> None:
    """Note that a bot posts now, once a minute."""
    await tx.execute(
        """
        update chat.incoming_webhooks set posted_at = now()
        where bot_id = $1 and (posted_at is null or posted_at < now() - interval '1 minute')
        """,
        bot_id,
    )
