"""What a worker makes of a batch, without its process."""

from collections.abc import Sequence

from hanse.inference.engines import own_model
from hanse.inference.job import ModelInfo, ModelSpec, Result
from hanse.inference.messages import (
    BatchDone,
    BatchFailed,
    ItemError,
    LoadModel,
    ModelLoaded,
    Run,
)
from hanse.inference.worker import LoadedModels, load_model, run_batch
from tests.inference.fragile import Panic, engine

FRAGILE = own_model("tests.inference.fragile:engine")


def named(name: str) -> ModelSpec:
    """A model of the fragile engine with a hash of its own."""
    info = ModelInfo(name, "translate", None, None, "tests.inference.fragile:engine", name)
    return ModelSpec(info=info, traits=engine.traits)


def test_an_exception_is_the_error_of_the_item_that_raises_it_and_of_no_other() -> None:
    models = LoadedModels(2)
    done = run_batch(models, Run(1, FRAGILE, ("a", "raise secret", "b", "panic secret")))
    assert isinstance(done, BatchDone)
    assert done.outcomes == ["A", ItemError("ValueError"), "B", ItemError("Panic")]
    assert done.rss_bytes > 1_000_000


def test_a_model_is_loaded_again_after_a_panic() -> None:
    models = LoadedModels(2)
    run_batch(models, Run(1, FRAGILE, ("a",)))
    assert models.hashes == [FRAGILE.info.hash]
    run_batch(models, Run(2, FRAGILE, ("panic",)))
    assert models.hashes == []


def test_a_model_that_cannot_be_loaded_fails_the_batch_with_the_reason() -> None:
    info = ModelInfo("x", "translate", None, None, "no.such:engine", "x")
    failed = run_batch(LoadedModels(2), Run(7, ModelSpec(info, engine.traits), ("a",)))
    assert failed == BatchFailed(7, "UnknownEngine")


def test_the_models_used_last_stay_within_the_bound() -> None:
    models = LoadedModels(2)
    for name in ("a", "b", "a", "c"):
        run_batch(models, Run(1, named(name), ("text",)))
    assert models.hashes == ["a", "c"]


def test_a_model_is_loaded_and_warmed_up_in_the_place_of_others() -> None:
    models = LoadedModels(8)
    first = load_model(models, LoadModel(1, named("a"), unload=(), warm=True))
    assert isinstance(first, ModelLoaded)
    assert (first.batch, first.loaded) == (1, ["a"])
    assert first.grown_bytes == 0, "its engine came in with it"
    second = load_model(models, LoadModel(2, named("b"), unload=("a",), warm=False))
    assert isinstance(second, ModelLoaded)
    assert second.loaded == ["b"]
    assert second.rss_bytes > 1_000_000


def test_a_model_is_warmed_up_by_a_tiny_batch_unless_its_first_real_one_waits() -> None:
    models = LoadedModels(8)
    for warm, calls in ((True, 2), (False, 1)):
        load_model(models, LoadModel(1, counting(f"{warm}"), unload=(), warm=warm))
        [outcome] = run_batch(models, Run(2, counting(f"{warm}"), ("x",))).outcomes  # type: ignore[union-attr]
        assert outcome == str(calls)


def test_a_model_that_breaks_when_it_is_warmed_up_is_loaded_anew() -> None:
    models = LoadedModels(8)
    loaded = load_model(models, LoadModel(1, counting("panic"), unload=(), warm=True))
    assert isinstance(loaded, ModelLoaded)
    assert loaded.loaded == ["panic"]


def test_a_model_that_cannot_be_loaded_is_told_with_the_reason() -> None:
    info = ModelInfo("x", "translate", None, None, "no.such:engine", "x")
    order = LoadModel(7, ModelSpec(info, engine.traits), unload=(), warm=True)
    assert load_model(LoadedModels(2), order) == BatchFailed(7, "UnknownEngine")


class Counting:
    """An engine whose models tell how many batches they ran; the one named `panic` cannot."""

    name = "counting"
    version = "1"
    traits = engine.traits

    def load(self, model: ModelSpec) -> "Counter":
        return Counter(model.info.name)


class Counter:
    """A model of that engine."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._batches = 0

    def run(self, items: Sequence[str]) -> list[Result | ItemError]:
        if self._name == "panic":
            raise Panic
        self._batches += 1
        return [str(self._batches) for _ in items]


counting_engine = Counting()


def counting(name: str) -> ModelSpec:
    """A model of the counting engine."""
    path = "tests.inference.test_worker:counting_engine"
    return ModelSpec(ModelInfo(name, "translate", None, None, path, name), engine.traits)
