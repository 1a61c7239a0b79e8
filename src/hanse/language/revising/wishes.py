"""What a caller wishes of a translation that no translation engine can heed. No I/O."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from hanse.language.languages import root

Formality = Literal["more", "less"]

FORMAL_LANGUAGES: Final = frozenset({"de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru"})
"""Roots of the target languages for which the contract's `formality` means something."""

STYLE_INSTRUCTIONS: Final = "style_rules.custom_instructions"


class StyleInstruction(msgspec.Struct, frozen=True):
    """An instruction of a style; one with a source language is for translations from it alone."""

    prompt: str
    source_language: str | None = None


class Wishes(msgspec.Struct, frozen=True):
    """Parameters of a request by their meaning; empty ones wish nothing."""

    context: str | None = None
    instructions: tuple[str, ...] = ()
    formality: Formality | None = None
    style_instructions: tuple[StyleInstruction, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, by the names that `not_applied` tells."""
        given = {
            "context": self.context,
            "custom_instructions": self.instructions,
            "formality": self.formality,
            STYLE_INSTRUCTIONS: self.style_instructions,
        }
        return tuple(name for name, value in given.items() if value)

    def possible(self, source: str | None, target: str) -> "Wishes":
        """Return what of them means something for texts of these languages."""
        kept = tuple(
            each
            for each in self.style_instructions
            if each.source_language is None
            or (source is not None and root(each.source_language) == root(source))
        )
        formality = self.formality if root(target) in FORMAL_LANGUAGES else None
        return msgspec.structs.replace(self, formality=formality, style_instructions=kept)

    def and_of_style(self, instructions: Sequence[StyleInstruction]) -> "Wishes":
        """Return these wishes and those of a style."""
        return msgspec.structs.replace(self, style_instructions=tuple(instructions))
