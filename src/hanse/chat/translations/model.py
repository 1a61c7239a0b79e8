"""Which languages a message is needed in. Pure."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct


class Translated(Struct, frozen=True, kw_only=True):
    """A message in another language than it was written in.

    It belongs to one `revision` of the message. `engine` names the models that made it;
    `untranslated` counts sentences that stand in it as they came, and `issues` names what rules
    found wrong with it.
    """

    room_id: UUID
    number: int
    revision: int
    language: str
    source_language: str
    engine: str
    text: str
    untranslated: int = 0
    issues: list[str] = []


def root(language: str) -> str:
    """Return a language tag without region or script, in small letters."""
    return language.partition("-")[0].lower()


def wishes(readers: Iterable[Sequence[str]], source: str) -> list[list[str]]:
    """Return for each kind of reader who does not read `source` what they read, best first.

    Each wish comes once: cost follows the languages in a room, never the number of readers.
    """
    found: dict[tuple[str, ...], None] = {}
    for languages in readers:
        if languages and root(source) not in map(root, languages):
            found[tuple(languages)] = None
    return [list(each) for each in found]


def is_for(languages: Sequence[str], source: str, target: str) -> bool:
    """Tell whether somebody who reads these languages wants this translation."""
    return target in languages and root(source) not in map(root, languages)
