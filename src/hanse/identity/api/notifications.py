"""Routes of one's own inbox."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, patch, post
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta, Struct

from hanse.identity.api.common import errors
from hanse.identity.authentication import SECRET_CHARACTERS_MAX, Authenticator
from hanse.identity.model import Access, Origin
from hanse.identity.notifications import live, service, store
from hanse.identity.notifications.model import Counts, Notification
from hanse.identity.notifications.notices import Notices
from hanse.identity.notifications.sending.letters import PREFERENCES_PATH
from hanse.identity.notifications.sending.stopping import STOP_PATH, InvalidStopLink, reader_of
from hanse.identity.notifications.wording import notification_of
from hanse.identity.sealing import Seal
from hanse.platform.database import Db
from hanse.platform.http import (
    PAGE_SIZE_DEFAULT,
    Cursor,
    InvalidCursor,
    Page,
    PageQuery,
    page_of,
    parse_cursor,
)
from hanse.platform.problems import BadRequest, Problem

RETRY_MS = 2000
NUMBER_MAX = 2**63 - 1
STOP_TOKEN_CHARACTERS_MAX = 2 * SECRET_CHARACTERS_MAX
_OPEN: list[dict[str, list[str]]] = [{}]


class InvalidEventId(BadRequest):
    """No stream of ours gave this id out."""

    code = "invalid_event_id"
    title = "Invalid Last-Event-ID"


class ReadMark(Struct, forbid_unknown_fields=True):
    """Whether it was read."""

    read: bool


class ReadThrough(Struct, forbid_unknown_fields=True):
    """The newest notification to mark as read; left out: all there are."""

    through: UUID | None = None


@get(
    "/me/notifications",
    operation_id="listMyNotifications",
    summary="List my notifications",
    tags=["Notifications"],
    responses=errors(400),
)
async def list_notifications(
    access: Access,
    db: Db,
    notices: Notices,
    limit: PageQuery = PAGE_SIZE_DEFAULT,
    cursor: Cursor = None,
    unread: Annotated[
        bool, QueryParameter(name="unread", description="Only those that are unread.")
    ] = False,
) -> Page[Notification]:
    """List one's notifications, newest first, in one's own language."""
    person_id = access.require_person()
    before = parse_cursor(cursor)
    if before is not None and before.int > NUMBER_MAX:
        raise InvalidCursor("The cursor is not one that this server gave out.")
    async with db.tx(access.organisation_id, person_id) as tx:
        locale = (await service.recipient_of(tx, person_id)).locale
        place = before.int if before else None
        rows = await store.list_page(tx, person_id, place, limit + 1, unread=unread)
    page = page_of(rows, limit, lambda row: UUID(int=row.position))
    kinds = notices.kinds
    items = [notification_of(each, kinds.get(each.kind), locale) for each in page.items]
    return Page(items, page.next_cursor)


@get(
    "/me/notifications/counts",
    operation_id="countMyNotifications",
    summary="Count my notifications",
    tags=["Notifications"],
    responses=errors(),
)
async def count_notifications(access: Access, db: Db) -> Counts:
    """Tell how many notifications are unread."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return Counts(await store.count_unread(tx, person_id))


@patch(
    "/me/notifications/{notification_id:uuid}",
    operation_id="markMyNotification",
    summary="Mark a notification",
    tags=["Notifications"],
    responses=errors(400, 404),
)
async def mark_notification(
    access: Access, db: Db, notices: Notices, notification_id: UUID, data: ReadMark
) -> Notification:
    """Mark one notification as read or unread."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return await service.set_read(tx, notices.kinds, person_id, notification_id, read=data.read)


@post(
    "/me/notifications/read",
    operation_id="markMyNotificationsRead",
    summary="Mark all notifications as read",
    tags=["Notifications"],
    status_code=200,
    responses=errors(400, 404),
)
async def mark_all_read(access: Access, db: Db, data: ReadThrough) -> Counts:
    """Mark all as read, or those up to and with the one that `through` names."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        return await service.set_all_read(tx, person_id, data.through)


