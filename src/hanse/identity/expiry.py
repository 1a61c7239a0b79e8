"""Telling people that an API key is about to expire, by a job that waits until then."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity import store
from hanse.identity.groups.store import list_holders
from hanse.identity.model import ApiKey
from hanse.identity.notifications.kinds import API_KEY_EXPIRES
from hanse.identity.notifications.service import notify
from hanse.identity.policy import Permission
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs, enqueue

WARN: Final = "identity.warn_of_expiry"
EARLY: Final = timedelta(days=7)
LATE: Final = timedelta(days=1)
SHORT_LIVED: Final = timedelta(days=14)
TOLD_MAX: Final = 100


class WarnOfExpiry(msgspec.Struct, frozen=True):
    """The job that warns of the expiry of one key."""

    api_key_id: UUID


def warning_at(made_at: datetime, expires_at: datetime) -> datetime | None:
    """When to warn: a week before, of short-lived keys a day before; None for hardly a day's."""
    lifetime = expires_at - made_at
    if lifetime < 2 * LATE:
        return None
    return expires_at - (LATE if lifetime < SHORT_LIVED else EARLY)


async def warn_before(tx: Tx, key: ApiKey) -> None:
    """Let somebody be warned before a new key expires, if it does."""
    at = warning_at(key.created_at, key.expires_at) if key.expires_at else None
    if at is not None:
        wait_s = max(0.0, (at - datetime.now(UTC)).total_seconds())
        await enqueue(tx, WARN, WarnOfExpiry(key.id), key=str(key.id), delay_s=wait_s)


async def warn(tx: Tx, asked: WarnOfExpiry) -> None:
    """Warn whoever made the key; of one that no person made, those who may make keys."""
    key = await store.get_live_api_key(tx, asked.api_key_id)
    if key is None or key["expires_at"] is None:
        return
    maker = key["created_by"]
    told = [maker] if maker else await list_holders(tx, Permission.API_KEYS_WRITE, TOLD_MAX)
    facts = {"key": key["name"], "day": key["expires_at"].astimezone(UTC).date().isoformat()}
    await notify(tx, told, API_KEY_EXPIRES, facts, "/admin/keys")


def register_expiry(jobs: Jobs) -> None:
    """Add the job that warns of the expiry of API keys."""
    jobs.task(WARN, WarnOfExpiry)(warn)
