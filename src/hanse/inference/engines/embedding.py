"""Vectors of texts by any ONNX model that reads token ids, through ONNX Runtime.

A model is a folder with `model.onnx`, the `tokenizer.json` that belongs to it (as the library
`tokenizers` writes it) and `embedding.json`, an `EmbeddingOptions` that says how vectors come out
of the model. Items and results are encoded as `vectors` has it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelSpec, Traits
from hanse.inference.messages import ItemError
from hanse.inference.vectors import EMBED, ITEM_CHARS_MAX, Purpose, encoded, read_item, too_long

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Encoding

TASK: Final = EMBED
MODEL_FILE: Final = "model.onnx"
TOKENISER_FILE: Final = "tokenizer.json"
OPTIONS_FILE: Final = "embedding.json"


class EmbeddingOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model makes vectors.

    The vectors of the tokens in `output` (the first output by default) become one by `pooling`:
    their mean, or that of the first token. An output with one vector a text is taken as it is.
    `query_prefix` and `passage_prefix` are put before texts, where a model was trained with them.
    """

    tokens_max: int
    pooling: Literal["mean", "cls"] = "mean"
    normalise: bool = True
    query_prefix: str = ""
    passage_prefix: str = ""
    output: str | None = None


class Embedding:
    """The engine `embedding`."""

    name = "embedding"
    version = "1"
    traits = Traits(
        batch_items_max=32,
        pads=True,
        prior=CostPrior(fixed_s=0.002, item_s=0.001, char_s=0.00003),
        item_chars_max=ITEM_CHARS_MAX,
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory`. Raises ValueError if its files do not fit."""
        if model.directory is None:
            raise ValueError("The model has no files.")
        return _Model(Path(model.directory))


def read_options(folder: Path) -> EmbeddingOptions:
    """Return the options of a model's folder. Raises OSError or ValueError."""
    options = msgspec.json.decode((folder / OPTIONS_FILE).read_bytes(), type=EmbeddingOptions)
    if options.tokens_max < 3:
        raise ValueError("tokens_max must be at least 3.")
    return options


class _Model:
    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        from hanse.inference.engines.sessions import open_session

        self._options = read_options(folder)
        self._tokeniser = Tokenizer.from_file(str(folder / TOKENISER_FILE))
        # Whether a text is too long is told, never hidden by cutting it.
        self._tokeniser.no_truncation()
        self._tokeniser.no_padding()
        self._session = open_session(folder / MODEL_FILE)
        self._inputs = [each.name for each in self._session.get_inputs()]
        outputs = [each.name for each in self._session.get_outputs()]
        self._output = self._options.output or outputs[0]
        unknown = set(self._inputs) - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown or self._output not in outputs:
            raise ValueError("The model's inputs or outputs are not those of a text encoder.")

    def run(self, items: Sequence[str]) -> Sequence[bytes | ItemError]:
        encodings = self._tokeniser.encode_batch([self._prefixed(item) for item in items])
        limit = self._options.tokens_max
        results = [too_long(len(each.ids), limit) for each in encodings]
        fitting = [number for number, each in enumerate(encodings) if len(each.ids) <= limit]
        if fitting:
            vectors = self._vectors([encodings[number] for number in fitting])
            for number, vector in zip(fitting, vectors, strict=True):
                results[number] = encoded(len(encodings[number].ids), vector.tobytes())
        return results

    def _prefixed(self, item: str) -> str:
        purpose, text = read_item(item)
        is_query = purpose is Purpose.QUERY
        return (self._options.query_prefix if is_query else self._options.passage_prefix) + text

    def _vectors(self, encodings: "Sequence[Encoding]") -> "np.ndarray[Any, np.dtype[np.float32]]":
        import numpy as np

        shape = (len(encodings), max(len(each.ids) for each in encodings))
        feeds = {name: np.zeros(shape, np.int64) for name in self._inputs}
        mask = np.zeros(shape, np.int64)
        for row, encoding in enumerate(encodings):
            length = len(encoding.ids)
            mask[row, :length] = 1
            for name, values in (
                ("input_ids", encoding.ids),
                ("token_type_ids", encoding.type_ids),
            ):
                if name in feeds:
                    feeds[name][row, :length] = values
        if "attention_mask" in feeds:
            feeds["attention_mask"] = mask
        [found] = self._session.run([self._output], feeds)
        vectors = np.asarray(found, np.float32)
        if vectors.ndim == 3:
            vectors = vectors[:, 0] if self._options.pooling == "cls" else _mean(vectors, mask)
        if self._options.normalise:
            vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return np.ascontiguousarray(vectors, "<f4")


def _mean(vectors: Any, mask: Any) -> Any:
    weights = mask[:, :, None].astype(vectors.dtype)
    return (vectors * weights).sum(axis=1) / weights.sum(axis=1)


engine = Embedding()
