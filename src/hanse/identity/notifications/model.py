"""Kinds of notifications, what people choose about them, and one in somebody's inbox."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

LANGUAGES: Final = ("en", "de", "pt", "es", "fr")
"""Languages in which every kind has its texts; the first is for everybody else."""

DAILY_HOUR_DEFAULT: Final = 8


class Channel(StrEnum):
    """A way out of the inbox."""

    EMAIL = "email"
    PUSH = "push"


class EmailMode(StrEnum):
    """Whether e-mails of a kind are sent: one by one, or together in a digest."""

    OFF = "off"
    NOW = "now"
    HOURLY = "hourly"
    DAILY = "daily"


class Text(Struct, frozen=True):
    """The texts of a kind in one language, as ICU message patterns.

    They know the kind's facts and `count`, how many notifications one stands for. `label` names
    the kind itself and knows none.
    """

    label: str
    title: str
    body: str = ""


class Choice(Struct, frozen=True):
    """The channels by which somebody wants one kind."""

    in_app: bool = True
    email: EmailMode = EmailMode.OFF
    push: bool = True


class Kind(Struct, frozen=True, kw_only=True):
    """Something that people can be told: `name` is `system.what_happened`.

    `facts` are the names of what each notification brings along, `dates` those of them that are
    days as in ISO 8601, which the patterns get as dates. Within `coalesce_s` seconds,
    further ones add to the first one's count as long as it is unread; 0 keeps each apart.
    A `security` kind is always in the inbox, does not wait for the end of quiet hours, and is sent
    although it was read.
    """

    name: str
    texts: Mapping[str, Text]
    facts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    choice: Choice = Choice()
    coalesce_s: float = 0.0
    security: bool = False

    @property
    def system(self) -> str:
        """The system that announces it."""
        return self.name.partition(".")[0]


class Kinds:
    """All kinds of an installation, by name; put together where the systems are."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = {each.name: each for each in kinds}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def get(self, name: str) -> Kind | None:
        """The kind of that name; None if no system announces it (any more)."""
        return self._kinds.get(name)


class QuietHours(Struct, frozen=True):
    """The part of each day, by the person's clock, in which nothing is sent to them.

    From `start` up to, and without, `end`; over midnight where `end` is the earlier one.
    """

    start: time
    end: time


class Habits(Struct, frozen=True):
    """When somebody wants to be told, by the clock of `time_zone` (an IANA name).

    Nothing is sent to them before `do_not_disturb_until`, an instant.
    """

    time_zone: str = "UTC"
    quiet: QuietHours | None = None
    daily_hour: int = DAILY_HOUR_DEFAULT
    do_not_disturb_until: datetime | None = None


class Delivery(Struct, frozen=True):
    """That something is to go out by a channel, not before `due_at`; `digest`: with others."""

    channel: Channel
    due_at: datetime
    digest: bool = False


class Row(Struct, frozen=True, kw_only=True):
    """A notification as it is kept.

    `number` orders the changes of an inbox, `position` its entries: that of the last time one was
    added to. `in_app` is false for one that is only sent.
    """

    id: UUID
    person_id: UUID
    kind: str
    facts: dict[str, str | int]
    link: str | None
    count: int
    number: int
    position: int
    in_app: bool
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None


class Notification(Struct, frozen=True, kw_only=True):
    """Something that a person is told, in their language.

    `count` is how many it stands for; `created_at` the time of the first, `updated_at` that of the
    last, by which the inbox is sorted. `link` is a path on this server.
    """

    id: UUID
    kind: str
    title: str
    body: str
    link: str | None
    facts: dict[str, str | int]
    count: int
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None


class Counts(Struct, frozen=True):
    """How much is unread in an inbox."""

    unread: int


class Recipient(Struct, frozen=True, kw_only=True):
    """Somebody who is told something: where, in which language, and when they want it."""

    id: UUID
    email: str
    name: str
    locale: str
    habits: Habits
