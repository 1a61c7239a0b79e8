"""Mozilla's translation engine for the Firefox models, through the package `fxtranslate`.

It computes one sentence at a time: a batch saves the frames, nothing more. Its object is bound to
the thread that made it, and raises (or panics, see `worker`) in any other. It leaves out what goes
beyond the model's context without saying so, and its time grows with the square of the length,
which is why `Limits.item_chars_max` stands before it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelSpec, Traits
from hanse.inference.messages import ItemError
from hanse.inference.models import FirefoxFiles


class FxTranslate:
    """The engine `fxtranslate`."""

    name = "fxtranslate"
    version = "1"
    traits = Traits(
        batch_items_max=16,
        pads=False,
        prior=CostPrior(fixed_s=0.0003, item_s=0.001, char_s=0.00006, char_squared_s=3e-7),
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory`. Raises OSError and ValueError."""
        from fxtranslate import Translator

        if model.directory is None:
            raise ValueError("The model has no files.")
        files = FirefoxFiles.find(Path(model.directory))
        translator = Translator(
            model=files.model.read_bytes(),
            src_vocab=files.source_vocabulary.read_bytes(),
            trg_vocab=files.target_vocabulary.read_bytes(),
            shortlist=files.shortlist.read_bytes() if files.shortlist else None,
        )
        return _Model(translator.translate)


class _Model:
    def __init__(self, translate: Callable[[str], str]) -> None:
        self._translate = translate

    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        return [self._translate(text) for text in items]


engine = FxTranslate()
