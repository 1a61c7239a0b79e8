"""Notifications in people's languages: ICU message patterns, filled in by ICU itself."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib import resources

import msgspec
from icu4py.messageformat import MessageFormat

from hanse.identity.notifications.model import LANGUAGES, Kind, Notification, Row, Text

PATTERNS_KEPT = 2000

Values = Mapping[str, str | int | date]


def read_texts(package: str, folder: str = "notices") -> dict[str, dict[str, Text]]:
    """Read what a system calls its kinds: by kind and language, from `folder`/LANGUAGE.json."""
    found: dict[str, dict[str, Text]] = {}
    for language in LANGUAGES:
        file = resources.files(package) / folder / f"{language}.json"
        for kind, text in msgspec.json.decode(file.read_bytes(), type=dict[str, Text]).items():
            found.setdefault(kind, {})[language] = text
    return found


def language_of(locale: str) -> str:
    """The language, of those that we have, for somebody with this locale (BCP 47)."""
    root = locale.partition("-")[0].lower()
    return root if root in LANGUAGES else LANGUAGES[0]


def fill(pattern: str, language: str, values: Values) -> str:
    """Fill a pattern in. Raises ValueError if it is none."""
    return _format(pattern, language).format(dict(values))


def text_of(kind: Kind, locale: str) -> Text:
    """A kind's patterns for somebody with this locale."""
    return kind.texts[language_of(locale)]


def notification_of(row: Row, kind: Kind | None, locale: str) -> Notification:
    """A notification in somebody's language; one of a kind that is no more shows its name."""
    title, body = row.kind, ""
    if kind is not None:
        text, language = text_of(kind, locale), language_of(locale)
        values = _values(row, kind)
        title, body = fill(text.title, language, values), fill(text.body, language, values)
    return Notification(
        id=row.id,
        kind=row.kind,
        title=title,
        body=body,
        link=row.link,
        facts=row.facts,
        count=row.count,
        created_at=row.created_at,
        updated_at=row.updated_at,
        read_at=row.read_at,
    )


def _values(row: Row, kind: Kind) -> dict[str, str | int | date]:
    values: dict[str, str | int | date] = {**row.facts, "count": row.count}
    for name in kind.dates:
        values[name] = date.fromisoformat(str(row.facts[name]))
    return values


@lru_cache(PATTERNS_KEPT)
def _format(pattern: str, language: str) -> MessageFormat:
    return MessageFormat(pattern, language)
