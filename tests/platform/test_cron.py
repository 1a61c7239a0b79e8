"""Cron expressions name minutes in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.platform.cron import CronError, parse_cron

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("* * * * *", "2026-03-01T10:00:00", "2026-03-01T10:01:00"),
        ("* * * * *", "2026-03-01T10:00:59.9", "2026-03-01T10:01:00"),
        ("*/15 * * * *", "2026-03-01T10:45:00", "2026-03-01T11:00:00"),
        ("5/20 * * * *", "2026-03-01T10:25:00", "2026-03-01T10:45:00"),
        ("0 9-17/4 * * *", "2026-03-01T13:30:00", "2026-03-01T17:00:00"),
        ("30 2 * * *", "2026-12-31T02:30:00", "2027-01-01T02:30:00"),
        ("0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 29 2 *", "2096-02-29T00:00:00", "2104-02-29T00:00:00"),
        ("0 0 * * 1-5", "2026-11-20T12:00:00", "2026-11-23T00:00:00"),
        ("0 0 * * 7", "2026-11-20T12:00:00", "2026-11-22T00:00:00"),
        ("0 0 * * 0", "2026-11-20T12:00:00", "2026-11-22T00:00:00"),
        ("0 0 1 * 1", "2026-11-24T00:00:00", "2026-11-30T00:00:00"),
        ("0 0 1 * 1", "2026-11-30T00:00:00", "2026-12-01T00:00:00"),
        ("0 0 1,15 1,7 *", "2026-01-15T00:00:00", "2026-07-01T00:00:00"),
    ],
)
def test_the_next_minute_that_matches(expression: str, moment: str, expected: str) -> None:
    assert parse_cron(expression).next_after(at(moment)) == at(expected)


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    moment = datetime(2026, 6, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert parse_cron("45 23 * * *").next_after(moment) == at("2026-05-31T23:45:00")


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
     "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/x * * * *", "a * * * *", "1- * * * *",
     "-1 * * * *", "1,,2 * * * *", "1/ * * * *"],
)  # fmt: skip
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(CronError):
        parse_cron(expression)


def test_a_date_that_never_comes_is_refused() -> None:
    with pytest.raises(CronError):
        parse_cron("0 0 30 2 *").next_after(at("2026-01-01T00:00:00"))


@st.composite
def part(draw: st.DrawFn, low: int, high: int) -> str:
    first = draw(st.integers(low, high))
    span = draw(st.sampled_from(["*", str(first), f"{first}-{draw(st.integers(first, high))}"]))
    return span + draw(st.sampled_from(["", "", "/1", "/2", "/3", "/7"]))


def matches(expression: str, moment: datetime) -> bool:
    """Straight from the description: a minute matches when its fields do."""

    def within(field: str, value: int, high: int) -> bool:
        span, slash, step = field.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            return (value - (1 if high in (31, 12) else 0)) % int(step or 1) == 0
        end = int(last) if dash else high if slash else int(first)
        return int(first) <= value <= end and (value - int(first)) % int(step or 1) == 0

    minute, hour, day, month, weekday = expression.split()
    in_month = within(day, moment.day, 31)
    sunday = (0, 7) if moment.isoweekday() == 7 else (moment.isoweekday(),)
    in_week = any(within(weekday, number, 7) for number in sunday)
    either = "*" not in day and "*" not in weekday
    return (
        within(minute, moment.minute, 59)
        and within(hour, moment.hour, 23)
        and within(month, moment.month, 12)
        and (in_month or in_week if either else in_month and in_week)
    )


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(*(part(low, high) for low, high in FIELDS)).map(" ".join),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_the_next_date_matches_and_none_before_it_does(expression: str, moment: datetime) -> None:
    try:
        found = parse_cron(expression).next_after(moment)
    except CronError:
        return  # a 31st of February and the like
    assert found > moment
    assert matches(expression, found)
    probe = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = min(found, probe + timedelta(days=2))
    while probe < end:
        assert not matches(expression, probe)
        probe += timedelta(minutes=1)
