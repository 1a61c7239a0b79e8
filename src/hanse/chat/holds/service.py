"""The verbs about holds. Whoever may do them reads what they hold, and each reading is noted."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.files.model import File
from hanse.chat.holds import store
from hanse.chat.holds.model import HeldMessage, Hold, Version
from hanse.chat.holds.store import EditRow, HeldRow
from hanse.chat.log.rules import NoSuchFile, NoSuchRoom
from hanse.chat.places import instant
from hanse.chat.rooms.service import NoSuchMember
from hanse.identity import Access, Permission
from hanse.platform.database import Db, Tx
from hanse.platform.http import InvalidCursor
from hanse.platform.ids import new_id
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.problems import BadRequest, Conflict, Forbidden, NotFound

MESSAGES_PAGE_MAX: Final = 200
FREED_TOGETHER: Final = 2_000
FREE: Final = "chat.free_held"
_START: Final = (UUID(int=0), 0)


class NoSuchHold(NotFound):
    """There is no such hold."""

    code = "no_such_hold"
    title = "No such hold"


class InvalidHold(BadRequest):
    """A hold is of a room, or of a person, or of all, for a time that is one."""

    code = "invalid_hold"
    title = "Invalid hold"


class HoldReleased(Conflict):
    """The hold has ended before."""

    code = "hold_released"
    title = "Hold released"


class HoldsForPeople(Forbidden):
    """An API key answers for nothing."""

    code = "holds_for_people"
    title = "Holds are for people"


class HeldPage(Struct, frozen=True):
    """Messages of a hold, by room and number. `next_cursor` asks for more; null at the end."""

    items: list[HeldMessage]
    next_cursor: str | None


class FreeHeld(Struct, frozen=True):
    """The job that destroys what no hold keeps any longer."""


def _responsible(access: Access) -> UUID:
    access.require(Permission.CHAT_HOLDS)
    if access.person_id is None:
        raise HoldsForPeople("Sign in as a person to look after legal holds.")
    return access.person_id


async def place(
    tx: Tx,
    access: Access,
    *,
    name: str,
    reason: str,
    room_id: UUID | None,
    person_id: UUID | None,
    from_at: datetime | None,
    until_at: datetime | None,
) -> Hold:
    """Begin a hold. What is destroyed after its commit is kept aside, if it names it.

    Raises MissingScope, HoldsForPeople, InvalidHold, NoSuchRoom, NoSuchMember.
    """
    actor = _responsible(access)
    if room_id and person_id:
        raise InvalidHold("Hold a room or a person, or begin two holds.")
    start, end = (
        None if at is None else instant(field, at, InvalidHold)
        for field, at in (("from_at", from_at), ("until_at", until_at))
    )
    if start and end and start >= end:
        raise InvalidHold("`from_at` is before `until_at`.")
    hold = await store.insert(
        tx,
        Hold(
            id=new_id(),
            name=name.strip(),
            reason=reason.strip(),
            room_id=room_id,
            person_id=person_id,
            subject=await _subject(tx, room_id, person_id),
            from_at=start,
            until_at=end,
            created_by=actor,
            created_at=datetime.min,
            released_by=None,
            released_at=None,
        ),
    )
    await identity.record(tx, access, "chat.hold_placed", "hold", hold.id, hold.name)
    return hold


async def _subject(tx: Tx, room_id: UUID | None, person_id: UUID | None) -> str:
    if room_id:
        found = await store.room_name(tx, room_id)
        if found is None:
            raise NoSuchRoom
        return found
    if person_id:
        person = await identity.get_person(tx, person_id)
        if person is None:
            raise NoSuchMember(f"There is nobody with the id {person_id}.")
        return f"{person.name} <{person.email}>"
    return ""


async def list_holds(tx: Tx, access: Access, before: UUID, limit: int) -> list[Hold]:
    """Return holds, the newest first. Raises MissingScope, HoldsForPeople."""
    _responsible(access)
    return await store.list_holds(tx, before, limit)


async def get_hold(tx: Tx, access: Access, id: UUID) -> Hold:
    """Return a hold. Raises MissingScope, HoldsForPeople, NoSuchHold."""
    _responsible(access)
    hold = await store.get(tx, id)
    if hold is None:
        raise NoSuchHold(f"There is no hold {id}.")
    return hold


async def release(tx: Tx, access: Access, id: UUID) -> Hold:
    """End a hold; what it kept aside, and no other hold keeps, is destroyed soon.

    Raises MissingScope, HoldsForPeople, NoSuchHold, HoldReleased.
    """
    actor = _responsible(access)
    await get_hold(tx, access, id)
    hold = await store.release(tx, id, actor)
    if hold is None:
        raise HoldReleased("This hold was released before.")
    await identity.record(tx, access, "chat.hold_released", "hold", id, hold.name)
    await enqueue(tx, FREE, FreeHeld())
    return hold


async def read(tx: Tx, access: Access, id: UUID, cursor: str | None, limit: int) -> HeldPage:
    """Return a page of what a hold holds, and note that it was read.

    Raises MissingScope, HoldsForPeople, NoSuchHold, InvalidCursor.
    """
    hold = await get_hold(tx, access, id)
    _require_active(hold)
    after = _parsed(cursor)
    items = await _messages(tx, hold, after, limit + 1)
    await identity.record(
        tx, access, "chat.hold_read", "hold", id, hold.name, messages=len(items[:limit])
    )
    if len(items) <= limit:
        return HeldPage(items, None)
    last = items[limit - 1]
    return HeldPage(items[:limit], f"{last.room_id}.{last.number}")


async def begin_export(tx: Tx, access: Access, id: UUID) -> Hold:
    """Note that all of a hold is exported; return it for `export_pages`.

    Raises what `read` does.
    """
    hold = await get_hold(tx, access, id)
    _require_active(hold)
    await identity.record(tx, access, "chat.hold_exported", "hold", id, hold.name)
    return hold


async def export_pages(db: Db, access: Access, hold: Hold) -> AsyncIterator[list[HeldMessage]]:
    """Yield all that a hold holds, page by page, each in a transaction of its own."""
    after = _START
    while True:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            page = await _messages(tx, hold, after, MESSAGES_PAGE_MAX)
        if not page:
            return
        yield page
        after = page[-1].room_id, page[-1].number


async def see_file(tx: Tx, access: Access, id: UUID, file_id: UUID) -> tuple[Hold, File]:
    """Return a file of a hold, and note that it was read. Raises what `read` does, NoSuchFile."""
    hold = await get_hold(tx, access, id)
    _require_active(hold)
    file = await store.get_file(tx, hold, file_id)
    if file is None:
        raise NoSuchFile("This hold has no such file.")
    await identity.record(
        tx, access, "chat.hold_file_read", "hold", id, hold.name, file_id=str(file_id)
    )
    return hold, file


def _require_active(hold: Hold) -> None:
    if hold.released_at is not None:
        raise HoldReleased("This hold was released: what it held is read no longer.")


def _parsed(cursor: str | None) -> tuple[UUID, int]:
    if cursor is None:
        return _START
    room, _, number = cursor.partition(".")
    try:
        place = UUID(room), int(number)
    except ValueError as error:
        raise InvalidCursor("The cursor is not one that this server gave out.") from error
    if not 0 < place[1] < 2**62:
        raise InvalidCursor("The cursor is not one that this server gave out.")
    return place


async def _messages(tx: Tx, hold: Hold, after: tuple[UUID, int], limit: int) -> list[HeldMessage]:
    rows = await store.read_held(tx, hold, after, limit)
    keys = [each.room_id for each in rows], [each.number for each in rows]
    edits: dict[tuple[UUID, int], list[EditRow]] = {}
    for edit in await store.read_edits(tx, *keys) if rows else []:
        edits.setdefault((edit.room_id, edit.message), []).append(edit)
    names = await identity.names_of(tx, sorted({each.sender_id for each in rows}))
    # An erased person has no name any more; the hold has kept it.
    subject = {hold.person_id: hold.subject} if hold.person_id else {}
    return [
        _message(
            row,
            names.get(row.sender_id) or subject.get(row.sender_id, ""),
            edits.get((row.room_id, row.number), []),
        )
        for row in rows
    ]


def _message(row: HeldRow, sender_name: str, edits: Sequence[EditRow]) -> HeldMessage:
    was_lost = row.is_deleted and not (row.body.text or row.body.files)
    first = Version(row.number, row.created_at, None if was_lost else row.body.text)
    later = [
        Version(
            each.number,
            each.created_at,
            each.body.text or None if each.is_redacted else each.body.text,
        )
        for each in edits
    ]
    return HeldMessage(
        room_id=row.room_id,
        room_name=row.room_name,
        kind=row.kind,
        number=row.number,
        sender_id=row.sender_id,
        sender_name=sender_name,
        created_at=row.created_at,
        topic=row.topic,
        thread=row.thread,
        is_deleted=row.is_deleted,
        versions=[first, *later],
        files=list(row.body.files),
    )


def register_holds(jobs: Jobs) -> None:
    """Add the job that destroys what was kept aside for holds that have ended."""

    async def free(tx: Tx, _: FreeHeld) -> None:
        if await store.free(tx, FREED_TOGETHER) == FREED_TOGETHER:
            await enqueue(tx, FREE, FreeHeld())

    jobs.task(FREE, FreeHeld)(free)
