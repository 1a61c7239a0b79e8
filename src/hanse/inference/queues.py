"""The waiting line of one service class: fair between organisations, least slack first in each.

Fairness is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) in seconds of predicted work,
which is also how the virtual token counter shares an engine (Sheng et al., OSDI 2024): an
organisation's counter grows by what it was given, divided by its weight; the organisation with the
lowest counter goes next, and one that was away is lifted to the counter of the moment, so that it
neither saved up credit nor owes anything. What two organisations got that both always have work
waiting, each divided by its weight, never differs by more than the largest item of each, so
divided. An organisation that runs as many items as it may is passed over until one ends. Every
operation takes logarithmic time.
"""

import heapq
import math
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from hanse.inference.cache import Key, Organisation
from hanse.inference.demand import Backlog
from hanse.inference.job import Output, ServiceClass
from hanse.inference.organisations import OrganisationShares

LENGTH_STEP = 1.25
"""Lengths within this ratio share a bucket."""
BUCKETS_NEAR = 3
"""How many buckets away an item may lie to still count as similar in length."""
FLOWS_TRIED = 16
"""Organisations that are asked for a similar item before a batch goes as it is."""
FLOWS_SEARCHED = 64
"""The same for an item of a model that a free worker holds."""
GROUPS_FEW = 32
"""Up to so many groups, the first item of each is looked at rather than items one by one."""
IDLE_FLOWS_MAX = 10_000

Group = tuple[str, int]
"""Model and length bucket: items of near groups may share a batch."""


class Subject(Protocol):
    """Something that waits in an `Agenda`; changing its token takes it out of all of them."""

    token: int


S = TypeVar("S", bound=Subject)
F = TypeVar("F")


class Agenda(Generic[S]):
    """A priority queue, lowest rank first, from which subjects leave by changing their token.

    What left is skipped later, and cleared out when it makes up half of the heap, so each
    operation takes logarithmic time on average.
    """

    __slots__ = ("_compact_at", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, S]] = []
        self._compact_at = 64

    def push(self, rank: float, subject: S) -> None:
        """Let `subject` wait, under its present token."""
        heapq.heappush(self._heap, (rank, subject.token, subject))
        if len(self._heap) > self._compact_at:
            self._heap = [entry for entry in self._heap if entry[2].token == entry[1]]
            heapq.heapify(self._heap)
            self._compact_at = max(64, 2 * len(self._heap))

    def peek(self) -> S | None:
        """Return the first that still waits."""
        heap = self._heap
        while heap:
            _, token, subject = heap[0]
            if subject.token == token:
                return subject
            heapq.heappop(heap)
        return None

    def next_rank(self) -> float | None:
        """Return the rank of the first that still waits."""
        return None if self.peek() is None else self._heap[0][0]

    def pop(self) -> S | None:
        """Take out the first that still waits."""
        subject = self.peek()
        if subject is not None:
            heapq.heappop(self._heap)
        return subject

    def search(self, most: int, match: Callable[[S], F | None]) -> F | None:
        """Return what `match` finds first among the first `most`, all of which keep waiting."""
        passed: list[tuple[float, int, S]] = []
        found = None
        while found is None and len(passed) < most and self.peek() is not None:
            passed.append(heapq.heappop(self._heap))
            found = match(passed[-1][2])
        for entry in passed:
            heapq.heappush(self._heap, entry)
        return found


class Item(Struct, eq=False, gc=False):
    """One text to compute, once, for all who wait for it.

    `waiters` maps a request to the places of its outcomes. `token` is 0 unless it waits in a
    queue. An item that was in the batch of a worker that died runs `alone` from then on, and
    `strikes` counts the workers that it killed alone. Nothing in it leads back to it, so the
    collector of cycles need not look at a hundred thousand of them again and again.
    """

    key: Key
    model: str
    text: str
    service_class: ServiceClass
    deadline: float
    predicted_s: float
    group: Group
    waiters: dict[int, list[int]]
    token: int = 0
    alone: bool = False
    strikes: int = 0
    output: Output = Output.TEXT

    @property
    def organisation(self) -> Organisation:
        """Whose item this is."""
        return self.key[0]


