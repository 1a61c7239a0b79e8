"""The scheduler: decides which worker runs what, and when. Pure: no I/O and no clock.

Events go in (`submit`, `batch_done`, ...), and `tick(now)` brings the commands out, so that the
shell can gather all events of one turn before anything is decided. The unit is the item, never the
request: a request of 50 sentences is 50 items, and its outcomes are gathered here (`ledger`).

Order: the most urgent class first, save for the floor share that waiting live and bulk jobs are
owed (`shares`); within a class organisations take fair turns, within an organisation the item with
the least slack goes first (`queues`). Batches are short enough not to be in an urgent arrival's way
(`batching`). What breaks a limit or cannot be done in time is refused at once (`admission`).
Identical items of one organisation are computed once: merged while under way, cached after that. A
job that names several models goes through them here, step by step (`chains`). A worker that dies
costs nobody an error: its items run again, alone, until one is convicted.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from msgspec import Struct, structs

from hanse.inference.admission import Admission, Fresh, invalid
from hanse.inference.batching import UrgentDeadline, items_max, quantum_s, take_batch
from hanse.inference.cache import Key, ResultCache, hash_for
from hanse.inference.chains import find_places, over_long, work_ahead_s
from hanse.inference.commands import Command, KillWorker, Reject, RunBatch
from hanse.inference.cost import Size
from hanse.inference.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    ItemFailed,
    ModelFailed,
    UnknownModel,
)
from hanse.inference.fleet import Batch, Fleet, Worker
from hanse.inference.job import Job, Limits, ModelSpec, Output, Result, ServiceClass
from hanse.inference.ledger import Ledger, Request
from hanse.inference.messages import ItemError
from hanse.inference.organisations import OrganisationShares
from hanse.inference.queues import FairQueue, Item, group_of
from hanse.inference.shares import ClassShares
from hanse.platform.problems import Problem

CHARGE_FACTOR_MAX = 4.0
"""An organisation is charged at most this many times what was predicted: noise is not its fault."""


class Stats(Struct):
    """What happened since the start, in counts that only grow."""

    requests: int = 0
    rejected_requests: int = 0
    items: int = 0
    cached_items: int = 0
    merged_items: int = 0
    run_items: int = 0
    batches: int = 0
    expired_items: int = 0
    failed_items: int = 0
    retried_items: int = 0
    poison_items: int = 0
    workers_lost: int = 0
    workers_hung: int = 0
    stepped_items: int = 0


class Scheduler:
    """All requests, items and workers of one fleet.

    Feed it events, then call `tick(now)` and carry out the commands. `now` is any clock that does
    not go back, in seconds. Requests and workers are named by numbers of the caller's that never
    repeat. Every request that is submitted and not cancelled gets exactly one `Finish` or `Reject`.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stats = Stats()
        self.fleet = Fleet(limits)
        self.cache = ResultCache(limits.cache_bytes_max, is_shared=limits.cache_shared)
        tokens = count(1)
        self._organisations = OrganisationShares(limits)
        self.queues = {each: FairQueue(tokens, self._organisations) for each in ServiceClass}
        self._ledger = Ledger(self.queues, tokens, self._step_on)
        self._admission = Admission(limits, self.queues)
        self._shares = ClassShares(limits)
        self._urgent = UrgentDeadline(limits.urgent_deadline_s)
        self._models: dict[str, ModelSpec] = {}
        self._batch_ids = count(1)
        self._commands: list[Command] = []
        self._draining = False

    # What callers do

    def set_models(self, models: Iterable[ModelSpec]) -> None:
        """These are the models from now on."""
        self._models = {model.info.name: model for model in models}
        self.fleet.forget_models(frozenset(model.info.hash for model in self._models.values()))

    def submit(self, job: Job, now: float) -> None:
        """Take a job, or refuse it as a whole."""
        assert job.request not in self._ledger.requests
        problem: Problem | None
        if self._draining:
            problem = _stopping()
        else:
            problem = invalid(job, self._models, self.limits) or self._take(job, now)
        if problem is not None:
            self.stats.rejected_requests += 1
            self._commands.append(Reject(job.request, problem))

    def cancel(self, request: int) -> None:
        """Nobody waits for this request any more; it gets no answer. Unknown ones are ignored."""
        self._ledger.cancel(request)

    def drain(self) -> None:
        """Take no more jobs; what waits is answered `InferenceUnavailable`, what runs may end."""
        self._draining = True
        for item in [item for item in self._ledger.items.values() if item.token]:
            self._ledger.settle(item, _stopping())

    # What workers do

    def worker_ready(self, worker: int, kind: str) -> None:
        """A worker is there, and free. Workers of one kind cost the same."""
        self.fleet.add(worker, kind)

    def worker_has(self, worker: int, models: Iterable[str], loaded: Iterable[str] = ()) -> None:
        """A worker has the files of `models` alone, and `loaded` in its memory, by hash."""
        self.fleet.has(worker, frozenset(models), frozenset(loaded))

    def worker_left(self, worker: int) -> None:
        """A worker that runs nothing goes away in good order."""
        assert self.fleet.remove(worker) is None

    def batch_done(
        self,
        worker: int,
        batch: int,
        outcomes: Sequence[Result | ItemError],
        now: float,
        *,
        load_s: float = 0.0,
        loaded: Iterable[str] = (),
        rss_bytes: int = 0,
    ) -> None:
        """A worker ended a batch and is free. Batches that it did not run are ignored.

        `load_s` of the time went into loading the model; the worker now holds `loaded`.
        """
        ended = self.fleet.finish(worker, batch, frozenset(loaded), rss_bytes)
        if ended is None:
            return
        self._release(ended)
        if len(outcomes) != len(ended.items):
            self._fail(ended, ItemFailed("The engine gave the wrong number of results."))
            return
        took_s = max(0.0, now - ended.started - load_s)
        self.fleet.learn(ended, took_s)
        self._correct_charge(ended, took_s)
        self.stats.batches += 1
        self.stats.run_items += len(ended.items)
        for item, outcome in zip(ended.items, outcomes, strict=True):
            if not isinstance(outcome, ItemError):
                # A model that was replaced meanwhile has answered for its successor.
                if item.key[1] == hash_for(ended.model.info.hash, item.output):
                    self.cache.put(item.key, outcome)
                self._ledger.settle(item, outcome)
            else:
                self.stats.failed_items += 1
                problem = ItemFailed(f"The engine cannot compute this: {outcome.detail}")
                self._ledger.settle(item, problem)

    def batch_failed(self, worker: int, batch: int, detail: str) -> None:
        """A worker could not load the model of a batch, and is free."""
        ended = self.fleet.finish(worker, batch)
        if ended is not None:
            self._release(ended)
            model = ended.model.info.name
            self._fail(ended, ModelFailed(f"Model '{model}' cannot be loaded: {detail}"))

    def worker_lost(self, worker: int) -> None:
        """A worker is gone. What it ran is run again. Unknown workers are ignored."""
        if worker in self.fleet.workers:
            self.stats.workers_lost += 1
            self._give_up(worker)

    # What time does

    def tick(self, now: float) -> list[Command]:
        """Let time pass, hand out work, and return all commands since the last tick."""
        self.stats.expired_items += self._ledger.expire(now)
        while (hung := self.fleet.hung(now)) is not None:
            self.stats.workers_hung += 1
            reason = f"A batch of {len(hung.items)} items ran for {now - hung.started:.1f} s."
            self._commands.append(KillWorker(hung.worker, reason))
            self._give_up(hung.worker)
            # What ran may be late by now.
            self.stats.expired_items += self._ledger.expire(now)
        while self._run_next(now):
            pass
        commands = [*self._commands, *self._ledger.finished]
        self._commands.clear()
        self._ledger.finished.clear()
        return commands

    def next_wake(self) -> float | None:
        """Return when `tick` must be called even if nothing else happens."""
        times = (self._ledger.next_deadline(), self.fleet.next_hang())
        return min((time for time in times if time is not None), default=None)

    # Taking jobs

    def _take(self, job: Job, now: float) -> Problem | None:
        models = [self._models[name] for name in (job.model, *job.then)]
        places = find_places(job, models, self.cache, self.limits)
        fresh: dict[Key, float] = {}
        longest = [0] * len(models)
        for place in places:
            key, model = place.key, models[place.step]
            if place.outcome is None and key not in self._ledger.items and key not in fresh:
                fresh[key] = self.fleet.cost(model).predict_item(len(key[2]))
                longest[place.step] = max(longest[place.step], len(key[2]))
        ahead_s = work_ahead_s(places, models, self.fleet.cost)
        longest_s = max(
            self.fleet.cost(model).predict(Size.of([chars]))
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
            workers=len(self.fleet.workers),
            requests=len(self._ledger.requests),
        )
        if refusal is not None:
            return refusal
        if job.service_class is ServiceClass.INTERACTIVE:
            self._urgent.note(job.deadline_s, now)
        request = self._ledger.open(
            job,
            now + job.deadline_s,
            [place.outcome for place in places],
            [place.step for place in places] if job.then else [],
        )
        for number, place in enumerate(places):
            if place.outcome is None:
                model = models[place.step]
                self._wait_for(request, number, place.key, model, ahead_s.get(place.key, 0.0))
        cached = len(places) - request.missing
        self.stats.requests += 1
        self.stats.items += len(places)
        self.stats.cached_items += cached
        self.stats.merged_items += request.missing - len(fresh)
        return None

    def _wait_for(
        self, request: Request, number: int, key: Key, model: ModelSpec, ahead_s: float = 0.0
    ) -> None:
        """Let a place of a request wait for an item, which is queued unless it is under way."""
        item = self._ledger.items.get(key)
        if item is None:
            chars = len(key[2])
            item = Item(
                key=key,
                model=model.info.name,
                text=key[2],
                service_class=request.service_class,
                deadline=request.deadline - ahead_s,
                predicted_s=self.fleet.cost(model).predict_item(chars),
                group=group_of(
                    hash_for(model.info.name, request.output), chars, pads=model.traits.pads
                ),
                waiters={},
                output=request.output,
            )
            self._ledger.add(item)
        self._ledger.wait_for(request, number, item)

    def _step_on(self, request: Request, number: int, item: Item, result: Result) -> None:
        """A place of a request has the result of one of its models: on to the next one."""
        step = request.steps[number] = request.steps[number] + 1
        if step > len(request.then) or not result:
            self._ledger.fill(request, [number], result)
            return
        problem: Problem | None = None
        model = self._models.get(request.then[step - 1])
        if isinstance(result, bytes):
            result, problem = "", ItemFailed("The result of one model is no text for the next.")
        elif self._draining:
            problem = _stopping()
        elif request.late:
            self.stats.expired_items += 1
            problem = DeadlineExceeded("The deadline passed between two models.")
        elif model is None:
            problem = UnknownModel(f"Model '{request.then[step - 1]}' was removed.")
        else:
            problem = over_long(result, self.limits)
        if problem is not None or model is None:
            assert problem is not None
            self._ledger.fill(request, [number], problem)
            return
        key = (item.organisation, model.info.hash, result)
        self.stats.stepped_items += 1
        known = self.cache.get(key)
        if known is not None:
            self._step_on(request, number, item, known)
        else:
            self._wait_for(request, number, key, model)

    # Handing out work

    def _run_next(self, now: float) -> bool:
        """Start one batch; return False when no worker is free or nothing waits."""
        choice = self._shares.choose(self.queues) if self.fleet.any_free else None
        if choice is None:
            return False
        if self._start_of(*choice, now):
            return True
        # No free worker has the model of what should go first: another class may go meanwhile.
        others = (each for each in ServiceClass if each is not choice[0])
        return any(self._start_of(each, float("inf"), now) for each in others)

    def _start_of(self, service_class: ServiceClass, owed_s: float, now: float) -> bool:
        queue = self.queues[service_class]
        seed = queue.next()
        if seed is not None and not self._runs(seed.model):
            seed = queue.next_of(self._runs)
        if seed is None:
            return False
        model = self._models.get(seed.model)
        if model is None:
            self._ledger.settle(seed, UnknownModel(f"Model '{seed.model}' was removed."))
            return True
        worker = self.fleet.free_for(model.info.hash)
        assert worker is not None
        cost = self.fleet.cost(model, worker.kind)
        # A slow worker gets smaller batches, so that they take no longer.
        budget_s = min(
            quantum_s(cost, seed, self._urgent.at(now), self.limits) / max(1.0, worker.pace),
            max(0.0, seed.deadline - now) / worker.pace,
            owed_s,
        )
        most = items_max(queue, model.traits, len(self.fleet.workers), self.limits)
        items, predicted_s = take_batch(queue, seed, cost, budget_s=budget_s, items=most)
        predicted_s *= worker.pace
        self._shares.served(service_class, predicted_s, self.queues)
        self._start(worker, model, items, predicted_s, now)
        return True

    def _runs(self, name: str) -> bool:
        """Whether a free worker can run this model; one that was removed fails at once."""
        model = self._models.get(name)
        return model is None or self.fleet.free_for(model.info.hash) is not None

    def _start(
        self, worker: Worker, model: ModelSpec, items: list[Item], predicted_s: float, now: float
    ) -> None:
        batch = Batch(next(self._batch_ids), worker.id, model, items, now, predicted_s)
        self.fleet.start(worker, batch)
        texts = tuple(item.text for item in items)
        output = items[0].output
        streamed = output is Output.STREAMED
        requests = tuple(next(iter(item.waiters)) for item in items) if streamed else ()
        self._commands.append(
            RunBatch(worker.id, batch.id, model, texts, predicted_s, output, requests)
        )

    def _correct_charge(self, batch: Batch, took_s: float) -> None:
        predicted_s = sum(item.predicted_s for item in batch.items)
        factor = min(took_s / predicted_s, CHARGE_FACTOR_MAX)
        for item in batch.items:
            queue = self.queues[item.service_class]
            queue.charge(item.organisation, item.predicted_s * (factor - 1.0))

    def _release(self, batch: Batch) -> None:
        for item in batch.items:
            if self._organisations.ended(item.organisation):
                for queue in self.queues.values():
                    queue.resume(item.organisation)

    # Failures

    def _give_up(self, worker: int) -> None:
        batch = self.fleet.remove(worker)
        if batch is None:
            return
        self._release(batch)
        for item in batch.items:
            if item.alone or len(batch.items) == 1:
                item.strikes += 1
            item.alone = True
            if item.output is Output.STREAMED:
                # Told again from its start, the answer would be there twice.
                lost = "The answer broke off, since a worker was lost. Send the request again."
                self._ledger.settle(item, InferenceUnavailable(lost))
            elif item.strikes >= self.limits.strikes_max:
                self.stats.poison_items += 1
                problem = ItemFailed("Workers crash on this item, and on this item alone.")
                self._ledger.settle(item, problem)
            elif self._draining:
                self._ledger.settle(item, _stopping())
            else:
                self.stats.retried_items += 1
                self._ledger.requeue(item)

    def _fail(self, batch: Batch, problem: Problem) -> None:
        self.stats.failed_items += len(batch.items)
        for item in batch.items:
            self._ledger.settle(item, problem)

    # For people on call, and for those who choose among cells

    def able_models(self) -> list[str]:
        """Return the names of the models that at least one worker can run."""
        return [name for name, model in self._models.items() if self.fleet.can_run(model.info.hash)]

    def cost_errors(self) -> list[tuple[str, str, float]]:
        """Return model, kind of worker and how far off predictions are, as a part of the time."""
        names = {model.info.hash: name for name, model in self._models.items()}
        return [
            (names[model_hash], kind, cost.error)
            for (model_hash, kind), cost in self.fleet.costs.items()
            if model_hash in names and cost.observations
        ]

    def status(self, now: float) -> dict[str, Any]:
        """Return what waits, what runs and what was learned, in plain values without any text."""
        names = {model.info.hash: name for name, model in self._models.items()}
        fleet = self.fleet.status(now)
        for worker in fleet["workers"]:
            worker["loaded"] = sorted(names.get(each, each[:12]) for each in worker["loaded"])
        for cost in fleet["costs"]:
            cost["model"] = names.get(cost["model_hash"], cost["model_hash"][:12])
        queued = [item for item in self._ledger.items.values() if item.token]
        return {
            "counts": structs.asdict(self.stats),
            "requests": len(self._ledger.requests),
            "queues": {
                service_class.value: {
                    "items": queue.items,
                    "predicted_s": round(queue.seconds, 3),
                    "slack_s": min(
                        (
                            round(item.deadline - now, 3)
                            for item in queued
                            if item.service_class is service_class
                        ),
                        default=None,
                    ),
                    "owed_s": round(self._shares.owed_s.get(service_class, 0.0), 3),
                }
                for service_class, queue in self.queues.items()
            },
            "cache": {
                "entries": len(self.cache),
                "bytes": self.cache.bytes,
                "hit_rate": round(self.stats.cached_items / max(1, self.stats.items), 3),
                "shared": self.limits.cache_shared,
            },
            "organisation_weights": {
                str(each): weight for each, weight in self.limits.organisation_weights.items()
            },
            **fleet,
            "models": sorted(self._models),
        }


def _stopping() -> InferenceUnavailable:
    return InferenceUnavailable("Inference is stopping. Send the request again.")
