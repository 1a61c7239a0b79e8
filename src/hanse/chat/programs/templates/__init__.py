"""Programs to begin with."""

from importlib.resources import files
from typing import Final

TEMPLATES: Final = ("poll", "standup", "on_call")


def read_template(name: str) -> str:
    """Return the source of a template, one of TEMPLATES."""
    assert name in TEMPLATES
    return (files(__name__) / f"{name}.js").read_text("utf-8")
