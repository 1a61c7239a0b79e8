"""One policy under one load: runs it in virtual time and measures."""

import math
import time
from collections.abc import Iterable, Iterator
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from hanse.inference.commands import Finish, LoadModel, Reject, RunBatch, UnloadModels
from hanse.inference.job import Job, Limits, ServiceClass
from hanse.inference.simulate import measure
from hanse.inference.simulate.engines import CURVES, MODEL_BYTES, Trouble, VirtualEngine
from hanse.inference.simulate.fleet import Crash, Hang, Ran, VirtualFleet
from hanse.inference.simulate.measure import Figures, Request, Service, of_class
from hanse.inference.simulate.policies import make_policy
from hanse.inference.simulate.workload import (
    Arrival,
    Traffic,
    generate,
    model_names,
    sample_lengths,
)

INTERACTIVE, LIVE, BULK = ServiceClass
_NUMBER_DIGITS = 8


class Objective(Struct, frozen=True):
    """`part` of the requests of a class are to end within `seconds`.

    `deadline_s` is what the request tells the scheduler, which may refuse what would miss it.
    """

    seconds: float
    part: float
    deadline_s: float


OBJECTIVES = {
    INTERACTIVE: Objective(0.25, 0.99, 0.25),
    LIVE: Objective(1.0, 0.99, 1.0),
    BULK: Objective(10.0, 0.95, 10.0),
}


class Scenario(Struct, frozen=True, kw_only=True):
    """Everything that decides a run but the policy. `load` is a part of the fleet's ceiling.

    `paces` are those of the kinds of workers, in turn: (1, 2) makes every second one half as fast.
    """

    engine: str = "fxtranslate"
    workers: int = 2
    models_per_worker: int = 8
    """Models that fit into the memory of a worker."""
    load_s: float | None = None
    """Time to load a model; None: that of the engine."""
    paces: tuple[float, ...] = (1.0,)
    traffic: Traffic = Traffic()
    load: float = 0.8
    duration_s: float = 60.0
    warm_s: float = 10.0
    seed: int = 1
    trouble: Trouble = Trouble()
    limits: Limits = Limits()
    objectives: dict[ServiceClass, Objective] = field(default_factory=OBJECTIVES.copy)

    @property
    def ceiling_items_per_s(self) -> float:
        """What the whole fleet does in a closed loop, without noise."""
        lengths = sample_lengths(2_048, self.seed, heavy=self.traffic.heavy)
        alone = CURVES[self.engine].items_per_s(lengths)
        return alone * sum(1.0 / self._pace(worker) for worker in range(1, self.workers + 1))

    def kind(self, worker: int) -> str:
        """The kind of a worker; its number counts from 1."""
        return f"{self.paces[worker % len(self.paces)]:g}x"

    def _pace(self, worker: int) -> float:
        return self.paces[worker % len(self.paces)]

    def arrivals(self) -> Iterator[Arrival]:
        """The traffic, past the end of the time that counts, so that its last part is no easier."""
        return generate(
            self.traffic,
            items_per_s=self.load * self.ceiling_items_per_s,
            duration_s=self.end_s,
            seed=self.seed,
        )

    @property
    def end_s(self) -> float:
        """When the run ends: the last request that counts had time to meet its objective."""
        longest_s = max(objective.seconds for objective in self.objectives.values())
        return self.warm_s + self.duration_s + longest_s


