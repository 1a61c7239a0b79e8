"""What lets search read messages that nobody has just sent."""

from typing import ClassVar

from hanse.chat.log.append import Stretch
from hanse.platform.outbox import Event


class IndexingWanted(Event, frozen=True, kw_only=True):
    """These parts of logs are to be found: they came from elsewhere, or were never indexed."""

    type: ClassVar[str] = "chat.indexing_wanted.v1"

    stretches: list[Stretch]
