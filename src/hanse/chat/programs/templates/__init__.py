"""Programs to begin with."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"poll": (), "standup": (), "on_call": (), "expenses": (), "glossary": ("translate",)}
)
"""Names, and what each needs to be allowed."""


def read_template(name: str) -> str:
    """Return the source of a template, one of TEMPLATES."""
    assert name in TEMPLATES
    return (files(__name__) / f"{name}.js").read_text("utf-8")
