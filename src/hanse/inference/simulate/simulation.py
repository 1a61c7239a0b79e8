"""A scheduler in virtual time that remembers all it did, for tests."""

from collections.abc import Callable

from msgspec import Struct

from hanse.inference.commands import Finish, Reject, RunBatch
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate.fleet import Ran, VirtualFleet


class Run(Struct, frozen=True):
    """One batch that was handed to a worker."""

    at: float
    worker: int
    items: tuple[str, ...]
    model: str


Engine = Callable[[tuple[str, ...]], tuple[float, list[str | ItemError]]]
"""Returns how many seconds a batch takes and what comes out; may raise Crash or Hang."""


class Simulation(VirtualFleet):
    """A scheduler, virtual workers of one kind and a clock.

    `answers` has the time and the command that answered each request, `runs` each batch in order.
    Killed and crashed workers are replaced after `restart_s`.
    """

    def __init__(
        self, scheduler: Scheduler, engine: Engine, *, workers: int, restart_s: float = 0.1
    ) -> None:
        self.scheduler = scheduler
        self.answers: dict[int, tuple[float, Finish | Reject]] = {}
        self.runs: list[Run] = []
        self._engine = engine
        super().__init__(
            scheduler,
            self._compute,
            self._note,
            kinds=["virtual"] * workers,
            restart_s=restart_s,
        )

    @property
    def workers(self) -> list[int]:
        """The workers that are alive."""
        return sorted(self.kinds)

    def _compute(self, command: RunBatch) -> Ran:
        self.runs.append(Run(self.now, command.worker, command.items, command.model.info.name))
        return Ran(*self._engine(command.items))

    def _note(self, answer: Finish | Reject) -> None:
        assert answer.request not in self.answers, "a request is answered once"
        self.answers[answer.request] = (self.now, answer)
