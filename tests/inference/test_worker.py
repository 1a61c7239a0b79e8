"""What a worker makes of a batch, without its process."""

from hanse.inference.engines import own_model
from hanse.inference.job import ModelInfo, ModelSpec
from hanse.inference.messages import BatchDone, BatchFailed, ItemError, Run
from hanse.inference.worker import LoadedModels, run_batch
from tests.inference.fragile import engine

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
