"""The documentation of all settings, from their types."""

from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from hanse.server.settings.derived import Settings

PREFIX = "HANSE_"


def kind_name(kind: Any) -> str:
    """Return the name of a setting's type as the documentation shows it."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return " \\| ".join(get_args(kind))
    return str(kind.__name__)


def table() -> str:
    """Return the Markdown table of all settings."""
    hints = get_type_hints(Settings, include_extras=True)
    lines = ["| environment variable | type | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        kind = hints[field.name]
        description = next(
            meta.description
            for meta in reversed(get_args(kind)[1:])
            if isinstance(meta, Meta) and meta.description
        )
        default = "" if field.default == "" else f"`{msgspec.json.encode(field.default).decode()}`"
        lines.append(
            f"| `{PREFIX}{field.name.upper()}` | {kind_name(kind)} | {default} | {description} |"
        )
    return "\n".join(lines) + "\n"
