"""What a text with tags is made of. No I/O."""

from typing import Literal

from msgspec import Struct

from hanse.language.projection import Marked
from hanse.platform.problems import BadRequest


class TagsBroken(BadRequest):
    """The text is not well-formed XML, or its tags are nested too deeply."""

    code = "tag_handling_failed"
    title = "Tags cannot be read"


class TagOptions(Struct, frozen=True):
    """How tags are read; by the names of the contract."""

    kind: Literal["html", "xml"]
    version: Literal["v1", "v2"] = "v2"
    outline_detection: bool = True
    splitting_tags: frozenset[str] = frozenset()
    non_splitting_tags: frozenset[str] = frozenset()
    ignore_tags: frozenset[str] = frozenset()


class Element(Struct, frozen=True):
    """An inline element of a run: its mark is at the same place in `Marked.marks`."""

    opening: str
    closing: str


class Run(Struct, frozen=True):
    """A text between block tags: what to translate, and what its marks and stand-ins are."""

    marked: Marked
    elements: tuple[Element, ...]
    stand_ins: tuple[tuple[str, str], ...]

    @property
    def characters(self) -> int:
        """The characters of text, without tags."""
        return len(self.marked.text) - len(self.stand_ins)


class TaggedText(Struct, frozen=True):
    """A text in its parts: mark-up to copy, and runs."""

    parts: tuple[str | Run, ...]

    @property
    def runs(self) -> list[Run]:
        """The runs of text, in their order."""
        return [part for part in self.parts if isinstance(part, Run)]
