"""Keeping messages for later, and being reminded of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log.fold import Message
from hanse.chat.log.present import read_present
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.notifying.kinds import REMINDER
from hanse.chat.places import NEWEST, encoded, parse_place
from hanse.chat.reading import languages_of, translated_for
from hanse.chat.rooms.service import actor_of, may_browse, see_room
from hanse.chat.saving import store
from hanse.chat.saving.store import Saved
from hanse.chat.translations.model import Translated
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.problems import BadRequest, Conflict

SAVED_MAX: Final = 1_000
SAVED_PAGE_MAX: Final = 50
REMIND_WITHIN: Final = timedelta(days=366)
REMIND: Final = "chat.remind"


class InvalidReminder(BadRequest):
    """Reminders are for people, at times to come."""

    code = "invalid_reminder"
    title = "Invalid reminder"


class TooManySaved(Conflict):
    """Nobody keeps so many messages."""

    code = "too_many_saved"
    title = "Too many saved messages"


class SavedMessage(Struct, frozen=True):
    """A message that the caller keeps, as it stands, and its translation for them."""

    room_id: UUID
    message: Message
    translation: Translated | None
    saved_at: datetime
    remind_at: datetime | None


class SavedPage(Struct, frozen=True):
    """Saved messages, last kept first. `next_cursor` asks for more; null at the end."""

    items: list[SavedMessage]
    next_cursor: str | None


class Remind(Struct, frozen=True):
    """The job that reminds somebody of a message, unless they changed their mind."""

    member_id: UUID
    room_id: UUID
    number: int
    at: datetime


async def save(
    tx: Tx, access: Access, room_id: UUID, number: int, remind_at: datetime | None
) -> Saved:
    """Keep a message; a reminder replaces the one before.

    Raises NoSuchRoom, NoSuchMessage, InvalidReminder, TooManySaved.
    """
    await see_room(tx, access, room_id)
    actor = actor_of(access)
    if remind_at is not None:
        remind_at = _checked(access, remind_at)
    saved = await store.put(tx, actor, room_id, number, remind_at)
    if saved is None:
        raise NoSuchMessage(f"There is no message {number} in this room.")
    if await store.count(tx, actor) > SAVED_MAX:
        raise TooManySaved(f"Up to {SAVED_MAX} messages are saved. Give some up first.")
    if remind_at is not None:
        wait_s = (remind_at - datetime.now(UTC)).total_seconds()
        reminder = Remind(actor, room_id, number, remind_at)
        await enqueue(tx, REMIND, reminder, delay_s=max(0.0, wait_s))
    return saved


def _checked(access: Access, at: datetime) -> datetime:
    if access.person_id is None:
        raise InvalidReminder("An API key has no inbox to be reminded in.")
    if at.tzinfo is None:
        raise InvalidReminder("`remind_at` needs its offset from UTC.")
    if not timedelta() < at - datetime.now(UTC) <= REMIND_WITHIN:
        raise InvalidReminder("`remind_at` is a time within the next year.")
    return at


async def give_up(tx: Tx, access: Access, room_id: UUID, number: int) -> None:
    """Keep a message no longer, of whatever room. Raises NoSuchMessage."""
    access.require(Permission.CHAT_READ)
    if not await store.delete(tx, actor_of(access), room_id, number):
        raise NoSuchMessage(f"Message {number} of this room is not among those that you saved.")


async def list_saved(tx: Tx, access: Access, limit: int, cursor: str | None) -> SavedPage:
    """Return what the caller keeps, of rooms that they may read. Raises InvalidCursor."""
    access.require(Permission.CHAT_READ)
    before = NEWEST if cursor is None else parse_place(cursor)
    found = await store.list_saved(
        tx, actor_of(access), before, limit + 1, may_browse=may_browse(access)
    )
    page = found[:limit]
    items = await _items(tx, access, page)
    if len(found) <= limit:
        return SavedPage(items, None)
    last = page[-1]
    return SavedPage(items, encoded((last.saved_at, last.room_id, last.number)))


async def _items(tx: Tx, access: Access, page: Sequence[Saved]) -> list[SavedMessage]:
    reads = await languages_of(tx, access)
    messages: dict[tuple[UUID, int], Message] = {}
    translations: dict[tuple[UUID, int], Translated] = {}
    by_room = sorted(page, key=lambda each: each.room_id)
    for room_id, group in groupby(by_room, lambda each: each.room_id):
        numbers = [each.number for each in group]
        of_room = await read_present(tx, room_id, numbers)
        messages |= {(room_id, each.number): each for each in of_room if not each.is_deleted}
        translated = await translated_for(tx, room_id, of_room, reads)
        translations |= {(room_id, each.number): each for each in translated}
    return [
        SavedMessage(
            each.room_id, messages[key], translations.get(key), each.saved_at, each.remind_at
        )
        for each in page
        if (key := (each.room_id, each.number)) in messages
    ]


async def remind(tx: Tx, asked: Remind) -> None:
    """Remind somebody of a message that they still may read."""
    key = (asked.member_id, asked.room_id, asked.number)
    sender_id = await store.take_reminder(tx, *key, asked.at)
    if sender_id is not None:
        names = await identity.names_of(tx, [sender_id])
        link = f"/chat/{asked.room_id}?message={asked.number}"
        facts = {"sender": names.get(sender_id, "")}
        await identity.notify(tx, [asked.member_id], REMINDER, facts, link)


def register_reminders(jobs: Jobs) -> None:
    """Add the job that reminds people of messages."""
    jobs.task(REMIND, Remind)(remind)
