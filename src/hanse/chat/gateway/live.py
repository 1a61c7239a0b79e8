"""A room as one gateway holds it: where its log ends, its last events, and who follows. Pure."""

from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar
from uuid import UUID

from hanse.chat.log.model import Event

TAIL_EVENTS_MAX: Final = 64


Follower = TypeVar("Follower")


class LiveRoom(Generic[Follower]):
    """The end of one room's log. `followers` have all events up to `head`."""

    def __init__(self, organisation_id: UUID, id: UUID, head: int) -> None:
        self.organisation_id = organisation_id
        self.id = id
        self.head = head
        self.wanted = head
        """How far the log is known to reach; beyond `head` something is missing here."""
        self.followers: set[Follower] = set()
        self.changes = 0
        """How often it changed who follows."""
        self.joining: set[Follower] = set()
        """Those that are still being brought up to `head`."""
        self._tail: deque[Event] = deque(maxlen=TAIL_EVENTS_MAX)

    def add(self, follower: Follower) -> None:
        """Let somebody follow who has all events up to `head`."""
        self.followers.add(follower)
        self.changes += 1

    def discard(self, follower: Follower) -> None:
        """Let somebody follow no longer, if that was so."""
        self.followers.discard(follower)
        self.changes += 1

    def heard(self, head: int, events: Sequence[Event]) -> list[Event]:
        """Take a frame of the bell; return what is new and directly behind `head`.

        Nothing is returned if something is missing before it: then `is_behind` is true.
        """
        self.wanted = max(self.wanted, head)
        new = [each for each in events if each.number > self.head]
        if not new or new[0].number != self.head + 1:
            return []
        self.head = new[-1].number
        self.wanted = max(self.wanted, self.head)
        self._tail.extend(new)
        return new

    @property
    def is_behind(self) -> bool:
        """Whether events are missing here that must be read from the log."""
        return self.head < self.wanted

    @property
    def is_idle(self) -> bool:
        """Whether nobody follows any longer."""
        return not self.followers and not self.joining

    def kept(self, after: int) -> list[Event] | None:
        """Return the events behind number `after`, if they are all kept here."""
        if after >= self.head:
            return []
        if not self._tail or self._tail[0].number > after + 1:
            return None
        return [each for each in self._tail if each.number > after]