def group_of(model: str, chars: int, *, pads: bool) -> Group:
    """Return the group of an item; without padding, length makes no difference."""
    if not pads:
        return (model, 0)
    return (model, int(math.log(chars + 1) / math.log(LENGTH_STEP)))


class Flow:
    """What one organisation has waiting in one service class."""

    __slots__ = (
        "alone",
        "groups",
        "items",
        "organisation",
        "seconds",
        "served_s",
        "token",
        "urgent",
        "weight",
    )

    def __init__(self, organisation: Organisation, served_s: float, weight: float) -> None:
        self.organisation = organisation
        self.weight = weight
        self.served_s = served_s
        self.token = 0
        self.items = 0
        self.alone = 0
        self.seconds = 0.0
        self.urgent: Agenda[Item] = Agenda()
        self.groups: dict[Group, Agenda[Item]] = {}

    def similar(self, group: Group) -> Item | None:
        """Return the most urgent item of the nearest length bucket that has one."""
        model, bucket = group
        if len(self.groups) == 1 and group in self.groups:  # as ever where nothing pads
            return self.groups[group].peek()
        for distance in range(BUCKETS_NEAR + 1):
            for near in {bucket + distance, bucket - distance}:
                agenda = self.groups.get((model, near))
                item = agenda.peek() if agenda is not None else None
                if item is not None:
                    return item
        return None

    def first_of(self, runs: Callable[[str], bool]) -> Item | None:
        """Return the most urgent item whose model `runs`."""
        if self.alone or len(self.groups) > GROUPS_FEW:
            near = self.urgent.search(FLOWS_TRIED, lambda item: item if runs(item.model) else None)
            if near is not None:
                return near
        ranked = [
            (rank, item)
            for agenda in self.groups.values()
            if (item := agenda.peek()) is not None
            if runs(item.model)
            if (rank := agenda.next_rank()) is not None
        ]
        return min(ranked, key=lambda each: each[0])[1] if ranked else None


