"""Who is there, as all gateways tell each other. Pure: time goes in.

Nothing of it is kept: each gateway repeats whom it has, and who is not repeated is gone.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from msgspec import Struct

REPEATED_S: Final = 20.0
FORGOTTEN_S: Final = 50.0
MEMBERS_MAX: Final = 5_000
"""Members in one message; more go into several."""


class Seen(Struct, frozen=True):
    """What a gateway tells: who of an organisation came to it, and who went."""

    gateway: UUID
    organisation_id: UUID
    here: list[UUID]
    gone: list[UUID] = []


class Directory:
    """Who is at which gateway."""

    def __init__(self) -> None:
        self._at: dict[tuple[UUID, UUID], dict[UUID, float]] = {}

    def heard(self, seen: Seen, now: float) -> set[tuple[UUID, UUID]]:
        """Take what a gateway tells; return (organisation, member) of whoever came or went."""
        changed = set()
        for each in seen.here:
            key = (seen.organisation_id, each)
            if key not in self._at:
                changed.add(key)
            self._at.setdefault(key, {})[seen.gateway] = now
        for each in seen.gone:
            key = (seen.organisation_id, each)
            places = self._at.get(key)
            if places is not None and places.pop(seen.gateway, None) is not None and not places:
                del self._at[key]
                changed.add(key)
        return changed

    def forget(self, now: float) -> set[tuple[UUID, UUID]]:
        """Drop who was not repeated; return who went."""
        went = set()
        for key, places in list(self._at.items()):
            for gateway, at in list(places.items()):
                if now - at > FORGOTTEN_S:
                    del places[gateway]
            if not places:
                del self._at[key]
                went.add(key)
        return went

    def is_online(self, organisation_id: UUID, member_id: UUID) -> bool:
        """Tell whether somebody is there."""
        return (organisation_id, member_id) in self._at

    def online(self, organisation_id: UUID, member_ids: Iterable[UUID]) -> list[UUID]:
        """Return who of these is there."""
        return [each for each in member_ids if self.is_online(organisation_id, each)]
