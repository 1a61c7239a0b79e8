"""Asks `placement` at the right times, and turns its orders into commands. No I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping

from hanse.inference.commands import Command, LoadModel, UnloadModels
from hanse.inference.fleet import Batch, Fleet
from hanse.inference.intake import Intake
from hanse.inference.job import ServiceClass
from hanse.inference.placement import Order, Placement, Wanted
from hanse.inference.queues import FairQueue


class Placing:
    """Works within the turn of one scheduler, before work is handed out and after.

    Before it, since a worker that is needed for a model that nobody has must not be given a batch;
    after it, since only then it is known which workers have nothing to do.
    """

    def __init__(
        self,
        fleet: Fleet,
        placement: Placement,
        intake: Intake,
        queues: Mapping[ServiceClass, FairQueue],
        batch_ids: Iterator[int],
        commands: list[Command],
    ) -> None:
        self._fleet = fleet
        self._placement = placement
        self._intake = intake
        self._queues = queues
        self._batch_ids = batch_ids
        self._commands = commands
        self._failed: list[tuple[Batch, str]] = []
        self._seen = (0, 0)
        self._nowhere = False

    def failed(self, load: Batch, detail: str) -> None:
        """A worker could not load a model."""
        self._failed.append((load, detail))

    def before_work(self, now: float) -> None:
        """Let free workers load what is wanted and on no worker, and what demand asks for."""
        for load, detail in self._failed:
            self._intake.stats.failed_loads += 1
            self._placement.failed(load.model, load.worker, detail, now)
            self._nowhere = True
        self._failed.clear()
        review = self._placement.next_review
        if review is not None and review <= now:
            self._carry_out(self._placement.review(self._wanted(), now), now)
            self._nowhere = True
        self._carry_out(self._placement.pins(now), now)
        # Most turns bring neither a model nor a change of who holds what.
        appeared = sum(queue.backlog.appeared for queue in self._queues.values())
        seen = (self._fleet.changes, appeared)
        if (seen != self._seen or self._nowhere) and self._fleet.any_free:
            self._seen = seen
            self._place_what_is_nowhere(now)

    def after_work(self, now: float) -> None:
        """Let workers that are left without work load models that waiting items would gain by."""
        if self._fleet.any_free:
            self._carry_out(self._placement.spread(self._wanted, now), now)

    def _place_what_is_nowhere(self, now: float) -> None:
        nowhere = {
            model_hash: wanted
            for model_hash, wanted in self._wanted().items()
            if model_hash not in self._fleet.holders and model_hash not in self._fleet.loading
        }
        self._nowhere = bool(nowhere)
        self._give_up_on(nowhere, now)
        self._carry_out(self._placement.urgent(nowhere, now), now)

    def _wanted(self) -> dict[str, Wanted]:
        """Return what waits of each model, by its hash."""
        found: dict[str, Wanted] = {}
        for urgency, queue in enumerate(self._queues.values()):
            for name, waits in queue.backlog.models.items():
                model = self._intake.models.get(name)
                if model is not None:
                    wanted = found.setdefault(model.info.hash, Wanted(0.0, urgency))
                    wanted.seconds += waits.seconds
        return found

    def _carry_out(self, orders: Iterable[Order], now: float) -> None:
        # Each order counts for those that follow it: they are made while this goes on.
        for worker, model, unload, warm in orders:
            if unload:
                self._intake.stats.unloaded_models += len(unload)
                self._fleet.unload(worker, unload)
            if model is None:
                self._commands.append(UnloadModels(worker.id, unload))
                continue
            predicted_s = self._placement.facts.load_s(model)
            load = Batch(next(self._batch_ids), worker.id, model, [], now, predicted_s)
            self._fleet.start(worker, load)
            self._commands.append(LoadModel(worker.id, load.id, model, unload, warm, predicted_s))

    def _give_up_on(self, nowhere: Iterable[str], now: float) -> None:
        """Tell those who wait for a model that cannot be had."""
        models = self._placement.memory.models
        for model_hash in nowhere:
            problem = self._placement.problem(models[model_hash], now)
            if problem is None:
                continue
            ledger = self._intake.ledger
            for item in [item for item in ledger.items.values() if item.token]:
                model = self._intake.models.get(item.model)
                if model is not None and model.info.hash == model_hash:
                    self._intake.stats.failed_items += 1
                    ledger.settle(item, problem)
