"""Translations with how sure the engine is of each token: what `Output.SCORED` and `RATED` give.

A token is a piece of the engine's vocabulary, often less than a word. Its source span is the piece
of the source that the engine looked at most (soft alignment, its strongest entry).
"""

import msgspec
from msgspec import Struct


class Token(Struct, frozen=True, array_like=True):
    """A token of a translation: its characters and those it was made from, half-open.

    `score` is the natural logarithm of its probability, `best` that of the token which the engine
    finds most likely there; for what the engine wrote itself they are the same. Both are 0 for a
    token that the engine's vocabulary does not have.
    """

    start: int
    end: int
    score: float
    best: float
    source_start: int
    source_end: int


class Scored(Struct, frozen=True, array_like=True):
    """A translation and its tokens in order."""

    text: str
    tokens: tuple[Token, ...]


def encode(scored: Scored) -> bytes:
    """Return the result as engines hand it in."""
    return msgspec.msgpack.encode(scored)


def decode(result: bytes) -> Scored:
    """Return what `encode` was given. Raises msgspec.ValidationError."""
    return msgspec.msgpack.decode(result, type=Scored)


def pair(source: str, target: str) -> str:
    """Return the item of a job with `Output.RATED`: a source with the translation to be rated."""
    return msgspec.json.encode((source, target)).decode()


def unpair(item: str) -> tuple[str, str]:
    """Return what `pair` was given. Raises msgspec.DecodeError."""
    return msgspec.json.decode(item, type=tuple[str, str])
