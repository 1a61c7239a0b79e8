"""Brings the dictionaries that a request names into memory, and keeps those of late."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hanse.language.glossaries import service, store
from hanse.language.glossaries.terms import Terms, merged
from hanse.language.wire import InvalidParameter
from hanse.platform.database import Tx

KEPT_ENTRIES_MAX: Final = 200_000
"""Entries of all dictionaries that one process keeps in memory."""

_Key = tuple[tuple[UUID, UUID], ...]


class TermsCache:
    """Dictionaries in memory, by id and version; the least recently used leave first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Terms] = OrderedDict()
        self._entries = 0

    async def load(self, tx: Tx, glossary_ids: Sequence[UUID], source: str, target: str) -> Terms:
        """Return the terms of these glossaries from `source` to `target` (root languages).

        Of a term that several have, the first decides. Raises GlossaryNotFound, and
        InvalidParameter if a glossary has nothing for this direction.
        """
        dictionaries = []
        for glossary_id in glossary_ids:
            dictionary = service.find(await service.get(tx, glossary_id), source, target)
            if dictionary is None:
                raise InvalidParameter(
                    f"Glossary {glossary_id} has no dictionary from {source} to {target}."
                )
            dictionaries.append(dictionary)
        return await self._merged(tx, dictionaries, target)

    async def load_all(self, tx: Tx, source: str, target: str) -> Terms:
        """Return the terms of all glossaries of the organisation for this direction.

        Of a term that several have, the newest glossary decides.
        """
        dictionaries = [
            dictionary
            for glossary in reversed(await store.list_glossaries(tx))
            if (dictionary := service.find(glossary, source, target)) is not None
        ]
        return await self._merged(tx, dictionaries, target)

    async def _merged(
        self, tx: Tx, dictionaries: Sequence[store.DictionaryRow], target: str
    ) -> Terms:
        # A version is a random id, so that no organisation can hit what is another's.
        key = tuple((each.id, each.version) for each in dictionaries)
        terms = self._kept.get(key)
        if terms is None:
            entries = merged([await store.read_entries(tx, each.id) for each in dictionaries])
            terms = self._keep(key, Terms(entries, target))
        self._kept.move_to_end(key)
        return terms

    def _keep(self, key: _Key, terms: Terms) -> Terms:
        self._kept[key] = terms
        self._entries += len(terms.entries)
        while self._entries > KEPT_ENTRIES_MAX and len(self._kept) > 1:
            _, left = self._kept.popitem(last=False)
            self._entries -= len(left.entries)
        return terms
