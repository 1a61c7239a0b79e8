"""The verbs about reports."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from hanse import identity
from hanse.chat.log import store as log_store
from hanse.chat.log.append import append_all
from hanse.chat.log.model import Body, Event, Kind, RoomRole
from hanse.chat.log.present import read_present
from hanse.chat.log.rules import NoSuchMessage, NotAllowedInRoom
from hanse.chat.notifying.kinds import REPORT, REPORT_DECIDED
from hanse.chat.reports import store
from hanse.chat.reports.model import Decision, MessageReport, Reason
from hanse.chat.rooms import store as rooms_store
from hanse.chat.rooms.model import RoomKind
from hanse.chat.rooms.service import actor_of, see_room, system_draft
from hanse.identity import Access, Permission
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, Conflict, NotFound, TooManyRequests

REPORTS_A_DAY_MAX: Final = 50
TOLD_MAX: Final = 50
LINK: Final = "/chat/reports"

_OUT: Final = (Decision.REMOVE, Decision.BAN)


class NoSuchReport(NotFound):
    """There is no such report, or none that the caller decides about."""

    code = "no_such_report"
    title = "No such report"


class ReportDecided(Conflict):
    """Somebody has decided about the report before."""

    code = "report_decided"
    title = "Report decided"


class OwnMessage(BadRequest):
    """One deletes one's own messages instead of reporting them."""

    code = "own_message"
    title = "Own message"


class InvalidDecision(BadRequest):
    """The decision does not fit the room or its sender."""

    code = "invalid_decision"
    title = "Invalid decision"


class TooManyReports(TooManyRequests):
    """The caller reported much within a day."""

    code = "too_many_reports"
    title = "Too many reports"


class Decided(Struct, frozen=True):
    """A report after the decision, and what that put into the log."""

    report: MessageReport
    events: list[Event]


async def report(
    tx: Tx, access: Access, room_id: UUID, number: int, reason: Reason, note: str
) -> UUID:
    """Bring a message before those who moderate; return the report's id.

    A second report of the same message by the same person, while the first is open, is the first.
    Raises NoSuchRoom, NoSuchMessage, NotAllowedInRoom, OwnMessage, TooManyReports.
    """
    room = await see_room(tx, access, room_id)
    if access.person_id is None:
        raise NotAllowedInRoom("People report messages; an API key does not.")
    message = next(iter(await read_present(tx, room_id, [number])), None)
    if message is None or message.is_deleted:
        raise NoSuchMessage(f"There is no message {number} in this room.")
    if message.sender_id == access.person_id:
        raise OwnMessage("This message is your own: edit or delete it.")
    if await store.count_recent(tx, access.person_id) >= REPORTS_A_DAY_MAX:
        raise TooManyReports(
            f"Up to {REPORTS_A_DAY_MAX} reports a day are taken.", retry_after_s=3600.0
        )
    id = new_id()
    said = message.text or ", ".join(each.name for each in message.files)
    is_new = await store.insert(
        tx,
        id,
        room_id=room_id,
        number=number,
        reporter_id=access.person_id,
        sender_id=message.sender_id,
        reason=reason,
        note=note,
        said=said,
    )
    if not is_new:
        return await store.open_report(tx, room_id, number, access.person_id)
    told = await store.moderators_of(tx, room_id, message.sender_id)
    if not told:
        holders = await identity.list_holders(tx, Permission.CHAT_MODERATE, TOLD_MAX)
        told = [each for each in holders if each != message.sender_id]
    await identity.notify(tx, told, REPORT, {"room": room.name}, LINK, topic=str(room_id))
    return id


async def list_reports(
    tx: Tx, access: Access, before: UUID, limit: int, *, is_open: bool
) -> list[MessageReport]:
    """Return the reports that the caller decides about, or that are decided. Raises MissingScope.

    They are those of rooms that the caller moderates, or all.
    """
    access.require(Permission.CHAT_READ)
    actor = actor_of(access)
    sees_all = _sees_all(access)
    return await store.list_reports(tx, actor, before, limit, is_open=is_open, sees_all=sees_all)


def _sees_all(access: Access) -> bool:
    return Permission.CHAT_MODERATE in access.permissions


async def decide(
    tx: Tx, access: Access, id: UUID, decision: Decision, note: str, minutes: int | None
) -> Decided:
    """Decide about a report, and with it about all open ones of the same message.

    The reporters are told. Raises NoSuchReport, ReportDecided, InvalidDecision.
    """
    access.require(Permission.CHAT_WRITE)
    actor = actor_of(access)
    # Whoever comes second waits here, and then finds it decided.
    found = await store.get(tx, actor, id, sees_all=_sees_all(access))
    if found is None:
        raise NoSuchReport(f"There is no report {id} for you to decide about.")
    reporters = await store.decide(tx, found.room_id, found.number, decision, actor, note)
    if id not in reporters:
        raise ReportDecided("Somebody has decided about this report already.")
    await _require_fits(tx, access, found, decision, minutes)
    events = await _carry_out(tx, actor, found, decision, minutes)
    await identity.record(
        tx,
        access,
        "chat.report_decided",
        "report",
        id,
        decision=decision.value,
        room_id=str(found.room_id),
        number=found.number,
        sender_id=str(found.sender_id),
    )
    facts = {"room": found.room_name, "decision": decision.value}
    told = sorted(set(reporters.values()))
    await identity.notify(tx, told, REPORT_DECIDED, facts, f"/chat/{found.room_id}")
    after = await store.get(tx, actor, id, sees_all=_sees_all(access))
    assert after is not None
    return Decided(after, events)


async def _require_fits(
    tx: Tx, access: Access, found: MessageReport, decision: Decision, minutes: int | None
) -> None:
    if (decision is Decision.MUTE) != (minutes is not None):
        raise InvalidDecision("`minutes` are for the decision 'mute', which needs them.")
    if decision in (Decision.DISMISS, Decision.DELETE):
        return
    if await rooms_store.kind_of(tx, found.room_id) is RoomKind.DIRECT:
        raise InvalidDecision("A direct room stays between the same people: delete the message.")
    # Held, so that nobody joins or gets another role meanwhile.
    await log_store.lock_heads(tx, [found.room_id])
    role = await rooms_store.get_role(tx, found.room_id, found.sender_id)
    if role is RoomRole.OWNER:
        raise InvalidDecision("An owner of the room is not muted or taken out of it.")
    mine = await rooms_store.get_role(tx, found.room_id, actor_of(access))
    if role is RoomRole.MODERATOR and mine is not RoomRole.OWNER and not _sees_all(access):
        raise InvalidDecision("An owner of the room decides about its moderators.")


async def _carry_out(
    tx: Tx, actor: UUID, found: MessageReport, decision: Decision, minutes: int | None
) -> list[Event]:
    if decision is Decision.DISMISS:
        return []
    room_id, sender_id = found.room_id, found.sender_id
    drafts = []
    message = next(iter(await read_present(tx, room_id, [found.number])), None)
    if message is not None and not message.is_deleted:
        drafts.append(system_draft(room_id, actor, Kind.DELETE, target=found.number))
    if minutes is not None:
        await rooms_store.mute(tx, room_id, sender_id, minutes)
    if decision in _OUT and await rooms_store.get_role(tx, room_id, sender_id):
        await rooms_store.delete_member(tx, room_id, sender_id)
        drafts.append(system_draft(room_id, actor, Kind.MEMBERS, Body(members=(sender_id,))))
    if decision is Decision.BAN:
        await store.ban(tx, room_id, sender_id)
    return (await append_all(tx, drafts)).events if drafts else []
