"""A scheduler in virtual time that remembers all it did, for tests."""

from collections.abc import Callable

from msgspec import Struct

from hanse.inference.commands import Finish, LoadModel, Reject, RunBatch, UnloadModels
from hanse.inference.messages import ItemError
from hanse.inference.scheduler import Scheduler
from hanse.inference.simulate.fleet import Loader, Ran, VirtualFleet


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

    `answers` has the time and the command that answered each request, `runs` each batch in order,
    `loads` the time and the command of each change of what a worker holds.
    Killed and crashed workers are replaced after `restart_s`.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        engine: Engine,
        *,
        workers: int,
        restart_s: float = 0.1,
        load: Loader | None = None,
        memory_bytes: int = 0,
    ) -> None:
        self.scheduler = scheduler
        self.answers: dict[int, tuple[float, Finish | Reject]] = {}
        self.runs: list[Run] = []
        self.loads: list[tuple[float, LoadModel | UnloadModels]] = []
        self._loader = load
        self._engine = engine
        super().__init__(
            scheduler,
            self._compute,
            self._note,
            kinds=["virtual"] * workers,
            restart_s=restart_s,
            load=self._note_load,
            memory_bytes=memory_bytes,
        )

    @property
    def workers(self) -> list[int]:
        """The workers that are alive."""
        return sorted(self.kinds)

    def _compute(self, command: RunBatch) -> Ran:
        self.runs.append(Run(self.now, command.worker, command.items, command.model.info.name))
        return Ran(*self._engine(command.items))

    def _note_load(self, command: LoadModel | UnloadModels) -> float:
        self.loads.append((self.now, command))
        return self._loader(command) if self._loader is not None else 0.0

    def _note(self, answer: Finish | Reject) -> None:
        assert answer.request not in self.answers, "a request is answered once"
        self.answers[answer.request] = (self.now, answer)
