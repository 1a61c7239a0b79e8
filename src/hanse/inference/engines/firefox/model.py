"""A loaded student: batched, deterministic translation of sentences on one core a thread."""

import ctypes
import math
import queue
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np

from hanse.inference.engines.firefox import library as native
from hanse.inference.engines.firefox.model_file import (
    Architecture,
    FloatArray,
    Matrix,
    ModelFile,
    ModelFileError,
    Shortlist,
    read_model,
    read_shortlist,
)
from hanse.inference.engines.firefox.tokeniser import END, Span, Tokeniser

SOURCE_TOKENS_MAX = 256
"""Pieces of one sentence, its end included; the students were trained on less than 128."""
TARGET_TOKENS_MAX = 256
ROWS_MAX = 16
"""Sentences decoded at once; of a larger batch others join as these end. More rows only push
each other out of the cache."""
CHUNK_TOKENS = 192
"""Pieces encoded at once, for the same reason."""
FILES = {"model": "model.*.bin", "shortlist": "lex.*.bin", "vocabulary": "vocab.*.spm"}


class SentenceTooLong(ValueError):
    """A sentence has more pieces than ``SOURCE_TOKENS_MAX``; split it first."""

    def __init__(self, index: int, tokens: int) -> None:
        super().__init__(f"sentence {index} has {tokens} pieces, more than {SOURCE_TOKENS_MAX}")
        self.index = index
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class Details:
    """How sure the model was, and where it looked.

    Attributes:
        scores: log-probability of each target piece among the sentence's candidates.
        alignment: ``[target piece, source piece]``, how much the target piece looked at the source
            piece. A row sums to 1; the last column is the source's end (head 0 of the last
            decoder layer, the one that the students were taught alignment with).
        source_spans: start and end of each source piece in the source text, in characters.
        target_spans: the same for the target pieces in the translation.
    """

    scores: FloatArray
    alignment: FloatArray
    source_spans: list[Span]
    target_spans: list[Span]


@dataclass(frozen=True, slots=True)
class Translation:
    """A sentence in the target language; details only when asked for."""

    text: str
    details: Details | None = None


class FirefoxModel:
    """One direction of translation. Any number of threads may translate at the same time.

    The same text gives the same translation in any batch, thread and run, and on every
    instruction set.
    """

    def __init__(self, folder: Path, instruction_set: str | None, library: ctypes.CDLL) -> None:
        """Use :meth:`load`."""
        self._closed = True
        self._library = library
        self._file = read_model(_only(folder, "model"))
        size = self._file.architecture
        self._shortlist = read_shortlist(_only(folder, "shortlist"), size.vocabulary)
        self._tokeniser = Tokeniser(_only(folder, "vocabulary"), size.vocabulary)
        self._positions = position_table(max(SOURCE_TOKENS_MAX, TARGET_TOKENS_MAX), size.dim)
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

    @property
    def architecture(self) -> Architecture:
        """The sizes of this student."""
        return self._file.architecture

    def translate(self, texts: Sequence[str], *, with_scores: bool = False) -> list[Translation]:
        """Translate sentences, in order. Lengths may differ: nothing is padded.

        Raises:
            SentenceTooLong: a sentence beyond ``SOURCE_TOKENS_MAX`` pieces; nothing was done.
        """
        encode = self._tokeniser.encode_with_spans
        spans: list[list[Span]] = []
        sources: list[list[int]] = []
        for index, text in enumerate(texts):
            if with_scores:
                ids, places = encode(text)
                spans.append(places)
            else:
                ids = self._tokeniser.encode(text)
            if len(ids) >= SOURCE_TOKENS_MAX:
                raise SentenceTooLong(index, len(ids) + 1)
            sources.append([*ids, END])
        targets, scores, alignments = self.translate_ids(sources, with_scores=with_scores)
        if not with_scores:
            return [Translation(self._tokeniser.decode(ids)) for ids in targets]
        translations = []
        for ids, row, block, places in zip(targets, scores, alignments, spans, strict=True):
            text, target_places = self._tokeniser.decode_with_spans(ids)
            translations.append(Translation(text, Details(row, block, places, target_places)))
        return translations

    def translate_ids(
        self, sources: Sequence[Sequence[int]], *, with_scores: bool = False
    ) -> tuple[list[list[int]], list[FloatArray], list[FloatArray]]:
        """Target pieces, scores and alignments of sources given as pieces, each with its end.

        Without ``with_scores`` the last two are empty.

        Raises:
            ValueError: a source is empty, too long or has a piece outside the vocabulary.
        """
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


def target_room(source_tokens: int) -> int:
    """The most pieces a translation may have, by the length of its source with the end."""
    return min(2 * source_tokens + 4, TARGET_TOKENS_MAX)


def position_table(positions: int, dim: int) -> FloatArray:
    """Marian's sinusoidal encoding, (positions, dim): sines in the first half, cosines after."""
    column = np.arange(dim, dtype=np.float64)
    half = dim // 2
    rate = np.float64(1e-4) ** ((column % half) / (half - 1))
    phase = (column >= half) * np.float64(math.pi / 2)
    place = np.arange(positions, dtype=np.float32)[:, None]
    angle = place * rate.astype(np.float32) + phase.astype(np.float32)
    return np.sin(angle.astype(np.float64)).astype(np.float32)


def _only(folder: Path, kind: str) -> Path:
    found = sorted(folder.glob(FILES[kind]))
    if len(found) != 1:
        raise ModelFileError(f"{folder}: {len(found)} files match {FILES[kind]}; one is needed")
    return found[0]


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
