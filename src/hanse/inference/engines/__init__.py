"""Engines: what computes. One small interface, one module each.

An engine runs in a worker process, in one thread, and may crash it: nobody else is hurt. Its module
must be cheap to import, since the scheduler reads its traits; heavy libraries are imported in
`load`. Engines of one's own are named as `package.module:name` and are then served as a model of
their own name.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Protocol, cast, runtime_checkable

from hanse.inference.job import ModelInfo, ModelSpec, Output, Result, Traits
from hanse.inference.messages import ItemError

BUILT_IN = {
    "checker": "hanse.inference.engines.checker:engine",
    "ctranslate2": "hanse.inference.engines.ctranslate2:engine",
    "e5": "hanse.inference.engines.e5:engine",
    "embedding": "hanse.inference.engines.embedding:engine",
    "firefox": "hanse.inference.engines.firefox.engine:engine",
    "firefox-onnx": "hanse.inference.engines.firefox.engine:portable_engine",
    "fxtranslate": "hanse.inference.engines.fxtranslate:engine",
    "generation": "hanse.inference.engines.generation:engine",
    "onnx": "hanse.inference.engines.onnx:engine",
    "pseudo": "hanse.inference.engines.pseudo:engine",
}


class LoadedModel(Protocol):
    """A model in memory, bound to the thread that loaded it."""

    def run(self, items: Sequence[str]) -> Sequence[Result | ItemError]:
        """Return a result or an error for each item, in order.

        The same item gives the same result, whatever else is in the batch. An exception fails
        the items of the batch that raise it again when they are run alone.
        """
        ...


@runtime_checkable
class ScoringModel(LoadedModel, Protocol):
    """A loaded model that also knows how sure it is."""

    def run_scored(self, items: Sequence[str], output: Output) -> Sequence[Result | ItemError]:
        """Like `run`, for an output that is not TEXT; results are those of `scored.encode`."""
        ...


@runtime_checkable
class StreamingModel(LoadedModel, Protocol):
    """A loaded model that tells its answers piece by piece."""

    def run_streamed(
        self, item: str, tell: Callable[[str], None], *, wakes: int, is_stopped: Callable[[], bool]
    ) -> str | ItemError:
        """Tell each piece of the answer to one item, and return why it ended.

        When the descriptor `wakes` becomes readable, `is_stopped` says whether to end at once.
        """
        ...


class Engine(Protocol):
    """A way to compute. `version` changes whenever results may."""

    name: str
    version: str
    traits: Traits

    def load(self, model: ModelSpec, /) -> LoadedModel:
        """Load a model. Any exception means that it cannot be loaded."""
        ...


class UnknownEngine(LookupError):
    """There is no engine of this name, or its module does not have it."""


def find_engine(name: str) -> Engine:
    """Return a built-in engine by name, or any other by `package.module:name`.

    Raises UnknownEngine.
    """
    path = BUILT_IN.get(name, name)
    module, _, attribute = path.partition(":")
    try:
        return cast(Engine, getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownEngine(f"There is no engine '{name}': {error}") from error


def own_model(path: str) -> ModelSpec:
    """Return the one model of an engine that needs no files, named like the engine.

    Raises UnknownEngine.
    """
    engine = find_engine(path)
    info = ModelInfo(
        name=engine.name,
        task="translate",
        source=None,
        target=None,
        engine=path,
        hash=f"{engine.name}-{engine.version}",
    )
    return ModelSpec(info=info, traits=engine.traits)
