"""What becomes of an event: a delivery for each webhook that wants it, unless too much waits there.

Nobody asks for this, so no permission is asked for.
"""

import msgspec

from hanse.identity.audit import record
from hanse.identity.events import WebhookDisabled
from hanse.identity.groups.store import list_holders
from hanse.identity.notifications.kinds import WEBHOOK_DISABLED
from hanse.identity.notifications.service import notify
from hanse.identity.policy import Permission
from hanse.identity.webhooks import store
from hanse.identity.webhooks.model import (
    GIVEN_UP,
    TRIES_MAX,
    DisabledReason,
    Webhook,
    encode_message,
    host_of,
)
from hanse.platform.bus import Envelope
from hanse.platform.catalogue import Catalogue
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Tx
from hanse.platform.outbox import announce
from hanse.platform.telemetry import log

PENDING_MAX = 20_000
"""Deliveries that may wait for a webhook that fails; beyond them it is turned off."""
TOLD_MAX = 100
"""People who are told that a webhook was turned off."""


async def disable(tx: Tx, webhook: Webhook, reason: DisabledReason) -> None:
    """Turn a webhook off by itself, and tell whoever may turn it on again.

    What waits for it has failed, and can be replayed.
    """
    await store.update_webhook(
        tx, msgspec.structs.replace(webhook, active=False, disabled_reason=reason)
    )
    given_up = await store.fail_pending(tx, webhook.id, GIVEN_UP)
    await announce(tx, WebhookDisabled(webhook_id=webhook.id, reason=reason.value))
    await record(
        tx,
        None,
        "webhook.disabled",
        "webhook",
        webhook.id,
        host_of(webhook.url),
        reason=reason,
        failures=webhook.failures,
        failing_since=webhook.failing_since,
        deliveries_given_up=given_up,
    )
    told = await list_holders(tx, Permission.WEBHOOKS_WRITE, TOLD_MAX)
    facts = {"host": host_of(webhook.url), "reason": reason.value}
    await notify(tx, told, WEBHOOK_DISABLED, facts, f"/admin/webhooks/{webhook.id}")
    log.warning("webhook_disabled", webhook_id=str(webhook.id), reason=reason.value)


def consumer(catalogue: Catalogue) -> Consumer:
    """What makes a delivery of each event for each webhook that wants it, exactly once."""
    return Consumer(
        name="webhooks",
        types=tuple(catalogue),
        handler=one_by_one(deliver_event),
        concerns=store.has_active_webhook,
    )


async def deliver_event(tx: Tx, envelope: Envelope) -> None:
    """Let an event be sent to the webhooks of its organisation that want it."""
    body = None
    for webhook in await store.webhooks_for(tx, envelope.type, envelope.created_at):
        if await disabled_by_backlog(tx, webhook):
            continue
        body = body or encode_message(
            envelope.type, envelope.created_at, envelope.organisation_id, envelope.data
        )
        await store.insert_delivery(tx, webhook.id, envelope.id, envelope.type, body, TRIES_MAX)


async def disabled_by_backlog(tx: Tx, webhook: Webhook) -> bool:
    """Turn a webhook off that fails while too much waits for it; tell whether that was done."""
    if not webhook.failures or await store.count_pending(tx, webhook.id, PENDING_MAX) < PENDING_MAX:
        return False
    await disable(tx, webhook, DisabledReason.BACKLOG)
    return True
