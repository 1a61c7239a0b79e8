"""The jobs that carry announcements out and send what is to be sent.

Inbox entries are made exactly once. A letter or push message is sent at least once: it is handed
over inside the transaction that notes it as sent, so only a process that dies between the other
side's answer and its own commit sends it again. The repeat has the same Message-ID, or the same
topic and tag, by which mail stores and browsers tell that it is one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from hanse.identity.notifications import rules, service
from hanse.identity.notifications import store as inbox
from hanse.identity.notifications.model import (
    Channel,
    Choice,
    Kinds,
    Notification,
    Recipient,
)
from hanse.identity.notifications.sending import letters, store
from hanse.identity.notifications.sending.mail_queue import SEND_LETTER, LinkLetter, opened_url
from hanse.identity.notifications.sending.push import (
    PushGone,
    PushRefused,
    PushSender,
    PushServiceNotAllowed,
    fitting,
    open_address,
)
from hanse.identity.notifications.sending.stopping import Reader, stop_url
from hanse.identity.notifications.sending.store import Waiting
from hanse.identity.notifications.service import DELIVER, NOTIFY, Announcement, Deliver
from hanse.identity.notifications.wording import notification_of
from hanse.identity.sealing import Seal, SealBroken
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.mail import Letter, MailRefused, Postman
from hanse.platform.telemetry import log

ATTEMPTS_MAX: Final = 40
RETRY_FIRST_S: Final = 5.0
RETRY_MAX_S: Final = 1800.0
"""An outage of a mail server of half a day is waited out."""
SEND_TIMEOUT_S: Final = 50.0
DIGEST_MAX: Final = 5_000
DIGEST_PAUSE_S: Final = 15.0
PURGED_ROWS_MAX: Final = 1_000
PURGE_ROUNDS_MAX: Final = 10


def register_notifications(
    jobs: Jobs,
    kinds: Kinds,
    seal: Seal,
    public_url: str,
    *,
    postman: Postman | None,
    push: PushSender | None,
) -> None:
    """Add the jobs of notifications. What there is no `postman` or `push` for, is not sent."""
    work = _Work(kinds, seal, public_url, postman, push)
    jobs.task(NOTIFY, Announcement)(work.notify)
    jobs.task(
        DELIVER,
        Deliver,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=SEND_TIMEOUT_S,
        retry_first_s=RETRY_FIRST_S,
        retry_max_s=RETRY_MAX_S,
    )(work.deliver)
    jobs.task(
        SEND_LETTER,
        LinkLetter,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=SEND_TIMEOUT_S,
        retry_first_s=RETRY_FIRST_S,
        retry_max_s=RETRY_MAX_S,
    )(work.send_letter)
    jobs.periodic("identity.purge_notifications", "47 * * * *")(_purge)


async def _purge(tx: Tx) -> None:
    for _ in range(PURGE_ROUNDS_MAX):
        if await inbox.purge(tx, PURGED_ROWS_MAX) < PURGED_ROWS_MAX:
            return


class _Work:
    def __init__(
        self,
        kinds: Kinds,
        seal: Seal,
        public_url: str,
        postman: Postman | None,
        push: PushSender | None,
    ) -> None:
        self._kinds = kinds
        self._seal = seal
        self._public_url = public_url
        self._postman = postman
        self._push = push
        ways = ((Channel.EMAIL, postman), (Channel.PUSH, push))
        self._channels = frozenset(channel for channel, way in ways if way is not None)

    async def notify(self, tx: Tx, said: Announcement) -> None:
        """Carry an announcement out."""
        await service.put_into_inboxes(tx, self._kinds, said, self._channels)

    async def deliver(self, tx: Tx, asked: Deliver) -> None:
        """Send one thing, or what is due of its digest, unless it is not wanted any more."""
        reader = await store.reader_of_digest(tx, asked.delivery_id)
        if reader is not None and not await store.try_digest(tx, reader):
            # Whoever has the digest in hand takes this along, most probably.
            await enqueue(tx, DELIVER, asked, delay_s=DIGEST_PAUSE_S)
            return
        waiting = await store.lock_delivery(tx, asked.delivery_id)
        if waiting is None:
            return
        people = await inbox.find_recipients(tx, [waiting.row.person_id])
        if not people or waiting.channel not in self._channels:
            await store.settle(tx, [waiting.id], "skipped", "cannot be reached any more")
            return
        if await self._later(tx, waiting, people[0]):
            return
        if waiting.channel is Channel.PUSH:
            await self._send_push(tx, people[0], waiting)
        elif waiting.digest:
            await self._send_digest(tx, people[0], waiting)
        else:
            await self._send_single(tx, people[0], waiting)

    async def _later(self, tx: Tx, waiting: Waiting, recipient: Recipient) -> bool:
        """Put it off if it is quiet by now: habits may have changed since it was planned."""
        kind = self._kinds.get(waiting.row.kind)
        now = datetime.now(UTC)
        due = rules.after_quiet(now, recipient.habits)
        if due <= now or (kind is not None and kind.security):
            return False
        await store.postpone(tx, [waiting.id], due)
        wait_s = (due - now).total_seconds()
        await enqueue(tx, DELIVER, Deliver(waiting.id), delay_s=wait_s)
        return True

    async def _wanted(self, tx: Tx, waiting: Sequence[Waiting]) -> list[Waiting]:
        """Those that are still to be sent; notes the others."""
        choices = await inbox.get_choices(tx, [waiting[0].row.person_id])
        wanted = [each for each in waiting if self._is_wanted(each, choices)]
        unwanted = [each.id for each in waiting if each not in wanted]
        if unwanted:
            await store.settle(tx, unwanted, "skipped", "read or turned off")
        return wanted

    def _is_wanted(self, waiting: Waiting, choices: dict[tuple[UUID, str], Choice]) -> bool:
        row = waiting.row
        kind = self._kinds.get(row.kind)
        choice = choices.get((row.person_id, row.kind)) or (kind.choice if kind else Choice())
        was_read = row.read_at is not None
        return rules.still_wanted(kind, choice, waiting.channel, was_read=was_read)

    def _told(self, waiting: Waiting, recipient: Recipient) -> Notification:
        return notification_of(waiting.row, self._kinds.get(waiting.row.kind), recipient.locale)

    async def _send_single(self, tx: Tx, recipient: Recipient, waiting: Waiting) -> None:
        if not await self._wanted(tx, [waiting]):
            return
        told = self._told(waiting, recipient)
        letter = letters.single(recipient, told, waiting.id, self._public_url)
        await self._send_letter(tx, recipient, [waiting], letter)

    async def _send_digest(self, tx: Tx, recipient: Recipient, first: Waiting) -> None:
        due_at = max(first.due_at, datetime.now(UTC))
        waiting = await store.lock_digest(tx, recipient.id, due_at, DIGEST_MAX)
        wanted = await self._wanted(tx, waiting)
        if not wanted:
            return
        # Whichever of its jobs sends it, and however often, a digest has one name.
        id = uuid5(NAMESPACE_OID, f"{recipient.id} {max(each.due_at for each in wanted)}")
        stop = stop_url(self._seal, Reader(tx.organisation_id, recipient.id), self._public_url)
        told = [self._told(each, recipient) for each in wanted]
        letter = letters.digest(recipient, told, id, self._public_url, stop)
        await self._send_letter(tx, recipient, wanted, letter)

    async def _send_letter(
        self, tx: Tx, recipient: Recipient, waiting: Sequence[Waiting], letter: Letter
    ) -> None:
        assert self._postman is not None
        try:
            await self._postman.send(letter)
        except MailRefused as error:
            log.warning("mail_refused", letter=letter.id, error=str(error))
            await store.settle(tx, [each.id for each in waiting], "failed", str(error))
        else:
            await self._sent(tx, recipient, waiting)

    async def _sent(self, tx: Tx, recipient: Recipient, waiting: Sequence[Waiting]) -> None:
        """Note what was sent. What was added to while it was on its way goes out once more.

        Only now is the inbox held: nobody waits for a mail server to read theirs.
        """
        await store.lock_inbox(tx, recipient.id)
        positions = await store.positions(tx, [each.row.id for each in waiting])
        await store.settle(tx, [each.id for each in waiting], "sent")
        for each in waiting:
            if positions.get(each.row.id) != each.row.position:
                await self._send_again(tx, recipient, each)

    async def _send_again(self, tx: Tx, recipient: Recipient, waiting: Waiting) -> None:
        row, now = waiting.row, datetime.now(UTC)
        kind = self._kinds.get(row.kind)
        if kind is None:
            return
        choices = await inbox.get_choices(tx, [recipient.id], row.kind)
        choice = choices.get((recipient.id, row.kind), kind.choice)
        for planned in rules.plan(kind, choice, recipient.habits, now):
            if planned.channel is waiting.channel:
                delivery = rules.spaced(planned, now, kind, recipient.habits)
                targets = [waiting.subscription_id]
                await service.send_later(tx, recipient.id, row.id, delivery, targets, now)

    async def _send_push(self, tx: Tx, recipient: Recipient, waiting: Waiting) -> None:
        assert self._push is not None
        await store.delete_ended_subscriptions(tx, recipient.id)
        live = await store.list_subscriptions(tx, recipient.id, store.SUBSCRIPTIONS_MAX)
        to = next((each for each in live if each.id == waiting.subscription_id), None)
        if to is None or not await self._wanted(tx, [waiting]):
            return
        told = self._told(waiting, recipient)
        kind = self._kinds.get(told.kind)
        rest: dict[str, object] = {
            "id": told.id,
            "kind": told.kind,
            "link": told.link,
            "count": told.count,
            "unread": await inbox.count_unread(tx, recipient.id),
        }
        try:
            await self._push.send(
                open_address(self._seal, recipient.id, to.sealed),
                fitting(told.title, told.body, rest),
                topic=told.id,
                urgent=kind is not None and kind.security,
            )
        except (PushGone, PushServiceNotAllowed, SealBroken) as error:
            log.info("push_subscription_gone", service=to.service, error=str(error))
            await store.delete_subscription(tx, recipient.id, to.id)
        except PushRefused as error:
            log.warning("push_refused", service=to.service, error=str(error))
            await store.settle(tx, [waiting.id], "failed", str(error))
        else:
            await self._sent(tx, recipient, [waiting])

    async def send_letter(self, tx: Tx, asked: LinkLetter) -> None:
        """Send somebody a link, as long as it works."""
        people = await inbox.find_recipients(tx, [asked.person_id])
        if not people or self._postman is None or asked.expires_at <= datetime.now(UTC):
            log.warning("letter_not_sent", what=asked.what, letter=str(asked.id))
            return
        recipient = msgspec.structs.replace(people[0], locale=asked.locale)
        url = opened_url(self._seal, asked)
        write = letters.invitation if asked.what == "invitation" else letters.sign_in
        letter = write(recipient, str(asked.id), asked.organisation, url, asked.lasts)
        try:
            await self._postman.send(letter)
        except MailRefused as error:
            log.warning("mail_refused", letter=letter.id, error=str(error))
