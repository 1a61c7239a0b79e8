"""Which service class goes next: the most urgent, save for what the others are owed.

While work of a class is passed over for a more urgent one, it earns its floor share of the time
given to that one. As soon as it has earned what its next item costs, a batch of it goes first; what
that took beyond the earnings is earned later. So bulk work gets its share of the workers under any
load, in batches that are worth it, and an urgent arrival waits for one batch, as it always may. No
I/O and no clock.
"""

from collections.abc import Mapping

from hanse.inference.job import Limits, ServiceClass
from hanse.inference.queues import FairQueue

OWED_MAX_S = 1.0
"""More is never saved up: a class that was paid late does not take over for long."""


class ClassShares:
    """Keeps what each class is owed, in seconds of a worker's time; negative: it had too much."""

    def __init__(self, limits: Limits) -> None:
        self._share = {
            ServiceClass.LIVE: limits.live_share_min,
            ServiceClass.BULK: limits.bulk_share_min,
        }
        self.owed_s = dict.fromkeys(self._share, 0.0)

    def choose(self, queues: Mapping[ServiceClass, FairQueue]) -> ServiceClass | None:
        """Return the class to serve; None when nothing waits."""
        waiting = [each for each, queue in queues.items() if queue.items and queue.next()]
        if not waiting:
            return None
        for service_class in waiting[1:]:
            item = queues[service_class].next()
            if item is not None and self.owed_s[service_class] >= item.predicted_s:
                return service_class
        return waiting[0]

    def served(
        self, served: ServiceClass, seconds: float, queues: Mapping[ServiceClass, FairQueue]
    ) -> None:
        """Note that a class was given `seconds`, while others may have had work waiting."""
        urgent_waits = False
        urgent = True
        for service_class, queue in queues.items():
            if service_class is served:
                urgent = False
                if urgent_waits:
                    self.owed_s[served] -= seconds
            elif urgent:
                urgent_waits = urgent_waits or queue.items > 0
            elif queue.items == 0:
                self.owed_s[service_class] = 0.0
            else:
                share = self._share[service_class]
                earned_s = seconds * share / (1.0 - share)
                self.owed_s[service_class] = min(OWED_MAX_S, self.owed_s[service_class] + earned_s)
