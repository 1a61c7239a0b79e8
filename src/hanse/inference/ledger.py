"""Who waits for what: requests, the items they are made of, and the outcomes so far.

An item is computed once for all requests of its organisation that want it; a request is finished
when the last of its places has an outcome. No I/O and no clock.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from hanse.inference.cache import Key
from hanse.inference.commands import Finish
from hanse.inference.errors import DeadlineExceeded, Outcome
from hanse.inference.job import Job, Output, Result, ServiceClass
from hanse.inference.queues import Agenda, FairQueue, Item
from hanse.platform.problems import Problem

_URGENCY = {service_class: rank for rank, service_class in enumerate(ServiceClass)}


class Request(Struct, eq=False, gc=False):
    """A request that waits for `missing` outcomes. `token` is 0 once nobody waits for it.

    A request that goes through several models, `then` after the first, knows in `steps` how many
    of them each place has behind it.
    """

    id: int
    deadline: float
    outcomes: list[Outcome]
    missing: int
    items: list[Item]
    token: int
    service_class: ServiceClass
    then: tuple[str, ...] = ()
    steps: list[int] = []
    late: bool = False
    output: Output = Output.TEXT


class Ledger:
    """All open requests, and all items that are queued or running.

    `finished` collects the answers until the scheduler hands them out. `step_on` is told of each
    result that is to go through another model, which must `wait_for` an item or `fill` its place.
    """

    def __init__(
        self,
        queues: Mapping[ServiceClass, FairQueue],
        tokens: Iterator[int],
        step_on: Callable[[Request, int, Item, Result], None],
    ) -> None:
        self.requests: dict[int, Request] = {}
        self.items: dict[Key, Item] = {}
        self.finished: list[Finish] = []
        self._queues = queues
        self._tokens = tokens
        self._step_on = step_on
        self._deadlines: Agenda[Request] = Agenda()

    def open(
        self, job: Job, deadline: float, outcomes: list[Outcome | None], steps: list[int]
    ) -> Request:
        """Open a request; places whose outcome is None are missing and must be waited for."""
        missing = outcomes.count(None)
        request = Request(
            id=job.request,
            deadline=deadline,
            outcomes=["" if outcome is None else outcome for outcome in outcomes],
            missing=missing,
            items=[],
            token=next(self._tokens),
            service_class=job.service_class,
            then=job.then,
            steps=steps,
            output=job.output,
        )
        if missing == 0:
            self.finished.append(Finish(request.id, request.outcomes))
        else:
            self.requests[request.id] = request
            self._deadlines.push(deadline, request)
        return request

    def wait_for(self, request: Request, place: int, item: Item) -> None:
        """Put the outcome of `item` in this place, once it is there.

        An item that is queued becomes as urgent as the most urgent request that waits for it.
        """
        places = item.waiters.get(request.id)
        if places is not None:
            places.append(place)
            return
        item.waiters[request.id] = [place]
        request.items.append(item)
        if item.token == 0:
            return
        more_urgent = _URGENCY[request.service_class] < _URGENCY[item.service_class]
        if more_urgent or request.deadline < item.deadline:
            self._queues[item.service_class].remove(item)
            item.deadline = min(item.deadline, request.deadline)
            if more_urgent:
                item.service_class = request.service_class
            self._queues[item.service_class].add(item)

    def add(self, item: Item) -> None:
        """Queue a new item."""
        self.items[item.key] = item
        self._queues[item.service_class].add(item)

    def requeue(self, item: Item) -> None:
        """Queue an item again that was running."""
        if not item.waiters:
            del self.items[item.key]
            return
        for request_id in item.waiters:
            request = self.requests[request_id]
            self._deadlines.push(request.deadline, request)
        self._queues[item.service_class].add(item)

    def settle(self, item: Item, outcome: Outcome) -> None:
        """Give everybody who waits for `item` its outcome."""
        del self.items[item.key]
        if item.token:
            self._queues[item.service_class].remove(item)
        for request_id, places in item.waiters.items():
            request = self.requests[request_id]
            if not request.then or isinstance(outcome, Problem):
                self.fill(request, places, outcome)
                continue
            for place in places:
                self._step_on(request, place, item, outcome)
        item.waiters = {}

    def cancel(self, request_id: int) -> None:
        """Nobody waits for this request any more; it gets no answer."""
        request = self.requests.pop(request_id, None)
        if request is None:
            return
        request.token = 0
        for item in request.items:
            if item.waiters.pop(request_id, None) is not None:
                self._leave_if_unwanted(item)

    def expire(self, now: float) -> int:
        """Give up the queued items of requests whose deadline passed; what runs may still end.

        Returns how many places of requests were given up.
        """
        expired = 0
        while (due := self._deadlines.next_rank()) is not None and due <= now:
            request = self._deadlines.pop()
            assert request is not None
            request.late = True
            for item in request.items:
                if item.token == 0 or request.id not in item.waiters:
                    continue
                places = item.waiters.pop(request.id)
                self._leave_if_unwanted(item)
                expired += len(places)
                problem = DeadlineExceeded("The deadline passed while the work was waiting.")
                self.fill(request, places, problem)
        return expired

    def next_deadline(self) -> float | None:
        """Return when `expire` has something to do."""
        return self._deadlines.next_rank()

    def _leave_if_unwanted(self, item: Item) -> None:
        if not item.waiters and item.token:
            self._queues[item.service_class].remove(item)
            del self.items[item.key]

    def fill(self, request: Request, places: list[int], outcome: Outcome) -> None:
        """Give these places of a request their outcome; the last one finishes it."""
        for place in places:
            request.outcomes[place] = outcome
        request.missing -= len(places)
        if request.missing == 0:
            request.token = 0
            del self.requests[request.id]
            self.finished.append(Finish(request.id, request.outcomes))
