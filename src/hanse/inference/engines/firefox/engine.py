"""The two implementations of the students as the workers see engines."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hanse.inference.engines import LoadedModel
from hanse.inference.engines.fxtranslate import engine as fxtranslate
from hanse.inference.job import CostPrior, ModelSpec, Output, Traits
from hanse.inference.messages import ItemError
from hanse.inference.scored import unpair

if TYPE_CHECKING:
    from hanse.inference.engines.firefox.student import Student

T = TypeVar("T")
R = TypeVar("R")


class Firefox:
    """The engine `firefox`: the compiled one."""

    name = "firefox"
    version = "1"
    traits = Traits(
        batch_items_max=32,
        pads=False,
        prior=CostPrior(
            fixed_s=0.0005,
            item_s=0.00003,
            char_s=0.0000075,
            char_squared_s=2e-8,
            longest_char_s=0.000009,
        ),
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory`.

        What it cannot read, such as a student of another architecture, is left to `fxtranslate`,
        which raises ValueError if the files are damaged. Raises OSError if the C library was not
        built for this machine.
        """
        from hanse.inference.engines.firefox.model import FirefoxModel

        return _load(model, FirefoxModel.load)


class FirefoxOnnx:
    """The engine `firefox-onnx`: the same students on ONNX Runtime, without a compiler."""

    name = "firefox-onnx"
    version = "1"
    traits = Traits(
        batch_items_max=32,
        pads=True,
        prior=CostPrior(
            fixed_s=0.002, item_s=0.001, char_s=0.00004, char_squared_s=2e-8, longest_char_s=0.00012
        ),
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory`; what it cannot read is left to `fxtranslate`."""
        from hanse.inference.engines.firefox.portable.model import PortableModel

        return _load(model, PortableModel)


def _load(model: ModelSpec, read: "Callable[[Path], Student]") -> LoadedModel:
    from hanse.inference.engines.firefox.model_file import ModelFileError

    if model.directory is None:
        raise ValueError("The model has no files.")
    try:
        return _Model(read(Path(model.directory)))
    except ModelFileError as error:
        print(f"{model.info.name} is left to fxtranslate: {error}", file=sys.stderr)
        return fxtranslate.load(model)


class _Model:
    def __init__(self, model: "Student") -> None:
        self._model = model

    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        def translate(texts: Sequence[str]) -> list[str]:
            return [translation.text for translation in self._model.translate(texts)]

        return _without_the_long(translate, items)

    def run_scored(self, items: Sequence[str], output: Output) -> list[bytes | ItemError]:
        """See `ScoringModel`."""
        from hanse.inference.engines.firefox import scoring

        if output is Output.RATED:
            pairs = [unpair(item) for item in items]
            return _without_the_long(lambda some: scoring.rated(self._model, some), pairs)
        return _without_the_long(lambda some: scoring.translated(self._model, some), items)


def _without_the_long(
    compute: Callable[[Sequence[T]], list[R]], items: Sequence[T]
) -> list[R | ItemError]:
    """Compute what is short enough; what is too long gets an error."""
    from hanse.inference.engines.firefox.student import SentenceTooLong

    answers: dict[int, R | ItemError] = {}
    waiting = list(range(len(items)))
    while True:
        try:
            results = compute([items[index] for index in waiting])
        except SentenceTooLong as error:
            answers[waiting.pop(error.index)] = ItemError(
                f"The sentence has {error.tokens} pieces, more than the model takes."
            )
            continue
        answers |= zip(waiting, results, strict=True)
        return [answers[index] for index in range(len(items))]


engine = Firefox()
portable_engine = FirefoxOnnx()