class FairQueue:
    """Waiting items of one service class. `items`, `chars`, `seconds` say how much waits.

    `backlog` says how much of each model.

    `tokens` must never repeat, also between queues: an item may move from one to another.
    """

    def __init__(self, tokens: Iterator[int], shares: OrganisationShares) -> None:
        self.items = 0
        self.chars = 0
        self.seconds = 0.0
        self.backlog = Backlog()
        self._flows: dict[Organisation, Flow] = {}
        self._order: Agenda[Flow] = Agenda()
        self._active = 0
        self._active_weight = 0.0
        self._virtual_s = 0.0
        self._served_most_s = 0.0
        self._tokens = tokens
        self._shares = shares

    def add(self, item: Item) -> None:
        """Let `item` wait."""
        assert item.token == 0
        flow = self._flows.get(item.organisation)
        if flow is None:
            self._forget_idle()
            weight = self._shares.weight(item.organisation)
            flow = Flow(item.organisation, self._virtual_s, weight)
            self._flows[item.organisation] = flow
        if flow.items == 0:
            flow.served_s = max(flow.served_s, self._virtual_s)
            self._active += 1
            self._active_weight += flow.weight
            self._enter(flow)
        flow.items += 1
        flow.alone += item.alone
        flow.seconds += item.predicted_s
        self.items += 1
        self.chars += len(item.text)
        self.seconds += item.predicted_s
        self.backlog.add(item.model, item.predicted_s)
        item.token = next(self._tokens)
        latest_start = item.deadline - item.predicted_s
        flow.urgent.push(latest_start, item)
        if not item.alone:
            agenda = flow.groups.get(item.group)
            if agenda is None:
                agenda = flow.groups[item.group] = Agenda()
            agenda.push(latest_start, item)

    def remove(self, item: Item) -> None:
        """Let `item` leave without having been served."""
        assert item.token != 0
        item.token = 0
        flow = self._flows[item.organisation]
        flow.items -= 1
        flow.alone -= item.alone
        flow.seconds -= item.predicted_s
        self.items -= 1
        self.chars -= len(item.text)
        self.seconds -= item.predicted_s
        self.backlog.remove(item.model, item.predicted_s)
        if flow.items == 0:
            flow.token = 0
            flow.seconds = 0.0
            flow.groups = {}
            flow.urgent = Agenda()
            self._active -= 1
            self._active_weight -= flow.weight
        if self.items == 0:
            # Nobody is behind anybody in an empty queue.
            self.seconds = self._active_weight = 0.0
            self._virtual_s = self._served_most_s
            self._flows.clear()

    def next(self) -> Item | None:
        """Return the most urgent item of the organisation that was served least."""
        flow = self._order.peek()
        return flow.urgent.peek() if flow is not None else None

    def next_of(self, runs: Callable[[str], bool]) -> Item | None:
        """Return an item whose model `runs`, in the same fair order."""
        return self._order.search(FLOWS_SEARCHED, lambda flow: flow.first_of(runs))

    def next_like(self, group: Group) -> Item | None:
        """Return an item that may share a batch with `group`, in the same fair order."""
        first = self._order.peek()
        if first is None:
            return None
        item = first.similar(group)
        if item is not None or self._active == 1:
            return item
        return self._order.search(FLOWS_TRIED, lambda flow: flow.similar(group))

    def take(self, item: Item) -> None:
        """Let `item` leave to be run, and charge its organisation what it should cost."""
        flow = self._flows[item.organisation]
        self._virtual_s = max(self._virtual_s, flow.served_s)
        flow.served_s += item.predicted_s / flow.weight
        self._served_most_s = max(self._served_most_s, flow.served_s)
        self._shares.started(item.organisation)
        self.remove(item)
        if flow.items > 0:
            self._enter(flow)

    def charge(self, organisation: Organisation, seconds: float) -> None:
        """Correct what `organisation` was charged, once the true cost is known."""
        flow = self._flows.get(organisation)
        if flow is None:
            return
        flow.served_s += seconds / flow.weight
        self._served_most_s = max(self._served_most_s, flow.served_s)
        if flow.items > 0:
            self._enter(flow)

    def resume(self, organisation: Organisation) -> None:
        """Let an organisation that ran as much as it may take its turns again."""
        flow = self._flows.get(organisation)
        if flow is not None and flow.items > 0:
            self._enter(flow)

    def items_of(self, organisation: Organisation) -> int:
        """Return how many items of this organisation wait."""
        flow = self._flows.get(organisation)
        return flow.items if flow is not None else 0

    def seconds_of(self, organisation: Organisation) -> float:
        """Return the predicted seconds of work of this organisation that waits."""
        flow = self._flows.get(organisation)
        return flow.seconds if flow is not None else 0.0

    def ahead_s(self, organisation: Organisation, seconds: float) -> float:
        """Return the seconds of work until `seconds` more of this organisation would be done.

        Fair turns bound it by the organisation's own work, divided by its part of the weights.
        """
        flow = self._flows.get(organisation)
        waits = flow is not None and flow.items > 0
        own_s = seconds + (flow.seconds if flow is not None else 0.0)
        weight = self._shares.weight(organisation)
        weights = self._active_weight + (0.0 if waits else weight)
        return min(self.seconds + seconds, own_s * weights / weight)

    def _enter(self, flow: Flow) -> None:
        if not self._shares.may_run(flow.organisation):
            flow.token = 0
            return
        flow.token = next(self._tokens)
        self._order.push(flow.served_s, flow)

    def _forget_idle(self) -> None:
        # An idle flow that is not ahead would be lifted anyway; one that is ahead is remembered,
        # unless so many came and went that remembering them costs more than it is worth.
        idle = len(self._flows) - self._active
        if idle <= 64 + self._active:
            return
        keep_ahead = idle <= IDLE_FLOWS_MAX
        self._flows = {
            organisation: flow
            for organisation, flow in self._flows.items()
            if flow.items > 0 or (keep_ahead and flow.served_s > self._virtual_s)
        }
