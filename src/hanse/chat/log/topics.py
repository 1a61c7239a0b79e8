"""What happens to topics as a whole: messages move, names change, they are resolved. Pure.

Such events are of the kind `topic` and have no target.
"""

from collections.abc import Iterable

from msgspec import Struct

from hanse.chat.log.model import Event, Kind


class Marks(Struct, frozen=True):
    """Which topics are resolved, and which name a topic got when it was renamed."""

    resolved: frozenset[str] = frozenset()
    renamed: dict[str, str] = {}


def moves(event: Event, topic: str | None, number: int) -> bool:
    """Return whether an event moves a message of this number that stands in this topic."""
    if event.kind is not Kind.TOPIC:
        return False
    if event.target is not None:
        return event.target == number
    first = event.body.since or 1
    return event.body.from_topic is not None and (
        topic == event.body.from_topic and first <= number < event.number
    )


def marked(events: Iterable[Event], marks: Marks | None = None) -> Marks:
    """Return the marks after these events.

    A topic takes its mark along to its new name, also when that name was another topic's.
    """
    marks = marks or Marks()
    resolved, renamed = set(marks.resolved), dict(marks.renamed)
    for event in events:
        if event.kind is not Kind.TOPIC or event.target is not None or event.topic is None:
            continue
        name, body = event.topic, event.body
        is_resolved = body.is_resolved
        if body.from_topic is not None and body.since is None:
            is_resolved = body.from_topic in resolved
            resolved.discard(body.from_topic)
            renamed[body.from_topic] = name
            renamed.pop(name, None)
        if is_resolved is not None:
            (resolved.add if is_resolved else resolved.discard)(name)
    return Marks(frozenset(resolved), renamed)


def former_names(marks: Marks, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names that each of these topics had before, but for those of topics of today."""
    there = set(names)
    found: dict[str, list[str]] = {}
    for old in marks.renamed:
        # Names lead on from one to the next; none leads back to itself.
        last = marks.renamed[old]
        while last not in there and last in marks.renamed:
            last = marks.renamed[last]
        if old not in there and last in there:
            found.setdefault(last, []).append(old)
    return {name: tuple(olds) for name, olds in found.items()}
