"""What each organisation may have of the workers: its weight, and how many items at once.

No I/O and no clock.
"""

from hanse.inference.cache import Organisation
from hanse.inference.job import Limits


class OrganisationShares:
    """Knows the weights, and counts what runs.

    An organisation of weight 2 is given twice the time of one of weight 1 while both have work
    waiting. One of which `organisation_running_max` items run waits until some of them end.
    """

    def __init__(self, limits: Limits) -> None:
        self._weights = {each.bytes: weight for each, weight in limits.organisation_weights.items()}
        self._running_max = limits.organisation_running_max
        self._running: dict[Organisation, int] = {}

    def weight(self, organisation: Organisation) -> float:
        """Return the weight of an organisation; 1 unless the operator set another."""
        return self._weights.get(organisation, 1.0)

    def may_run(self, organisation: Organisation) -> bool:
        """Whether one more item of this organisation may run."""
        return self._running.get(organisation, 0) < self._running_max

    def started(self, organisation: Organisation) -> None:
        """An item of this organisation runs."""
        self._running[organisation] = self._running.get(organisation, 0) + 1

    def ended(self, organisation: Organisation) -> bool:
        """An item no longer runs; returns whether that is what others were waiting for."""
        held = not self.may_run(organisation)
        self._running[organisation] -= 1
        if not self._running[organisation]:
            del self._running[organisation]
        return held and self.may_run(organisation)
