"""Texts with tags, HTML or XML: cut into runs of text with marks, and put together again. Pure.

Mark-up is never written anew: every tag comes out as it stood in the source, exactly once, so the
result is well-formed wherever the source was. Block elements separate runs; inline elements become
marks that `projection` carries over; void elements inside a text are stood in for by one private
character, copied like a placeholder; and what must not be translated is copied the same way.
"""

from hanse.language.tags.reading import parse
from hanse.language.tags.shapes import Element, Run, TaggedText, TagOptions, TagsBroken
from hanse.language.tags.writing import write, write_bilingual

__all__ = [
    "Element",
    "Run",
    "TagOptions",
    "TaggedText",
    "TagsBroken",
    "parse",
    "write",
    "write_bilingual",
]
