"""Programs to begin with."""

from importlib.resources import files
from typing import Final

from hanse.chat.programs.guests import ENDINGS, Language

TEMPLATES: Final = ("poll", "standup", "on_call")
IN_LUA: Final = ("poll",)
"""Those that there are in Lua, too."""


def templates_of(language: Language) -> tuple[str, ...]:
    """Return the names of the templates in a language."""
    return TEMPLATES if language is Language.JAVASCRIPT else IN_LUA


def read_template(name: str, language: Language = Language.JAVASCRIPT) -> str:
    """Return the source of a template, one of those in that language."""
    assert name in templates_of(language)
    return (files(__name__) / f"{name}{ENDINGS[language]}").read_text("utf-8")
