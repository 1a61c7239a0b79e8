"""Routes of reports."""

from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from hanse.chat.api.common import Chat, errors
from hanse.chat.log.rules import NoSuchMessage
from hanse.chat.places import NUMBER_MAX
from hanse.chat.reports import service
from hanse.chat.reports.model import Decision, MessageReport, Reason
from hanse.identity import Access
from hanse.platform.database import Db
from hanse.platform.http import PAGE_SIZE_DEFAULT, Cursor, Page, PageQuery, page_of, parse_cursor

Note = Annotated[str, Meta(max_length=1000)]
IsOpen = Annotated[
    bool, QueryParameter(name="open", description="Those that wait, or those that are decided.")
]
_LAST: Final = UUID(int=2**128 - 1)


class NewReport(Struct, forbid_unknown_fields=True):
    """What is wrong with a message."""

    reason: Reason
    note: Note = ""


class Reported(Struct):
    """The report, by which nobody but those who decide can see it."""

    id: UUID


class NewDecision(Struct, forbid_unknown_fields=True):
    """What becomes of a reported message and its sender; 'mute' needs `minutes`."""

    decision: Decision
    note: Note = ""
    minutes: Annotated[int, Meta(ge=1, le=43_200)] | None = None


@post(
    "/rooms/{room_id:uuid}/messages/{number:int}/reports",
    operation_id="reportMessage",
    summary="Report a message",
    tags=["Chat"],
    responses=errors(400, 429),
)
async def report_message(
    access: Access, db: Db, room_id: UUID, number: int, data: NewReport
) -> Reported:
    """Bring a message before those who moderate the room; its sender does not learn by whom."""
    if not 0 < number <= NUMBER_MAX:
        raise NoSuchMessage("There is no message of such a number.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        return Reported(await service.report(tx, access, room_id, number, data.reason, data.note))


@get(
    "/chat/reports",
    operation_id="listReports",
    summary="List reports of messages",
    tags=["Chat"],
    responses=errors(400),
)
async def list_reports(
    access: Access,
    db: Db,
    is_open: IsOpen = True,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
) -> Page[MessageReport]:
    """List reports, newest first: of rooms that the caller moderates; with `chat:moderate` all."""
    before = parse_cursor(cursor) or _LAST
    async with db.tx(access.organisation_id, access.person_id) as tx:
        found = await service.list_reports(tx, access, before, limit + 1, is_open=is_open)
    return page_of(found, limit, lambda report: report.id)


@post(
    "/chat/reports/{report_id:uuid}/decision",
    operation_id="decideReport",
    summary="Decide about a report",
    tags=["Chat"],
    status_code=200,
    responses=errors(400, 409),
)
async def decide_report(
    access: Access, db: Db, chat: Chat, report_id: UUID, data: NewDecision
) -> MessageReport:
    """Decide about all open reports of the message; its reporters are told what came of it."""
    async with db.tx(access.organisation_id, access.person_id) as tx:
        decided = await service.decide(
            tx, access, report_id, data.decision, data.note, data.minutes
        )
    await chat.ring(access.organisation_id, decided.events)
    return decided.report


handlers = [report_message, list_reports, decide_report]
