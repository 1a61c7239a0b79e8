"""How much may be used in a month: by an API key, and by each organisation.

Usage is counted by events, about a second behind, so what is sent within that second is let through
even where it goes beyond a limit.
"""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from hanse.identity import Access
from hanse.language import service, store
from hanse.platform.database import Db, Tx
from hanse.platform.problems import Problem

REMEMBERED_S: Final = 2.0
REMEMBERED_MAX: Final = 10_000


class QuotaExceeded(Problem):
    """The characters of this month are used up (DeepL's status 456)."""

    status = 456
    code = "quota_exceeded"
    title = "Quota exceeded"


class Quotas:
    """The limits of callers, each remembered for REMEMBERED_S seconds in this process.

    `organisation_characters_max` is what each organisation may use in a calendar month (UTC); 0
    means no limit.
    """

    def __init__(self, db: Db, organisation_characters_max: int = 0) -> None:
        self._db = db
        self.organisation_characters_max = organisation_characters_max
        self._key_limits: OrderedDict[UUID, tuple[float, int | None]] = OrderedDict()

    async def require(self, access: Access, characters: int = 1) -> None:
        """Raise QuotaExceeded if this many more characters are beyond a limit of the caller."""
        limit = await self._key_limit(access)
        if limit is None and not self.organisation_characters_max:
            return
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            used = await service.usage(tx, access.api_key_id, datetime.now(UTC))
        check(used, limit, self.organisation_characters_max, characters)

    async def _key_limit(self, access: Access) -> int | None:
        if access.api_key_id is None:
            return None
        now = time.monotonic()
        known = self._key_limits.get(access.api_key_id)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        async with self._db.tx(access.organisation_id, access.person_id) as tx:
            limit = await store.read_key_limit(tx, access.api_key_id)
        self._key_limits[access.api_key_id] = (now, limit)
        self._key_limits.move_to_end(access.api_key_id)
        if len(self._key_limits) > REMEMBERED_MAX:
            self._key_limits.popitem(last=False)
        return limit


async def require_key_quota(tx: Tx, api_key_id: UUID | None, characters: int) -> None:
    """Raise QuotaExceeded if this many more characters are beyond the limit of an API key."""
    if api_key_id is None:
        return
    limit = await store.read_key_limit(tx, api_key_id)
    if limit is not None:
        check(await service.usage(tx, api_key_id, datetime.now(UTC)), limit, 0, characters)


def check(used: service.Usage, key_limit: int | None, organisation: int, characters: int) -> None:
    """Raise QuotaExceeded if `characters` more are beyond one of the limits."""
    if key_limit is not None and used.key_characters + characters > key_limit:
        raise QuotaExceeded(
            f"Quota for this billing period has been exceeded: this API key may use {key_limit} "
            f"characters a month, and has used {used.key_characters}."
        )
    if organisation and used.organisation_characters + characters > organisation:
        raise QuotaExceeded(
            f"Quota for this billing period has been exceeded: the organisation may use "
            f"{organisation} characters a month, and has used {used.organisation_characters}."
        )
