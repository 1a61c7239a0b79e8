"""The least of what was noted of late. No I/O and no clock."""

import math


class RecentLeast:
    """Keeps the least value, and how many there were, of this window of time and the one before.

    So nothing is kept for longer than two windows. `now` must not go back.
    """

    __slots__ = ("_end", "_present", "_previous", "_window_s")

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._end = 0.0
        self._previous = self._present = (math.inf, 0)

    def note(self, value: float, now: float) -> None:
        """This was seen."""
        self._turn(now)
        least, count = self._present
        self._present = (min(least, value), count + 1)

    def at(self, now: float) -> tuple[float, int]:
        """Return the least of late, infinite if there was nothing, and of how many."""
        self._turn(now)
        return min(self._previous[0], self._present[0]), self._previous[1] + self._present[1]

    def _turn(self, now: float) -> None:
        if now >= self._end:
            is_next = now < self._end + self._window_s
            self._previous = self._present if is_next else (math.inf, 0)
            self._present = (math.inf, 0)
            self._end = now + self._window_s
