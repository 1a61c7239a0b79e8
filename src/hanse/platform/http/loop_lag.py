"""How late an event loop comes to what is due, and whether that is an overload. No I/O, no clock.

A loop that is late makes everybody wait, in buffers of the kernel that nobody else sees. Somebody
beats in it every BEAT_S; a beat that comes late, or is overdue, tells by how much.
"""

from typing import Final

BEAT_S: Final = 0.01
LATE_S: Final = 0.02
"""By which a beat may come late on a machine that has other things to do."""
PATIENCE_S: Final = 0.25
"""A loop that was late for less, without a beat in time, was held up by something that is over."""
OVERLOADED_S: Final = 2.0
"""An overload that was seen counts for so long: it comes back as soon as one is patient again."""


class LoopLag:
    """The lateness of one loop."""

    def __init__(self, now: float) -> None:
        self._due = now + BEAT_S
        self._late_since: float | None = None
        self._overloaded_until = now

    def beat(self, now: float) -> None:
        """The loop came to what was due."""
        if now - self._due <= LATE_S:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = self._due
        self._due = now + BEAT_S

    def is_behind(self, now: float, limit_s: float) -> bool:
        """Tell whether the loop is overloaded, and later than `limit_s` now."""
        if now - self._due <= limit_s:
            return False
        # Only beats tell: after one long hold-up the loop may be in time again.
        since = self._late_since
        if now >= self._overloaded_until and (since is None or now - since < PATIENCE_S):
            return False
        self._overloaded_until = now + OVERLOADED_S
        return True
