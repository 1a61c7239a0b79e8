"""The verbs about notifications. Systems only announce: `notify` is all that they call.

What they announce becomes entries in inboxes, and what is to be sent about them, in a job of its
own right after the announcing transaction. That transaction writes one row of the queue for every
PEOPLE_PER_JOB people, and never waits for somebody's inbox.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity.events import InboxChanged
from hanse.identity.notifications import rules, store
from hanse.identity.notifications.model import (
    Channel,
    Choice,
    Counts,
    Delivery,
    EmailMode,
    Habits,
    Kind,
    Kinds,
    Notification,
    QuietHours,
    Recipient,
    Row,
)
from hanse.identity.notifications.sending import store as sending
from hanse.identity.notifications.wording import notification_of
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, NotFound

NOTIFY: Final = "identity.notify"
DELIVER: Final = "identity.deliver"
PEOPLE_PER_JOB: Final = 100
PEOPLE_MAX: Final = 10_000
"""People who can be told one thing at once."""
FACT_CHARACTERS_MAX: Final = 200
LINK_CHARACTERS_MAX: Final = 2000
DO_NOT_DISTURB_MAX: Final = timedelta(days=31)


class UnknownKind(BadRequest):
    """No system announces such a thing."""

    code = "unknown_kind"
    title = "Unknown kind of notification"


class AlwaysShown(BadRequest):
    """What is about the security of an account cannot be kept out of the inbox."""

    code = "always_shown"
    title = "Always in the inbox"


class InvalidQuietHours(BadRequest):
    """Quiet hours that end when they begin would be none, or all day."""

    code = "invalid_quiet_hours"
    title = "Invalid quiet hours"


class InvalidDoNotDisturb(BadRequest):
    """Nobody is left undisturbed for ever, or until a time that is over."""

    code = "invalid_do_not_disturb"
    title = "Invalid time"


class Announcement(msgspec.Struct, frozen=True):
    """The job that tells some people something."""

    person_ids: list[UUID]
    kind: str
    facts: dict[str, str | int]
    link: str | None
    topic: str
    at: datetime


class Deliver(msgspec.Struct, frozen=True):
    """The job that sends one thing, with what else is in its digest."""

    delivery_id: UUID


async def notify(
    tx: Tx,
    person_ids: Sequence[UUID],
    kind: Kind,
    facts: Mapping[str, str | int],
    link: str | None = None,
    *,
    topic: str = "",
) -> None:
    """Tell people something, if and only if this transaction commits.

    Everybody gets it once, whoever is named twice; who cannot sign in, not at all. `facts` are
    those of the kind, shortened to FACT_CHARACTERS_MAX; `link` is a path on this server. Of a kind
    that coalesces, those of one `topic` do.
    """
    assert set(facts) == set(kind.facts), f"{kind.name} needs the facts {kind.facts}"
    assert link is None or (link.startswith("/") and not link.startswith("//")), link
    assert link is None or len(link) <= LINK_CHARACTERS_MAX
    people = sorted(set(person_ids))
    assert len(people) <= PEOPLE_MAX, f"{len(people)} people at once"
    short = {name: _shortened(value) for name, value in facts.items()}
    now = datetime.now(UTC)
    for start in range(0, len(people), PEOPLE_PER_JOB):
        some = people[start : start + PEOPLE_PER_JOB]
        await enqueue(tx, NOTIFY, Announcement(some, kind.name, short, link, topic, now))


async def put_into_inboxes(
    tx: Tx, kinds: Kinds, said: Announcement, channels: frozenset[Channel]
) -> None:
    """Carry an announcement out: entries in inboxes, and what is to be sent by these channels."""
    kind = kinds.get(said.kind)
    if kind is None:  # announced by a version that knew it
        return
    recipients = await store.find_recipients(tx, said.person_ids)
    choices = await store.get_choices(tx, said.person_ids, kind.name)
    changed = []
    for recipient in recipients:
        choice = choices.get((recipient.id, kind.name), kind.choice)
        if await _put(tx, kind, said, recipient, choice, channels):
            changed.append(recipient.id)
    if changed:
        await announce(tx, InboxChanged(person_ids=changed))


async def _put(
    tx: Tx,
    kind: Kind,
    said: Announcement,
    recipient: Recipient,
    choice: Choice,
    channels: frozenset[Channel],
) -> bool:
    """Tell one person; return whether their inbox shows it."""
    in_app = rules.shown(kind, choice)
    now = datetime.now(UTC)
    wanted = rules.plan(kind, choice, recipient.habits, now)
    deliveries = [each for each in wanted if each.channel in channels]
    if not in_app and not deliveries:
        return False
    number = await store.next_number(tx, recipient.id)
    found = None
    if kind.coalesce_s:
        found = await store.find_unread(tx, recipient.id, kind.name, said.topic, in_app=in_app)
    if found is not None and rules.coalesces(kind, found.created_at, now):
        id = found.id
        await store.add_to(tx, id, said.facts, said.link, number, said.at)
    else:
        found, id = None, new_id()
        await store.insert(tx, _new_row(id, said, recipient.id, number, in_app), said.topic)
    for planned in deliveries:
        delivery = planned
        if found is not None:
            last = await sending.last_sent(tx, id, planned.channel)
            delivery = rules.spaced(planned, last, kind, recipient.habits)
        targets = await sending.targets(tx, recipient.id, planned.channel)
        await send_later(tx, recipient.id, id, delivery, targets, now)
    return in_app


async def send_later(
    tx: Tx,
    person_id: UUID,
    notification_id: UUID,
    delivery: Delivery,
    targets: Sequence[UUID | None],
    now: datetime,
) -> None:
    """Let something go out when it is due, unless the same waits already."""
    wait_s = max(0.0, (delivery.due_at - now).total_seconds())
    for target in targets:
        id = new_id()
        if await sending.insert_delivery(tx, id, person_id, notification_id, delivery, target):
            await enqueue(tx, DELIVER, Deliver(id), delay_s=wait_s)


def _new_row(id: UUID, said: Announcement, person_id: UUID, number: int, in_app: bool) -> Row:
    return Row(
        id=id,
        person_id=person_id,
        kind=said.kind,
        facts=said.facts,
        link=said.link,
        count=1,
        number=number,
        position=number,
        in_app=in_app,
        created_at=said.at,
        updated_at=said.at,
        read_at=None,
    )


def _shortened(value: str | int) -> str | int:
    if isinstance(value, int) or len(value) <= FACT_CHARACTERS_MAX:
        return value
    return value[: FACT_CHARACTERS_MAX - 1] + "…"


async def recipient_of(tx: Tx, person_id: UUID) -> Recipient:
    """Somebody's locale and habits. Raises NotFound."""
    found = await store.find_recipients(tx, [person_id])
    if not found:
        raise NotFound("There is no such person.")
    return found[0]


