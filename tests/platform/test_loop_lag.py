"""An event loop that is late for long is overloaded; one that was held up once is not."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.platform.http.loop_lag import BEAT_S, LATE_S, OVERLOADED_S, PATIENCE_S, LoopLag

LIMIT_S = 0.05
START = 100.0


def beaten(lags_s: list[float]) -> tuple[LoopLag, float]:
    """A loop whose beats came so late, and the time of the last one."""
    lag, now = LoopLag(START), START
    for late_s in lags_s:
        now += BEAT_S + late_s
        lag.beat(now)
    return lag, now


@given(st.lists(st.floats(0.0, LATE_S / 2), max_size=50))
def test_a_loop_in_time_is_never_behind(lags_s: list[float]) -> None:
    lag, now = beaten(lags_s)
    assert not lag.is_behind(now, 0.0)
    assert not lag.is_behind(now + BEAT_S, LIMIT_S)


@given(st.floats(LIMIT_S + 0.01, 60.0))
def test_a_single_hold_up_refuses_nobody(late_s: float) -> None:
    lag, now = beaten([0.0, 0.0])
    assert not lag.is_behind(now + BEAT_S + late_s, LIMIT_S)
    now += BEAT_S + late_s
    lag.beat(now)
    lag.beat(now + BEAT_S)
    assert not lag.is_behind(now + 2 * BEAT_S + late_s, LIMIT_S)


def test_lateness_without_a_pause_is_an_overload() -> None:
    beats = int(PATIENCE_S / (BEAT_S + 2 * LIMIT_S)) + 1
    lag, now = beaten([2 * LIMIT_S] * beats)
    assert not lag.is_behind(now + BEAT_S, LIMIT_S)
    assert lag.is_behind(now + BEAT_S + 2 * LIMIT_S, LIMIT_S)


def test_an_overload_comes_back_at_once_for_a_while() -> None:
    lag, now = beaten([2 * LIMIT_S] * 4)
    assert lag.is_behind(now + BEAT_S + 2 * LIMIT_S, LIMIT_S)
    now += BEAT_S
    lag.beat(now)
    assert not lag.is_behind(now + BEAT_S, LIMIT_S)
    assert lag.is_behind(now + BEAT_S + 2 * LIMIT_S, LIMIT_S)
    now += 2 * OVERLOADED_S
    lag.beat(now)
    lag.beat(now + BEAT_S)
    assert not lag.is_behind(now + 2 * BEAT_S + 2 * LIMIT_S, LIMIT_S)


def test_the_later_it_is_the_more_is_refused() -> None:
    lag, now = beaten([2 * LIMIT_S] * 4)
    late = now + BEAT_S + LIMIT_S
    assert lag.is_behind(late, LIMIT_S / 2)
    assert not lag.is_behind(late, 2 * LIMIT_S)
