"""A slow NumPy forward pass of a student: the oracle the C engine is compared with.

Integers are exact. Floats come in two ways: ``EngineFloats`` rounds in the order the engine
promises (so pieces must be *equal*), ``PlainFloats`` is float64 with NumPy's own functions, an
independent check that the promised order is a faithful one (so pieces must be *nearly always*
equal: a student often has two words within rounding of each other).
"""

import math
from collections.abc import Sequence

import numpy as np

from hanse.inference.engines.firefox.model_file import HEADS, ModelFile, Shortlist

SHIFT = 127
TARGET_TOKENS_MAX = 256


class EngineFloats:
    """float32, sums in 16 lanes folded in halves, the engine's own exponential."""

    kind = np.float32

    @staticmethod
    def total(x):
        """Sum over the last axis."""
        count = x.shape[-1]
        padded = np.zeros((*x.shape[:-1], -(-count // 16) * 16), np.float32)
        padded[..., :count] = x
        lanes = np.zeros((*x.shape[:-1], 16), np.float32)
        for start in range(0, padded.shape[-1], 16):
            lanes = lanes + padded[..., start : start + 16]
        for half in (8, 4, 2, 1):
            lanes = lanes[..., :half] + lanes[..., half : 2 * half]
        return lanes[..., 0]

    @staticmethod
    def exponential(x):
        """e^x by range reduction and Cephes' polynomial, one rounding an operation."""
        f = np.float32
        magic = f(12582912.0)
        x = np.minimum(np.maximum(x, f(-64.0)), f(88.0))
        shifted = x * f(1.44269504088896341) + magic
        n = shifted - magic
        r = x - n * f(0.693359375)
        r = r - n * f(-2.12194440e-4)
        p = r * f(1.9875691500e-4) + f(1.3981999507e-3)
        for c in (8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
            p = p * r + f(c)
        p = p * (r * r) + r
        p = p + f(1.0)
        power = (shifted.view(np.int32) - magic.view(np.int32)) << 23
        return (p.view(np.int32) + power).view(np.float32)

    @staticmethod
    def scores(q, k):
        """Dot products [heads, queries, keys] of [tokens, heads, width], in order of width."""
        out = np.zeros((q.shape[1], q.shape[0], k.shape[0]), np.float32)
        for d in range(q.shape[2]):
            out = out + q[:, :, d].T[:, :, None] * k[:, :, d].T[:, None, :]
        return out

    @staticmethod
    def mix(weights, v):
        """Weighted sums of values, in order of keys: [heads, queries, width]."""
        out = np.zeros((*weights.shape[:2], v.shape[2]), np.float32)
        for j in range(v.shape[0]):
            out = out + weights[:, :, j, None] * v[j][:, None, :]
        return out


class PlainFloats:
    """float64 and NumPy's own order and functions."""

    kind = np.float64
    exponential = staticmethod(np.exp)

    @staticmethod
    def total(x):
        return x.sum(-1)

    @staticmethod
    def scores(q, k):
        return np.einsum("qhd,khd->hqk", q, k)

    @staticmethod
    def mix(weights, v):
        return np.einsum("hqk,khd->hqd", weights, v)


class Reference:
    """Greedy translation of one sentence at a time."""

    def __init__(self, file: ModelFile, shortlist: Shortlist, positions, floats=EngineFloats):
        self.file, self.shortlist, self.floats = file, shortlist, floats
        self.size = file.architecture
        self.positions = positions
        self.embedding = file.embedding()
        self.output_bias = file.floats("decoder_ff_logit_out_b", self.size.vocabulary)
        self.weights: dict[str, np.ndarray] = {}

    def translate(
        self, ids: Sequence[int], forced: Sequence[int] = ()
    ) -> tuple[list[int], list[float], np.ndarray]:
        """Target pieces, their log-probabilities and the alignment [target, source].

        `forced` is a translation to be scored instead, with its end.
        """
        context = self.encode(ids)
        candidates = self.candidates(ids, forced)
        names = [f"decoder_l{number + 1}" for number in range(self.size.decoder_layers)]
        memories = [
            tuple(self._affine(f"{n}_context_W{w}", context, f"{n}_context_b{w}") for w in "kv")
            for n in names
        ]
        cells = [np.zeros((1, self.size.dim), self.floats.kind) for _ in names]
        out: list[int] = []
        scores: list[float] = []
        rows: list[np.ndarray] = []
        previous = -1
        for step in range(len(forced) or min(2 * len(ids) + 4, TARGET_TOKENS_MAX)):
            x = self._embed([previous], step)
            for index, name in enumerate(names):
                x, alignment = self._decoder_layer(name, x, memories[index], cells, index)
            logits = self._logits(x, candidates)[0]
            best = int(np.argmax(logits))
            if forced:
                best = int(np.searchsorted(candidates, forced[step]))
            previous = int(candidates[best])
            if previous == 0 and not forced:
                break
            exact = logits.astype(np.float64)
            scores.append(-math.log(np.exp(exact - exact[best]).sum()))
            rows.append(alignment)
            out.append(previous)
        return out, scores, np.array(rows)

    def encode(self, ids: Sequence[int]):
        """The encoder's output, [tokens, dim]."""
        x = self._embed(ids, 0)
        for number in range(self.size.encoder_layers):
            name = f"encoder_l{number + 1}"
            q, k, v = (self._affine(f"{name}_self_W{w}", x, f"{name}_self_b{w}") for w in "qkv")
            branch, _ = self._attend(q, k, v)
            branch = self._affine(f"{name}_self_Wo", branch, f"{name}_self_bo")
            x = self._normalise(x, branch, f"{name}_self_Wo")
            x = self._feed_forward(x, f"{name}_ffn")
        return x

    def candidates(self, ids: Sequence[int], forced: Sequence[int] = ()) -> np.ndarray:
        """The pieces that may appear in the translation, ascending, a multiple of 8."""
        found = set(range(self.shortlist.frequent)) | set(ids) | set(forced)
        offsets = self.shortlist.offsets
        for piece in ids:
            if piece + 1 < len(offsets):
                start, stop = int(offsets[piece]), int(offsets[piece + 1])
                found.update(self.shortlist.ids[start:stop].tolist())
        extra = self.shortlist.frequent
        while len(found) % 8:
            found.add(extra)
            extra += 1
        return np.array(sorted(found))

    def _decoder_layer(self, name, x, memory, cells, index):
        one = self.floats.kind(1)
        proposed = self._affine(f"{name}_rnn_W", x, None)
        gate = self._affine(f"{name}_rnn_Wf", x, f"{name}_rnn_bf")
        opened = one / (self.floats.exponential(-gate) + one)
        cells[index] = opened * cells[index] + (one - opened) * proposed
        x = self._normalise(x, np.maximum(cells[index], 0), f"{name}_rnn_ffn")
        q = self._affine(f"{name}_context_Wq", x, f"{name}_context_bq")
        branch, weights = self._attend(q, *memory)
        branch = self._affine(f"{name}_context_Wo", branch, f"{name}_context_bo")
        x = self._normalise(x, branch, f"{name}_context_Wo")
        return self._feed_forward(x, f"{name}_ffn"), weights[0, 0]

    def _feed_forward(self, x, name):
        hidden = np.maximum(self._affine(f"{name}_W1", x, f"{name}_b1"), 0)
        return self._normalise(x, self._affine(f"{name}_W2", hidden, f"{name}_b2"), f"{name}_ffn")

    def _attend(self, q, k, v):
        width = self.size.dim // HEADS
        q, k, v = (part.reshape(-1, HEADS, width) for part in (q, k, v))
        one = self.floats.kind(1)
        scores = self.floats.scores(q, k) * (one / np.sqrt(self.floats.kind(width)))
        powers = self.floats.exponential(scores - scores.max(-1, keepdims=True))
        inverse = (one / self.floats.total(powers))[:, :, None]
        mixed = self.floats.mix(powers, v) * inverse
        return mixed.transpose(1, 0, 2).reshape(-1, self.size.dim), powers * inverse

    def _normalise(self, x, branch, name):
        kind = self.floats.kind
        scale, bias = (self.file.floats(f"{name}_ln_{p}", self.size.dim) for p in ("scale", "bias"))
        x = branch + x
        centred = x - (self.floats.total(x) / kind(self.size.dim))[:, None]
        variance = self.floats.total(centred * centred) / kind(self.size.dim)
        inverse = kind(1) / np.sqrt(variance + kind(1e-6))
        return centred * inverse[:, None] * scale + bias

    def _affine(self, name, x, bias_name):
        if name not in self.weights:
            stored = self.file.items[name].shape
            matrix = self.file.matrix(name, *stored)
            self.weights[name] = (matrix.weights.astype(np.float64), matrix.multiplier)
        weights, multiplier = self.weights[name]
        bias = self.file.floats(bias_name, len(weights)) if bias_name else np.float32(0)
        return self._product(x, weights, self.file.multiplier(name), multiplier, bias)

    def _logits(self, x, candidates):
        weights = self.embedding.weights[candidates].astype(np.float64)
        multiplier = self.file.multiplier("none")
        bias = self.output_bias[candidates]
        return self._product(x, weights, multiplier, self.embedding.multiplier, bias)

    def _product(self, x, weights, activation_multiplier, weight_multiplier, bias):
        kind = self.floats.kind
        a = kind(activation_multiplier)
        unquant = kind(1) / (a * kind(weight_multiplier))
        levels = np.clip(np.rint(x * a), -127, 127) + SHIFT
        sums = levels.astype(np.float64) @ weights.T  # integers below 2^53: exact in any order
        shifted = bias - kind(SHIFT) * unquant * weights.sum(1).astype(kind)
        return sums.astype(kind) * unquant + shifted

    def _embed(self, ids, start):
        kind = self.floats.kind
        rows = self.embedding.weights[np.maximum(ids, 0)].astype(kind)
        rows = rows * (kind(1) / kind(self.embedding.multiplier)) * np.sqrt(kind(self.size.dim))
        rows[np.array(ids) < 0] = 0
        return rows + self.positions[start : start + len(ids)]
