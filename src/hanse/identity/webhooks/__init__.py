"""Webhooks: events of the organisation, sent to addresses that its administrators choose.

The consumer makes a row of each event for each webhook that wants it; the deliverer sends it until
it has arrived or a day has passed. See docs/decisions/0046-webhooks.md.
"""

from hanse.identity.webhooks.attached import Hear, Settled, attach_webhook, send_to_webhook
from hanse.identity.webhooks.deliverer import DeliveryLimits, run_deliverer
from hanse.identity.webhooks.fan_out import consumer
from hanse.identity.webhooks.model import (
    DeliveryStatus,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    encode_message,
)
from hanse.identity.webhooks.service import (
    create_webhook,
    delete_webhook,
    get_delivery,
    get_webhook,
    list_deliveries,
    list_webhooks,
    ping,
    replay_delivery,
    replay_since,
    rotate_secret,
    update_webhook,
)

__all__ = [
    "DeliveryLimits",
    "DeliveryStatus",
    "Hear",
    "Settled",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "attach_webhook",
    "consumer",
    "create_webhook",
    "delete_webhook",
    "encode_message",
    "get_delivery",
    "get_webhook",
    "list_deliveries",
    "list_webhooks",
    "ping",
    "replay_delivery",
    "replay_since",
    "rotate_secret",
    "run_deliverer",
    "send_to_webhook",
    "update_webhook",
]
