"""A gateway's end of a log stays without gaps, whatever the bell loses, repeats or delays."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.gateway.bucket import Bucket
from hanse.chat.gateway.live import TAIL_EVENTS_MAX, LiveRoom
from hanse.chat.gateway.presence import FORGOTTEN_S, Directory, Seen
from hanse.chat.log.model import Event
from tests.chat.test_fold import ROOM, event

LOG = [event(number) for number in range(1, 201)]
ORGANISATION = UUID(int=9)
stretches = st.lists(st.tuples(st.integers(0, 199), st.integers(1, 9)), max_size=40)


def heard(room: LiveRoom[object], start: int, length: int) -> list[Event]:
    part = LOG[start : start + length]
    return room.heard(part[-1].number, part)


@given(stretches)
def test_what_is_passed_on_is_the_log_without_gap_or_repeat(rings: list[tuple[int, int]]) -> None:
    room: LiveRoom[object] = LiveRoom(ORGANISATION, ROOM, 0)
    passed: list[Event] = []
    reached = 0
    for start, length in rings:
        passed += heard(room, start, length)
        reached = max(reached, min(start + length, len(LOG)))
        assert passed == LOG[: room.head]
        assert room.is_behind == (room.head < reached)
    while room.is_behind:  # as the gateway repairs it from the log
        passed += heard(room, room.head, 20)
    assert passed == LOG[: len(passed)]
    assert room.head >= reached


@given(stretches, st.integers(0, 200))
def test_what_is_kept_is_whole_or_nothing(rings: list[tuple[int, int]], after: int) -> None:
    room: LiveRoom[object] = LiveRoom(ORGANISATION, ROOM, 0)
    for start, length in rings:
        heard(room, start, length)
    kept = room.kept(after)
    if kept is not None:
        assert kept == LOG[after : room.head]
    elif room.head <= TAIL_EVENTS_MAX:
        raise AssertionError("a short log is kept as a whole")


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = Bucket(10.0, 5.0, 0.0)
    assert [bucket.take(0.0) for _ in range(5)] == [0.0] * 5
    wait_s = bucket.take(0.0)
    assert 0 < wait_s <= 0.1
    assert bucket.take(wait_s) == 0.0


def test_somebody_is_there_until_the_last_gateway_lets_go_or_falls_silent() -> None:
    one, two, who = UUID(int=1), UUID(int=2), UUID(int=3)
    directory = Directory()
    key = (ORGANISATION, who)
    assert directory.heard(Seen(one, ORGANISATION, [who]), 0.0) == {key}
    assert directory.heard(Seen(two, ORGANISATION, [who]), 1.0) == set()
    assert directory.heard(Seen(one, ORGANISATION, [], [who]), 2.0) == set()
    assert directory.online(ORGANISATION, [who]) == [who]
    assert directory.online(UUID(int=8), [who]) == []
    assert directory.forget(1.0 + FORGOTTEN_S) == set()
    assert directory.forget(1.1 + FORGOTTEN_S) == {key}
    assert not directory.is_online(ORGANISATION, who)
