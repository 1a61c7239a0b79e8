"""Routes of what one wants to be told, how, when, and in which browsers."""

from datetime import UTC, datetime, time
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from hanse.identity.api.common import errors
from hanse.identity.model import Access
from hanse.identity.notifications import service
from hanse.identity.notifications.model import Choice, EmailMode, Kind
from hanse.identity.notifications.notices import Notices
from hanse.identity.notifications.sending import push, store
from hanse.identity.notifications.sending.store import Subscription
from hanse.identity.notifications.service import ChoiceChange
from hanse.identity.notifications.wording import text_of
from hanse.identity.sealing import Seal
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import NotFound

KINDS_CHANGED_MAX = 200
WallTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class QuietTimes(Struct, forbid_unknown_fields=True):
    """From `start` up to `end` by one's own clock, as 22:00; over midnight if `end` is earlier."""

    start: WallTime
    end: WallTime


class KindPreference(Struct):
    """What one wants of one kind. `label` says what it is, in one's language.

    A `security` kind is always in the inbox, and is sent in quiet hours too.
    """

    kind: str
    system: str
    label: str
    security: bool
    in_app: bool
    email: EmailMode
    push: bool


class Preferences(Struct):
    """What one wants to be told, and when.

    `mail_available` and `push_available`: whether the operator has set these ways up; without, the
    choices are kept and nothing is sent. `push_public_key` is the `applicationServerKey` for a
    browser's subscription. Nothing is sent before `do_not_disturb_until`; null when that is
    over. `time_zone` is that of `/v1/me`.
    """

    mail_available: bool
    push_available: bool
    push_public_key: str | None
    time_zone: str
    quiet_hours: QuietTimes | None
    daily_hour: int
    do_not_disturb_until: datetime | None
    kinds: list[KindPreference]


class KindChange(Struct, forbid_unknown_fields=True):
    """What to change about one kind; what is left out stays."""

    kind: Annotated[str, Meta(max_length=100)]
    in_app: bool | None = None
    email: EmailMode | None = None
    push: bool | None = None


class PreferenceChanges(Struct, forbid_unknown_fields=True):
    """What to change; what is left out stays, and null ends quiet hours and not being disturbed."""

    quiet_hours: QuietTimes | UnsetType | None = UNSET
    daily_hour: Annotated[int, Meta(ge=0, le=23)] | UnsetType = UNSET
    do_not_disturb_until: datetime | UnsetType | None = UNSET
    kinds: Annotated[list[KindChange], Meta(max_length=KINDS_CHANGED_MAX)] | UnsetType = UNSET


class PushKeys(Struct):
    """A browser's keys, base64url."""

    p256dh: Annotated[str, Meta(max_length=200)]
    auth: Annotated[str, Meta(max_length=100)]


class NewPushSubscription(Struct):
    """What `PushSubscription.toJSON()` gives in a browser."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=push.ENDPOINT_CHARACTERS_MAX)]
    keys: PushKeys


class PushSubscription(Struct):
    """A browser that is written to. `service` is its push service; `is_current`: this session's."""

    id: UUID
    service: str
    user_agent: str | None
    created_at: datetime
    is_current: bool


@get(
    "/me/notification-preferences",
    operation_id="getMyNotificationPreferences",
    summary="Get my notification preferences",
    tags=["Notifications"],
    responses=errors(),
)
async def get_preferences(access: Access, db: Db, notices: Notices) -> Preferences:
    """Get what one is told, by which channels, and when."""
    async with db.tx(access.organisation_id, access.require_person()) as tx:
        return await _preferences(tx, access, notices)


