"""What goes out when: for any time, time zone and habits."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.identity.notifications import rules
from hanse.identity.notifications.kinds import ADDED_TO_GROUP, SIGNED_IN
from hanse.identity.notifications.model import (
    Channel,
    Choice,
    Delivery,
    EmailMode,
    Habits,
    Kind,
    QuietHours,
)

# Clocks that are changed by an hour, by half an hour, at midnight, by a day, or never.
ZONES = [
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
]
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin, forward
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin, back
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe, forward by 30 minutes
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, back by 30 minutes
    datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago, forward at midnight
    datetime(2026, 4, 5, 3, tzinfo=UTC),  # Santiago, back to the day before
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia, a day that never was
]
times = st.one_of(
    st.datetimes(datetime(2010, 1, 3), datetime(2037, 12, 29)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    st.tuples(st.sampled_from(CHANGES), st.integers(-100_000, 100_000)).map(
        lambda pair: pair[0] + timedelta(seconds=pair[1])
    ),
)
walls = st.times().map(lambda at: at.replace(second=0, microsecond=0))
quiets = (
    st.tuples(walls, walls)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: QuietHours(*pair))
)
habits = st.builds(
    Habits,
    time_zone=st.sampled_from(ZONES),
    quiet=st.none() | quiets,
    daily_hour=st.integers(0, 23),
)


@given(times, habits, times)
def test_who_is_not_to_be_disturbed_is_told_after_that_and_not_in_quiet_hours(
    at: datetime, habits: Habits, until: datetime
) -> None:
    held = msgspec.structs.replace(habits, do_not_disturb_until=until)
    sent = rules.after_quiet(at, held)
    assert sent >= max(at, until)
    assert sent == rules.after_quiet(max(at, until), habits)
    choice = Choice(email=EmailMode.NOW)
    security = Kind(name="a.b", texts={}, security=True)
    assert {each.due_at for each in rules.plan(security, choice, held, at)} == {at}


def shows_quiet(at: datetime, habits: Habits) -> bool:
    """What somebody who looks at their clock would say."""
    if habits.quiet is None:
        return False
    wall = at.astimezone(ZoneInfo(habits.time_zone)).time()
    start, end = habits.quiet.start, habits.quiet.end
    return start <= wall < end if start < end else wall >= start or wall < end


@given(times, habits)
def test_nothing_goes_out_while_the_clock_shows_quiet_hours(at: datetime, habits: Habits) -> None:
    sent = rules.after_quiet(at, habits)
    assert not shows_quiet(sent, habits)
    assert sent >= at


@given(times, habits)
def test_waiting_for_the_end_of_quiet_hours_is_done_once(at: datetime, habits: Habits) -> None:
    sent = rules.after_quiet(at, habits)
    assert rules.after_quiet(sent, habits) == sent


@given(times, habits)
def test_what_waits_goes_out_as_soon_as_the_quiet_hours_end(at: datetime, habits: Habits) -> None:
    sent = rules.after_quiet(at, habits)
    if sent != at:
        local = sent.astimezone(ZoneInfo(habits.time_zone))
        before = (sent - timedelta(seconds=1)).astimezone(ZoneInfo(habits.time_zone))
        assert habits.quiet is not None
        # At the end by the clock, or when the clock jumped over it.
        jumped = before.utcoffset() != local.utcoffset()
        assert local.time() == habits.quiet.end or jumped
    # A day, unless a change of clocks lets the quiet hours of two days run into each other.
    assert sent - at <= timedelta(hours=51)


@given(times, habits)
def test_outside_quiet_hours_on_an_ordinary_day_nothing_waits(at: datetime, habits: Habits) -> None:
    zone = ZoneInfo(habits.time_zone)
    offsets = {
        (at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-50, 51, 2)
    }
    if len(offsets) == 1 and not shows_quiet(at, habits):
        assert rules.after_quiet(at, habits) == at


@given(times, st.sampled_from(ZONES), st.integers(0, 23))
def test_there_is_one_daily_digest_on_each_day(at: datetime, name: str, hour: int) -> None:
    zone = ZoneInfo(name)
    first = rules.next_daily(at, hour, zone)
    second = rules.next_daily(first, hour, zone)
    assert at < first < second
    for digest in (first, second):
        local = digest.astimezone(zone)
        before = (digest - timedelta(seconds=1)).astimezone(zone)
        assert local.time() == time(hour) or before.utcoffset() != local.utcoffset()
    days = (second.astimezone(zone).date() - first.astimezone(zone).date()).days
    assert days in ((0, 1, 2) if name == "Pacific/Apia" else (1,))


@given(times, st.sampled_from(ZONES))
def test_hourly_digests_come_at_full_hours_within_an_hour(at: datetime, name: str) -> None:
    digest = rules.next_hourly(at, ZoneInfo(name))
    assert timedelta() < digest - at <= timedelta(hours=1)
    if name != "Australia/Lord_Howe":
        assert digest.astimezone(ZoneInfo(name)).minute == 0


@given(times, habits, st.sampled_from(EmailMode), st.booleans(), st.booleans())
def test_a_plan_is_what_was_chosen_and_never_in_quiet_hours(
    at: datetime, habits: Habits, email: EmailMode, push: bool, security: bool
) -> None:
    kind = Kind(name="test.kind", texts={}, security=security)
    plan = rules.plan(kind, Choice(True, email, push), habits, at)
    assert {each.channel for each in plan} == {
        *({Channel.EMAIL} if email is not EmailMode.OFF else ()),
        *({Channel.PUSH} if push else ()),
    }
    for each in plan:
        assert each.due_at >= at
        assert each.digest == (
            each.channel is Channel.EMAIL and email in (EmailMode.HOURLY, EmailMode.DAILY)
        )
        if security and not each.digest:
            assert each.due_at == at
        else:
            assert not shows_quiet(each.due_at, habits)


@given(times, st.integers(0, 4000), habits)
@settings(max_examples=50)
def test_of_many_in_a_row_one_goes_out_in_each_window(at: datetime, s: int, habits: Habits) -> None:
    kind = Kind(name="test.kind", texts={}, coalesce_s=600)
    last = at - timedelta(seconds=s)
    spaced = rules.spaced(Delivery(Channel.PUSH, at), last, kind, habits)
    assert spaced.due_at >= max(at, last + timedelta(seconds=600))
    assert not shows_quiet(spaced.due_at, habits)


@pytest.mark.parametrize(
    ("day", "wall", "last", "utc"),
    [
        (date(2026, 3, 29), time(2, 30), False, datetime(2026, 3, 29, 1)),  # skipped: the jump
        (date(2026, 10, 25), time(2, 30), False, datetime(2026, 10, 25, 0, 30)),  # shown twice
        (date(2026, 10, 25), time(2, 30), True, datetime(2026, 10, 25, 1, 30)),
        (date(2026, 7, 1), time(2, 30), True, datetime(2026, 7, 1, 0, 30)),
    ],
)
def test_a_time_that_is_skipped_or_shown_twice_has_its_instant(
    day: date, wall: time, last: bool, utc: datetime
) -> None:
    found = rules.instant(day, wall, ZoneInfo("Europe/Berlin"), last=last)
    assert found == utc.replace(tzinfo=UTC)


def test_what_was_read_or_turned_off_meanwhile_is_not_sent() -> None:
    chosen = Choice(True, EmailMode.DAILY, True)
    for channel in Channel:
        assert rules.still_wanted(ADDED_TO_GROUP, chosen, channel, was_read=False)
        assert not rules.still_wanted(ADDED_TO_GROUP, chosen, channel, was_read=True)
        assert not rules.still_wanted(None, chosen, channel, was_read=False)
        off = Choice(True, EmailMode.OFF, False)
        assert not rules.still_wanted(ADDED_TO_GROUP, off, channel, was_read=False)
        assert rules.still_wanted(SIGNED_IN, chosen, channel, was_read=True)
