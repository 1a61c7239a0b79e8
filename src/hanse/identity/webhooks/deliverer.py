"""The deliverer: takes due deliveries, sends each, and writes down what came of it.

Nothing of a delivery is held in a transaction while the receiver answers. A process that dies
leaves what it had in hand to fall due again once its lease is over, so a receiver may get a message
twice, with the same `webhook-id`, and no message is lost.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct
from prometheus_client import Counter as Metric

from hanse.identity.events import WebhookPing
from hanse.identity.sealing import Seal, SealBroken
from hanse.identity.webhooks import delivery_store, store
from hanse.identity.webhooks.attached import ANSWER_BYTES_MAX, Hear, Settled
from hanse.identity.webhooks.delivery_store import Due
from hanse.identity.webhooks.fan_out import disable
from hanse.identity.webhooks.model import (
    RETRY_FIRST_S,
    DeliveryStatus,
    DisabledReason,
    WebhookAttempt,
    headers_of,
    is_given_up,
    retry_pause_s,
)
from hanse.identity.webhooks.service import SEAL_PURPOSE
from hanse.platform.database import Db, Tx
from hanse.platform.outbound import Answer, ForbiddenAddress, OutboundClient, OutboundFailure
from hanse.platform.telemetry import bound, log
from hanse.platform.waiting import keep_picking

RESPONSE_CHARACTERS_MAX = 1024
GONE = 410
SETTLING_MAX = 4
"""Connections to the database that deliveries take from those of the process."""

_attempts = Metric(
    "hanse_webhook_attempts_total", "Attempts at webhook deliveries, by outcome.", ["outcome"]
)


class DeliveryLimits(Struct, frozen=True, kw_only=True):
    """How one process goes about it; times in seconds.

    `concurrency` deliveries are under way at once, `each` of one webhook. An attempt has
    `timeout_s`; a delivery whose process has been silent for `lease_s` is made by another.
    """

    concurrency: int = 128
    each: int = 4
    poll_s: float = 0.25
    lease_s: float = 60.0
    timeout_s: float = 15.0
    drain_s: float = 10.0
    retry_first_s: float = RETRY_FIRST_S
    interrupted_max_s: float = 5.0


class _SettledElsewhere(Exception):
    """Another process has the delivery by now; what this one found is rolled back."""


async def run_deliverer(
    db: Db,
    seal: Seal,
    client: OutboundClient,
    stop: asyncio.Event,
    *,
    limits: DeliveryLimits | None = None,
    heard: Mapping[str, Hear] = MappingProxyType({}),
) -> None:
    """Deliver until `stop` is set, then let what is under way finish. `db` is of `hanse_jobs`.

    `heard` are those who hear what came of messages of a type, and what was answered. Any number
    of processes may do so and share the work. Outages of PostgreSQL are waited out.
    """
    await _Deliverer(db, seal, client, limits or DeliveryLimits(), heard).work(stop)


class _Deliverer:
    def __init__(
        self,
        db: Db,
        seal: Seal,
        client: OutboundClient,
        limits: DeliveryLimits,
        heard: Mapping[str, Hear],
    ) -> None:
        self._heard = heard
        self._db = db
        self._seal = seal
        self._client = client
        self._limits = limits
        self._running: dict[asyncio.Task[None], UUID] = {}
        self._settling = asyncio.Semaphore(SETTLING_MAX)

    async def work(self, stop: asyncio.Event) -> None:
        try:
            await keep_picking(
                self._pick,
                self._running,
                stop,
                name="webhooks",
                poll_s=self._limits.poll_s,
                interrupted_max_s=self._limits.interrupted_max_s,
            )
        finally:
            await self._drain()

    async def _pick(self) -> bool:
        """Start what is due and has room; return whether to wait before the next time."""
        room = self._limits.concurrency - len(self._running)
        if room <= 0:
            return True
        async with self._db.system_tx() as tx:
            if not await delivery_store.is_anything_due(tx):
                return True
            picked = await delivery_store.pick(
                tx,
                Counter(self._running.values()),
                each=self._limits.each,
                limit=room,
                lease_s=self._limits.lease_s,
            )
        for due in picked:
            task = asyncio.create_task(self._deliver(due))
            self._running[task] = due.webhook_id
            task.add_done_callback(self._running.pop)
        return not picked

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._limits.drain_s)
        late = set(self._running)
        for task in late:  # their leases run out, and they fall due again
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _deliver(self, due: Due) -> None:
        """Make one attempt and settle it. Never raises."""
        with bound(
            organisation_id=str(due.organisation_id),
            webhook_id=str(due.webhook_id),
            event_id=str(due.event_id),
        ):
            try:
                attempt, answer, asked_s = await self._attempt(due)
                outcome = await self._settle(due, attempt, answer, asked_s)
            except _SettledElsewhere:
                outcome = "elsewhere"
            except Exception:  # the edge: one delivery must not stop the others
                outcome = "lost"
                log.exception("webhook_not_settled")
        _attempts.labels(outcome).inc()

    async def _attempt(self, due: Due) -> tuple[WebhookAttempt, bytes, float]:
        """Send it once; return what came of it, the answer, and the pause that it asked for."""
        at = datetime.now(UTC)
        if due.tries > due.tries_max:
            # Only a process that dies leaves an attempt without a result.
            return WebhookAttempt(at, 0, None, "It was cut off again and again.", None), b"", 0.0
        try:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"Hanse/{version('hanse')}",
                **headers_of(due.event_id, at, due.body, self._secrets(due)),
            }
            answer = await self._client.request(
                "POST",
                due.url,
                headers=headers,
                body=due.body.encode(),
                timeout_s=self._limits.timeout_s,
                answer_bytes_max=(
                    ANSWER_BYTES_MAX if due.type in self._heard else 4 * RESPONSE_CHARACTERS_MAX
                ),
            )
        except (ForbiddenAddress, SealBroken) as problem:
            return _without_answer(at, problem.detail), b"", 0.0
        except OutboundFailure as failure:
            return _without_answer(at, str(failure)), b"", 0.0
        error = None if 200 <= answer.status < 300 else _complaint(answer.status)
        attempt = WebhookAttempt(
            at, answer.duration_ms, answer.status, error, _excerpt(answer.body)
        )
        return attempt, answer.body, _retry_after_s(answer, at)

    def _secrets(self, due: Due) -> list[str]:
        sealed = [due.sealed_secret]
        if due.sealed_previous is not None:
            sealed.append(due.sealed_previous)
        return [
            self._seal.open(each, purpose=SEAL_PURPOSE, owner=due.webhook_id) for each in sealed
        ]

    async def _settle(
        self, due: Due, attempt: WebhookAttempt, answer: bytes, asked_s: float
    ) -> str:
        if attempt.error is None:
            status = DeliveryStatus.DELIVERED
        elif due.tries >= due.tries_max or attempt.status_code == GONE:
            status = DeliveryStatus.FAILED
        else:
            status = DeliveryStatus.PENDING
        pause_s = retry_pause_s(due.tries, first_s=self._limits.retry_first_s, asked_s=asked_s)
        async with self._settling, self._db.tx(due.organisation_id) as tx:
            # First the webhook, then its delivery, as whoever turns it off does.
            reason = await _note(tx, due, attempt)
            if not await delivery_store.settle(tx, due, attempt, status, pause_s):
                raise _SettledElsewhere
            hear = self._heard.get(due.type)
            if hear is not None and status is not DeliveryStatus.PENDING:
                await hear(tx, Settled(due.event_id, status, due.body, answer, attempt.error))
            if reason is not None:
                webhook = await store.get_webhook(tx, due.webhook_id, lock=True)
                if webhook is not None and webhook.active:
                    await disable(tx, webhook, reason)
        return "retried" if status is DeliveryStatus.PENDING else status.value


async def _note(tx: Tx, due: Due, attempt: WebhookAttempt) -> DisabledReason | None:
    """Keep count of how the webhook does; return why it is to be turned off, if it is."""
    if due.type == WebhookPing.type:
        return None
    if attempt.error is None:
        await delivery_store.note_success(tx, due.webhook_id)
        return None
    failing = await delivery_store.note_failure(tx, due.webhook_id)
    if attempt.status_code == GONE:
        return DisabledReason.GONE
    if failing is not None and is_given_up(*failing, datetime.now(UTC)):
        return DisabledReason.FAILING
    return None


def _without_answer(at: datetime, error: str) -> WebhookAttempt:
    duration_ms = round((datetime.now(UTC) - at).total_seconds() * 1000)
    return WebhookAttempt(at, max(0, duration_ms), None, error, None)


def _complaint(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}: redirects are not followed."
    return f"It answered {status}."


def _excerpt(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")[:RESPONSE_CHARACTERS_MAX]


def _retry_after_s(answer: Answer, now: datetime) -> float:
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        return max(0.0, (parsedate_to_datetime(given) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
