"""A student on ONNX Runtime: batched, deterministic, on one thread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from hanse.inference.engines.firefox.model_file import FloatArray
from hanse.inference.engines.firefox.portable import graph
from hanse.inference.engines.firefox.portable.graph import Weights
from hanse.inference.engines.firefox.portable.messages import Graph
from hanse.inference.engines.firefox.student import (
    SOURCE_TOKENS_MAX,
    Answers,
    Scores,
    Student,
    target_room,
)
from hanse.inference.engines.firefox.tokeniser import END

BUCKETS = (16, 32, 48, 64, 96, 128, 192, SOURCE_TOKENS_MAX)
"""A sentence is padded to the first of these that holds it, and computed with others of its bucket.
So the shape of all that is computed for it depends on nothing but itself."""
ROWS_MAX = 32
CHUNK_TOKENS = 512
"""Sentences of a bucket, and their pieces, that are computed at once."""
CANDIDATES_ALIGNED = 64
_FAR_BELOW = -1e9
_ROWS_KEPT_SHARE = 0.75
"""Rows that have ended are computed in vain as long as more than this share go on."""

IntArray = npt.NDArray[np.int64]


class PortableModel(Student):
    """One direction of translation, without the compiled library.

    The same text gives the same translation in any batch and run on one machine.
    """

    def __init__(self, folder: Path) -> None:
        """Map the three files of a student in ``folder`` and make its graphs.

        Raises:
            ModelFileError: a file is missing, damaged or of another architecture.
        """
        super().__init__(folder)
        weights = Weights(are_signed=not _saturates())
        self._encoder = _session(graph.encoder(self._file, weights))
        self._decoder = _session(graph.decoder(self._file, weights))
        size = self._file.architecture
        embedding = self._file.embedding()
        self._embedding = embedding.weights
        self._pieces = weights.stored(embedding.weights)
        self._bias = self._file.floats("decoder_ff_logit_out_b", size.vocabulary)
        self._unit = np.float32(1 / embedding.multiplier) * np.float32(np.sqrt(size.dim))

    def translate_ids(
        self, sources: Sequence[Sequence[int]], *, with_scores: bool = False
    ) -> Answers:
        """See :meth:`Student.translate_ids`."""
        self._check(sources)
        targets: list[list[int]] = [[] for _ in sources]
        scores: list[FloatArray] = [np.empty(0, np.float32)] * len(sources)
        blocks: list[FloatArray] = [np.empty((0, 0), np.float32)] * len(sources)
        for places, longest in _chunks([len(ids) for ids in sources]):
            rows = self._encode([sources[place] for place in places], longest)
            self._decode(rows, with_scores=with_scores)
            for row, place in enumerate(places):
                targets[place] = rows.targets[row]
                if with_scores:
                    length = len(sources[place])
                    scores[place] = np.array(rows.scores[row], np.float32)
                    block = np.array(rows.looked[row], np.float32).reshape(-1, longest)
                    blocks[place] = block[:, :length]
        return (targets, scores, blocks) if with_scores else (targets, [], [])

    def score_ids(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> Scores:
        """See :meth:`Student.score_ids`."""
        self._check(sources)
        self._check(targets)
        scores, tops, blocks = (
            [np.empty(0, np.float32)] * len(sources),
            [np.empty(0, np.float32)] * len(sources),
            [np.empty((0, 0), np.float32)] * len(sources),
        )
        for places, longest in _chunks([len(ids) for ids in sources]):
            forced = [targets[place] for place in places]
            rows = self._encode([sources[place] for place in places], longest, forced)
            self._decode(rows, with_scores=True)
            for row, place in enumerate(places):
                scores[place] = np.array(rows.scores[row], np.float32)
                tops[place] = np.array(rows.tops[row], np.float32)
                block = np.array(rows.looked[row], np.float32).reshape(-1, longest)
                blocks[place] = block[:, : len(sources[place])]
        return scores, tops, blocks

    def _check(self, sentences: Sequence[Sequence[int]]) -> None:
        pieces = self.architecture.vocabulary
        for ids in sentences:
            if not 0 < len(ids) <= SOURCE_TOKENS_MAX or not 0 <= min(ids) <= max(ids) < pieces:
                raise ValueError("pieces outside the vocabulary, or a sentence too long or empty")

    def _encode(
        self,
        sources: Sequence[Sequence[int]],
        longest: int,
        forced: Sequence[Sequence[int]] | None = None,
    ) -> "_Rows":
        lengths = np.array([len(ids) for ids in sources])
        ids = np.array([piece for row in sources for piece in row])
        inside = np.arange(longest) < lengths[:, None]
        places = np.concatenate([np.arange(length) for length in lengths])
        padded = np.zeros(inside.shape, np.int64)
        padded[inside] = np.arange(len(ids))
        mask = np.where(inside, 0, _FAR_BELOW).astype(np.float32)[:, None, None, :]
        outputs = self._encoder.run(
            None,
            {
                "x": self._embed(ids) + self._positions[places],
                "padded": padded,
                "rows": np.flatnonzero(inside),
                "mask": mask,
            },
        )
        given = forced or [[] for _ in sources]
        sets = [self._candidates(*row) for row in zip(sources, given, strict=True)]
        union = np.unique(np.concatenate(sets))
        spare = -len(union) % CANDIDATES_ALIGNED
        union = np.concatenate([union, np.zeros(spare, union.dtype)])
        refused = np.full((len(sources), len(union)), -np.inf, np.float32)
        for row, found in enumerate(sets):
            refused[row, np.searchsorted(union[: len(union) - spare], found)] = 0
        memory = {"mask": mask}
        for number in range(self.architecture.decoder_layers):
            memory[f"keys{number}"], memory[f"values{number}"] = outputs[
                2 * number : 2 * number + 2
            ]
            memory[f"cell{number}"] = np.zeros((len(sources), self.architecture.dim), np.float32)
        return _Rows(
            memory=memory,
            refused=refused,
            union=union,
            known=len(union) - spare,
            rooms=[len(ids) for ids in forced]
            if forced
            else [target_room(int(length)) for length in lengths],
            forced=forced,
            targets=[[] for _ in sources],
            scores=[[] for _ in sources],
            tops=[[] for _ in sources],
            looked=[[] for _ in sources],
        )

    def _decode(self, rows: "_Rows", *, with_scores: bool) -> None:
        layers = range(self.architecture.decoder_layers)
        fixed = {
            "candidates": np.ascontiguousarray(self._pieces[rows.union].T),
            "bias": self._bias[rows.union],
        }
        wanted = ["logits", *(f"next{number}" for number in layers)]
        wanted += ["looked"] if with_scores else []
        memory, refused = rows.memory, rows.refused
        open_rows = np.arange(len(rows.targets))
        alive = np.ones(len(open_rows), bool)
        x = np.zeros((len(open_rows), self.architecture.dim), np.float32)
        for step in range(max(rows.rooms)):
            outputs = self._decoder.run(wanted, fixed | memory | {"x": x + self._positions[step]})
            for number in layers:
                memory[f"cell{number}"] = outputs[1 + number]
            logits = outputs[0] + refused
            best = logits.argmax(1)
            pieces = rows.union[best]
            if rows.forced is not None:
                pieces[alive] = [rows.forced[row][step] for row in open_rows[alive]]
            ends = (pieces == END) & (rows.forced is None)
            for at in np.flatnonzero(alive & ~ends):
                row = open_rows[at]
                rows.targets[row].append(int(pieces[at]))
                if with_scores:
                    top = _log_probability(logits[at], best[at])
                    taken = np.searchsorted(rows.union[: rows.known], pieces[at])
                    rows.tops[row].append(top)
                    rows.scores[row].append(top + float(logits[at, taken] - logits[at, best[at]]))
                    rows.looked[row].append(outputs[-1][at, 0, 0])
                ends[at] = len(rows.targets[row]) == rows.rooms[row]
            alive &= ~ends
            count = int(alive.sum())
            if not count:
                return
            x = self._embed(pieces)
            if count <= _ROWS_KEPT_SHARE * len(alive):
                memory = {name: value[alive] for name, value in memory.items()}
                refused, open_rows, x = refused[alive], open_rows[alive], x[alive]
                alive = np.ones(count, bool)

    def _embed(self, ids: IntArray) -> FloatArray:
        return self._embedding[ids].astype(np.float32) * self._unit

    def _candidates(self, ids: Sequence[int], forced: Sequence[int]) -> IntArray:
        """The pieces that may translate a sentence; the same as the C library's."""
        lists = self._shortlist
        found = np.zeros(self.architecture.vocabulary, bool)
        found[: lists.frequent] = True
        found[[*ids, *forced]] = True
        for piece in ids:
            if piece + 1 < len(lists.offsets):
                start, stop = int(lists.offsets[piece]), int(lists.offsets[piece + 1])
                found[lists.ids[start:stop]] = True
        missing = -int(np.count_nonzero(found)) % 8
        others = np.flatnonzero(~found[lists.frequent :])[:missing] + lists.frequent
        found[others] = True
        return np.flatnonzero(found)


