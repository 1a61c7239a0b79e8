"""Who was told of late to come again later: it need not be found out again for each request.

No clock, no framework.
"""

from collections import OrderedDict
from typing import Final

HOLD_S: Final = 0.1
"""Ten requests a second of each sender still ask the queue: it has room again some time."""
SENDERS_MAX: Final = 1_000


class ToldLately:
    """The last refusal of each sender; `sender` is any number that tells one from the others."""

    def __init__(self) -> None:
        self._told: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def note(self, sender: int, retry_after_s: float, now: float) -> None:
        """This sender was told to come again in so many seconds."""
        self._told[sender] = (now + HOLD_S, retry_after_s)
        self._told.move_to_end(sender)
        if len(self._told) > SENDERS_MAX:
            self._told.popitem(last=False)

    def at(self, sender: int, now: float) -> float | None:
        """Return what to tell this sender again, in seconds; None after HOLD_S."""
        until, retry_after_s = self._told.get(sender, (now, 0.0))
        return retry_after_s if now < until else None
