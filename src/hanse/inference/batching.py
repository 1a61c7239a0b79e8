"""How large a batch may be: enough to be worth its fixed cost, short enough for an urgent arrival.

A batch cannot be interrupted, so its length is what a newcomer may have to wait. It is cut at
the least of
- the knee: the time at which what the items of a batch share, its fixed cost and the steps for its
  longest item, is only `batch_overhead_share` of the whole. Beyond it a longer batch gains next to
  nothing. For an engine that cannot batch this is a few sentences, for a GPU with its large fixed
  cost a large batch, and it follows the learned cost;
- a part of the most urgent deadline of late, so that who arrives just after the start makes it;
- the slack of the batch's own most urgent item.
Towards the end of the queue the rest is shared out among the workers (guided self-scheduling,
Polychronopoulos and Kuck, 1987), so that none is left with a long batch while others have nothing.
No I/O and no clock.
"""

from hanse.inference.cost import CostModel, Size
from hanse.inference.job import Limits, Traits
from hanse.inference.queues import FairQueue, Item
from hanse.platform.recent import RecentLeast

URGENT_WINDOW_S = 10.0
EXPLORE_EVERY = 16
EXPLORE_ITEMS = 3.0


class UrgentDeadline:
    """The shortest deadline that interactive jobs asked for in the last ten to twenty seconds."""

    def __init__(self, default_s: float) -> None:
        self._default_s = default_s
        self._recent = RecentLeast(URGENT_WINDOW_S)

    def note(self, deadline_s: float, now: float) -> None:
        """An interactive job with this deadline arrived."""
        self._recent.note(deadline_s, now)

    def at(self, now: float) -> float:
        """Return the deadline to be ready for, in seconds."""
        return min(self._default_s, self._recent.at(now)[0])


def quantum_s(cost: CostModel, seed: Item, urgent_deadline_s: float, limits: Limits) -> float:
    """Return how long the batch of `seed` may take, in seconds."""
    knee_s = cost.shared_s(len(seed.text)) / limits.batch_overhead_share
    if cost.observations % EXPLORE_EVERY == 0:
        # From batches of one size alone the fixed cost cannot be told from that of an item.
        knee_s = max(knee_s, EXPLORE_ITEMS * seed.predicted_s)
    return min(knee_s, limits.urgent_wait_share * urgent_deadline_s)


def items_max(queue: FairQueue, traits: Traits, workers: int, limits: Limits) -> int:
    """Return how many items the next batch may have, at least 1."""
    share = -(-queue.items // max(1, workers))
    return max(1, min(traits.batch_items_max, limits.batch_items_max, share))


def take_batch(
    queue: FairQueue, seed: Item, cost: CostModel, *, budget_s: float, items: int
) -> tuple[list[Item], float]:
    """Take `seed` out of its queue, and what fits beside it.

    Returns at most `items` items of one model, of similar length where that matters, in fair order,
    and the predicted seconds: at most `budget_s`, unless the seed alone takes longer.
    """
    queue.take(seed)
    batch = [seed]
    size = Size().plus(len(seed.text))
    predicted_s = cost.predict(size)
    while len(batch) < items and not seed.alone:
        item = queue.next_like(seed.group)
        if item is None:
            break
        longer = size.plus(len(item.text))
        longer_s = cost.predict(longer)
        if longer_s > budget_s:
            break
        queue.take(item)
        batch.append(item)
        size, predicted_s = longer, longer_s
    return batch, predicted_s
