"""How jobs come in: taken apart into items, each known, under way already, or new in a queue.

No I/O and no clock.
"""

from collections.abc import Iterator, Mapping

from hanse.inference.admission import Admission, Fresh, invalid
from hanse.inference.batching import UrgentDeadline
from hanse.inference.cache import Key, ResultCache, hash_for
from hanse.inference.chains import find_places, over_long, work_ahead_s
from hanse.inference.cost import Size
from hanse.inference.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    ItemFailed,
    UnknownModel,
)
from hanse.inference.fleet import Fleet
from hanse.inference.job import Job, Limits, ModelSpec, Result, ServiceClass
from hanse.inference.ledger import Ledger, Request
from hanse.inference.placement import Placement
from hanse.inference.queues import FairQueue, Item, group_of
from hanse.inference.stats import Stats
from hanse.platform.problems import Problem


class Intake:
    """Takes jobs and keeps the ledger of what is owed for them."""

    def __init__(
        self,
        limits: Limits,
        stats: Stats,
        fleet: Fleet,
        placement: Placement,
        queues: Mapping[ServiceClass, FairQueue],
        tokens: Iterator[int],
    ) -> None:
        self.models: dict[str, ModelSpec] = {}
        self.cache = ResultCache(limits.cache_bytes_max, is_shared=limits.cache_shared)
        self.ledger = Ledger(queues, tokens, self._step_on)
        self.urgent = UrgentDeadline(limits.urgent_deadline_s)
        self.is_draining = False
        """Whether no more work is taken."""
        self._limits = limits
        self.stats = stats
        self._fleet = fleet
        self._placement = placement
        self._admission = Admission(limits, queues)

    def submit(self, job: Job, now: float) -> Problem | None:
        """Take a job, or return why it is refused as a whole."""
        assert job.request not in self.ledger.requests
        if self.is_draining:
            return stopping()
        problem = invalid(job, self.models, self._limits)
        if problem is not None:
            return problem
        models = [self.models[name] for name in (job.model, *job.then)]
        for model in models:
            if (problem := self._placement.problem(model, now)) is not None:
                return problem
        return self._take(job, models, now)

    def _take(self, job: Job, models: list[ModelSpec], now: float) -> Problem | None:
        places = find_places(job, models, self.cache, self._limits)
        fresh: dict[Key, float] = {}
        longest = [0] * len(models)
        for place in places:
            key, model = place.key, models[place.step]
            if place.outcome is None and key not in self.ledger.items and key not in fresh:
                fresh[key] = self._fleet.cost(model).predict_item(len(key[2]))
                longest[place.step] = max(longest[place.step], len(key[2]))
        ahead_s = work_ahead_s(places, models, self._fleet.cost)
        longest_s = max(
            self._fleet.cost(model).predict(Size().plus(chars))
            for model, chars in zip(models, longest, strict=True)
        )
        refusal = self._admission.refusal(
            job,
            Fresh(
                items=len(fresh),
                chars=sum(len(key[2]) for key in fresh),
                seconds=sum(fresh.values()) + sum(ahead_s.values()),
                longest_s=longest_s + max(ahead_s.values(), default=0.0),
            ),
            workers=len(self._fleet.workers),
            requests=len(self.ledger.requests),
        )
        if refusal is not None:
            return refusal
        if job.service_class is ServiceClass.INTERACTIVE:
            self.urgent.note(job.deadline_s, now)
        request = self.ledger.open(
            job,
            now + job.deadline_s,
            [place.outcome for place in places],
            [place.step for place in places] if job.then else [],
        )
        for number, place in enumerate(places):
            if place.outcome is None:
                model = models[place.step]
                key = place.key
                self._wait_for(request, number, key, model, ahead_s.get(key, 0.0), fresh.get(key))
        cached = len(places) - request.missing
        self.stats.requests += 1
        self.stats.items += len(places)
        self.stats.cached_items += cached
        self.stats.merged_items += request.missing - len(fresh)
        return None

    def _wait_for(
        self,
        request: Request,
        number: int,
        key: Key,
        model: ModelSpec,
        ahead_s: float = 0.0,
        predicted_s: float | None = None,
    ) -> None:
        """Let a place of a request wait for an item, which is queued unless it is under way.

        `predicted_s` is what a new item counts for, where that is known already.
        """
        item = self.ledger.items.get(key)
        if item is None:
            chars = len(key[2])
            if predicted_s is None:
                predicted_s = self._fleet.cost(model).predict_item(chars)
            item = Item(
                key=key,
                model=model.info.name,
                text=key[2],
                service_class=request.service_class,
                deadline=request.deadline - ahead_s,
                predicted_s=predicted_s,
                group=group_of(
                    hash_for(model.info.name, request.output), chars, pads=model.traits.pads
                ),
                waiters={},
                output=request.output,
            )
            self._placement.demand.note(model.info.hash, item.predicted_s)
            self.ledger.add(item)
        self.ledger.wait_for(request, number, item)

    def _step_on(self, request: Request, number: int, item: Item, result: Result) -> None:
        """A place of a request has the result of one of its models: on to the next one."""
        step = request.steps[number] = request.steps[number] + 1
        if step > len(request.then) or not result:
            self.ledger.fill(request, [number], result)
            return
        problem: Problem | None = None
        model = self.models.get(request.then[step - 1])
        if isinstance(result, bytes):
            result, problem = "", ItemFailed("The result of one model is no text for the next.")
        elif self.is_draining:
            problem = stopping()
        elif request.late:
            self.stats.expired_items += 1
            problem = DeadlineExceeded("The deadline passed between two models.")
        elif model is None:
            problem = UnknownModel(f"Model '{request.then[step - 1]}' was removed.")
        else:
            problem = over_long(result, self._limits)
        if problem is not None or model is None:
            assert problem is not None
            self.ledger.fill(request, [number], problem)
            return
        key = (item.organisation, model.info.hash, result)
        self.stats.stepped_items += 1
        known = self.cache.get(key)
        if known is not None:
            self._step_on(request, number, item, known)
        else:
            self._wait_for(request, number, key, model)


def stopping() -> InferenceUnavailable:
    """Return what callers are told while inference stops."""
    return InferenceUnavailable("Inference is stopping. Send the request again.")