@patch(
    "/me/notification-preferences",
    operation_id="changeMyNotificationPreferences",
    summary="Change my notification preferences",
    tags=["Notifications"],
    responses=errors(400),
)
async def change_preferences(
    access: Access, db: Db, notices: Notices, data: PreferenceChanges
) -> Preferences:
    """Change what one is told, by which channels, or when. What waits follows the new choices."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        habits = (await service.recipient_of(tx, person_id)).habits
        quiet = (habits.quiet.start, habits.quiet.end) if habits.quiet else None
        if data.quiet_hours is not UNSET:
            asked = data.quiet_hours
            quiet = (_time(asked.start), _time(asked.end)) if asked else None
        if data.daily_hour is not UNSET:
            habits = replace(habits, daily_hour=data.daily_hour)
        if data.do_not_disturb_until is not UNSET:
            until = service.checked_do_not_disturb(data.do_not_disturb_until, datetime.now(UTC))
            habits = replace(habits, do_not_disturb_until=until)
        await service.change_habits(tx, person_id, habits, quiet)
        if data.kinds is not UNSET:
            changes = [
                ChoiceChange(each.kind, each.in_app, each.email, each.push) for each in data.kinds
            ]
            await service.change_choices(tx, notices.kinds, person_id, changes)
        return await _preferences(tx, access, notices)


async def _preferences(tx: Tx, access: Access, notices: Notices) -> Preferences:
    person_id = access.require_person()
    recipient = await service.recipient_of(tx, person_id)
    choices = await service.choices_of(tx, notices.kinds, person_id)
    quiet, until = recipient.habits.quiet, recipient.habits.do_not_disturb_until
    can_push = bool(notices.services)
    return Preferences(
        mail_available=notices.has_mail,
        push_available=can_push,
        push_public_key=notices.vapid.public_key if can_push else None,
        time_zone=recipient.habits.time_zone,
        quiet_hours=QuietTimes(f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}") if quiet else None,
        daily_hour=recipient.habits.daily_hour,
        do_not_disturb_until=until if until and until > datetime.now(UTC) else None,
        kinds=[_preference(each, choices[each.name], recipient.locale) for each in notices.kinds],
    )


def _preference(kind: Kind, choice: Choice, locale: str) -> KindPreference:
    return KindPreference(
        kind.name,
        kind.system,
        text_of(kind, locale).label,
        kind.security,
        choice.in_app or kind.security,
        choice.email,
        choice.push,
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


@get(
    "/me/push-subscriptions",
    operation_id="listMyPushSubscriptions",
    summary="List my browsers with push messages",
    tags=["Notifications"],
    responses=errors(),
)
async def list_subscriptions(access: Access, db: Db) -> list[PushSubscription]:
    """List the browsers that are written to, newest first."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        found = await store.list_subscriptions(tx, person_id, store.SUBSCRIPTIONS_MAX)
    return [_shown(each, access) for each in found]


@post(
    "/me/push-subscriptions",
    operation_id="createMyPushSubscription",
    summary="Write to this browser",
    tags=["Notifications"],
    responses=errors(400),
)
async def create_subscription(
    access: Access, db: Db, seal: Seal, notices: Notices, data: NewPushSubscription
) -> PushSubscription:
    """Send push messages to this browser, until its session ends. A repeat changes nothing."""
    person_id = access.require_person()
    assert access.session_id is not None
    address = push.Address(data.endpoint, data.keys.p256dh, data.keys.auth)
    service_name = notices.services.require(address.endpoint)
    push.check_keys(address)
    async with db.tx(access.organisation_id, person_id) as tx:
        kept = await store.put_subscription(
            tx,
            new_id(),
            person_id,
            access.session_id,
            push.endpoint_hash(address.endpoint),
            push.seal_address(seal, person_id, address),
            service_name,
            access.origin.user_agent,
        )
        await store.delete_ended_subscriptions(tx, person_id)
        await store.delete_old_subscriptions(tx, person_id, store.SUBSCRIPTIONS_MAX)
    return _shown(kept, access)


@delete(
    "/me/push-subscriptions/{subscription_id:uuid}",
    operation_id="deleteMyPushSubscription",
    summary="Write no more to a browser",
    tags=["Notifications"],
    status_code=204,
    responses=errors(404),
)
async def delete_subscription(access: Access, db: Db, subscription_id: UUID) -> Response[None]:
    """Send no more push messages to one of one's browsers."""
    person_id = access.require_person()
    async with db.tx(access.organisation_id, person_id) as tx:
        if not await store.delete_subscription(tx, person_id, subscription_id):
            raise NotFound("You have no such browser.")
    return Response(None, status_code=204)


def _shown(subscription: Subscription, access: Access) -> PushSubscription:
    return PushSubscription(
        subscription.id,
        subscription.service,
        subscription.user_agent,
        subscription.created_at,
        subscription.session_id == access.session_id,
    )


handlers = [
    get_preferences,
    change_preferences,
    list_subscriptions,
    create_subscription,
    delete_subscription,
]
