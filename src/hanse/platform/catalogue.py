"""The catalogue of events: what can be announced, told from the classes and one example of each."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from hanse.platform.outbox import Event

EXAMPLE_ID = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abcd")
EXAMPLE_TIME = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class EventType(msgspec.Struct, frozen=True):
    """One type of event: `schema` is the JSON Schema (2020-12) of its data."""

    type: str
    description: str
    schema: dict[str, Any]
    example: Event


class Catalogue(Mapping[str, EventType]):
    """Event types by their names, made of one example of each; a docstring describes its class."""

    def __init__(self, examples: Iterable[Event]) -> None:
        found: dict[str, EventType] = {}
        for example in examples:
            kind = type(example)
            assert kind.type not in found, f"two examples of {kind.type}"
            description = " ".join((kind.__doc__ or "").split())
            found[kind.type] = EventType(kind.type, description, _schema(kind), example)
        self._types = dict(sorted(found.items()))

    def __getitem__(self, type: str) -> EventType:
        """The event type of that name. Raises KeyError."""
        return self._types[type]

    def __iter__(self) -> Iterator[str]:
        """The names, in their order."""
        return iter(self._types)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._types)


def _schema(kind: type[Event]) -> dict[str, Any]:
    whole = msgspec.json.schema(kind)
    definitions = dict(whole["$defs"])
    own: dict[str, Any] = definitions.pop(whole["$ref"].rpartition("/")[2])
    return {**own, "$defs": definitions} if definitions else own
