"""What both implementations of a student share: its files, its pieces, what a translation is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hanse.inference.engines.firefox.model_file import (
    Architecture,
    FloatArray,
    ModelFileError,
    read_model,
    read_shortlist,
)
from hanse.inference.engines.firefox.tokeniser import END, Span, Tokeniser

SOURCE_TOKENS_MAX = 256
"""Pieces of one sentence, its end included; the students were trained on less than 128."""
TARGET_TOKENS_MAX = 256
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
class Rating:
    """How likely the model finds a translation that was given.

    Attributes:
        details: as of a translation of its own; the last score and row are those of the end.
        tops: log-probability of the piece that the model would have taken in each place.
        known: whether the vocabulary has each piece; what it has not, the model cannot judge.
    """

    details: Details
    tops: FloatArray
    known: list[bool]


@dataclass(frozen=True, slots=True)
class Translation:
    """A sentence in the target language; details only when asked for."""

    text: str
    details: Details | None = None


Answers = tuple[list[list[int]], list[FloatArray], list[FloatArray]]
"""Target pieces, their scores and alignments, by sentence; the last two may be empty."""

Scores = tuple[list[FloatArray], list[FloatArray], list[FloatArray]]
"""Of translations that were given: scores of their pieces, of the best ones, and alignments."""


class Student:
    """One direction of translation. The same text gives the same translation in any batch and run.

    A subclass computes (:meth:`translate_ids`); files and text are dealt with here.
    """

    def __init__(self, folder: Path) -> None:
        """Map the three files of a student in ``folder``.

        Raises:
            ModelFileError: a file is missing, damaged or of another architecture.
        """
        self._file = read_model(_only(folder, "model"))
        size = self._file.architecture
        self._shortlist = read_shortlist(_only(folder, "shortlist"), size.vocabulary)
        self._tokeniser = Tokeniser(_only(folder, "vocabulary"), size.vocabulary)
        self._positions = position_table(max(SOURCE_TOKENS_MAX, TARGET_TOKENS_MAX), size.dim)

    @property
    def architecture(self) -> Architecture:
        """The sizes of this student."""
        return self._file.architecture

    def translate_ids(
        self, sources: Sequence[Sequence[int]], *, with_scores: bool = False
    ) -> Answers:
        """Target pieces, scores and alignments of sources given as pieces, each with its end.

        Without ``with_scores`` the last two are empty.

        Raises:
            ValueError: a source is empty, too long or has a piece outside the vocabulary.
        """
        raise NotImplementedError

    def translate(self, texts: Sequence[str], *, with_scores: bool = False) -> list[Translation]:
        """Translate sentences, in order.

        Raises:
            SentenceTooLong: a sentence beyond ``SOURCE_TOKENS_MAX`` pieces; nothing was done.
        """
        if not with_scores:
            plain = [self._tokeniser.encode(text) for text in texts]
            targets, _, _ = self.translate_ids(with_ends(plain))
            return [Translation(self._tokeniser.decode(ids)) for ids in targets]
        pairs = [self._tokeniser.encode_with_spans(text) for text in texts]
        answers = self.translate_ids(with_ends([ids for ids, _ in pairs]), with_scores=True)
        translations = []
        for ids, row, block, (_, places) in zip(*answers, pairs, strict=True):
            text, target_places = self._tokeniser.decode_with_spans(ids)
            translations.append(Translation(text, Details(row, block, places, target_places)))
        return translations

    def score_ids(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> Scores:
        """Scores, best scores and alignments of translations; all given with their ends.

        The candidates of a sentence are those of :meth:`translate_ids` and the pieces given.

        Raises:
            ValueError: a sentence is empty, too long or has a piece outside the vocabulary.
        """
        raise NotImplementedError

    def rate(self, pairs: Sequence[tuple[str, str]]) -> list[Rating]:
        """Score sources with their translations, in order.

        Raises:
            SentenceTooLong: one of a pair has too many pieces; nothing was done.
        """
        encode = self._tokeniser.encode_with_spans
        sources = [encode(source) for source, _ in pairs]
        targets = [encode(target) for _, target in pairs]
        found = self.score_ids(
            with_ends([ids for ids, _ in sources]), with_ends([ids for ids, _ in targets])
        )
        return [
            Rating(Details(scores, block, source, target), tops, self._tokeniser.are_known(ids))
            for scores, tops, block, (_, source), (ids, target) in zip(
                *found, sources, targets, strict=True
            )
        ]


def with_ends(sources: Sequence[Sequence[int]]) -> list[list[int]]:
    """The pieces of sentences, each with its end. Raises SentenceTooLong."""
    for index, ids in enumerate(sources):
        if len(ids) >= SOURCE_TOKENS_MAX:
            raise SentenceTooLong(index, len(ids) + 1)
    return [[*ids, END] for ids in sources]


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
