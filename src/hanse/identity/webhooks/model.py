"""Webhooks and their deliveries; how a message is written and signed, and when it is sent again.

Messages follow the Standard Webhooks specification (https://www.standardwebhooks.com).
"""

import base64
import hmac
import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct

SECRET_PREFIX = "whsec_"  # noqa: S105  # a prefix
SECRET_BYTES = 32
BOTH_SECRETS = timedelta(hours=24)
"""How long the old secret goes on signing beside the new one."""

RETRY_FIRST_S = 5.0
RETRY_FACTOR = 3.0
RETRY_MAX_S = 36_000.0
TRIES_MAX = 11
"""With these pauses the last attempt comes about a day after the first."""

GIVEN_UP = "The webhook was turned off."
"""The error of deliveries that waited then."""
DISABLE_AFTER = timedelta(days=3)
DISABLE_FAILURES_MIN = 20
"""A webhook is turned off when nothing got through for so long and so many attempts."""


class DeliveryStatus(StrEnum):
    """What became of a delivery so far; `failed` ones are the dead letters."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledReason(StrEnum):
    """Why a webhook was turned off by itself.

    `failing`: nothing got through for days. `gone`: the receiver answered 410. `backlog`: too
    many deliveries wait.
    """

    FAILING = "failing"
    GONE = "gone"
    BACKLOG = "backlog"


class Webhook(Struct, frozen=True):
    """An address to which events are sent; no `event_types` means all.

    `failures` counts attempts that failed in a row, since `failing_since`.
    """

    id: UUID
    url: str
    description: str
    event_types: list[str]
    active: bool
    disabled_reason: DisabledReason | None
    failures: int
    failing_since: datetime | None
    previous_secret_valid_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookDelivery(Struct, frozen=True):
    """One event on its way to one webhook.

    `event_id` is what the receiver sees as `webhook-id`. `due_at` is when it is tried next, and
    null once it is settled.
    """

    id: UUID
    event_id: UUID
    type: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    last_status_code: int | None
    last_error: str | None


class WebhookAttempt(Struct, frozen=True):
    """One attempt: the status of the answer and its beginning, or why there was none."""

    at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


class Message(Struct, frozen=True, kw_only=True):
    """What a receiver gets as the body, in JSON."""

    type: str
    timestamp: datetime
    organisation_id: UUID
    data: Any


def encode_message(type: str, timestamp: datetime, organisation_id: UUID, data: Any) -> str:
    """Return the body of a message."""
    message = Message(type=type, timestamp=timestamp, organisation_id=organisation_id, data=data)
    return msgspec.json.encode(message).decode()


def new_secret() -> str:
    """Return a new secret in the form that the specification has for it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers_of(id: UUID, at: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent a body and when.

    There is a signature for each secret: HMAC-SHA256 over `id.seconds.body`.
    """
    seconds = int(at.timestamp())
    signed = f"{id}.{seconds}.{body}".encode()
    return {
        "webhook-id": str(id),
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(each, signed) for each in secrets),
    }


def retry_pause_s(tries: int, *, first_s: float = RETRY_FIRST_S, asked_s: float = 0.0) -> float:
    """Return the pause after failure number `tries` (from 1), with +-20 % of jitter.

    `asked_s` is what the receiver asked for by Retry-After: the pause is no shorter, as far as the
    longest pause goes.
    """
    pause_s = min(first_s * RETRY_FACTOR ** min(tries - 1, 30), RETRY_MAX_S)
    return max(pause_s * random.uniform(0.8, 1.2), min(asked_s, RETRY_MAX_S))


def is_given_up(failures: int, failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether a webhook has failed for so long that it is to be turned off."""
    return (
        failing_since is not None
        and failures >= DISABLE_FAILURES_MIN
        and now - failing_since >= DISABLE_AFTER
    )


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def host_of(url: str) -> str:
    """What the audit log may show of an address, whose path can be a secret."""
    return urlsplit(url).hostname or ""
