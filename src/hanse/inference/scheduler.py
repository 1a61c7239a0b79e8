"""The scheduler: decides which worker runs what, and when. Pure: no I/O and no clock.

Events go in (`submit`, `batch_done`, ...), and `tick(now)` brings the commands out, so that the
shell can gather all events of one turn before anything is decided. The unit is the item, never the
request: a request of 50 sentences is 50 items, and its outcomes are gathered here (`intake`,
`ledger`).

Order: the most urgent class first, save for the floor share that waiting live and bulk jobs are
owed (`shares`); within a class organisations take fair turns, within an organisation the item with
the least slack goes first (`queues`). Batches are short enough not to be in an urgent arrival's way
(`batching`). What breaks a limit or cannot be done in time is refused at once (`admission`).
Identical items of one organisation are computed once: merged while under way, cached after that. A
job that names several models goes through them here, step by step (`chains`). A worker runs only
models that it holds; which those are follows demand (`placement`). A worker that dies costs nobody
an error: its items run again, alone, until one is convicted.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

from hanse.inference.batching import items_max, quantum_s, take_batch
from hanse.inference.cache import Organisation, hash_for
from hanse.inference.commands import Command, KillWorker, Reject, RunBatch
from hanse.inference.errors import InferenceUnavailable, ItemFailed, ModelFailed, UnknownModel
from hanse.inference.fleet import Batch, Fleet, Worker
from hanse.inference.intake import Intake, stopping
from hanse.inference.job import Job, Limits, ModelSpec, Output, Result, ServiceClass
from hanse.inference.messages import ItemError
from hanse.inference.organisations import OrganisationShares
from hanse.inference.placement import Placement
from hanse.inference.placing import Placing
from hanse.inference.queues import FairQueue, Item
from hanse.inference.shares import ClassShares
from hanse.inference.stats import Stats
from hanse.inference.status import status_of
from hanse.platform.problems import Problem

PlacementOf = Callable[[Limits, Fleet], Placement]

CHARGE_FACTOR_MAX = 4.0
"""An organisation is charged at most this many times what was predicted: noise is not its fault."""


class Scheduler:
    """All requests, items and workers of one fleet.

    Feed it events, then call `tick(now)` and carry out the commands. `now` is any clock that does
    not go back, in seconds. Requests and workers are named by numbers of the caller's that never
    repeat. Every request that is submitted and not cancelled gets exactly one `Finish` or `Reject`.
    """

    def __init__(self, limits: Limits, place: PlacementOf = Placement) -> None:
        self.limits = limits
        self.stats = Stats()
        self.fleet = Fleet(limits)
        self.placement = place(limits, self.fleet)
        self.shares = ClassShares(limits)
        tokens = count(1)
        self._organisations = OrganisationShares(limits)
        self.queues = {each: FairQueue(tokens, self._organisations) for each in ServiceClass}
        self.intake = Intake(limits, self.stats, self.fleet, self.placement, self.queues, tokens)
        self.cache = self.intake.cache
        self._ledger = self.intake.ledger
        self._batch_ids = count(1)
        self._commands: list[Command] = []
        self._placing = Placing(
            self.fleet, self.placement, self.intake, self.queues, self._batch_ids, self._commands
        )

    # What callers do

    def set_models(self, models: Iterable[ModelSpec]) -> None:
        """These are the models from now on."""
        self.intake.models = {model.info.name: model for model in models}
        self.placement.set_models(self.intake.models.values())
        self.fleet.forget_models(frozenset(self.placement.memory.models))

    def submit(self, job: Job, now: float) -> None:
        """Take a job, or refuse it as a whole."""
        problem = self.intake.submit(job, now)
        if problem is not None:
            self.stats.rejected_requests += 1
            self._commands.append(Reject(job.request, problem))

    def cancel(self, request: int) -> None:
        """Nobody waits for this request any more; it gets no answer. Unknown ones are ignored."""
        self._ledger.cancel(request)

    def drain(self) -> None:
        """Take no more jobs; what waits is answered `InferenceUnavailable`, what runs may end."""
        self.intake.is_draining = True
        for item in [item for item in self._ledger.items.values() if item.token]:
            self._ledger.settle(item, stopping())

    # What workers do

    def worker_ready(self, worker: int, kind: str, memory_bytes: int = 0) -> None:
        """A worker is there, and free. Workers of one kind cost the same.

        Its models may take `memory_bytes` together; 0 means that there is no bound.
        """
        self.fleet.add(worker, kind, memory_bytes)
        self.placement.worker_changed(worker)

    def worker_has(self, worker: int, models: Iterable[str], loaded: Iterable[str] = ()) -> None:
        """A worker has the files of `models` alone, and `loaded` in its memory, by hash."""
        self.fleet.has(worker, frozenset(models), frozenset(loaded))
        self.placement.worker_changed(worker)

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
        loaded: Iterable[str] | None = None,
        rss_bytes: int | None = None,
    ) -> None:
        """A worker ended a batch and is free. Batches that it did not run are ignored.

        `load_s` of the time went into loading the model once more; the worker now holds `loaded`,
        or what it held before.
        """
        ended = self.fleet.finish(worker, batch, now, loaded, rss_bytes)
        if ended is None or not ended.items:
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
        # A model that was replaced meanwhile has answered for its successor.
        computed = hash_for(ended.model.info.hash, ended.items[0].output)
        for item, outcome in zip(ended.items, outcomes, strict=True):
            if not isinstance(outcome, ItemError):
                if item.key[1] == computed:
                    self.cache.put(item.key, outcome)
                self._ledger.settle(item, outcome)
            else:
                self.stats.failed_items += 1
                problem = ItemFailed(f"The engine cannot compute this: {outcome.detail}")
                self._ledger.settle(item, problem)

    def model_loaded(
        self,
        worker: int,
        batch: int,
        now: float,
        *,
        grown_bytes: int = 0,
        loaded: Iterable[str] | None = None,
        rss_bytes: int | None = None,
    ) -> None:
        """A worker has loaded a model, as `LoadModel` asked for, and is free.

        It now holds `loaded`, by default that model besides what it held. By `grown_bytes` its
        memory grew; 0 means that it does not tell.
        """
        known = self.fleet.workers.get(worker)
        if known is None or known.batch is None or known.loads is None:
            return
        model, started = known.batch.model, known.batch.started
        if loaded is None:
            loaded = {*known.loaded, model.info.hash}
        ended = self.fleet.finish(worker, batch, now, loaded, rss_bytes)
        if ended is None:
            return
        if model.info.hash not in known.loaded:
            self._placing.failed(ended, "A worker did not keep it.")
            return
        self.stats.loaded_models += 1
        self.placement.loaded(worker, model, now - started, grown_bytes)

    def batch_failed(self, worker: int, batch: int, detail: str) -> None:
        """A worker could not load a model, by itself or that of a batch, and is free."""
        ended = self.fleet.finish(worker, batch)
        if ended is None:
            return
        if not ended.items:
            self._placing.failed(ended, detail)
            return
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
            what = f"A batch of {len(hung.items)} items" if hung.items else "Loading a model"
            reason = f"{what} ran for {now - hung.started:.1f} s."
            self._commands.append(KillWorker(hung.worker, reason))
            self._give_up(hung.worker)
            # What ran may be late by now.
            self.stats.expired_items += self._ledger.expire(now)
        if not self.intake.is_draining:
            self._placing.before_work(now)
        while self._run_next(now):
            pass
        if not self.intake.is_draining:
            self._placing.after_work(now)
        commands = [*self._commands, *self._ledger.finished]
        self._commands.clear()
        self._ledger.finished.clear()
        return commands

    def next_wake(self) -> float | None:
        """Return when `tick` must be called even if nothing else happens."""
        times = [self._ledger.next_deadline(), self.fleet.next_hang()]
        if not self.intake.is_draining:
            times += [self.placement.next_review, self.placement.next_try]
        return min((time for time in times if time is not None), default=None)

    # Handing out work

    def _run_next(self, now: float) -> bool:
        """Start one batch; return False when no worker is free or nothing waits."""
        choice = self.shares.choose(self.queues) if self.fleet.any_free else None
        if choice is None:
            return False
        if self._start_of(choice, now):
            return True
        # No free worker holds the model of what should go first: another class may go meanwhile.
        others = (each for each in ServiceClass if each is not choice)
        return any(self._start_of(each, now) for each in others)

    def _start_of(self, service_class: ServiceClass, now: float) -> bool:
        queue = self.queues[service_class]
        seed = queue.next()
        if seed is not None and not self._runs(seed.model):
            runs = {name for name in queue.backlog.models if self._runs(name)}
            seed = queue.next_of(runs.__contains__) if runs else None
        if seed is None:
            return False
        model = self.intake.models.get(seed.model)
        if model is None:
            self._ledger.settle(seed, UnknownModel(f"Model '{seed.model}' was removed."))
            return True
        worker = self.fleet.free_for(model.info.hash)
        assert worker is not None
        cost = self.fleet.cost(model, worker.kind)
        # A slow worker gets smaller batches, so that they take no longer.
        budget_s = min(
            quantum_s(cost, seed, self.intake.urgent.at(now), self.limits) / max(1.0, worker.pace),
            max(0.0, seed.deadline - now) / worker.pace,
        )
        most = items_max(queue, model.traits, len(self.fleet.workers), self.limits)
        items, predicted_s = take_batch(queue, seed, cost, budget_s=budget_s, items=most)
        predicted_s *= worker.pace
        self.shares.served(service_class, predicted_s, self.queues)
        self._start(worker, model, items, predicted_s, now)
        return True

    def _runs(self, name: str) -> bool:
        """Whether a free worker holds this model; one that was removed fails at once."""
        model = self.intake.models.get(name)
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
        # At once for each: every charge gives an organisation a new place in the order.
        charged: dict[tuple[ServiceClass, Organisation], float] = {}
        for item in batch.items:
            whose = item.service_class, item.organisation
            charged[whose] = charged.get(whose, 0.0) + item.predicted_s
        for (service_class, organisation), seconds in charged.items():
            self.queues[service_class].charge(organisation, seconds * (factor - 1.0))

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
        if not batch.items:
            self._placing.failed(batch, "A worker was lost while it loaded the model.")
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
            elif self.intake.is_draining:
                self._ledger.settle(item, stopping())
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
        return [
            name
            for name, model in self.intake.models.items()
            if self.fleet.can_run(model.info.hash)
        ]

    def status(self, now: float) -> dict[str, Any]:
        """Return what waits, what runs and what was learned, in plain values without any text."""
        return status_of(self, now)