class Trial:
    """A run. `requests` tell what became of each request, `service` who got what."""

    def __init__(
        self, policy: str, scenario: Scenario, arrivals: Iterable[Arrival] | None = None
    ) -> None:
        self.scenario = scenario
        self.requests: list[Request] = []
        self._policy_name = policy
        self._curve = CURVES[scenario.engine]
        if scenario.load_s is not None:
            self._curve = replace(self._curve, load_s=scenario.load_s)
        self._engine = VirtualEngine(
            self._curve, scenario.trouble, scenario.seed, scenario.models_per_worker
        )
        self._arrivals = arrivals
        organisations, models = scenario.traffic.organisations, model_names(scenario.traffic.models)
        if arrivals is not None:
            self._arrivals = arrivals = list(arrivals)
            organisations = 1 + max(each.organisation for each in arrivals)
            models = sorted({each.model for each in arrivals})
        self.service = Service(organisations, scenario.end_s)
        self._owners = [UUID(int=number + 1) for number in range(organisations)]
        self.policy = make_policy(policy, map(self._curve.spec, models), scenario.limits)
        self._alone: dict[int, float] = {}
        self._busy_s = 0.0
        self._batches = self._batch_items = self._lost = self._loads = 0
        self._loading_s = 0.0
        self._fleet = VirtualFleet(
            self.policy,
            self._run_batch,
            self._answered,
            kinds=[scenario.kind(worker) for worker in range(1, scenario.workers + 1)],
            load=self._load,
            memory_bytes=scenario.models_per_worker * MODEL_BYTES,
        )

    def run(self) -> Figures:
        """Let the time pass, and return the figures."""
        scenario = self.scenario
        started = time.perf_counter()
        arrivals = self._arrivals if self._arrivals is not None else scenario.arrivals()
        self._fleet.feed(map(self._job, arrivals))
        self._fleet.run_until(scenario.end_s)
        return self._figures(time.perf_counter() - started)

    def counted(
        self, service_class: ServiceClass, organisation: int | None = None
    ) -> list[Request]:
        """The requests that count: those after the start and before the end of the run."""
        start = self.scenario.warm_s
        end = start + self.scenario.duration_s
        return [
            each
            for each in self.requests
            if each.service_class is service_class
            and start <= each.arrived < end
            and organisation in {None, each.organisation}
        ]

    def _job(self, arrival: Arrival) -> tuple[float, Job]:
        number = len(self.requests)
        work_s = sum(map(self._alone_s, arrival.lengths))
        self.requests.append(
            Request(
                arrival.organisation,
                arrival.service_class,
                len(arrival.lengths),
                work_s,
                arrival.at,
            )
        )
        self.service.asked(arrival.organisation, arrival.at, work_s)
        items = tuple(
            f"{number:0{_NUMBER_DIGITS}x}{place}".ljust(length, ".")
            for place, length in enumerate(arrival.lengths)
        )
        deadline_s = self.scenario.objectives[arrival.service_class].deadline_s
        owner = self._owners[arrival.organisation]
        return arrival.at, Job(
            number, owner, arrival.model, items, arrival.service_class, deadline_s
        )

    def _alone_s(self, length: int) -> float:
        seconds = self._alone.get(length)
        if seconds is None:
            seconds = self._alone[length] = self._curve.seconds([length])
        return seconds

    def _run_batch(self, batch: RunBatch) -> Ran:
        trouble = self.scenario.trouble
        pace = float(self._fleet.kinds[batch.worker][:-1])
        # Spread evenly, and not by chance: the number of slow workers is exact.
        if (batch.worker * trouble.slow_share) % 1.0 + trouble.slow_share >= 1.0:
            pace *= trouble.slow_factor
        now = self._fleet.now
        try:
            ran = self._engine.run(batch, pace)
        except (Crash, Hang):
            self._lost += 1
            raise
        ended = now + ran.seconds
        if ran.load_s > 0.0:
            self._note_load(ran.load_s)
        if (counted_s := self._counted_s(ran.seconds)) > 0.0:
            self._busy_s += counted_s
            self._batches += 1
            self._batch_items += len(batch.items)
        for text in batch.items:
            request = self.requests[int(text[:_NUMBER_DIGITS], 16)]
            self.service.given(request.organisation, ended, self._alone_s(len(text)))
        return ran

    def _load(self, command: LoadModel | UnloadModels) -> float:
        seconds = self._engine.load(command)
        if isinstance(command, LoadModel):
            self._note_load(seconds)
            self._busy_s += self._counted_s(seconds)
        return seconds

    def _note_load(self, seconds: float) -> None:
        counted_s = self._counted_s(seconds)
        self._loading_s += counted_s
        self._loads += counted_s > 0.0

    def _counted_s(self, seconds: float) -> float:
        """Return what of so many seconds from now on lies in the time that counts."""
        start = self.scenario.warm_s
        end = start + self.scenario.duration_s
        return max(0.0, min(self._fleet.now + seconds, end) - max(self._fleet.now, start))

    def _answered(self, answer: Finish | Reject) -> None:
        request = self.requests[answer.request]
        assert request.fate == measure.OPEN, "a request is answered once"
        request.ended = self._fleet.now
        if isinstance(answer, Reject):
            request.fate = measure.REFUSED
            # It waits no more, so it must not look as if it did.
            self.service.asked(request.organisation, request.ended, -request.work_s)
        elif all(isinstance(outcome, str) for outcome in answer.outcomes):
            request.fate = measure.ANSWERED
        else:
            request.fate = measure.FAILED

    def _figures(self, wall_s: float) -> Figures:
        scenario = self.scenario
        classes, good_items, items = {}, 0, 0
        for service_class, objective in scenario.objectives.items():
            counted = self.counted(service_class)
            items += sum(each.items for each in counted)
            good_items += sum(
                each.items
                for each in counted
                if each.fate == measure.ANSWERED and each.latency_s <= objective.seconds
            )
            if counted:
                classes[service_class.value] = of_class(counted, objective.seconds, objective.part)
        return Figures(
            policy=self._policy_name,
            load=scenario.load,
            ceiling_items_per_s=scenario.ceiling_items_per_s,
            offered_items_per_s=items / scenario.duration_s,
            goodput_items_per_s=good_items / scenario.duration_s,
            utilisation=self._busy_s / (scenario.workers * scenario.duration_s),
            items_per_batch=self._batch_items / max(1, self._batches),
            jain=self.service.jain(scenario.warm_s, scenario.warm_s + scenario.duration_s),
            service_gap_s=self.service.gap_s(),
            classes=classes,
            loads=self._loads,
            loading_share=self._loading_s / (scenario.workers * scenario.duration_s),
            workers_lost=self._lost,
            wall_s=wall_s,
            simulated_s=scenario.end_s,
        )


def attempt(task: tuple[str, Scenario]) -> Figures:
    """Run one policy under one scenario; a plain function, for pools of processes."""
    policy, scenario = task
    return Trial(policy, scenario).run()


def is_known(seconds: float) -> bool:
    """Whether a latency is one: without any answer there is none."""
    return math.isfinite(seconds)
