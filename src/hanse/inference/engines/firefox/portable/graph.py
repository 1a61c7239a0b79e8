"""The two graphs of a student: the encoder, and one step of the decoder.

Weights stay the model file's int8 and activations are brought to 8 bits by the file's own
multipliers, as in the C engine; floats are in ONNX Runtime's order, so a near tie may fall the
other way. Products with weights take the tokens of all sentences as one matrix; only attention is
padded.
"""

from dataclasses import dataclass

import numpy as np

from hanse.inference.engines.firefox.model_file import HEADS, ModelFile
from hanse.inference.engines.firefox.portable.messages import Graph

ZERO_POINT = 127
LEVELS_MAX = 127
EPSILON = 1e-6
MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Weights:
    """How weights are given to the runtime: as int8, or moved up by 128 to uint8.

    Some processors' instruction for uint8 times int8 saturates; that for two uint8 does not.
    """

    are_signed: bool

    def stored(self, weights: np.ndarray) -> np.ndarray:
        """The weights as they stand in the graph."""
        return weights if self.are_signed else (weights.astype(np.int16) + 128).astype(np.uint8)

    @property
    def kind(self) -> str:
        """The element type."""
        return "int8" if self.are_signed else "uint8"

    def zero(self, graph: Graph) -> str:
        """The level that stands for zero."""
        return graph.constant(np.array(0, np.int8) if self.are_signed else np.array(128, np.uint8))


