"""Programs to begin with."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from hanse.chat.programs.guests import ENDINGS, Language

TEMPLATES: Final = ("poll", "standup", "on_call", "expenses", "glossary")
IN_LUA: Final = ("poll",)
"""Those that there are in Lua, too."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"glossary": ("translate",)})
"""What some must be allowed."""


def templates_of(language: Language) -> tuple[str, ...]:
    """Return the names of the templates in a language."""
    return TEMPLATES if language is Language.JAVASCRIPT else IN_LUA


def read_template(name: str, language: Language = Language.JAVASCRIPT) -> str:
    """Return the source of a template, one of those in that language."""
    assert name in templates_of(language)
    return (files(__name__) / f"{name}{ENDINGS[language]}").read_text("utf-8")
