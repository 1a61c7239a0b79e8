"""What was learned of loading each model: its size, its time, and whether it can be loaded at all.

No I/O and no clock.
"""

from msgspec import Struct, field

from hanse.inference.errors import ModelFailed
from hanse.inference.job import Limits, ModelSpec
from hanse.platform.problems import Problem

LOAD_FIRST_S = 0.1
LOAD_BYTES_PER_S = 200e6
"""A model is believed to load in so much time, and at this pace, before it was ever loaded."""
LEARN_RATE = 0.5
RETRY_FIRST_S = 5.0
RETRY_LAST_S = 300.0


class _Known(Struct):
    """Of one model; `failed_on` are the workers that failed to load it since one last did."""

    grown_bytes: float = 0.0
    load_s: float | None = None
    failures: int = 0
    failed_on: set[int] = field(default_factory=set)
    detail: str = ""
    retry_at: float = 0.0


class LoadingFacts:
    """Facts about models, by their hash.

    A model that cannot be loaded several times in a row, on any workers, is given up for a time
    that doubles with each further attempt. Its callers are told so meanwhile.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[str, _Known] = {}
        self._pace = 1.0
        """How many times as long loads take as was believed beforehand."""

    def bytes_of(self, model: ModelSpec) -> int:
        """Return the memory that a model takes: its files, or more if it was seen to take more."""
        known = self._known.get(model.info.hash)
        return max(model.bytes, int(known.grown_bytes) if known is not None else 0)

    def load_s(self, model: ModelSpec) -> float:
        """Return the time that loading a model, and warming it up, should take."""
        known = self._known.get(model.info.hash)
        if known is not None and known.load_s is not None:
            return known.load_s
        return self._pace * _believed_s(model)

    def loaded(self, model: ModelSpec, load_s: float, grown_bytes: int) -> None:
        """A worker loaded a model; by how much it grew is 0 where that tells nothing."""
        known = self._known.setdefault(model.info.hash, _Known())
        known.failures = 0
        known.failed_on.clear()
        if known.load_s is None:
            known.load_s = load_s
            self._pace += LEARN_RATE * (load_s / _believed_s(model) - self._pace)
        known.load_s += LEARN_RATE * (load_s - known.load_s)
        if grown_bytes > 0:
            step = LEARN_RATE if known.grown_bytes else 1.0
            known.grown_bytes += step * (grown_bytes - known.grown_bytes)

    def failed(self, model: ModelSpec, worker: int, detail: str, now: float) -> None:
        """A worker could not load a model, or did not outlive it."""
        known = self._known.setdefault(model.info.hash, _Known())
        known.failures += 1
        known.failed_on.add(worker)
        known.detail = detail
        beyond = known.failures - self._limits.load_attempts_max
        if beyond >= 0:
            known.retry_at = now + min(RETRY_LAST_S, RETRY_FIRST_S * 2 ** min(beyond, 16))

    def failed_on(self, model_hash: str, worker: int) -> bool:
        """Whether another worker should rather be tried."""
        known = self._known.get(model_hash)
        return known is not None and worker in known.failed_on

    def given_up(self, model: ModelSpec, now: float) -> Problem | None:
        """Return why a model is not loaded for now, or None if it may be."""
        known = self._known.get(model.info.hash)
        if known is None or known.failures < self._limits.load_attempts_max:
            return None
        if now >= known.retry_at:
            return None
        return ModelFailed(
            f"Model '{model.info.name}' cannot be loaded: {known.detail}",
            retry_after_s=round(known.retry_at - now, 1),
        )

    def keep(self, hashes: frozenset[str]) -> None:
        """Forget all models but these."""
        self._known = {each: known for each, known in self._known.items() if each in hashes}


def _believed_s(model: ModelSpec) -> float:
    return LOAD_FIRST_S + model.bytes / LOAD_BYTES_PER_S