class _Builder:
    """Adds the layers of a student to a graph."""

    def __init__(self, file: ModelFile, weights: Weights, name: str) -> None:
        self.file = file
        self.size = file.architecture
        self.graph = Graph(name)
        self.weights = weights
        self.weight_zero = weights.zero(self.graph)
        self.level_zero = self.graph.constant(np.array(ZERO_POINT, np.uint8))
        self.level_none = self.graph.constant(np.array(0, np.uint8))
        self.level_max = self.graph.constant(np.array(LEVELS_MAX, np.uint8))
        self._quantised: dict[tuple[str, float], tuple[str, str]] = {}
        self._shapes: dict[tuple[int, ...], str] = {}

    def shape(self, *dims: int) -> str:
        """A shape for `Reshape`; 0 keeps a side, -1 is the rest."""
        if dims not in self._shapes:
            self._shapes[dims] = self.graph.constant(np.array(dims, np.int64))
        return self._shapes[dims]

    def floats(self, name: str, count: int) -> str:
        """A vector of the file."""
        return self.graph.constant(self.file.floats(name, count))

    def levels(self, x: str, multiplier: float) -> tuple[str, str]:
        """`x` in 8 bits, and its scale."""
        key = (x, multiplier)
        if key not in self._quantised:
            scale = self.graph.constant(np.array(1 / multiplier, np.float32))
            self._quantised[key] = (
                self.graph.add("QuantizeLinear", x, scale, self.level_zero),
                scale,
            )
        return self._quantised[key]

    def affine(self, x: str, name: str, bias: str | None, inputs: int, outputs: int) -> str:
        """`x` times weight `name`, plus its bias."""
        levels, scale = self.levels(x, self.file.multiplier(name))
        return self.product(levels, scale, self.level_zero, name, bias, inputs, outputs)

    def product(
        self,
        levels: str,
        scale: str,
        zero: str,
        name: str,
        bias: str | None,
        inputs: int,
        outputs: int,
    ) -> str:
        """The same of what is in 8 bits already."""
        matrix = self.file.matrix(name, inputs, outputs)
        weight = self.graph.constant(self.weights.stored(matrix.weights.T))
        unit = self.graph.constant(np.array(1 / matrix.multiplier, np.float32))
        rest = [self.floats(bias, outputs)] if bias else []
        return self.graph.add(
            "MatMulIntegerToFloat",
            *(levels, weight, scale, unit, zero, self.weight_zero, *rest),
            domain=MICROSOFT,
        )

    def normalised(self, x: str, branch: str, name: str) -> str:
        """The layer norm of their sum."""
        scale, bias = (
            self.floats(f"{name}_ln_{part}", self.size.dim) for part in ("scale", "bias")
        )
        both = self.graph.add("Add", x, branch)
        return self.graph.add("LayerNormalization", both, scale, bias, axis=-1, epsilon=EPSILON)

    def feed_forward(self, x: str, name: str) -> str:
        """The feed-forward layer. To 8 bits without a sign is what ReLU does, too."""
        dim, wide = self.size.dim, self.size.feed_forward
        hidden = self.affine(x, f"{name}_W1", f"{name}_b1", dim, wide)
        scale = self.graph.constant(np.array(1 / self.file.multiplier(f"{name}_W2"), np.float32))
        levels = self.graph.add("QuantizeLinear", hidden, scale, self.level_none)
        levels = self.graph.add("Min", levels, self.level_max)
        branch = self.product(levels, scale, self.level_none, f"{name}_W2", f"{name}_b2", wide, dim)
        return self.normalised(x, branch, f"{name}_ffn")

    def project(self, x: str, name: str, letter: str) -> str:
        """Queries, keys, values or the output of attention `name`."""
        dim = self.size.dim
        return self.affine(x, f"{name}_W{letter}", f"{name}_b{letter}", dim, dim)

    def heads(self, x: str, order: list[int]) -> str:
        """[sentences, tokens, dim] by heads, its sides in this order."""
        split = self.graph.add("Reshape", x, self.shape(0, 0, HEADS, self.size.dim // HEADS))
        return self.graph.add("Transpose", split, perm=order)

    def softened(self, queries: str, keys: str, mask: str) -> str:
        """The weights of attention."""
        scale = float(1 / np.sqrt(self.size.dim // HEADS))
        scores = self.graph.add("FusedMatMul", queries, keys, domain=MICROSOFT, alpha=scale)
        return self.graph.add("Softmax", self.graph.add("Add", scores, mask), axis=-1)


def encoder(file: ModelFile, weights: Weights) -> bytes:
    """From embedded tokens to what the decoder looks at.

    Inputs: `x` [all tokens, dim]; `padded` [sentences, tokens], the row of `x` at each place of a
    padded matrix; `rows` [all tokens], the place of each row; `mask` [sentences, 1, 1, tokens], 0
    or far below. Outputs: for each decoder layer `keys` [sentences, heads, width, tokens] and
    `values` [sentences, heads, tokens, width].
    """
    b = _Builder(file, weights, "encoder")
    dim, width = b.size.dim, b.size.dim // HEADS
    x = b.graph.input("x", "float32", "tokens", dim)
    padded = b.graph.input("padded", "int64", "sentences", "longest")
    rows = b.graph.input("rows", "int64", "tokens")
    mask = b.graph.input("mask", "float32", "sentences", 1, 1, "longest")
    for layer in (f"encoder_l{number + 1}" for number in range(b.size.encoder_layers)):
        query, key, value = (
            b.heads(b.graph.add("Gather", b.project(x, f"{layer}_self", letter), padded), order)
            for letter, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
        )
        mixed = b.graph.add("MatMul", b.softened(query, key, mask), value)
        joined = b.graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
        flat = b.graph.add("Gather", b.graph.add("Reshape", joined, b.shape(-1, dim)), rows)
        branch = b.project(flat, f"{layer}_self", "o")
        x = b.normalised(x, branch, f"{layer}_self_Wo")
        x = b.feed_forward(x, f"{layer}_ffn")
    for number in range(b.size.decoder_layers):
        name = f"decoder_l{number + 1}_context"
        keys, values = (
            b.heads(b.graph.add("Gather", b.project(x, name, letter), padded), order)
            for letter, order in (("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
        )
        b.graph.output(keys, f"keys{number}", "float32", "sentences", HEADS, width, "longest")
        b.graph.output(values, f"values{number}", "float32", "sentences", HEADS, "longest", width)
    return b.graph.model()


def decoder(file: ModelFile, weights: Weights) -> bytes:
    """One step: from the last token to the levels of the next.

    Inputs: `x` [rows, dim], the embedded last token; `mask`, `keys` and `values` as from the
    encoder; `cell` [rows, dim] for each layer; `candidates` [dim, candidates], their embeddings;
    `bias` [candidates]. Outputs: `logits` [rows, candidates], `next` cells, and `looked`
    [rows, heads, 1, tokens], the weights of attention of the last layer.
    """
    b = _Builder(file, weights, "decoder")
    dim, width = b.size.dim, b.size.dim // HEADS
    x = b.graph.input("x", "float32", "rows", dim)
    mask = b.graph.input("mask", "float32", "rows", 1, 1, "longest")
    candidates = b.graph.input("candidates", weights.kind, dim, "candidates")
    bias = b.graph.input("bias", "float32", "candidates")
    looked = ""
    for number in range(b.size.decoder_layers):
        layer = f"decoder_l{number + 1}"
        cell = b.graph.input(f"cell{number}", "float32", "rows", dim)
        keys = b.graph.input(f"keys{number}", "float32", "rows", HEADS, width, "longest")
        values = b.graph.input(f"values{number}", "float32", "rows", HEADS, "longest", width)
        proposed = b.affine(x, f"{layer}_rnn_W", None, dim, dim)
        gate = b.affine(x, f"{layer}_rnn_Wf", f"{layer}_rnn_bf", dim, dim)
        kept = b.graph.add("Mul", b.graph.add("Sigmoid", gate), b.graph.add("Sub", cell, proposed))
        cell = b.graph.add("Add", kept, proposed)
        cell = b.graph.output(cell, f"next{number}", "float32", "rows", dim)
        x = b.normalised(x, b.graph.add("Relu", cell), f"{layer}_rnn_ffn")
        query = b.project(x, f"{layer}_context", "q")
        query = b.graph.add("Reshape", query, b.shape(0, HEADS, 1, width))
        looked = b.softened(query, keys, mask)
        joined = b.graph.add("Reshape", b.graph.add("MatMul", looked, values), b.shape(0, dim))
        branch = b.project(joined, f"{layer}_context", "o")
        x = b.normalised(x, branch, f"{layer}_context_Wo")
        x = b.feed_forward(x, f"{layer}_ffn")
    levels, scale = b.levels(x, file.multiplier("none"))
    unit = b.graph.constant(np.array(1 / file.embedding().multiplier, np.float32))
    logits = b.graph.add(
        "MatMulIntegerToFloat",
        *(levels, candidates, scale, unit, b.level_zero, b.weight_zero, bias),
        domain=MICROSOFT,
    )
    b.graph.output(logits, "logits", "float32", "rows", "candidates")
    b.graph.output(looked, "looked", "float32", "rows", HEADS, 1, "longest")
    return b.graph.model()
