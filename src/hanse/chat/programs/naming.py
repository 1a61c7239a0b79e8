"""How programs speak of people, whom they know by their ids alone: `<@id>` in a text. Pure."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

_NAMED: Final = re.compile(r"<@([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})>")


def ids_in(text: str) -> list[UUID]:
    """Return whom a text speaks of, each once, in their order."""
    return list(dict.fromkeys(UUID(id) for id in _NAMED.findall(text)))


def with_names(text: str, names: Mapping[UUID, str]) -> str:
    """Return the text with `@` and the name in place of each `<@id>` whose name is known."""

    def name(found: re.Match[str]) -> str:
        known = names.get(UUID(found[1]))
        return f"@{known}" if known else found[0]

    return _NAMED.sub(name, text)
