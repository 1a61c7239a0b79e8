"""Cron expressions: five fields (minute hour day-of-month month day-of-week), in UTC.

A field is `*`, a number, a range `a-b`, each with an optional step `/n`, or a list of those. Day of
week 0 and 7 are Sunday. As in cron(5), when both day fields are restricted either may match.
"""

from datetime import UTC, datetime, timedelta

import msgspec

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
# The longest gap of any date that exists: 29 February across a century that is no leap year.
_DAYS_AHEAD_MAX = 8 * 366 + 1


class CronError(ValueError):
    """The text is no cron expression, or matches no date at all."""


class Cron(msgspec.Struct, frozen=True):
    """A parsed cron expression; `parse_cron` makes one."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def next_after(self, moment: datetime) -> datetime:
        """Return the first whole minute strictly after `moment` (with a time zone) that matches.

        Raises CronError when there is none (such as 30 February).
        """
        first = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for ahead in range(_DAYS_AHEAD_MAX):
            day = first if ahead == 0 else first.replace(hour=0, minute=0) + timedelta(days=ahead)
            if not self._matches_day(day):
                continue
            for hour in sorted(hour for hour in self.hours if hour >= day.hour):
                least = day.minute if hour == day.hour else 0
                minutes = [minute for minute in self.minutes if minute >= least]
                if minutes:
                    return day.replace(hour=hour, minute=min(minutes))
        raise CronError("The cron expression never matches.")

    def _matches_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week


def parse_cron(expression: str) -> Cron:
    """Parse five fields. Raises CronError with the field that is wrong."""
    fields = expression.split()
    if len(fields) != len(_RANGES):
        raise CronError(f"{expression!r} has {len(fields)} fields, not {len(_RANGES)}.")
    minutes, hours, days, months, weekdays = (
        _parse_field(field, *limits) for field, limits in zip(fields, _RANGES, strict=True)
    )
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _parse_field(field: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            first, last = str(low), str(high)
        elif not dash:
            last = str(high) if slash else first
        try:
            start, end, stride = int(first), int(last), int(step) if slash else 1
        except ValueError:
            raise CronError(f"{part!r} is no cron field.") from None
        if not low <= start <= end <= high or stride < 1:
            raise CronError(f"{part!r} is not within {low}-{high}.")
        values.update(range(start, end + 1, stride))
    return frozenset(values)