async def set_read(tx: Tx, kinds: Kinds, person_id: UUID, id: UUID, *, read: bool) -> Notification:
    """Mark one of somebody's notifications as read or unread. Raises NotFound."""
    recipient = await recipient_of(tx, person_id)
    before = await store.get(tx, person_id, id)
    if before is None:
        raise NotFound("You have no such notification.")
    if (before.read_at is not None) is not read:
        number = await store.next_number(tx, person_id)
        before = await store.set_read(tx, person_id, id, number, read=read)
        await announce(tx, InboxChanged(person_ids=[person_id]))
    return notification_of(before, kinds.get(before.kind), recipient.locale)


async def set_all_read(tx: Tx, person_id: UUID, through: UUID | None) -> Counts:
    """Mark all as read, or those up to and with one. Raises NotFound."""
    position = None
    if through is not None:
        row = await store.get(tx, person_id, through)
        if row is None:
            raise NotFound("You have no such notification.")
        position = row.position
    number = await store.next_number(tx, person_id)
    if await store.set_all_read(tx, person_id, position, number):
        await announce(tx, InboxChanged(person_ids=[person_id]))
    return Counts(await store.count_unread(tx, person_id))


class ChoiceChange(msgspec.Struct, frozen=True):
    """What to change about one kind; None leaves it."""

    kind: str
    in_app: bool | None = None
    email: EmailMode | None = None
    push: bool | None = None


async def choices_of(tx: Tx, kinds: Kinds, person_id: UUID) -> dict[str, Choice]:
    """What somebody wants, by the name of each kind there is."""
    chosen = await store.get_choices(tx, [person_id])
    return {each.name: chosen.get((person_id, each.name), each.choice) for each in kinds}


async def change_choices(
    tx: Tx, kinds: Kinds, person_id: UUID, changes: Sequence[ChoiceChange]
) -> None:
    """Keep what somebody wants. Raises UnknownKind, AlwaysShown."""
    choices = await choices_of(tx, kinds, person_id)
    for change in changes:
        kind = kinds.get(change.kind)
        if kind is None:
            raise UnknownKind(f"There is no kind of notification called '{change.kind}'.")
        if kind.security and change.in_app is False:
            raise AlwaysShown(f"'{kind.name}' is about the security of your account.")
        before = choices[kind.name]
        choices[kind.name] = Choice(
            before.in_app if change.in_app is None else change.in_app,
            before.email if change.email is None else change.email,
            before.push if change.push is None else change.push,
        )
        await store.put_choice(tx, person_id, kind.name, choices[kind.name])


async def change_habits(
    tx: Tx, person_id: UUID, habits: Habits, quiet: tuple[time, time] | None
) -> None:
    """Keep when somebody wants to be told. Raises InvalidQuietHours."""
    if quiet is not None and quiet[0] == quiet[1]:
        raise InvalidQuietHours("Let them end at another time than they begin.")
    kept = QuietHours(*quiet) if quiet else None
    await store.put_habits(tx, person_id, msgspec.structs.replace(habits, quiet=kept))


def checked_do_not_disturb(until: datetime | None, now: datetime) -> datetime | None:
    """Return the time until which somebody is not disturbed. Raises InvalidDoNotDisturb."""
    if until is None:
        return None
    if until.tzinfo is None or not timedelta() < until - now <= DO_NOT_DISTURB_MAX:
        days = DO_NOT_DISTURB_MAX.days
        raise InvalidDoNotDisturb(
            f"`do_not_disturb_until` is a time, with its offset from UTC, in the next {days} days."
        )
    return until


async def stop_digests(tx: Tx, kinds: Kinds, person_id: UUID) -> None:
    """Send somebody no more digests, as the link in one asks for."""
    choices = await choices_of(tx, kinds, person_id)
    await change_choices(
        tx,
        kinds,
        person_id,
        [
            ChoiceChange(name, email=EmailMode.OFF)
            for name, choice in choices.items()
            if choice.email in (EmailMode.HOURLY, EmailMode.DAILY)
        ],
    )
