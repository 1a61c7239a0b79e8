"""What the language system announces, and what it does when it hears so."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import ClassVar, Final
from uuid import UUID

from hanse.language import store
from hanse.platform.bus import Envelope
from hanse.platform.catalogue import EXAMPLE_ID, EXAMPLE_TIME
from hanse.platform.consumers import Consumer
from hanse.platform.database import Tx
from hanse.platform.outbox import Event


class TextTranslated(Event, frozen=True, kw_only=True):
    """A request for translation was answered. Its text is kept nowhere.

    `characters` are those billed: Unicode code points of the source texts. `models` are the names
    of all models that took part.
    """

    type: ClassVar[str] = "language.text_translated.v1"

    translation_id: UUID
    api_key_id: UUID | None
    source_languages: list[str]
    target_language: str
    texts: int
    characters: int
    models: list[str]
    translated_at: datetime


async def add_usage(tx: Tx, envelopes: Sequence[Envelope]) -> None:
    """Count translations towards their organisation, key and day (UTC)."""
    used: dict[tuple[UUID | None, date], list[int]] = {}
    for envelope in envelopes:
        event = envelope.decode(TextTranslated)
        key = event.api_key_id, event.translated_at.astimezone(UTC).date()
        used.setdefault(key, []).append(event.characters)
    # Two transactions that took the same rows in different orders would wait for each other.
    await store.add_usage(
        tx,
        [
            store.KeyUsage(*key, sum(characters), len(characters))
            for key, characters in sorted(used.items(), key=str)
        ],
    )


consumers: Final = (
    Consumer(name="language-usage", types=(TextTranslated.type,), handler=add_usage),
)

examples: Final[tuple[Event, ...]] = (
    TextTranslated(
        translation_id=EXAMPLE_ID,
        api_key_id=EXAMPLE_ID,
        source_languages=["en"],
        target_language="pt-BR",
        texts=1,
        characters=30,
        models=["en-pt"],
        translated_at=EXAMPLE_TIME,
    ),
)
