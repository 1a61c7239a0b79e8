"""Text to vocabulary pieces and back, by the SentencePiece model of a student."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentencepiece

from hanse.inference.engines.firefox.model_file import ModelFileError

END = 0
"""The piece that ends a sentence; the engine relies on its number."""

Span = tuple[int, int]
"""Characters of a text, start and end."""


class Tokeniser:
    """A SentencePiece unigram model: normalises, splits and joins as it was trained to."""

    def __init__(self, path: Path, vocabulary: int) -> None:
        """Read the model at ``path``.

        Raises:
            ModelFileError: unreadable, or not of ``vocabulary`` pieces ending with piece 0.
        """
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.LoadFromSerializedProto(path.read_bytes())
            pieces, end = processor.vocab_size(), processor.eos_id()
        except (OSError, RuntimeError) as error:
            raise ModelFileError(f"{path}: cannot be read: {error}") from error
        if (pieces, end) != (vocabulary, END):
            raise ModelFileError(f"{path}: {pieces} pieces, end {end}; expected {vocabulary}, 0")
        self._processor = processor
        self._unknown: int = processor.unk_id()

    def encode(self, text: str) -> list[int]:
        """Piece numbers, without the end."""
        try:
            ids: list[int] = self._processor.encode(text)
        except RuntimeError:  # half a surrogate pair: not text, but users paste it
            ids = self._processor.encode(_whole(text))
        return ids

    def encode_with_spans(self, text: str) -> tuple[list[int], list[Span]]:
        """Piece numbers and the characters of ``text`` each stands for."""
        mapping: dict[str, Any] = self._processor.encode(_whole(text), out_type="offset_mapping")
        return mapping["ids"], mapping["offsets"]

    def are_known(self, ids: Sequence[int]) -> list[bool]:
        """Whether each piece is one of the vocabulary, not the one for what it has not."""
        return [piece != self._unknown for piece in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of the pieces; the unknown piece has none."""
        text: str = self._processor.decode([piece for piece in ids if piece != self._unknown])
        return text

    def decode_with_spans(self, ids: Sequence[int]) -> tuple[str, list[Span]]:
        """The text and the characters each piece became; those of an unknown piece are none."""
        known = [piece for piece in ids if piece != self._unknown]
        mapping: dict[str, Any] = self._processor.decode(known, out_type="offset_mapping")
        offsets = iter(mapping["offsets"])
        spans: list[Span] = []
        end = 0
        for piece in ids:
            spans.append((end, end) if piece == self._unknown else next(offsets))
            end = spans[-1][1]
        return mapping["text"], spans


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
