"""A loaded student: batched, deterministic translation of sentences on one core a thread."""

import ctypes
import queue
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np

from hanse.inference.engines.firefox import library as native
from hanse.inference.engines.firefox.model_file import FloatArray, Matrix, ModelFile, Shortlist
from hanse.inference.engines.firefox.student import (
    SOURCE_TOKENS_MAX,
    Answers,
    Scores,
    Student,
    target_room,
)

ROWS_MAX = 16
"""Sentences decoded at once; of a larger batch others join as these end. More rows only push
each other out of the cache."""
CHUNK_TOKENS = 192
"""Pieces encoded at once, for the same reason."""


class FirefoxModel(Student):
    """One direction of translation. Any number of threads may translate at the same time.

    The same text gives the same translation in any batch, thread and run, and on every
    instruction set.
    """

    def __init__(self, folder: Path, instruction_set: str | None, library: ctypes.CDLL) -> None:
        """Use :meth:`load`."""
        self._closed = True
        self._library = library
        super().__init__(folder)
        spec = _spec(self._file, self._shortlist, self._positions)
        known = native.instruction_sets(library)
        if instruction_set and instruction_set not in known:
            raise ValueError(f"no instruction set {instruction_set!r} here, only {known}")
        name = instruction_set.encode() if instruction_set else None
        self._model: int | None = library.hanse_model_new(ctypes.byref(spec), name)
        if not self._model:
            raise MemoryError("no memory for the model")
        self._scratches: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._closed = False

    @classmethod
    def load(
        cls, folder: Path, *, instruction_set: str | None = None, library: Path | None = None
    ) -> Self:
        """Map the three files of a student in ``folder`` and pack its weights.

        ``instruction_set`` forces one of :func:`instruction_sets` instead of the best;
        ``library`` loads another build of the C library.

        Raises:
            ModelFileError: a file is missing, damaged or of another architecture.
            ValueError: this machine has no such instruction set.
            OSError: the C library was not built for this machine.
        """
        return cls(folder, instruction_set, native.load_library(library or native.library_path()))

    def translate_ids(
        self, sources: Sequence[Sequence[int]], *, with_scores: bool = False
    ) -> Answers:
        """See :meth:`Student.translate_ids`. Lengths may differ: nothing is padded."""
        count = len(sources)
        # Like lengths together end together, so the rows of the decoder stay full.
        order = sorted(range(count), key=lambda index: len(sources[index]), reverse=True)
        lengths = np.array([len(sources[index]) for index in order], dtype=np.int32)
        ids = np.array([piece for index in order for piece in sources[index]], dtype=np.int32)
        rooms = [target_room(len(sources[index])) for index in order]
        blocks = [room * len(sources[index]) for room, index in zip(rooms, order, strict=True)]
        targets = np.empty(sum(rooms), dtype=np.int32)
        produced = np.zeros(count, dtype=np.int32)
        scores = np.empty(targets.size if with_scores else 0, dtype=np.float32)
        weights = np.empty(sum(blocks) if with_scores else 0, dtype=np.float32)
        arrays = [ids, lengths, targets, produced, *([scores, weights] if with_scores else [])]
        self._run(native.Batch(count, *(array.ctypes.data for array in arrays)))
        # Back to the order asked for.
        places = sorted(range(count), key=order.__getitem__)
        rows = [
            targets[start : start + length].tolist()
            for start, length in zip(accumulate(rooms, initial=0), produced, strict=False)
        ]
        if not with_scores:
            return [rows[place] for place in places], [], []
        score_rows = np.split(scores, list(accumulate(rooms)))
        block_rows = np.split(weights, list(accumulate(blocks)))
        return (
            [rows[place] for place in places],
            [score_rows[place][: produced[place]].copy() for place in places],
            [
                block_rows[place].reshape(-1, lengths[place])[: produced[place]].copy()
                for place in places
            ],
        )

    def score_ids(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> Scores:
        """See :meth:`Student.score_ids`."""
        lengths = np.array([len(ids) for ids in sources], dtype=np.int32)
        rooms = np.array([len(ids) for ids in targets], dtype=np.int32)
        ids = np.array([piece for row in sources for piece in row], dtype=np.int32)
        forced = np.array([piece for row in targets for piece in row], dtype=np.int32)
        taken = np.empty(len(forced), dtype=np.int32)
        produced = np.zeros(len(sources), dtype=np.int32)
        scores = np.empty(len(forced), dtype=np.float32)
        tops = np.empty(len(forced), dtype=np.float32)
        blocks = lengths.astype(np.int64) * rooms
        weights = np.empty(int(blocks.sum()), dtype=np.float32)
        arrays = [ids, lengths, taken, produced, scores, weights, forced, rooms, tops]
        self._run(native.Batch(len(sources), *(array.ctypes.data for array in arrays)))
        ends = list(accumulate(rooms.tolist()))[:-1]
        block_ends = list(accumulate(blocks.tolist()))[:-1]
        return (
            np.split(scores, ends),
            np.split(tops, ends),
            [
                block.reshape(-1, length)
                for block, length in zip(np.split(weights, block_ends), lengths, strict=True)
            ],
        )

    def close(self) -> None:
        """Free the packed weights. No call may be running; further calls raise ValueError."""
        if self._closed:
            return
        self._closed = True
        while not self._scratches.empty():
            self._library.hanse_scratch_free(self._scratches.get())
        self._library.hanse_model_free(self._model)
        self._model = None

    def __del__(self) -> None:
        """A model that was never closed still frees its memory."""
        self.close()

    def _run(self, batch: native.Batch) -> None:
        if self._closed:
            raise ValueError("the model is closed")
        try:
            scratch = self._scratches.get_nowait()
        except queue.Empty:
            scratch = self._library.hanse_scratch_new(
                self._model, ROWS_MAX, CHUNK_TOKENS, SOURCE_TOKENS_MAX
            )
            if not scratch:
                raise MemoryError("no memory to translate with") from None
        try:
            status = self._library.hanse_translate(scratch, ctypes.byref(batch))
        finally:
            self._scratches.put(scratch)
        if status == native.NO_MEMORY:
            raise MemoryError("no memory to translate with")
        if status == native.BAD_INPUT:
            raise ValueError("pieces outside the vocabulary, or a sentence too long or empty")


def instruction_sets() -> list[str]:
    """The instruction sets this machine can run the engine on, best first."""
    return native.instruction_sets(native.load_library(native.library_path()))


def _spec(file: ModelFile, shortlist: Shortlist, positions: FloatArray) -> native.ModelSpec:
    size = file.architecture
    matrices, norms = _weights(file)
    embedding = file.embedding()
    return native.ModelSpec(
        dim=size.dim,
        feed_forward=size.feed_forward,
        encoder_layers=size.encoder_layers,
        decoder_layers=size.decoder_layers,
        vocabulary=size.vocabulary,
        positions=len(positions),
        frequent=shortlist.frequent,
        shortlist_words=len(shortlist.offsets) - 1,
        matrices=(native.MatrixSpec * len(matrices))(*matrices),
        norms=(native.NormSpec * len(norms))(*norms),
        embedding=embedding.weights.ctypes.data,
        output_bias=file.floats("decoder_ff_logit_out_b", size.vocabulary).ctypes.data,
        position_table=positions.ctypes.data,
        shortlist_offsets=shortlist.offsets.ctypes.data,
        shortlist_ids=shortlist.ids.ctypes.data,
        embedding_multiplier=embedding.multiplier,
        output_activation_multiplier=file.multiplier("none"),
    )


def _weights(file: ModelFile) -> tuple[list[native.MatrixSpec], list[native.NormSpec]]:
    """Every weight and norm in the order ``hanse_spec`` wants."""
    size = file.architecture
    matrices: list[native.MatrixSpec] = []
    norms: list[native.NormSpec] = []

    def add(name: str, bias: str | None, inputs: int = size.dim, outputs: int = size.dim) -> None:
        weight: Matrix = file.matrix(name, inputs, outputs)
        matrices.append(
            native.MatrixSpec(
                weight.weights.ctypes.data,
                file.floats(bias, outputs).ctypes.data if bias else None,
                file.multiplier(name),
                weight.multiplier,
                outputs,
                inputs,
            )
        )

    def add_attention(prefix: str) -> None:
        for letter in "qkvo":
            add(f"{prefix}_W{letter}", f"{prefix}_b{letter}")

    def add_feed_forward(prefix: str) -> None:
        add(f"{prefix}_W1", f"{prefix}_b1", size.dim, size.feed_forward)
        add(f"{prefix}_W2", f"{prefix}_b2", size.feed_forward, size.dim)

    def add_norm(prefix: str) -> None:
        scale, bias = (file.floats(f"{prefix}_ln_{part}", size.dim) for part in ("scale", "bias"))
        norms.append(native.NormSpec(scale.ctypes.data, bias.ctypes.data))

    for layer in (f"encoder_l{number + 1}" for number in range(size.encoder_layers)):
        add_attention(f"{layer}_self")
        add_feed_forward(f"{layer}_ffn")
        add_norm(f"{layer}_self_Wo")
        add_norm(f"{layer}_ffn_ffn")
    for layer in (f"decoder_l{number + 1}" for number in range(size.decoder_layers)):
        add(f"{layer}_rnn_W", None)
        add(f"{layer}_rnn_Wf", f"{layer}_rnn_bf")
        add_attention(f"{layer}_context")
        add_feed_forward(f"{layer}_ffn")
        add_norm(f"{layer}_rnn_ffn")
        add_norm(f"{layer}_context_Wo")
        add_norm(f"{layer}_ffn_ffn")
    return matrices, norms
