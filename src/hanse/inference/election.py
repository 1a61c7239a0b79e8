"""Which scheduler of a cell is the active one: a lease in one entry that only its holder renews.

Pure. The store compares the entry's revision at each write, so of two that claim at once one fails.
Nobody compares clocks: a holder counts its lease from before it asked for it, everybody else from
when they saw the entry change, which is later. So the holder has stepped down by itself before
another may claim, whatever was lost or delayed in between (Gray and Cheriton, Leases, 1989).
"""

from msgspec import Struct

LEASE_S = 3.0
RENEW_S = 0.5
"""Time between two renewals, and between two looks of a standby."""
REQUEST_S = 1.0
"""Time in which the store must answer."""
MARGIN_S = 0.5
"""A holder steps down this much early: clocks run apart, and stopping takes a moment."""


class CellEntry(Struct, frozen=True):
    """Who is active in a cell, and where. A holder that leaves in good order sets `released`."""

    holder: str
    address: str
    released: bool = False


class Lease:
    """What one scheduler knows of the lease. `now` is its own clock, which must not go back."""

    def __init__(
        self, holder: str, *, lease_s: float = LEASE_S, margin_s: float = MARGIN_S
    ) -> None:
        self.until = float("-inf")
        """Until when it may act; it must have stopped by then."""
        self._holder = holder
        self._lease_s = lease_s
        self._margin_s = margin_s
        self._revision: int | None = None
        self._free_at = float("inf")

    def is_active(self, now: float) -> bool:
        """Whether it may act now."""
        return now < self.until

    def saw(self, entry: CellEntry | None, revision: int, now: float) -> None:
        """The entry was read, at the latest at `now`; revision 0 stands for none."""
        if revision == self._revision:
            return
        self._revision = revision
        if entry is None or entry.released or entry.holder == self._holder:
            # Our own write may have gone through though its answer was lost.
            self._free_at = now
        else:
            self._free_at = now + self._lease_s
            self.until = float("-inf")

    def claimable(self, now: float) -> int | None:
        """Return the revision on which to write our entry; None while it is another's."""
        return self._revision if self._revision is not None and now >= self._free_at else None

    def won(self, revision: int, asked_at: float) -> None:
        """Our write, sent at `asked_at`, is the entry of this revision."""
        self._revision = revision
        self._free_at = asked_at
        self.until = asked_at + self._lease_s - self._margin_s

    def overtaken(self) -> None:
        """Our write was refused: the entry changed meanwhile, and must be read again."""
        self._revision = None
        self._free_at = float("inf")