@get(
    "/me/notifications/stream",
    operation_id="streamMyNotifications",
    summary="Follow my notifications",
    description="Server-sent events: `counts` at the start and after each change, with the id to "
    "go on from; `notification` for each that is new or was changed; `reset` where more has "
    "changed than is told.",
    tags=["Notifications"],
    responses=errors(400),
    media_type="text/event-stream",
)
async def stream_notifications(
    access: Access,
    db: Db,
    notices: Notices,
    authenticator: Authenticator,
    credentials: Any,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="The last id that came.")
    ] = None,
    last_event: Annotated[
        str | None,
        QueryParameter(name="last_event_id", description="The same, where headers cannot be set."),
    ] = None,
) -> ServerSentEvent:
    """Tell at once what changes in one's inbox; what was missed since an id comes first."""
    notices.bells.require_room(access.require_person())

    async def is_signed_in() -> bool:
        try:
            now = await authenticator.access(**credentials)
        except Problem:
            return False
        return now.session_id == access.session_id

    changes = live.follow(
        db,
        notices.bells,
        notices.kinds,
        access,
        _number(last_event_id or last_event),
        is_signed_in=is_signed_in,
        stopping=notices.stopping,
    )
    return ServerSentEvent(_events(changes))


async def _events(changes: AsyncIterator[live.Told]) -> AsyncIterator[ServerSentEventMessage]:
    yield ServerSentEventMessage(comment="Hanse", retry=RETRY_MS)
    async for told in changes:
        if isinstance(told, Notification):
            yield ServerSentEventMessage(event="notification", data=_json(told))
        elif isinstance(told, live.Counted):
            yield ServerSentEventMessage(
                event="counts", data=_json(told.counts), id=str(told.number)
            )
        elif isinstance(told, live.Reset):
            yield ServerSentEventMessage(event="reset", data=_json(told))
        else:
            yield ServerSentEventMessage(comment="still here")


def _json(data: Struct) -> str:
    return msgspec.json.encode(data).decode()


def _number(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 18):
        raise InvalidEventId("Send the id of the last event, or none.")
    return int(last_event_id)


StopToken = Annotated[str, Meta(min_length=1, max_length=STOP_TOKEN_CHARACTERS_MAX)]


@post(
    STOP_PATH.removeprefix("/v1") + "/{token:str}",
    operation_id="stopDigests",
    summary="Stop digests",
    tags=["Notifications"],
    status_code=200,
    responses=errors(400),
    security=_OPEN,
)
async def stop_digests(
    visitor: Origin,  # noqa: ARG001 - counts the request
    db: Db,
    seal: Seal,
    notices: Notices,
    token: StopToken,
) -> Response[None]:
    """Send no more digests to whoever got this link in one (RFC 8058); no sign-in is needed."""
    if len(token) > STOP_TOKEN_CHARACTERS_MAX:
        raise InvalidStopLink("Take the link of a newer letter, or change your settings.")
    reader = reader_of(seal, token)
    async with db.tx(reader.organisation_id, reader.person_id) as tx:
        if await store.find_recipients(tx, [reader.person_id]):
            await service.stop_digests(tx, notices.kinds, reader.person_id)
    return Response(None, status_code=200)


@get(
    STOP_PATH.removeprefix("/v1") + "/{token:str}",
    operation_id="showNotificationSettings",
    summary="Go to my notification settings",
    tags=["Notifications"],
    status_code=303,
    responses=errors(),
    security=_OPEN,
)
async def show_settings(visitor: Origin, token: str) -> Response[None]:  # noqa: ARG001 - as above
    """Lead a browser to one's settings: opening the link of a letter changes nothing by itself."""
    return Response(None, status_code=303, headers={"Location": PREFERENCES_PATH})


handlers = [
    list_notifications,
    count_notifications,
    mark_notification,
    mark_all_read,
    stream_notifications,
    stop_digests,
    show_settings,
]
