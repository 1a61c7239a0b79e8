"""What fits into the memory of each worker, and which models are pinned to it. No I/O, no clock."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from hanse.inference.fleet import Fleet, Worker
from hanse.inference.job import Limits, ModelSpec
from hanse.inference.loading import LoadingFacts


class Need(IntEnum):
    """How much a copy of a model is missed where it goes."""

    SPARE = 0
    """The other copies are enough, or it no longer exists."""
    RARE = 1
    """It is the last one, of a model that is hardly ever asked for."""
    NEEDED = 2


class Room(NamedTuple):
    """The models to unload for another one, the demand that they serve, and the greatest need."""

    unload: tuple[str, ...]
    loss: float
    need: Need


Leaving = tuple[Need, float, str]
"""A model that may leave: how much it is needed, what it serves, and its hash."""


class Memory:
    """The models by their hash, and the memory that they take in a fleet's workers.

    A worker's memory is counted by what models are known to take, not by what its process has: an
    allocator gives back what was freed when it likes.
    """

    def __init__(self, limits: Limits, fleet: Fleet, facts: LoadingFacts) -> None:
        self.models: dict[str, ModelSpec] = {}
        self._removed: dict[str, ModelSpec] = {}
        """Models that were, and that workers may still hold."""
        self.pinned: dict[str, None] = {}
        """In the order in which they get memory."""
        self._limits = limits
        self._fleet = fleet
        self._facts = facts

    def set_models(self, models: Iterable[ModelSpec]) -> None:
        """These are the models from now on."""
        named = {model.info.name: model for model in models}
        known = self._removed | self.models
        held = self._fleet.holders.keys() | self._fleet.loading.keys()
        self._removed = {each: known[each] for each in held if each in known}
        self.models = {model.info.hash: model for model in named.values()}
        pinned = (named[name] for name in self._limits.pinned_models if name in named)
        self.pinned = {model.info.hash: None for model in pinned}

    def bytes_of(self, model_hash: str) -> int:
        """Return the memory that a model takes; one that was never known takes none."""
        model = self.models.get(model_hash) or self._removed.get(model_hash)
        return self._facts.bytes_of(model) if model is not None else 0

    def held_bytes(self, worker: Worker) -> int:
        """Return the memory that the models of a worker take."""
        return sum(map(self.bytes_of, worker.loaded))

    def fits(self, worker: Worker, more_bytes: int, more_models: int) -> bool:
        """Whether a worker may hold so many bytes and models more, or less."""
        if len(worker.loaded) + more_models > self._limits.worker_models_max:
            return False
        if not worker.memory_bytes:
            return True
        return self.held_bytes(worker) + more_bytes <= worker.memory_bytes

    def could_hold(self, worker: Worker, model_hash: str) -> bool:
        """Whether a worker has the memory for a model beside those that are pinned to it."""
        pinned = [each for each in self.pinned_to(worker) if each != model_hash]
        if len(pinned) >= self._limits.worker_models_max:
            return False
        needed = sum(map(self.bytes_of, pinned)) + self.bytes_of(model_hash)
        return not worker.memory_bytes or needed <= worker.memory_bytes

    def pinned_to(self, worker: Worker) -> list[str]:
        """Return the pinned models that a worker has the files of and that fit into it together."""
        fitting: list[str] = []
        left = worker.memory_bytes
        for model_hash in self.pinned:
            size = self.bytes_of(model_hash)
            if not worker.can_run(model_hash) or (worker.memory_bytes and size > left):
                continue
            if len(fitting) < self._limits.worker_models_max:
                fitting.append(model_hash)
                left -= size
        return fitting

    def room(self, worker: Worker, model_hash: str, leaving: Sequence[Leaving]) -> Room | None:
        """Choose, from the front of `leaving`, what must go from a worker so that a model fits.

        Returns None if even all are not enough.
        """
        size = self.bytes_of(model_hash)
        chosen: list[Leaving] = []
        freed = 0
        for each in leaving:
            if self.fits(worker, size - freed, 1 - len(chosen)):
                break
            chosen.append(each)
            freed += self.bytes_of(each[2])
        if not self.fits(worker, size - freed, 1 - len(chosen)):
            return None
        # A large one that had to go may have made smaller ones needless.
        for each in chosen[-2::-1]:
            without = freed - self.bytes_of(each[2])
            if self.fits(worker, size - without, 2 - len(chosen)):
                chosen.remove(each)
                freed = without
        return Room(
            tuple(each for _, _, each in chosen),
            sum(loss for _, loss, _ in chosen),
            max((need for need, _, _ in chosen), default=Need.SPARE),
        )