@dataclass(slots=True)
class _Rows:
    """Sentences of one bucket: what the decoder works on, and what has come of it."""

    memory: dict[str, FloatArray]
    refused: FloatArray
    union: IntArray
    known: int
    rooms: list[int]
    forced: Sequence[Sequence[int]] | None
    targets: list[list[int]]
    scores: list[list[float]]
    tops: list[list[float]]
    looked: list[list[FloatArray]]


def _chunks(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Sentences to compute at once, of one bucket each: their places, and the padded length."""
    buckets: dict[int, list[int]] = {}
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        bucket = next(bucket for bucket in BUCKETS if lengths[place] <= bucket)
        buckets.setdefault(bucket, []).append(place)
    for bucket, places in buckets.items():
        most = max(1, min(ROWS_MAX, CHUNK_TOKENS // bucket))
        for at in range(0, len(places), most):
            yield places[at : at + most], bucket


def _log_probability(logits: FloatArray, best: int) -> float:
    exact = logits.astype(np.float64)
    return float(-np.log(np.exp(exact - exact[best]).sum()))


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The fused kernel takes three times as long as the two operators that it replaces.
    slow = ["SkipLayerNormFusion"]
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=slow
    )


def _saturates() -> bool:
    """Whether uint8 times int8 goes wrong on this processor, as it does on AVX2 without VNNI."""
    probe = Graph("probe")
    left = probe.input("x", "uint8", "rows", 64)
    right = probe.constant(np.full((64, 16), 127, np.int8))
    probe.output(probe.add("MatMulInteger", left, right), "y", "int32", "rows", 16)
    (product,) = _session(probe.model()).run(None, {"x": np.full((4, 64), 255, np.uint8)})
    return bool(np.any(product != 64 * 255 * 127))
