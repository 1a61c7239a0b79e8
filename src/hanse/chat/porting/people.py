"""Who the people of an export are here: the same address, or a name alone."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from hanse import identity
from hanse.chat.porting import store
from hanse.chat.porting.model import Person
from hanse.identity import Access
from hanse.platform.database import Tx
from hanse.platform.ids import new_id

_TOGETHER: Final = 1000


async def matched(tx: Tx, source: str, people: Mapping[str, Person]) -> dict[str, UUID]:
    """Return those who are here and active, by key: as decided before, or by their address."""
    found: dict[str, UUID] = {}
    keys = list(people)
    for at in range(0, len(keys), _TOGETHER):
        some = keys[at : at + _TOGETHER]
        before = await store.known_people(tx, source, some)
        acting = await identity.find_actors(tx, list(before.values()))
        found |= {key: id for key, id in before.items() if id in acting}
        emails = {
            email.lower(): key for key in some if key not in before and (email := people[key].email)
        }
        ids = await identity.ids_by_email(tx, list(emails))
        found |= {emails[email]: id for email, id in ids.items() if email in emails}
    return found


class Cast:
    """Who did what in one import. Those who are not here get a name as they are needed."""

    def __init__(
        self, source: str, people: Mapping[str, Person], matched: Mapping[str, UUID]
    ) -> None:
        self.departed = 0
        self._source = source
        self._people = people
        self._matched = matched
        self._known: dict[str, UUID] = {}

    def is_here(self, key: str) -> bool:
        """Whether somebody is in the organisation."""
        return key in self._matched

    async def ids(self, tx: Tx, access: Access, keys: Iterable[str]) -> dict[str, UUID]:
        """Return who these are. Only for a transaction whose failure ends the import."""
        wanted = list(dict.fromkeys(keys))
        new = [each for each in wanted if each not in self._known]
        if new:
            self._known |= await store.known_people(tx, self._source, new)
            await self._decide(tx, access, [each for each in new if each not in self._known])
        return {each: self._known[each] for each in wanted}

    async def _decide(self, tx: Tx, access: Access, keys: list[str]) -> None:
        here = {each: self._matched[each] for each in keys if each in self._matched}
        gone = {each: new_id() for each in keys if each not in here}
        await store.keep_people(tx, self._source, here | gone)
        # Another import of the same may have been faster.
        decided = await store.known_people(tx, self._source, keys)
        added = {id: self._name(key) for key, id in gone.items() if decided[key] == id}
        if added:
            await identity.remember_departed(tx, access, added)
        self.departed += len(added)
        self._known |= decided

    def _name(self, key: str) -> str:
        person = self._people.get(key)
        return person.name if person else key
