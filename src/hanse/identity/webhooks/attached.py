"""Webhooks that are attached to something of another system, which decides what is sent there.

They are signed, retried, logged and turned off like all others; their `event_types` name the one
type of message that the other system sends, which is in no stream.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hanse.identity.audit import record
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.identity.sealing import Seal
from hanse.identity.webhooks import store
from hanse.identity.webhooks.fan_out import disabled_by_backlog
from hanse.identity.webhooks.model import (
    TRIES_MAX,
    DeliveryStatus,
    Webhook,
    encode_message,
    host_of,
    new_secret,
)
from hanse.identity.webhooks.service import (
    SEAL_PURPOSE,
    check_address,
)
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbound import OutboundRules

ANSWER_BYTES_MAX = 64 * 1024
"""What is read of an answer that somebody hears."""


class Settled(Struct, frozen=True):
    """What came of a delivery: `message` is its body, `answer` what the receiver said to it.

    `error` says why it failed.
    """

    event_id: UUID
    status: DeliveryStatus
    message: str
    answer: bytes
    error: str | None


Hear = Callable[[Tx, Settled], Awaitable[None]]
"""Hears of a delivery that is settled, in the transaction that settles it, so once."""


async def attach_webhook(
    tx: Tx,
    access: Access,
    seal: Seal,
    rules: OutboundRules,
    *,
    url: str,
    description: str,
    type: str,
) -> tuple[Webhook, str]:
    """Make a webhook for messages of a type; return it and its secret, shown this once.

    How many there may be is for the caller to bound. Raises InvalidWebhookUrl, MissingScope.
    """
    access.require(Permission.WEBHOOKS_WRITE)
    check_address(rules, url)
    id, secret = new_id(), new_secret()
    webhook = await store.insert_webhook(
        tx,
        id,
        access.person_id,
        url,
        description,
        [type],
        active=True,
        sealed_secret=seal.seal(secret, purpose=SEAL_PURPOSE, owner=id),
    )
    await record(
        tx,
        access,
        "webhook.created",
        "webhook",
        id,
        host_of(url),
        event_types=[type],
        active=True,
    )
    return webhook, secret


async def send_to_webhook(
    tx: Tx,
    webhook_id: UUID,
    event_id: UUID,
    type: str,
    at: datetime,
    data: object,
    *,
    tries_max: int = TRIES_MAX,
) -> None:
    """Let a message be sent, once for its `event_id`, if the webhook is turned on."""
    for webhook in await store.get_webhooks(tx, [webhook_id], lock=True):
        if webhook.active and not await disabled_by_backlog(tx, webhook):
            body = encode_message(type, at, tx.organisation_id, data)
            await store.insert_delivery(tx, webhook_id, event_id, type, body, tries_max)
