"""Vectors of texts: how they are asked for and answered, by whichever engine.

An item is a purpose, a colon and the text. A result is a u32 with the number of tokens of the text,
a u32 of 0, and the vector as float32, all little-endian. Of a text with too many tokens there is no
vector, and the second number is the most that the model takes. This module is imported by
worker processes too.
"""

import struct
from enum import StrEnum
from typing import Final

from msgspec import Struct

EMBED: Final = "embed"
"""The task of models that make vectors."""

DEFAULT_MODEL: Final = "multilingual-e5-small"
ITEM_CHARS_MAX: Final = 20_000
"""More than any model takes that is known here; tokens are counted by the model's own rules."""

_HEAD: Final = struct.Struct("<II")


class Purpose(StrEnum):
    """What a vector is for: models trained for search tell questions from what answers them."""

    QUERY = "query"
    PASSAGE = "passage"


class Vector(Struct, frozen=True):
    """What became of one text: `data` is float32, little-endian.

    If it was too long, `data` is empty and `tokens_max` is what the model takes; else that is 0.
    """

    tokens: int
    tokens_max: int
    data: bytes

    @property
    def dimensions(self) -> int:
        """How many numbers it has."""
        return len(self.data) // 4

    def numbers(self) -> list[float]:
        """Return the vector as numbers."""
        return list(struct.unpack(f"<{self.dimensions}f", self.data))


def item(text: str, purpose: Purpose) -> str:
    """Return the item that asks for the vector of a text."""
    return f"{purpose.value}:{text}"


def read_item(item: str) -> tuple[Purpose, str]:
    """Return purpose and text of an item. Raises ValueError."""
    purpose, _, text = item.partition(":")
    return Purpose(purpose), text


def encoded(tokens: int, data: bytes) -> bytes:
    """Return the result of a text whose vector is `data`."""
    return _HEAD.pack(tokens, 0) + data


def too_long(tokens: int, tokens_max: int) -> bytes:
    """Return the result of a text with more than `tokens_max` tokens."""
    return _HEAD.pack(tokens, tokens_max)


def read_result(result: bytes) -> Vector:
    """Return what an engine answered."""
    tokens, tokens_max = _HEAD.unpack_from(result)
    return Vector(tokens, tokens_max, result[_HEAD.size :])
