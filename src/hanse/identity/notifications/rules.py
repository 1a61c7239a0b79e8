"""What goes out when, and by which channel. Pure: times go in, times come out.

Times are instants (UTC); a person's clock is that of their time zone, which twice a year skips an
hour or shows one twice. Where their clock could be read either way, nobody is disturbed: quiet
hours begin at the first time their start is shown and end at the last time their end is.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hanse.identity.notifications.model import (
    Channel,
    Choice,
    Delivery,
    EmailMode,
    Habits,
    Kind,
    QuietHours,
)

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def instant(day: date, wall: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """The instant (UTC) at which a clock in `zone` shows `wall` on `day`.

    Where it shows it twice, the first or the `last` time; where it skips it, when it does so.
    """
    early = datetime.combine(day, wall, zone).replace(fold=0).astimezone(UTC)
    late = datetime.combine(day, wall, zone).replace(fold=1).astimezone(UTC)
    if early <= late:
        return late if last else early
    # In a gap the two readings lie on either side of it, in the other order.
    low, high = late, early
    before = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def after_quiet(at: datetime, habits: Habits) -> datetime:
    """`at`, or the end of not being disturbed and of the quiet hours in which it lies (UTC)."""
    at = at.astimezone(UTC)
    if habits.do_not_disturb_until is not None:
        at = max(at, habits.do_not_disturb_until.astimezone(UTC))
    if habits.quiet is None:
        return at
    zone = ZoneInfo(habits.time_zone)
    while True:
        # Where a clock is put back, those of one day can run into those of the next.
        ends = [end for start, end in _quiet_around(at, habits.quiet, zone) if start <= at < end]
        if not ends:
            return at
        at = max(ends)


def _quiet_around(
    at: datetime, quiet: QuietHours, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    today = at.astimezone(zone).date()
    for day in (today - _DAY, today, today + _DAY):
        end_day = day if quiet.start < quiet.end else day + _DAY
        yield (
            instant(day, quiet.start, zone),
            instant(end_day, quiet.end, zone, last=True),
        )


def next_hourly(after: datetime, zone: ZoneInfo) -> datetime:
    """The next instant later than `after` at which a clock in `zone` shows a full hour."""
    local = after.astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return after.astimezone(UTC) - into + timedelta(hours=1)


def next_daily(after: datetime, hour: int, zone: ZoneInfo) -> datetime:
    """The next instant later than `after` at which a clock in `zone` shows `hour` o'clock."""
    day = after.astimezone(zone).date() - _DAY
    while True:
        at = instant(day, time(hour), zone)
        if at > after:
            return at
        day += _DAY


def email_due(mode: EmailMode, now: datetime, habits: Habits, *, security: bool) -> datetime | None:
    """When an e-mail about something that happens now is to be sent; None: not at all."""
    zone = ZoneInfo(habits.time_zone)
    if mode is EmailMode.OFF:
        return None
    if mode is EmailMode.NOW:
        return now if security else after_quiet(now, habits)
    if mode is EmailMode.HOURLY:
        return after_quiet(next_hourly(now, zone), habits)
    return after_quiet(next_daily(now, habits.daily_hour, zone), habits)


def plan(kind: Kind, choice: Choice, habits: Habits, now: datetime) -> list[Delivery]:
    """What is to be sent about a notification of `kind` that is made now, beside the inbox."""
    found = []
    due = email_due(choice.email, now, habits, security=kind.security)
    if due is not None:
        digest = choice.email in (EmailMode.HOURLY, EmailMode.DAILY)
        found.append(Delivery(Channel.EMAIL, due, digest))
    if choice.push:
        at = now if kind.security else after_quiet(now, habits)
        found.append(Delivery(Channel.PUSH, at))
    return found


def spaced(delivery: Delivery, last_sent: datetime | None, kind: Kind, habits: Habits) -> Delivery:
    """A delivery about a notification that was added to, `last_sent` being its last one.

    Of many in a row the first is sent at once, and the others together when `coalesce_s` is over.
    """
    if last_sent is None or delivery.digest:
        return delivery
    at = max(delivery.due_at, last_sent + timedelta(seconds=kind.coalesce_s))
    at = at if kind.security else after_quiet(at, habits)
    return Delivery(delivery.channel, at, delivery.digest)


def shown(kind: Kind, choice: Choice) -> bool:
    """Whether it is in the inbox."""
    return choice.in_app or kind.security


def coalesces(kind: Kind, first_at: datetime, now: datetime) -> bool:
    """Whether one that happens now adds to an unread one that was made at `first_at`."""
    return now - first_at < timedelta(seconds=kind.coalesce_s)


def still_wanted(kind: Kind | None, choice: Choice, channel: Channel, *, was_read: bool) -> bool:
    """Whether something that waited is still to be sent: not what was read or turned off since."""
    if kind is None:
        return False
    if channel is Channel.EMAIL and choice.email is EmailMode.OFF:
        return False
    if channel is Channel.PUSH and not choice.push:
        return False
    return kind.security or not was_read
